/**
 * How an installation stands, by what its state says: what ran, what waits for people, what is overdue. The same for
 * `frist status`, the metrics and the alerts, right after a restart and from every process that shares the state.
 *
 * Asks for some rows of each policy and a count of each table; no source, no trail, no record.
 */
import { stat } from 'node:fs/promises';
import { readEntry } from '../audit/entry.ts';
import { HEARTBEAT } from '../audit/watch/heartbeat.ts';
import { lastVerification } from '../audit/watch/inspect.ts';
import type { App, Controlled } from '../installation/app.ts';
import type { Task } from '../policy/view.ts';
import type { BatchName, Counted, Pause, Plan, Run, RunState, Tally } from '../state/state.ts';
import { looked, overdueSince } from './overdue.ts';

/** One policy. Instants are ISO. */
export interface PolicyStanding {
  readonly controller: string;
  /** IANA zone in which its days and its schedule are read. */
  readonly zone: string;
  readonly policy: string;
  /** Cron expression of its sweeps. */
  readonly schedule: string;
  readonly lastRun?: Run;
  /** The last run that is over, however it ended. */
  readonly lastEnded?: Run;
  /** The last run that shows whether the policy can be carried out: one that finished, waits, or failed. */
  readonly lastResult?: Run;
  /** The last run that looked at all records; its summary has what it found, by verdict. */
  readonly lastLook?: Run;
  /** When the first run began. */
  readonly firstRun?: string;
  readonly lastSuccess?: string;
  /** The latest slot that a scheduled run was for. */
  readonly lastSlot?: string;
  /** As the last look found it, without what was dealt with since; absent where nobody looked. */
  readonly overdue?: number;
  /** The promised day (YYYY-MM-DD) of the oldest of them. */
  readonly oldestOverdue?: string;
  /** Plans that wait for approval, and one whose carrying out was cut short. */
  readonly waiting: readonly Plan[];
  readonly counted: Readonly<Record<Counted, number>>;
}

/** The kill switch: by a command, or by a file. */
export type Stopped = Pause | { readonly file: string; readonly since?: string };

export interface Standing {
  readonly policies: readonly PolicyStanding[];
  /** Why nothing is erased; absent where frist may erase. */
  readonly paused?: Stopped;
  readonly tally: Tally;
  /** Open batches that no policy of the files can settle. */
  readonly astray: readonly BatchName[];
  /** Since when an entry waits to be published; absent where none does. */
  readonly unpublishedSince?: string;
  /** How the daemon last found its trail; absent where it never looked. */
  readonly verification?: { readonly slot: string; readonly verified: boolean };
  /** The last day that a daemon ended; absent where none has lived through a midnight yet. */
  readonly heartbeat?: string;
  /** Alerts that were tried and could not be sent yet, by the channels that have anything to tell. */
  readonly undelivered: Readonly<Record<string, number>>;
  /** The last sign of life: the heartbeat, or a run since, which may be one by hand. */
  readonly lastSign?: string;
}

/** What of an installation is asked. */
export type Standable = Pick<App, 'state' | 'controllers' | 'now' | 'pauseFile'> & {
  readonly settings: Pick<App['settings'], 'schedule'>;
};

const RUNS = 50;
const RESULTS: readonly RunState[] = ['finished', 'waiting', 'failed'];
const NO_COUNTS: Readonly<Record<Counted, number>> = { delete: 0, anonymise: 0, guard: 0 };

/** Reads the state. Throws the state's own errors when it cannot be asked. */
export async function readStanding(app: Standable): Promise<Standing> {
  const { state } = app;
  const now = new Date(app.now()).toISOString();
  const tally = await state.tally(now);
  const plans = await openPlans(app, now);
  const applied = await state.plans({ status: 'applied' });
  const policies: PolicyStanding[] = [];
  for (const controlled of app.controllers)
    for (const task of controlled.tasks)
      policies.push(await policyStanding(app, controlled, task, { plans, applied, tally }));
  const paused = await stopped(app);
  const unpublishedSince = readEntry(tally.oldestUnpublished ?? '')?.at;
  const verification = await lastVerification(state);
  const heartbeat = (await state.job(HEARTBEAT))?.slot;
  const [run] = await state.runs({ limit: 1 });
  const lastSign = heartbeat === undefined || run === undefined ? heartbeat : latest(heartbeat, run.started);
  return {
    policies,
    tally,
    astray: tally.openBatches.filter((batch) => isAstray(app, batch)),
    undelivered: await undelivered(app),
    ...(paused === undefined ? {} : { paused }),
    ...(unpublishedSince === undefined ? {} : { unpublishedSince }),
    ...(verification === undefined ? {} : { verification }),
    ...(heartbeat === undefined ? {} : { heartbeat }),
    ...(lastSign === undefined ? {} : { lastSign }),
  };
}

