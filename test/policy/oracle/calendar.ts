/**
 * The calendar again, written to be obvious and slow: dates are text, sums go day by day, and a zone is what
 * Intl.DateTimeFormat shows. It shares no code with src/policy.
 */

export type Day = string;

/** Wall-clock time as text, YYYY-MM-DD HH:MM:SS.mmm: sorts as it should. */
export type Wall = string;

export interface Length {
  readonly years: number;
  readonly months: number;
  readonly weeks: number;
  readonly days: number;
}

const MINUTE = 60_000;
const HOURS = 60 * MINUTE;

const pad = (n: number, width = 2): string => String(n).padStart(width, '0');

const parts = (day: Day): [number, number, number] => {
  const [y, m, d] = day.split('-').map(Number);
  return [y!, m!, d!];
};

const toDay = (y: number, m: number, d: number): Day => `${pad(y, 4)}-${pad(m)}-${pad(d)}`;

export function lengthOfMonth(y: number, m: number): number {
  if ([4, 6, 9, 11].includes(m)) return 30;
  if (m !== 2) return 31;
  if (y % 400 === 0) return 29;
  if (y % 100 === 0) return 28;
  return y % 4 === 0 ? 29 : 28;
}

export function nextDay(day: Day): Day {
  const [y, m, d] = parts(day);
  if (d < lengthOfMonth(y, m)) return toDay(y, m, d + 1);
  return m < 12 ? toDay(y, m + 1, 1) : toDay(y + 1, 1, 1);
}

export function addLength(day: Day, length: Length): Day {
  let [y, m, d] = parts(day);
  y += length.years;
  for (let i = 0; i < length.months; i += 1) {
    m += 1;
    if (m === 13) [y, m] = [y + 1, 1];
  }
  if (d > lengthOfMonth(y, m)) d = lengthOfMonth(y, m);
  let sum = toDay(y, m, d);
  for (let i = 0; i < length.weeks * 7 + length.days; i += 1) sum = nextDay(sum);
  return sum;
}

/** The last day of the month, year or financial year that the day is in: walk until it ends. */
export function endOf(
  unit: 'month' | 'year' | 'financial year',
  day: Day,
  fyEnd: { month: number; day: number },
): Day {
  for (let candidate = day; ; candidate = nextDay(candidate)) {
    const [y, m, d] = parts(candidate);
    if (unit === 'month' && d === lengthOfMonth(y, m)) return candidate;
    if (unit === 'year' && m === 12 && d === 31) return candidate;
    const last = Math.min(fyEnd.day, lengthOfMonth(y, fyEnd.month));
    if (unit === 'financial year' && m === fyEnd.month && d === last) return candidate;
  }
}

const clocks = new Map<string, Intl.DateTimeFormat>();

/** What a clock in the zone shows at an instant. */
export function wallAt(zone: string, instant: number): Wall {
  let clock = clocks.get(zone);
  if (clock === undefined) {
    clock = new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      hourCycle: 'h23',
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      hour: '2-digit',
      minute: '2-digit',
      second: '2-digit',
    });
    clocks.set(zone, clock);
  }
  const shown = Object.fromEntries(clock.formatToParts(instant).map((part) => [part.type, part.value]));
  const ms = ((instant % 1000) + 1000) % 1000;
  const date = `${shown['year']!.padStart(4, '0')}-${shown['month']!}-${shown['day']!}`;
  return `${date} ${shown['hour']!}:${shown['minute']!}:${shown['second']!}.${pad(ms, 3)}`;
}

export const dayAt = (zone: string, instant: number): Day => wallAt(zone, instant).slice(0, 10);

/** A wall-clock text read as if it were UTC: only a point around which to search. */
const near = (wall: Wall): number => Date.parse(`${wall.replace(' ', 'T')}Z`);

/** Every instant at which the zone's clock shows this. A clock is changed no more than once in 60 hours. */
export function instantsOf(zone: string, wall: Wall): number[] {
  const offset = (instant: number): number => near(wallAt(zone, instant)) - instant;
  const offsets = new Set([offset(near(wall) - 30 * HOURS), offset(near(wall) + 30 * HOURS)]);
  return [...offsets].map((one) => near(wall) - one).filter((instant) => wallAt(zone, instant) === wall);
}

/** The instant of a wall-clock time; one that the clock skips is read by the clock from after or from before the jump. */
export function readWall(zone: string, wall: Wall, which: 'early' | 'late'): number {
  const instants = instantsOf(zone, wall);
  if (instants.length > 0) return which === 'early' ? Math.min(...instants) : Math.max(...instants);
  const jump = firstInstant(zone, (shown) => shown > wall, near(wall));
  const before = near(wallAt(zone, jump - MINUTE)) - (jump - MINUTE);
  const after = near(wallAt(zone, jump)) - jump;
  return near(wall) - (which === 'early' ? after : before);
}

/** The first instant of a day that the zone has, or of what follows a day that it skipped. */
export function beginningOf(zone: string, day: Day): number {
  return firstInstant(zone, (shown) => shown.slice(0, 10) >= day, near(`${day} 00:00:00.000`));
}

/** The first quarter of an hour, around a point, from which on the clock shows what is asked. */
function firstInstant(zone: string, asked: (shown: Wall) => boolean, around: number): number {
  let instant = Math.floor((around - 40 * HOURS) / HOURS) * HOURS;
  while (!asked(wallAt(zone, instant))) instant += HOURS;
  instant -= HOURS;
  while (!asked(wallAt(zone, instant))) instant += 15 * MINUTE;
  return instant;
}
