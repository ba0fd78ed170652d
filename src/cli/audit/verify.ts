import type { Settings } from '../../config.ts';
import { EXIT } from '../../errors.ts';
import type { World } from '../../installation/wiring.ts';
import { printJson, type Io } from '../print/io.ts';
import { printable } from '../print/printable.ts';
import { number } from '../print/text.ts';
import { NO_HEADS, verified, type TrailOptions } from '../shared/verified.ts';

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
  const { vkey, heads, held, hidden, since, verification } = await verified(settings, world, options);
  const { size, root, firstProblem } = verification;
  const exit = firstProblem === undefined ? EXIT.ok : EXIT.trail;
  if (options.json) {
    printJson(io, {
      verifierKey: vkey,
      size,
      root,
      since,
      heads,
      held,
      hidden,
      problem: firstProblem,
      exit,
      statuses: exit === EXIT.ok ? [] : [exit],
    });
    return exit;
  }
  if (firstProblem === undefined) {
    io.out(`The trail verifies: ${number(size)} entries${sinceText(size, since?.size)}, root ${root}\n`);
  } else {
    const { code, where, what } = firstProblem;
    io.out(`The trail does not verify.\n${code} at ${printable(where)}: ${what}\n`);
  }
  if (hidden.length > 0)
    io.out(
      `${number(hidden.length)} objects were deleted and are hidden, the first ${printable(hidden[0] ?? '')}.\n`,
    );
  if (held.length > 0)
    io.out(`Held against heads: ${held.map((one) => `${number(one.heads)} ${one.where}`).join(', ')}.\n`);
  // A head of before, given by --since, is one from outside as well; and what does not verify needs no such limit.
  if (firstProblem === undefined && heads.length === 0 && since === undefined) io.out(`Note: ${NO_HEADS}.\n`);
  return exit;
}

function sinceText(size: number, since: number | undefined): string {
  if (since === undefined) return '';
  return since === size ? ', none since' : `, read from entry ${number(since)} on`;
}
