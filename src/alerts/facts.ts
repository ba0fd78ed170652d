/** What alarms are found in. */
import type { Down } from '../installation/app.ts';
import type { PolicyStanding, Standing } from '../standing/standing.ts';

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
}

/** A daemon that was down does at once what it missed: nobody needs to hear of that. */
export const CATCH_UP_MS = 5 * 60_000;
