import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { civil, DAY_MS, dayNumber, daysInMonth, formatDay } from '../../../src/policy/time/day.ts';
import { addition, zoneOf } from '../../../src/policy/time/zone.ts';
import { day, period, second, zone } from '../arbitraries.ts';
import { addLength, beginningOf, lengthOfMonth, readWall, wallAt } from '../oracle/calendar.ts';

const asWall = (wall: string): number => Date.parse(`${wall.replace(' ', 'T')}Z`);
const asDay = (text: string): number => Date.parse(`${text}T00:00:00Z`) / DAY_MS;

describe('day', () => {
  it('numbers every day of 1600 to 2400 like a calendar on the wall', () => {
    let number = dayNumber(1600, 1, 1);
    for (let year = 1600; year < 2400; year += 1) {
      for (let month = 1; month <= 12; month += 1) {
        expect(daysInMonth(year, month)).toBe(lengthOfMonth(year, month));
        for (let date = 1; date <= lengthOfMonth(year, month); date += 1) {
          if (dayNumber(year, month, date) !== number) throw new Error(`${year}-${month}-${date}`);
          const back = civil(number);
          if (back.year !== year || back.month !== month || back.day !== date)
            throw new Error(String(number));
          number += 1;
        }
      }
    }
    expect(dayNumber(1970, 1, 1)).toBe(0);
  });

  it('writes days of every year with four digits', () => {
    expect([dayNumber(1, 2, 3), dayNumber(999, 12, 31), dayNumber(2024, 2, 29)].map(formatDay)).toEqual([
      '0001-02-03',
      '0999-12-31',
      '2024-02-29',
    ]);
  });
});

describe('zone', () => {
  it('shows the same clock as the platform', () => {
    fc.assert(
      fc.property(
        zone.chain((name) => fc.tuple(fc.constant(name), second(name))),
        ([name, instant]) => {
          expect(zoneOf(name).wall(instant)).toBe(asWall(wallAt(name, instant)));
        },
      ),
      { numRuns: 2000 },
    );
  });

  it('reads a wall clock early and late', () => {
    fc.assert(
      fc.property(
        // The wall clock of one instant, shifted: so that hours that the zone skips are drawn as well.
        zone.chain((name) => fc.tuple(fc.constant(name), second(name), fc.integer({ min: -120, max: 120 }))),
        ([name, instant, minutes]) => {
          const shown = asWall(wallAt(name, instant)) + minutes * 60_000;
          const wall = new Date(shown).toISOString().replace('T', ' ').slice(0, 23);
          expect(zoneOf(name).instant(shown, 'earlier')).toBe(readWall(name, wall, 'early'));
          expect(zoneOf(name).instant(shown, 'later')).toBe(readWall(name, wall, 'late'));
        },
      ),
      { numRuns: 1000 },
    );
  });

  it('knows where a day begins', () => {
    fc.assert(
      fc.property(zone, day, (name, date) => {
        expect(zoneOf(name).startOf(asDay(date))).toBe(beginningOf(name, date));
      }),
      { numRuns: 500 },
    );
  });

  it('begins the day that Samoa skipped where the next one begins', () => {
    expect(zoneOf('Pacific/Apia').startOf(asDay('2011-12-30'))).toBe(
      zoneOf('Pacific/Apia').startOf(asDay('2011-12-31')),
    );
  });

  it('refuses a name that is none', () => {
    expect(() => zoneOf('Europe/Kopenhagen').startOf(0)).toThrow(RangeError);
  });
});

describe('addition', () => {
  it('agrees with counting the days on a calendar', () => {
    fc.assert(
      fc.property(day, period, (date, length) => {
        expect(formatDay(addition(length)(asDay(date)))).toBe(addLength(date, length));
      }),
      { numRuns: 1000 },
    );
  });

  it('keeps days in their order', () => {
    fc.assert(
      fc.property(day, period, (date, length) => {
        const add = addition(length);
        expect(add(asDay(date) + 1)).toBeGreaterThanOrEqual(add(asDay(date)));
      }),
      { numRuns: 2000 },
    );
  });

  it('gives the last day of a month that is too short', () => {
    const months = addition({ years: 0, months: 3, weeks: 0, days: 0 });
    expect(['2026-11-30', '2023-11-30'].map((text) => formatDay(months(asDay(text))))).toEqual([
      '2027-02-28',
      '2024-02-29',
    ]);
  });
});
