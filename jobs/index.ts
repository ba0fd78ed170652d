/** The table of jobs: what the daemon does, and when. */
import type { App } from '../src/app.ts';
import { createScheduler, type Job, type Scheduler } from './scheduler.ts';
import { sweepJobs } from './sweep.ts';

const TABLE: readonly ((app: App) => Job[])[] = [sweepJobs];

/** A scheduler over every job of the table. */
export function createJobs(app: App): Scheduler {
  return createScheduler(
    TABLE.flatMap((jobs) => jobs(app)),
    app.now,
    app.logger,
  );
}
