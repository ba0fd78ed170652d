/**
 * A zone's wall clock, and calendar sums: Temporal's answers, remembered.
 *
 * A run judges millions of records and Temporal takes tens of microseconds for a sum, but records share their days:
 * so what is asked of Temporal is asked once per day and kept. The memories are of pure functions (the answers never
 * change while the process runs) and bounded.
 */
import type { Period } from '../policy.ts';
import { Temporal } from '../temporal.ts';
import { DAY_MS, HOUR_MS } from './day.ts';

/** Which instant a wall-clock time stands for that daylight saving makes twice or never. */
export type Reading = 'earlier' | 'later';

export interface Zone {
  readonly name: string;
  /** Wall-clock time at an instant, as milliseconds that would show the same digits in UTC. */
  wall(instant: number): number;
  /** The calendar day on which an instant falls. */
  day(instant: number): number;
  /** The instant of a wall-clock time; `reading` matters only where there are two or none. */
  instant(wall: number, reading: Reading): number;
  /** The first instant of a calendar day; of a day that the zone skipped, the first instant after it. */
  startOf(day: number): number;
}

/** Answers remembered per question before starting afresh: more days than any table has, little memory. */
const MOST_ANSWERS = 100_000;

const zones = new Map<string, Zone>();
const sums = new Map<string, (day: number) => number>();

/** The zone of an IANA name. Throws a RangeError for a name that is none. */
export function zoneOf(name: string): Zone {
  const known = zones.get(name);
  if (known !== undefined) return known;
  const zone = createZone(name);
  zones.set(name, zone);
  return zone;
}

/** The sum of a day and a period: one addition, where a month too short gives its last day (30 Nov + 3 months = 28 Feb). */
export function addition(period: Period): (day: number) => number {
  const { years, months, weeks, days } = period;
  const key = [years, months, weeks, days].join(' ');
  const known = sums.get(key);
  if (known !== undefined) return known;
  const add = remembered((day) => {
    const sum = dateOf(day).add({ years, months, weeks, days });
    return Temporal.PlainDate.from('1970-01-01').until(sum, { largestUnit: 'days' }).days;
  });
  sums.set(key, add);
  return add;
}

function createZone(name: string): Zone {
  /**
   * The offset that holds without a change from a day before this day (of UTC) until a day after it; NaN where it
   * changes. No offset reaches a day, so it is also the offset at every wall-clock time of that day.
   */
  const steady = remembered((day) => {
    const before = Temporal.Instant.fromEpochMilliseconds((day - 1) * DAY_MS).toZonedDateTimeISO(name);
    const change = before.getTimeZoneTransition('next');
    const changes = change !== null && change.epochMilliseconds <= (day + 2) * DAY_MS;
    return changes ? NaN : before.offsetNanoseconds / 1e6;
  });
  const startOf = remembered((day) => {
    const offset = steady(day);
    return Number.isNaN(offset) ? dateOf(day).toZonedDateTime(name).epochMilliseconds : day * DAY_MS - offset;
  });
  const offsetAt = hourly(
    (instant) =>
      Temporal.Instant.fromEpochMilliseconds(instant).toZonedDateTimeISO(name).offsetNanoseconds / 1e6,
  );
  const offsetOf = (disambiguation: Reading): ((wall: number) => number) =>
    hourly((wall) => wall - wallClock(wall).toZonedDateTime(name, { disambiguation }).epochMilliseconds);
  const [earlier, later] = [offsetOf('earlier'), offsetOf('later')];
  const wall = (instant: number): number => {
    const offset = steady(Math.floor(instant / DAY_MS));
    return instant + (Number.isNaN(offset) ? offsetAt(instant) : offset);
  };
  return {
    name,
    wall,
    day: (instant) => Math.floor(wall(instant) / DAY_MS),
    instant: (wallTime, reading) => {
      const offset = steady(Math.floor(wallTime / DAY_MS));
      if (!Number.isNaN(offset)) return wallTime - offset;
      return wallTime - (reading === 'earlier' ? earlier(wallTime) : later(wallTime));
    },
    startOf,
  };
}

/** Remembers an offset for each hour in which it does not change; no clock is changed twice within an hour. */
function hourly(ask: (time: number) => number): (time: number) => number {
  const inHour = remembered((hour) => {
    const first = ask(hour * HOUR_MS);
    return first === ask((hour + 1) * HOUR_MS - 1) ? first : NaN;
  });
  return (time) => {
    const offset = inHour(Math.floor(time / HOUR_MS));
    return Number.isNaN(offset) ? ask(time) : offset;
  };
}

function wallClock(wall: number): Temporal.PlainDateTime {
  return Temporal.Instant.fromEpochMilliseconds(wall).toZonedDateTimeISO('UTC').toPlainDateTime();
}

function dateOf(day: number): Temporal.PlainDate {
  return wallClock(day * DAY_MS).toPlainDate();
}

function remembered(ask: (of: number) => number): (of: number) => number {
  const answers = new Map<number, number>();
  return (of) => {
    const known = answers.get(of);
    if (known !== undefined) return known;
    if (answers.size >= MOST_ANSWERS) answers.clear();
    const answer = ask(of);
    answers.set(of, answer);
    return answer;
  };
}
