/** Which slots of a schedule have passed, for who asks what should have run since. */
import type { State } from '../src/state/state.ts';
import { slotsOf, type Job, type Slots } from './scheduler.ts';

const MINUTE_MS = 60_000;
/** How far back is looked: a whole month of any schedule, and what to look through costs under a second, once. */
const LOOK_BACK_MS = 40 * 24 * 60 * MINUTE_MS;

/** The minutes that have been looked at, and the slots among them, ascending. */
interface Looked {
  readonly isSlot: Slots;
  from: number;
  to: number;
  slots: number[];
}

const minuteOf = (time: number): number => Math.floor(time / MINUTE_MS) * MINUTE_MS;

/** Milliseconds since the epoch; undefined while none has passed. */
export type FirstSlot = (schedule: string, zone: string, after: number) => number | undefined;

/**
 * A function that answers the first slot of a cron schedule, in a zone, after a moment and not after now; undefined
 * while none has passed, or none within 40 days. No minute is looked at twice: whoever asks every few seconds, of
 * hundreds of policies, asks of the last minute only.
 */
export function createSlotSearch(now: () => number): FirstSlot {
  const known = new Map<string, Looked>();
  return (schedule, zone, after) => {
    const until = minuteOf(now());
    const id = `${schedule} ${zone}`;
    const looked = known.get(id) ?? {
      isSlot: slotsOf(schedule, zone),
      from: until + MINUTE_MS,
      to: until,
      slots: [],
    };
    known.set(id, looked);
    look(looked, Math.max(minuteOf(after), until - LOOK_BACK_MS), until);
    return looked.slots.find((slot) => slot > after && slot <= until);
  };
}

function look(looked: Looked, earliest: number, until: number): void {
  const before: number[] = [];
  for (; looked.from > earliest; looked.from -= MINUTE_MS)
    if (looked.isSlot(looked.from - MINUTE_MS)) before.push(looked.from - MINUTE_MS);
  const later: number[] = [];
  for (; looked.to < until; looked.to += MINUTE_MS)
    if (looked.isSlot(looked.to + MINUTE_MS)) later.push(looked.to + MINUTE_MS);
  const kept = looked.slots.filter((slot) => slot >= until - LOOK_BACK_MS);
  looked.slots = [...before.reverse(), ...kept, ...later];
}

/**
 * For each job that remembers its slots, the first one that passed since it was last done (see lastDone), if any. Sweeps
 * are not among them: what they did is known by policy.
 */
export async function missedSlots(
  jobs: readonly Job[],
  firstSlot: FirstSlot,
): Promise<Record<string, number | undefined>> {
  const found: Record<string, number | undefined> = {};
  for (const { name, schedule, zone, lastSlot } of jobs) {
    const last = name.startsWith('sweep ') ? undefined : await lastSlot();
    if (last !== undefined) found[name] = firstSlot(schedule, zone, Date.parse(last));
  }
  return found;
}

/**
 * The last slot for which the daemon did this job, ISO. One that it never did counts as done when the installation was
 * made: a daemon that begins later does it at once, and one that fails from the first day on is found out.
 */
export async function lastDone(state: State, job: string): Promise<string> {
  return (await state.job(job))?.slot ?? (await state.installation()).created;
}
