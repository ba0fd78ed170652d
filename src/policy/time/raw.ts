/** What one stored value says about when a period starts. */
import type { SilentBecause } from '../model/disposition.ts';
import type { Encoding, Raw, ResolvedStart } from '../policy.ts';
import { DAY_MS, dayNumber } from './day.ts';
import { milliseconds, readDateTime } from './text.ts';
import type { Zone } from './zone.ts';

/** Raw values that mean "unknown" unless the file says otherwise: what databases hold in place of a date. */
export const UNKNOWN_BY_DEFAULT: readonly string[] = ['', '0', '0000-00-00', '1000-01-01'];

/** Day before which a start is implausible unless the file says otherwise. */
export const EARLIEST_BY_DEFAULT = '1971-01-01';

export type Moment =
  /** An instant, ms since the epoch. `early` and `late` differ where the clock showed this local time twice or never. */
  | { readonly kind: 'instant'; readonly early: number; readonly late: number }
  /** A whole day of the policy's zone, by its number. */
  | { readonly kind: 'day'; readonly day: number };

/** Why there is no moment. */
export type Missing =
  | { readonly kind: 'unknown'; readonly why: 'null' | 'listed' | 'unreadable' }
  | { readonly kind: 'not yet' }
  | { readonly kind: 'implausible'; readonly why: 'before earliest' | 'ahead' }
  /** Another source does not tell, and the file says that the record is then kept. */
  | { readonly kind: 'unknown elsewhere'; readonly why: SilentBecause };

export type Value = Moment | Missing;

/** The moment at which a start is judged: "ahead" is after this. */
export interface Now {
  /** Instant, ms since the epoch, whole seconds. */
  readonly instant: number;
  /** Its day in the policy's zone. */
  readonly day: number;
}

const NULL: Missing = { kind: 'unknown', why: 'null' };
const LISTED: Missing = { kind: 'unknown', why: 'listed' };
const UNREADABLE: Missing = { kind: 'unknown', why: 'unreadable' };
const NOT_YET: Missing = { kind: 'not yet' };
const TOO_EARLY: Missing = { kind: 'implausible', why: 'before earliest' };
const AHEAD: Missing = { kind: 'implausible', why: 'ahead' };

/** Nothing is believed to start after the year 9999, even where a start may lie ahead. */
const LAST_DAY = dayNumber(9999, 12, 31);

/**
 * A reader of one leaf's raw values. `zone` is the policy's, `local` the one that the leaf's own clock shows.
 *
 * Where `timeColumn` is set, the raw value is the date, and behind one space the text of the time column unless that is
 * NULL or blank.
 */
export function createReader(leaf: ResolvedStart, zone: Zone, local: Zone, now: Now): (raw: Raw) => Value {
  const parse = parser(leaf.encoding, local);
  const plausible = plausibility(leaf, zone, now);
  const whenNull = leaf.whenNull === 'not yet' ? NOT_YET : NULL;
  const listed = new Map<string, Missing>();
  for (const text of leaf.unknown) listed.set(canonical(text), LISTED);
  for (const text of leaf.notYet) listed.set(canonical(text), NOT_YET);
  const dateOnly = leaf.timeColumn !== undefined;
  return (raw) => {
    if (raw === null) return whenNull;
    const known =
      listed.get(canonical(raw)) ?? (dateOnly ? listed.get(canonical(raw.slice(0, 10))) : undefined);
    if (known !== undefined) return known;
    const moment = parse(raw.trim());
    return moment === undefined ? UNREADABLE : (plausible(moment) ?? moment);
  };
}

const MIDNIGHT = /^.{10}[ T]00:00:00(?:\.0*)?$/;

/** One spelling for values that mean the same: a date at midnight is that date, the zero date is 0. */
function canonical(raw: string): string {
  const text = raw.trim();
  const date = MIDNIGHT.test(text) ? text.slice(0, 10) : text;
  return date === '0000-00-00' ? '0' : date;
}

function plausibility(leaf: ResolvedStart, zone: Zone, now: Now): (moment: Moment) => Missing | undefined {
  // The parser lets only dates through; if one did not read, no start would be believed.
  const earliest = readDateTime(leaf.earliest)?.day ?? LAST_DAY;
  const first = zone.startOf(earliest);
  const lastDay = leaf.mayLieAhead ? LAST_DAY : now.day;
  const last = leaf.mayLieAhead ? (LAST_DAY + 1) * DAY_MS - 1 : now.instant;
  return (moment) => {
    if (moment.kind === 'day') {
      if (moment.day < earliest) return TOO_EARLY;
      return moment.day > lastDay ? AHEAD : undefined;
    }
    // A local time that was shown twice is implausible only if it is so by both readings.
    if (moment.late < first) return TOO_EARLY;
    return moment.early > last ? AHEAD : undefined;
  };
}

function parser(encoding: Encoding, local: Zone): (text: string) => Moment | undefined {
  switch (encoding.kind) {
    case 'instant':
      return readInstant;
    case 'local':
      return (text) => readLocal(text, local);
    case 'date':
      return readDay;
    case 'epoch seconds':
      return (text) => readEpoch(text, 1000);
    case 'epoch milliseconds':
      return (text) => readEpoch(text, 1);
  }
}

function readInstant(text: string): Moment | undefined {
  const read = readDateTime(text);
  if (read?.time === undefined) return undefined;
  return at(read.day * DAY_MS + read.time - (read.offset ?? 0));
}

/** An offset in a local time contradicts the file, which says whose clock it is: it does not read. */
function readLocal(text: string, zone: Zone): Moment | undefined {
  const read = readDateTime(text);
  if (read === undefined || read.offset !== undefined) return undefined;
  if (read.time === undefined) return { kind: 'day', day: read.day };
  const wall = read.day * DAY_MS + read.time;
  return { kind: 'instant', early: zone.instant(wall, 'earlier'), late: zone.instant(wall, 'later') };
}

/** A date with a time of day is still that day: the file says that only the date counts. */
function readDay(text: string): Moment | undefined {
  const read = readDateTime(text);
  return read === undefined || read.offset !== undefined ? undefined : { kind: 'day', day: read.day };
}

/** A number of units since 1970. Fractions are rounded up by their digits: a double would lose the last of them. */
function readEpoch(text: string, unit: 1000 | 1): Moment | undefined {
  const parts = /^(-?)(\d{1,15})(?:\.(\d*))?$/.exec(text);
  if (parts === null) return undefined;
  const [, minus, whole, fraction = ''] = parts;
  const up = minus === '';
  const finer = unit === 1000 ? milliseconds(fraction, up) : up && /[1-9]/.test(fraction) ? 1 : 0;
  const amount = Number(whole) * unit + finer;
  return at(up ? amount : -amount);
}

function at(instant: number): Moment {
  return { kind: 'instant', early: instant, late: instant };
}
