/** The table of jobs: what the daemon does, and when. Those that fall into one minute run in this order. */
import { hold } from '../src/erasure/run/lease.ts';
import type { App } from '../src/installation/app.ts';
import { evidenceJob } from './evidence.ts';
import { headsJob } from './heads.ts';
import { heartbeatJob } from './heartbeat.ts';
import { keysJob } from './keys.ts';
import { lookupJob } from './lookup.ts';
import { recoverJob } from './recover.ts';
import { createScheduler, type Job, type Scheduler } from './scheduler.ts';
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

/** A scheduler over every job of the table. */
export function createJobs(app: App): Scheduler {
  return createScheduler(
    TABLE.flatMap((jobs) => jobs(app)),
    app.now,
    app.logger,
    (job, signal) => hold(app, `job:${job}`, app.replica, signal),
  );
}
