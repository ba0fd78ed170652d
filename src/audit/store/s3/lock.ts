/**
 * Which objects are locked, and until when. Each has its own retention, and the bucket has none of its own: that would
 * lock every version of what changes, and what is in the way of nobody's history.
 *
 *   tile/<L>/<N>, tile/entries/<N>   full ones: for years
 *   tile/…/<N>.p/<W>                 not: the full one takes its place
 *   heads/…                          for years: copies of the signed head
 *   evidence/…                       for days of their own, or not: free text must end some day
 *   checkpoint, .state/…             not: they change
 * Pure.
 */
import { EVIDENCE_PREFIX, parseTilePath } from '../../tile.ts';
import { TILE_WIDTH } from '../../tree.ts';

/** `governance` can be lifted by whoever has the right to; `compliance` by nobody, before its day. */
export type LockMode = 'governance' | 'compliance';

export interface LockSettings {
  readonly mode: LockMode | 'none';
  /** Life of the trail. */
  readonly years: number;
  /** Life of evidence; undefined: it is not locked. */
  readonly evidenceDays?: number;
}

export interface Lock {
  readonly mode: LockMode;
  readonly until: Date;
}

const HEADS_PREFIX = 'heads/';
const DAY_MS = 86_400_000;

function lasting(key: string): boolean {
  return key.startsWith(HEADS_PREFIX) || parseTilePath(key)?.width === TILE_WIDTH;
}

/** The day of the year `years` later; 29 February becomes 1 March, so that no lock is shorter than was said. */
function yearsLater(now: number, years: number): Date {
  const until = new Date(now);
  until.setUTCFullYear(until.getUTCFullYear() + years);
  return until;
}

/**
 * The lock of an object that is written now; undefined: none.
 * @param now milliseconds since the epoch.
 */
export function lockOf(key: string, settings: LockSettings, now: number): Lock | undefined {
  const { mode, years, evidenceDays } = settings;
  if (mode === 'none') return undefined;
  if (lasting(key)) return { mode, until: yearsLater(now, years) };
  if (evidenceDays === undefined || !key.startsWith(EVIDENCE_PREFIX)) return undefined;
  return { mode, until: new Date(now + evidenceDays * DAY_MS) };
}
