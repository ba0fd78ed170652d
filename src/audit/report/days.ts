/** Days and months of a report. Pure. */
import type { Period } from './report.ts';

const DAY_MS = 86_400_000;

/** The UTC day of an instant (`2026-11-22T03:40:00.000Z`). */
export function dayOf(at: string): string {
  return at.slice(0, 10);
}

/** The day after. */
export function nextDay(day: string): string {
  return dayOf(new Date(Date.parse(day) + DAY_MS).toISOString());
}

/** The months that a period touches, `2026-06`. */
export function monthsOf({ from, to }: Period): string[] {
  const months: string[] = [];
  let [year = 0, month = 0] = from.split('-').map(Number);
  for (;;) {
    const text = `${String(year).padStart(4, '0')}-${String(month).padStart(2, '0')}`;
    if (text > to.slice(0, 7)) return months;
    months.push(text);
    year += Math.floor(month / 12);
    month = (month % 12) + 1;
  }
}

/** The days from `first` to `last` that are not among `days`, as stretches. */
export function gaps(first: string, last: string, days: ReadonlySet<string>): Period[] {
  const found: { from: string; to: string }[] = [];
  let open: { from: string; to: string } | undefined;
  for (let day = first; day <= last; day = nextDay(day)) {
    if (days.has(day)) open = undefined;
    else if (open === undefined) found.push((open = { from: day, to: day }));
    else open.to = day;
  }
  return found;
}

/**
 * Days of instants in a time zone (IANA); in UTC where the zone is not known here. Entries of one batch share their
 * instant, so the last answer is kept.
 */
export function calendarOf(zone: string | undefined): (at: string) => string {
  const format = formatOf(zone);
  let last = { at: '', day: '' };
  return (at) => {
    if (last.at !== at) last = { at, day: format?.format(Date.parse(at)) ?? dayOf(at) };
    return last.day;
  };
}

function formatOf(zone: string | undefined): Intl.DateTimeFormat | undefined {
  if (zone === undefined) return undefined;
  try {
    // Canadian English writes a day as 2026-11-22.
    return new Intl.DateTimeFormat('en-CA', {
      timeZone: zone,
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
    });
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}
