import { openCheckpoint, parseVkey, type Head } from '../audit/checkpoint.ts';
import { openFileStore } from '../audit/store/file.ts';
import { verifyTrail } from '../audit/verify.ts';
import type { Settings } from '../config.ts';
import { EXIT } from '../errors.ts';
import { ownTrail, type World } from '../wiring.ts';
import { printJson, type Io } from './shared/io.ts';
import { number } from './shared/text.ts';

export interface AuditVerifyOptions {
  readonly trail: string | undefined;
  readonly key: string | undefined;
  /** Files with checkpoints that were kept elsewhere. */
  readonly head: readonly string[];
  readonly json: boolean;
  readonly readFile: (path: string) => string;
}

const NO_HEADS = 'no outside head was given, so this is not proof against the holder of the signing key';

/** `frist audit verify`: the whole trail against its signature and the given heads. Answers the exit status. */
export async function auditVerify(
  settings: Settings,
  world: World,
  options: AuditVerifyOptions,
  io: Io,
): Promise<number> {
  const store = await openFileStore(options.trail ?? settings.audit.folder);
  const own = options.key === undefined ? await ownTrail(settings, world) : undefined;
  const vkey = options.key ?? own?.vkey ?? '';
  const verifier = parseVkey(vkey);
  const heads: Head[] = options.head.map((file) =>
    openCheckpoint(Buffer.from(options.readFile(file)), verifier, file),
  );
  // The installation's own trail must begin with what its state has seen; a copy may be older.
  const remembered = options.trail === undefined && own?.head !== undefined ? [own.head] : [];
  const { size, root, firstProblem } = await verifyTrail({ store, vkey, heads: [...heads, ...remembered] });
  const exit = firstProblem === undefined ? EXIT.ok : EXIT.trail;
  if (options.json) {
    printJson(io, {
      size,
      root,
      heads,
      problem: firstProblem,
      exit,
      statuses: exit === EXIT.ok ? [] : [exit],
    });
    return exit;
  }
  if (firstProblem === undefined) {
    io.out(`The trail verifies: ${number(size)} entries, root ${root}\n`);
  } else {
    const { code, where, what } = firstProblem;
    io.out(`The trail does not verify.\n${code} at ${where}: ${what}\n`);
  }
  const checked = heads.map((head) => `${number(head.size)} entries`).join(', ');
  io.out(
    heads.length === 0 ? `Note: ${NO_HEADS}.\n` : `Checked against the outside head(s) of ${checked}.\n`,
  );
  return exit;
}
