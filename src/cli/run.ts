import type { App } from '../app.ts';
import type { PolicyReport } from '../erasure/report.ts';
import { sweep } from '../erasure/sweep.ts';
import type { Moment } from './shared/as-of.ts';
import { exitOf, statusesOfRun } from './shared/exit.ts';
import { printJson, type Io } from './shared/io.ts';
import { policyText } from './shared/text.ts';

export interface RunOptions {
  readonly moment: Moment;
  readonly json: boolean;
  readonly signal: AbortSignal;
}

/** `frist run`: one sweep of every policy, now. Answers the exit status. */
export async function run(app: App, options: RunOptions, io: Io): Promise<number> {
  const { asOf, set } = options.moment;
  const reports: PolicyReport[] = [];
  for (const { engine, tasks } of app.controllers) {
    const { signal } = options;
    reports.push(
      ...(await sweep(engine, tasks, { trigger: 'manual', slot: undefined, asOf, setClock: set, signal })),
    );
  }
  // After the sweep, whose look at the clock it rests on.
  await app.rotateKeys();
  const statuses = statusesOfRun(reports);
  const exit = exitOf(statuses);
  if (options.json) printJson(io, { asOf: new Date(asOf).toISOString(), policies: reports, exit, statuses });
  else io.out(`${reports.map((report) => policyText(report, 'did')).join('\n\n')}\n`);
  return exit;
}
