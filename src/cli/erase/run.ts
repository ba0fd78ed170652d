import type { App } from '../../installation/app.ts';
import { pastReview } from '../../erasure/holds/review.ts';
import type { PolicyReport } from '../../erasure/report.ts';
import { sweep } from '../../erasure/sweep.ts';
import { FristError } from '../../errors.ts';
import type { Moment } from '../shared/as-of.ts';
import { exitOf, statusesOfRun } from '../shared/exit.ts';
import { printJson, type Io } from '../print/io.ts';
import { policyText } from '../print/text.ts';

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
  const statuses = statusesOfRun(reports, await rotateKeys(app));
  const exit = exitOf(statuses);
  const now = new Date(app.now()).toISOString();
  const holdsPastReview = pastReview(await app.state.holds({ active: true }), now).map((hold) => hold.id);
  if (options.json)
    printJson(io, {
      asOf: new Date(asOf).toISOString(),
      policies: reports,
      holdsPastReview,
      exit,
      statuses,
    });
  else {
    const past = holdsPastReview.map((hold) => `${hold} is past its review date\n`).join('');
    io.out(`${reports.map((report) => policyText(report, 'did')).join('\n\n')}\n${past && `\n${past}`}`);
  }
  return exit;
}

/** After the sweep, whose look at the clock it rests on. The sweep has been, whatever comes of it. */
async function rotateKeys(app: App): Promise<readonly number[]> {
  try {
    await app.rotateKeys();
    await app.forgetHolds();
    return [];
  } catch (error) {
    if (!(error instanceof FristError)) throw error;
    app.logger.error('keys could not be looked after', { error });
    return [error.exit];
  }
}
