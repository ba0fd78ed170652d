/** The table of jobs: what the daemon does, and when. Those that fall into one minute run in this order. */
import { hold } from '../src/erasure/run/lease.ts';
import type { App } from '../src/installation/app.ts';
import { alertsJob } from './alerts.ts';
import { evidenceJob } from './evidence.ts';
import { headsJob } from './heads.ts';
import { heartbeatJob } from './heartbeat.ts';
import { keysJob } from './keys.ts';
import { lookupJob } from './lookup.ts';
import { recoverJob } from './recover.ts';
import { createScheduler, type Job, type Scheduler } from './scheduler.ts';
import { createSlotSearch, missedSlots, type FirstSlot } from './slots.ts';
import { sweepJobs } from './sweep.ts';
import { verifyJob } from './verify.ts';

const TABLE: readonly ((app: App) => Job[])[] = [
  recoverJob,
  keysJob,
  sweepJobs,
  heartbeatJob,
  headsJob,
  verifyJob,
  evidenceJob,
  lookupJob,
];

export interface Jobs extends Scheduler {
  readonly firstSlot: FirstSlot;
  /** By job, the first slot that passed since it was last done (ms since the epoch), if any. */
  missed(): Promise<Readonly<Record<string, number | undefined>>>;
}

/** A scheduler over every job of the table, and beside it one of its own for alerts: they do not wait for a long sweep. */
export function createJobs(app: App): Jobs {
  const jobs = TABLE.flatMap((of) => of(app));
  const firstSlot = createSlotSearch(app.now);
  const schedulers = [jobs, alertsJob(app, jobs, firstSlot)].map((lane) =>
    createScheduler(lane, app.now, app.logger, (job, signal) => hold(app, `job:${job}`, app.replica, signal)),
  );
  const all = async (what: (scheduler: Scheduler) => Promise<void>): Promise<void> => {
    await Promise.all(schedulers.map(what));
  };
  return {
    tick: () => all((one) => one.tick()),
    start: () => schedulers.forEach((one) => one.start()),
    stop: () => all((one) => one.stop()),
    lastTick: () => Math.min(...schedulers.map((one) => one.lastTick())),
    firstSlot,
    missed: () => missedSlots(jobs, firstSlot),
  };
}
