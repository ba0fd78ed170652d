import type { Settings } from '../config.ts';
import { EXIT } from '../errors.ts';
import type { World } from '../wiring.ts';
import { printJson, type Io } from './shared/io.ts';
import { number } from './shared/text.ts';
import { NO_HEADS, verified, type TrailOptions } from './shared/verified.ts';

export interface AuditVerifyOptions extends TrailOptions {
  readonly json: boolean;
}

/** `frist audit verify`: the whole trail against its signature and the given heads. Answers the exit status. */
export async function auditVerify(
  settings: Settings,
  world: World,
  options: AuditVerifyOptions,
  io: Io,
): Promise<number> {
  const { heads, since, verification } = await verified(settings, world, options);
  const { size, root, firstProblem } = verification;
  const exit = firstProblem === undefined ? EXIT.ok : EXIT.trail;
  if (options.json) {
    printJson(io, {
      size,
      root,
      since,
      heads,
      problem: firstProblem,
      exit,
      statuses: exit === EXIT.ok ? [] : [exit],
    });
    return exit;
  }
  if (firstProblem === undefined) {
    const from = since === undefined ? '' : `, from entry ${number(since.size)} on`;
    io.out(`The trail verifies: ${number(size)} entries${from}, root ${root}\n`);
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
