/** The tables of jobs: what the daemon does, and when. Those of a table that fall into one minute run in its order. */
import { hold } from '../src/erasure/run/lease.ts';
import type { App, Controlled, Others } from '../src/installation/app.ts';
import { alertsJob } from './alerts.ts';
import { evidenceJob } from './upkeep/evidence.ts';
import { headsJob } from './upkeep/heads.ts';
import { heartbeatJob } from './upkeep/heartbeat.ts';
import { createWorkers } from './queue/workers.ts';
import { keysJob } from './upkeep/keys.ts';
import { lookupJob } from './upkeep/lookup.ts';
import { recoverJob } from './recover.ts';
import { createScheduler, type Job, type Scheduler, type TakeTurn } from './scheduler.ts';
import { createSlotSearch, missedSlots, type FirstSlot } from './slots.ts';
import { sweepJobs } from './sweep.ts';
import { verifyJob } from './upkeep/verify.ts';

/** Of a whole installation. */
const UPKEEP: readonly ((app: App) => Job[])[] = [
  keysJob,
  heartbeatJob,
  headsJob,
  verifyJob,
  evidenceJob,
  lookupJob,
];

/** Alerts wait for no lease: they have most to say when the state, where leases lie, is gone. See alerts.ts. */
const atOnce: TakeTurn = (_job, signal) =>
  Promise.resolve({ signal, stillOurs: () => Promise.resolve(), release: () => Promise.resolve() });

/** Of each controller. */
const ERASING: readonly ((app: App, controlled: Controlled) => Job[])[] = [recoverJob, sweepJobs];

export interface Jobs extends Scheduler {
  readonly firstSlot: FirstSlot;
  /** By job, the first slot that passed since it was last done (ms since the epoch), if any. */
  missed(): Promise<Readonly<Record<string, number | undefined>>>;
}

/**
 * Schedulers that do not wait for each other: one for the upkeep, one for each controller, since a source that hangs
 * shall hold up nobody else's sweep, and one for alerts.
 */
export function createJobs(app: App, others?: Others): Jobs {
  const workers = createWorkers(app);
  const lanes = [
    UPKEEP.flatMap((of) => of(app)),
    ...app.controllers.map((controlled) => {
      const { engine } = controlled;
      const helped = workers === undefined ? engine : { ...engine, helpers: workers.helpers };
      return ERASING.flatMap((of) => of(app, { ...controlled, engine: helped }));
    }),
  ];
  const jobs = lanes.flat();
  const firstSlot = createSlotSearch(app.now);
  const turn: TakeTurn = (job, signal) => hold(app, `job:${job}`, app.replica, signal);
  const schedulers = [
    ...lanes.map((lane) => createScheduler(lane, app.now, app.logger, turn)),
    createScheduler(alertsJob(app, jobs, firstSlot, others), app.now, app.logger, atOnce),
  ];
  const all = async (what: (scheduler: Scheduler) => Promise<void>): Promise<void> => {
    await Promise.all(schedulers.map(what));
  };
  return {
    tick: () => all((one) => one.tick()),
    start: () => {
      schedulers.forEach((one) => one.start());
      workers?.start();
    },
    stop: async () => {
      // Together: a sweep waits for the workers that erase its partitions.
      await Promise.all([all((one) => one.stop()), workers?.stop()]);
    },
    lastTick: () => Math.min(...schedulers.map((one) => one.lastTick())),
    firstSlot,
    missed: () => missedSlots(jobs, firstSlot),
  };
}
