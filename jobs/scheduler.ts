/**
 * When jobs run. node-cron is only the tick, once a minute, and the reader of cron expressions: it remembers nothing,
 * skips what is late, and knows of no other process. What is due is worked out from durable memory instead: the latest
 * slot that has passed and has not been run. So a daemon that was down, asleep or busy runs once, not ten times.
 *
 * Several daemons over one state share the jobs: each job is run under a lease, by whichever comes first, and the slot is
 * read again under it. A daemon that dies leaves the lease for a minute; then another one goes on.
 */
import cron from 'node-cron';
import type { Held } from '../src/erasure/run/lease.ts';
import type { Logger } from '../src/logger.ts';

const MINUTE_MS = 60_000;
/** How far ahead the clock of another daemon may be. */
const MOST_SKEW_MS = 5 * MINUTE_MS;

/** How far back a missed slot is still looked for; what is older than a month of silence is found by the next slot. */
const LOOK_BACK_MINUTES = 40 * 24 * 60;

export interface Job {
  readonly name: string;
  /** Cron expression of five fields. */
  readonly schedule: string;
  /** IANA zone in which the expression is read. */
  readonly zone: string;
  /** The last slot that was run, ISO, from durable memory; undefined: nothing is to be caught up. */
  readonly lastSlot: () => Promise<string | undefined>;
  /** Whether what it did last was cut short by the death of a process: then it goes on now, not at its next slot. */
  readonly cutShort?: () => Promise<boolean>;
  readonly run: (slot: string, signal: AbortSignal) => Promise<Ended>;
}

/** Takes the lease of a job; undefined while another daemon has it. */
export type TakeTurn = (job: string, signal: AbortSignal) => Promise<Held | undefined>;

/** How a run of a job ended. `again`: it could not do its work; it is run at every look, for the minute of that look. */
export type Ended = 'done' | 'again';

/** Whether a moment (to the minute) is a slot. */
export type Slots = (minute: number) => boolean;

const minuteOf = (time: number): number => Math.floor(time / MINUTE_MS) * MINUTE_MS;

/** Reads a cron expression. It must be valid; the policy file and the settings are checked before. */
export function slotsOf(schedule: string, zone: string): Slots {
  const task = cron.createTask(schedule, () => undefined, { timezone: zone });
  return (minute) => task.match(new Date(minute));
}

/** The latest slot after `after` and not after `now`, both ms since the epoch; undefined when there is none. */
export function latestSlot(isSlot: Slots, after: number, now: number): number | undefined {
  const earliest = Math.max(after + 1, now - LOOK_BACK_MINUTES * MINUTE_MS);
  for (let minute = minuteOf(now); minute >= earliest; minute -= MINUTE_MS) {
    if (isSlot(minute)) return minute;
  }
  return undefined;
}

export interface Scheduler {
  /** Looks at every job once, now. The tick calls it; so may a test. Resolves when the jobs it began have ended. */
  tick(): Promise<void>;
  start(): void;
  /** No further job begins; running ones are told to stop, and waited for. */
  stop(): Promise<void>;
  /** When it last looked, ms since the epoch. */
  lastTick(): number;
}

/**
 * A scheduler over these jobs. A job never overlaps itself, here or in another daemon; different jobs of one tick run one
 * after the other.
 */
export function createScheduler(
  jobs: readonly Job[],
  now: () => number,
  logger: Logger,
  takeTurn: TakeTurn,
): Scheduler {
  const begun = now();
  const stopping = new AbortController();
  const slots = new Map(jobs.map((job) => [job.name, slotsOf(job.schedule, job.zone)]));
  const tried = new Map<string, number>();
  const unfinished = new Set<string>();
  let running: Promise<void> | undefined;
  let looked = begun;
  let ticker: ReturnType<typeof cron.schedule> | undefined;

  /** The slot that is to be run now, ms since the epoch. */
  const dueOf = async (job: Job): Promise<number | undefined> => {
    const isSlot = slots.get(job.name);
    if (isSlot === undefined) return undefined;
    const last = Date.parse((await job.lastSlot()) ?? '');
    // A slot that is to come was run by a clock that has been set back since: whoever believed it would rest until then.
    const known = last <= now() + MOST_SKEW_MS ? last : begun - 1;
    const after = Math.max(known, tried.get(job.name) ?? 0);
    const goesOn = unfinished.has(job.name) || (await job.cutShort?.()) === true;
    const due = goesOn ? minuteOf(now()) : latestSlot(isSlot, after, now());
    return due === undefined || due <= after ? undefined : due;
  };

  const runDue = async (job: Job): Promise<void> => {
    if (stopping.signal.aborted || (await dueOf(job)) === undefined) return;
    const held = await takeTurn(job.name, stopping.signal);
    if (held === undefined) return;
    try {
      // Whoever had the lease before may have run it.
      const due = await dueOf(job);
      if (due === undefined) return;
      tried.set(job.name, due);
      const slot = new Date(due).toISOString();
      if (now() - due > 2 * MINUTE_MS) logger.warn('slot caught up', { job: job.name, slot });
      unfinished.delete(job.name);
      if ((await job.run(slot, held.signal)) === 'again') unfinished.add(job.name);
    } finally {
      await held.release();
    }
  };

  const runAll = async (): Promise<void> => {
    for (const job of jobs) {
      try {
        await runDue(job);
      } catch (error) {
        logger.error('job failed', { job: job.name, error });
      }
    }
  };

  const tick = async (): Promise<void> => {
    looked = now();
    running ??= runAll().finally(() => (running = undefined));
    await running;
  };

  return {
    tick,
    start: () => {
      ticker = cron.schedule('* * * * *', () => void tick(), { suppressMissedWarning: true });
      void tick();
    },
    stop: async () => {
      stopping.abort();
      await ticker?.destroy();
      await running;
    },
    lastTick: () => looked,
  };
}
