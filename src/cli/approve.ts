import type { App } from '../app.ts';
import { approve as approvePlan } from '../erasure/approve.ts';
import { FristError } from '../errors.ts';
import type { Moment } from './shared/as-of.ts';
import { exitOf, statusesOfRun } from './shared/exit.ts';
import { printJson, type Io } from './shared/io.ts';
import { number, policyText } from './shared/text.ts';

export interface ApproveOptions {
  readonly plan: string;
  readonly why: string;
  readonly moment: Moment;
  readonly json: boolean;
  readonly signal: AbortSignal;
}

/** `frist approve <plan>`: erases exactly the approved records that are still due. Answers the exit status. */
export async function approve(app: App, options: ApproveOptions, io: Io): Promise<number> {
  const plan = await app.state.plan(options.plan);
  const controlled = app.controllers.find((one) => one.engine.controller.name === plan?.controller);
  if (controlled === undefined) throw new FristError('PLAN_UNKNOWN', { plan: options.plan });
  const { asOf, set } = options.moment;
  const { report, noLonger } = await approvePlan(controlled.engine, controlled.tasks, {
    plan: options.plan,
    why: options.why,
    asOf,
    setClock: set,
    signal: options.signal,
  });
  const statuses = statusesOfRun([report]);
  const exit = exitOf(statuses);
  if (options.json) {
    printJson(io, { asOf: new Date(asOf).toISOString(), policies: [report], noLonger, exit, statuses });
    return exit;
  }
  io.out(`${policyText(report, 'did')}\n`);
  for (const [reason, n] of Object.entries(noLonger))
    io.out(`  approved, but not erased any more: ${reason} ${number(n)}\n`);
  return exit;
}
