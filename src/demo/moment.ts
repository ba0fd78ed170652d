/** The moment at which the demo plays. It is fixed and past, so that the demo says the same on every machine and day. */

/** Tuesday 30 June 2026, 05:15 in Copenhagen. */
export const DEMO_AS_OF = '2026-06-30T03:15:00Z';

const INSTANT_MS = Date.UTC(2026, 5, 30, 3, 15);
/** What a clock on a wall in Copenhagen shows then. Differences from it are taken by that clock, summer time or not. */
const WALL_MS = Date.UTC(2026, 5, 30, 5, 15);
const DAY_S = 86_400;

/** Local date and time `seconds` before the demo's moment by the wall clock in Copenhagen: `2026-06-30 05:15:00`. */
export function wall(seconds: number): string {
  return new Date(WALL_MS - seconds * 1000).toISOString().slice(0, 19).replace('T', ' ');
}

/** The same in UTC. */
export function utc(seconds: number): string {
  return new Date(INSTANT_MS - seconds * 1000).toISOString().slice(0, 19).replace('T', ' ');
}

/** Local date that many days ago: `2026-06-30`. */
export function day(days: number): string {
  return wall(days * DAY_S).slice(0, 10);
}

/** Seconds since 1970 at `seconds` before the demo's moment. */
export function epoch(seconds: number): number {
  return INSTANT_MS / 1000 - seconds;
}

/** That many days, in seconds. */
export function days(count: number): number {
  return count * DAY_S;
}
