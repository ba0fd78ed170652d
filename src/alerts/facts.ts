/** What alarms are found in. */
import type { Down } from '../installation/app.ts';
import type { PolicyStanding, Standing } from '../standing/standing.ts';
import type { Run } from '../state/state.ts';

/** What should have been done by schedule, long enough ago; a slot is an ISO instant. */
export interface Behind {
  /** The first slot since the last success of the policy. */
  readonly slotOf: (policy: PolicyStanding) => string | undefined;
  readonly jobs: readonly { readonly name: string; readonly slot: string }[];
}

export interface Facts {
  readonly standing: Standing;
  readonly behind: Behind;
  /** Controllers that are not worked for. */
  readonly missing: readonly Down[];
  /** Channels that what was to be sent could not be sent by for an hour. */
  readonly undelivered: readonly string[];
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** run.deadline, ms. */
  readonly deadlineMs: number;
}

/** A sweep that was due this long ago should have come to its end, whatever its deadline. */
export const SWEEP_MS = 12 * 3_600_000;

/** Whether it is at work. A run past its deadline hangs: its source, or the process itself, does not answer. */
export function isGoing(
  { state, started }: Run,
  { now, deadlineMs }: Pick<Facts, 'now' | 'deadlineMs'>,
): boolean {
  return state === 'running' && now - Date.parse(started) < Math.min(deadlineMs, SWEEP_MS);
}

/** A daemon that was down does at once what it missed: nobody needs to hear of that. */
export const CATCH_UP_MS = 5 * 60_000;
