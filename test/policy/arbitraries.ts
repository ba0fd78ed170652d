/** What the property tests draw: moments where calendars and clocks are awkward, as often as not. */
import fc from 'fast-check';
import type { Encoding, Period, Raw } from '../../src/policy/policy.ts';
import { wallAt } from './oracle/calendar.ts';

/** Half an hour of daylight saving, a skipped day, no daylight saving in Ramadan, jumps at midnight and before it. */
export const ZONES = [
  'Europe/Copenhagen',
  'America/New_York',
  'Australia/Lord_Howe',
  'Pacific/Apia',
  'UTC',
  'Africa/Casablanca',
  'America/Havana',
  'America/Nuuk',
] as const;

const DAY = 86_400_000;
const FIRST = Date.parse('1975-01-01T00:00:00Z');
const LAST = Date.parse('2035-12-31T00:00:00Z');

/** Instants at which the zone's offset changes. */
function jumpsOf(zone: string): number[] {
  const offset = (instant: number): number =>
    Date.parse(`${wallAt(zone, instant).replace(' ', 'T')}Z`) - instant;
  const jumps: number[] = [];
  for (let day = FIRST; day < LAST; day += DAY) {
    if (offset(day) === offset(day + DAY)) continue;
    let [low, high] = [day, day + DAY];
    while (high - low > 1000) {
      const middle = Math.floor((low + high) / 2000) * 1000;
      if (offset(middle) === offset(low)) low = middle;
      else high = middle;
    }
    jumps.push(high);
  }
  return jumps;
}

const jumps = new Map<string, number[]>(ZONES.map((zone) => [zone, jumpsOf(zone)]));

export const zone = fc.constantFrom(...ZONES);

/** Whole seconds near a jump of the zone's clock, near the end of a month, or anywhere. */
export function second(name: string): fc.Arbitrary<number> {
  const anywhere = fc.integer({ min: FIRST / 1000, max: LAST / 1000 }).map((s) => s * 1000);
  const monthEnd = fc
    .tuple(
      fc.integer({ min: 1975, max: 2035 }),
      fc.integer({ min: 0, max: 11 }),
      fc.integer({ min: -4, max: 2 }),
      fc.nat(86_399),
    )
    .map(([year, month, day, s]) => Date.UTC(year, month + 1, day) + s * 1000);
  const list = jumps.get(name) ?? [];
  const jump = list.length === 0 ? anywhere : fc.constantFrom(...list);
  const nearJump = fc
    .tuple(jump, fc.integer({ min: -30 * 3600, max: 30 * 3600 }))
    .map(([at, s]) => at + s * 1000);
  const inJump = fc.tuple(jump, fc.integer({ min: -3700, max: 3700 })).map(([at, s]) => at + s * 1000);
  return fc.oneof(anywhere, monthEnd, nearJump, inJump);
}

export const day: fc.Arbitrary<string> = fc.oneof(
  fc.integer({ min: FIRST / DAY, max: LAST / DAY }).map((n) => new Date(n * DAY).toISOString().slice(0, 10)),
  fc
    .tuple(
      fc.integer({ min: 1975, max: 2035 }),
      fc.integer({ min: 0, max: 11 }),
      fc.integer({ min: -3, max: 1 }),
    )
    .map(([year, month, d]) => new Date(Date.UTC(year, month + 1, d)).toISOString().slice(0, 10)),
  fc.constantFrom('2024-02-29', '2028-02-29', '2011-12-29', '2011-12-30', '2011-12-31', '2012-12-30'),
);

const some = (max: number): fc.Arbitrary<number> => fc.oneof(fc.constant(0), fc.nat(max));

export const period: fc.Arbitrary<Period> = fc
  .oneof(
    fc.record({ years: some(6), months: some(14), weeks: fc.constant(0), days: fc.constant(0) }),
    fc.record({ years: fc.constant(0), months: fc.constant(0), weeks: some(30), days: some(40) }),
    fc.record({ years: some(2), months: some(5), weeks: some(3), days: some(10) }),
  )
  .filter((p) => p.years + p.months + p.weeks + p.days > 0);

export const encoding: fc.Arbitrary<Encoding> = fc.oneof(
  fc.constantFrom<Encoding>(
    { kind: 'instant' },
    { kind: 'epoch seconds' },
    { kind: 'epoch milliseconds' },
    { kind: 'date' },
  ),
  zone.map((name): Encoding => ({ kind: 'local', zone: name })),
);

/** An instant as a column of that encoding would hold it, one of several spellings. */
export function stored(instant: number, as: Encoding, spelling: number): Raw {
  const utc = new Date(instant).toISOString();
  const fraction = ['', '.0', '.250', '.000001', '.999999'][spelling % 5] ?? '';
  switch (as.kind) {
    case 'instant': {
      const clock = `${utc.slice(0, 10)} ${utc.slice(11, 19)}`;
      const east = new Date(instant + 5.5 * 3_600_000).toISOString().slice(0, 19);
      return (
        [
          `${clock}${fraction}`,
          `${clock}${fraction}+00`,
          `${utc.slice(0, 19)}${fraction}Z`,
          `${east}${fraction}+05:30`,
        ][spelling % 4] ?? clock
      );
    }
    case 'epoch seconds':
      return `${String(instant / 1000)}${fraction}`;
    case 'epoch milliseconds':
      return String(instant + (spelling % 3));
    case 'date':
      return [utc.slice(0, 10), `${utc.slice(0, 10)} 00:00:00`][spelling % 2] ?? null;
    case 'local': {
      const wall = wallAt(as.zone, instant).slice(0, 19);
      return (
        [
          `${wall}${fraction}`,
          wall.replace(' ', 'T'),
          wall.slice(0, 16),
          wall.slice(0, 10),
          `${wall.slice(0, 10)} 2:30`,
        ][spelling % 5] ?? wall
      );
    }
  }
}
