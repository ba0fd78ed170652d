import type { App } from '../../installation/app.ts';
import { pastReview } from '../../erasure/holds/review.ts';
import { sweep } from '../../erasure/sweep.ts';
import { EXIT, FristError } from '../../errors.ts';
import { apart } from '../shared/apart.ts';
import type { Moment } from '../shared/as-of.ts';
import { exitOf, statusesOfRun } from '../shared/exit.ts';
import { printJson, type Io } from '../print/io.ts';
import { tell, toldOf } from '../print/tell.ts';
import { policyText } from '../print/text.ts';

export interface RunOptions {
  readonly moment: Moment;
  readonly json: boolean;
  readonly signal: AbortSignal;
}

/** `frist run`: one sweep of every policy, now. Answers the exit status. */
export async function run(app: App, options: RunOptions, io: Io): Promise<number> {
  const { asOf, set } = options.moment;
  const { signal } = options;
  const input = { trigger: 'manual', slot: undefined, asOf, setClock: set, signal } as const;
  const swept = await apart(app, ({ engine, tasks }) => sweep(engine, tasks, input));
  const reports = swept.done;
  const failed = swept.failures.map(({ controller, error }) => ({ controller, ...failureOf(error) }));
  const statuses = statusesOfRun(reports, [...failed.map(({ exit }) => exit), ...(await rotateKeys(app))]);
  const exit = exitOf(statuses);
  const now = new Date(app.now()).toISOString();
  const holdsPastReview = pastReview(await app.state.holds({ active: true }), now).map((hold) => hold.id);
  if (options.json)
    printJson(io, {
      asOf: new Date(asOf).toISOString(),
      policies: reports,
      ...(failed.length === 0 ? {} : { failed }),
      holdsPastReview,
      exit,
      statuses,
    });
  else {
    const past = holdsPastReview.map((hold) => `${hold} is past its review date\n`).join('');
    io.out(`${reports.map((report) => policyText(report, 'did')).join('\n\n')}\n${past && `\n${past}`}`);
    for (const { controller, error } of swept.failures) {
      io.err(`${controller}:\n`);
      tell(error, false, io);
    }
  }
  return exit;
}

function failureOf(error: unknown): Readonly<Record<string, unknown>> & { readonly exit: number } {
  if (error instanceof FristError) return { ...toldOf(error), exit: error.exit };
  return { error: { code: 'DEFECT' }, exit: EXIT.failed };
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
