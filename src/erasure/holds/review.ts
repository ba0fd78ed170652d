import type { Hold } from '../../state/state.ts';

/** Whether somebody should have looked at the hold again before this moment (ISO instant). It stands all the same. */
export function isPastReview({ review, released }: Hold, now: string): boolean {
  return released === undefined && review !== undefined && review < now.slice(0, 10);
}

/** Those that stand, and whose day of review has passed. */
export function pastReview(holds: readonly Hold[], now: string): readonly Hold[] {
  return holds.filter((hold) => isPastReview(hold, now));
}