/** Those that can still be approved. */
async function openPlans({ state }: Standable, now: string): Promise<readonly Plan[]> {
  const plans = [
    ...(await state.plans({ status: 'waiting' })),
    ...(await state.plans({ status: 'approved' })),
  ];
  return plans.filter((plan) => plan.expires > now);
}

interface Common {
  readonly plans: readonly Plan[];
  readonly applied: readonly Plan[];
  readonly tally: Tally;
}

async function policyStanding(
  { state, settings }: Standable,
  { engine }: Controlled,
  task: Task,
  { plans, applied, tally }: Common,
): Promise<PolicyStanding> {
  const { name: controller, timezone: zone } = engine.controller;
  const { policy } = task.view;
  const isOwn = (one: { readonly controller: string; readonly policy: string }): boolean =>
    one.controller === controller && one.policy === policy;
  const runs = await state.runs({ controller, policy, limit: RUNS });
  const [lastRun] = runs;
  const lastEnded = runs.find((run) => run.state !== 'running');
  const lastLook = looked(runs);
  const overdue = overdueSince(runs, applied.filter(isOwn));
  const lastSuccess = (await state.policyMemory(controller, policy))?.lastSuccess;
  const lastSlot = await state.lastSlot(controller, policy);
  const firstRun = await state.firstRun(controller, policy);
  const [lastResult] = await state.runs({ controller, policy, states: RESULTS, limit: 1 });
  const oldestOverdue = (overdue ?? 0) > 0 ? lastLook?.oldestOverdue : undefined;
  const totals = tally.totals.filter(isOwn).map(({ what, total }) => [what, total] as const);
  return {
    controller,
    zone,
    policy,
    schedule: task.policy.schedule ?? settings.schedule,
    waiting: plans.filter(isOwn),
    counted: { ...NO_COUNTS, ...Object.fromEntries(totals) },
    ...(lastRun === undefined ? {} : { lastRun }),
    ...(lastEnded === undefined ? {} : { lastEnded }),
    ...(lastResult === undefined ? {} : { lastResult }),
    ...(lastLook === undefined ? {} : { lastLook }),
    ...(firstRun === undefined ? {} : { firstRun }),
    ...(lastSuccess === undefined ? {} : { lastSuccess }),
    ...(lastSlot === undefined ? {} : { lastSlot }),
    ...(overdue === undefined ? {} : { overdue }),
    ...(oldestOverdue === undefined ? {} : { oldestOverdue }),
  };
}

async function undelivered({ state }: Standable): Promise<Readonly<Record<string, number>>> {
  const found: Record<string, number> = {};
  for (const { channel, pending, attempts } of await state.alarms.all())
    found[channel] = (found[channel] ?? 0) + Number(pending && attempts > 0);
  return found;
}

async function stopped({ state, pauseFile }: Standable): Promise<Stopped | undefined> {
  const file = await pauseFile();
  if (file === undefined) return await state.pause();
  const since = await stat(file).catch(() => undefined);
  return { file, ...(since === undefined ? {} : { since: since.mtime.toISOString() }) };
}

/** Its policy is in no file any more, or erases from another source or in fewer stages by now. */
function isAstray({ controllers }: Standable, { controller, policy, source, stage }: BatchName): boolean {
  const own = controllers.find(({ engine }) => engine.controller.name === controller);
  const view = own?.tasks.find((task) => task.view.policy === policy)?.view;
  return view?.source !== source || view.stages[stage] === undefined;
}

function latest(a: string, b: string): string {
  return a > b ? a : b;
}
