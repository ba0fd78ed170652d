import type { App } from '../../installation/app.ts';
import { approve as approvePlan, type NoLonger } from '../../erasure/approve.ts';
import { FristError } from '../../errors.ts';
import type { Key } from '../../policy/policy.ts';
import type { Moment } from '../shared/as-of.ts';
import { exitOf, statusesOfRun } from '../shared/exit.ts';
import { printJson, type Io } from '../print/io.ts';
import { printable } from '../print/printable.ts';
import { recordLine } from '../print/record-line.ts';
import { number, policyText } from '../print/text.ts';

export interface ApproveOptions {
  readonly plan: string;
  readonly why: string;
  readonly moment: Moment;
  readonly json: boolean;
  /** Stream each approved record that is not erased any more as NDJSON, in place of the summary. */
  readonly records: boolean;
  readonly signal: AbortSignal;
}

/** `frist approve <plan>`: erases exactly the approved records that are still due. Answers the exit status. */
export async function approve(app: App, options: ApproveOptions, io: Io): Promise<number> {
  const plan = await app.state.plan(options.plan);
  const controlled = app.controllers.find((one) => one.engine.controller.name === plan?.controller);
  if (controlled === undefined) throw new FristError('PLAN_UNKNOWN', { plan: options.plan });
  const { asOf, set } = options.moment;
  const left: Record<string, unknown>[] = [];
  const { report, noLonger } = await approvePlan(controlled.engine, controlled.tasks, {
    plan: options.plan,
    why: options.why,
    asOf,
    setClock: set,
    signal: options.signal,
    onLeft: ({ task, key, disposition }) => {
      const line = recordLine(task, key, disposition);
      if (options.records) io.out(`${JSON.stringify(line)}\n`);
      else if (left.length < MOST_LISTED) left.push(line);
    },
  });
  const statuses = statusesOfRun([report]);
  const exit = exitOf(statuses);
  if (options.records) io.err(`${policyText(report, 'did')}\n`);
  else if (options.json)
    printJson(io, { asOf: new Date(asOf).toISOString(), policies: [report], noLonger, left, exit, statuses });
  else io.out(`${[policyText(report, 'did'), ...leftLines(noLonger, left)].join('\n')}\n`);
  return exit;
}

/** How many of the records that are left are listed; `--records` lists all, however many. */
const MOST_LISTED = 100;

function leftLines(noLonger: NoLonger, left: readonly Readonly<Record<string, unknown>>[]): string[] {
  const counts = Object.entries(noLonger);
  const more = counts.reduce((sum, [, n]) => sum + n, 0) - left.length;
  return [
    ...counts.map(([reason, n]) => `  approved, but not erased any more: ${reason} ${number(n)}`),
    ...left.map(({ key, why }) => `    ${(key as Key).map(printable).join(', ')}  ${String(why)}`),
    ...(more === 0 ? [] : [`    and ${number(more)} more`]),
  ];
}
