import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Controller, Rule } from '../../../src/policy/policy.ts';
import { DAY_MS } from '../../../src/policy/time/day.ts';
import { createDeadline, lastDueDay, marginHours } from '../../../src/policy/time/deadline.ts';
import type { Moment } from '../../../src/policy/time/raw.ts';
import { zoneOf } from '../../../src/policy/time/zone.ts';
import { day, period, second, zone } from '../arbitraries.ts';
import { readWall } from '../oracle/calendar.ts';
import { bounds } from '../oracle/judge.ts';

const controller = (timezone: string, month = 12, last = 31): Controller => ({
  name: 'x',
  timezone,
  financialYearEnd: { month, day: last },
});

const rule = (bound: Rule['bound'], length: Partial<Rule['period']>, more: Partial<Rule> = {}): Rule => ({
  bound,
  period: { years: 0, months: 0, weeks: 0, days: 0, ...length },
  allowanceDays: 7,
  ...more,
});

const onDay = (text: string): Moment => ({ kind: 'day', day: Date.parse(`${text}T00:00:00Z`) / DAY_MS });
const at = (text: string): Moment => ({ kind: 'instant', early: Date.parse(text), late: Date.parse(text) });

function both(of: Rule, start: Moment, by: Controller = controller('UTC')): [string, string] {
  const deadline = createDeadline(of, by);
  return [new Date(deadline.due(start)).toISOString(), new Date(deadline.overdue(start)).toISOString()];
}

describe('within', () => {
  it('is due a margin before the end, and overdue when the promised day is over', () => {
    expect(both(rule('within', { months: 3 }), onDay('2025-11-30'))).toEqual([
      '2026-02-26T00:00:00.000Z',
      '2026-03-01T00:00:00.000Z',
    ]);
  });

  it('takes a quarter of a short period as margin: 30 hours of 5 days', () => {
    expect(marginHours(rule('within', { days: 5 }))).toBe(30);
    expect(both(rule('within', { days: 5 }), at('2026-01-10T08:00:00Z'))).toEqual([
      '2026-01-14T02:00:00.000Z',
      '2026-01-16T00:00:00.000Z',
    ]);
  });

  it.each<[Partial<Rule['period']>, number]>([
    [{ days: 1 }, 6],
    [{ weeks: 1 }, 42],
    [{ days: 8 }, 48],
    [{ months: 1 }, 48],
    [{ years: 1 }, 48],
  ])('has a margin for %p of %i hours', (length, hours) => {
    expect(marginHours(rule('within', length))).toBe(hours);
  });

  it('counts hours as they pass, and a day from its beginning', () => {
    const six = rule('within', { hours: 6 });
    expect(marginHours(six)).toBe(1);
    expect(both(six, at('2026-01-10T20:00:00Z'))).toEqual([
      '2026-01-11T01:00:00.000Z',
      '2026-01-12T00:00:00.000Z',
    ]);
    expect(both(six, onDay('2026-01-10'))).toEqual(['2026-01-10T05:00:00.000Z', '2026-01-11T00:00:00.000Z']);
    // The clocks go forward at 02:00: what began at 00:30 ends at 07:30 by them.
    const summer = controller('Europe/Copenhagen');
    expect(both(six, at('2026-03-28T23:30:00Z'), summer)[0]).toBe('2026-03-29T04:30:00.000Z');
    expect(both(rule('after', { hours: 6 }), onDay('2026-01-10'))).toEqual([
      '2026-01-11T06:00:00.000Z',
      '2026-01-18T06:00:00.000Z',
    ]);
    expect(both(rule('after', { hours: 6 }), at('2026-01-10T20:00:00Z'))[0]).toBe('2026-01-11T02:00:00.000Z');
  });

  it('allows a margin of zero', () => {
    expect(both(rule('within', { months: 1 }, { marginHours: 0 }), at('2026-01-31T08:00:00Z'))).toEqual([
      '2026-02-28T08:00:00.000Z',
      '2026-03-01T00:00:00.000Z',
    ]);
  });
});

describe('after', () => {
  it('counts a whole day from its end, at month ends too', () => {
    expect(both(rule('after', { months: 1 }), onDay('2026-01-30'))).toEqual([
      '2026-03-01T00:00:00.000Z',
      '2026-03-08T00:00:00.000Z',
    ]);
  });

  it('counts an instant to the second, rounding up', () => {
    expect(both(rule('after', { days: 10 }), at('2026-01-01T00:00:00.001Z'))[0]).toBe(
      '2026-01-11T00:00:01.000Z',
    );
  });
});

describe('rounding', () => {
  it.each([
    ['2026-07-01', '2032-07-01T00:00:00.000Z'],
    ['2027-06-30', '2032-07-01T00:00:00.000Z'],
    ['2027-07-01', '2033-07-01T00:00:00.000Z'],
  ])('keeps %s five years after a financial year that ends on 30 June: until %s', (start, until) => {
    const keep = rule('keep', { years: 5 }, { roundUpTo: 'financial year' });
    expect(both(keep, onDay(start), controller('UTC', 6, 30))[0]).toBe(until);
  });

  it('ends a financial year of 29 February on the last of February', () => {
    const keep = rule('keep', { years: 1 }, { roundUpTo: 'financial year' });
    const until = ['2026-03-01', '2027-03-01'].map(
      (start) => both(keep, onDay(start), controller('UTC', 2, 29))[0],
    );
    expect(until).toEqual(['2028-02-29T00:00:00.000Z', '2029-03-01T00:00:00.000Z']);
  });
});

describe('daylight saving', () => {
  const copenhagen = controller('Europe/Copenhagen');

  it('ends within early, after late, where the last day skips the hour', () => {
    // 2026-03-29 02:30 does not exist in Copenhagen.
    const start = at('2026-02-28T01:30:00Z');
    const length = { days: 29 };
    expect(both(rule('within', length, { marginHours: 0 }), start, copenhagen)[0]).toBe(
      '2026-03-29T00:30:00.000Z',
    );
    expect(both(rule('after', length), start, copenhagen)[0]).toBe('2026-03-29T01:30:00.000Z');
  });

  it('ends within early, after late, where the last day has the hour twice', () => {
    const start = at('2026-09-25T00:30:00Z');
    const length = { months: 1 };
    expect(both(rule('within', length, { marginHours: 0 }), start, copenhagen)[0]).toBe(
      '2026-10-25T00:30:00.000Z',
    );
    expect(both(rule('after', length), start, copenhagen)[0]).toBe('2026-10-25T01:30:00.000Z');
  });
});

describe('midnights', () => {
  it('promise the whole day that a zone begins an hour late', () => {
    // Cairo went from 00:00 to 01:00 on 28 April 2023.
    expect(
      both(
        rule('within', { months: 1 }, { marginHours: 0 }),
        onDay('2023-03-28'),
        controller('Africa/Cairo'),
      ),
    ).toEqual(['2023-04-27T21:00:00.000Z', '2023-04-28T21:00:00.000Z']);
  });

  it('put a time that the clock showed twice into the earlier year for an upper bound, the later for a lower', () => {
    // 02:30 in Copenhagen: 23:30 on the 26th and 00:30 on the 27th in Cape Verde.
    const twice: Moment = {
      kind: 'instant',
      early: Date.parse('2024-10-27T00:30:00Z'),
      late: Date.parse('2024-10-27T01:30:00Z'),
    };
    const length = { years: 1 };
    const more = { roundUpTo: 'financial year' as const, marginHours: 0 };
    const by = controller('Atlantic/Cape_Verde', 10, 26);
    expect(both(rule('within', length, more), twice, by)[0]).toBe('2025-10-26T01:00:00.000Z');
    expect(both(rule('after', length, more), twice, by)[0]).toBe('2026-10-27T01:00:00.000Z');
  });
});

const anyRule: fc.Arbitrary<Rule> = fc
  .record({
    bound: fc.constantFrom<Rule['bound']>('within', 'after', 'keep'),
    period,
    allowanceDays: fc.constantFrom(0, 1, 7),
    marginHours: fc.constantFrom(undefined, 0, 1, 12, 20),
    roundUpTo: fc.constantFrom(
      undefined,
      undefined,
      undefined,
      'month' as const,
      'year' as const,
      'financial year' as const,
    ),
  })
  .map(({ marginHours: margin, roundUpTo, ...rest }) => ({
    ...rest,
    ...(margin === undefined ? {} : { marginHours: margin }),
    ...(roundUpTo === undefined ? {} : { roundUpTo }),
  }));

const anyController = zone.chain((name) =>
  fc
    .constantFrom<[number, number]>([12, 31], [6, 30], [2, 29], [4, 5])
    .map(([month, last]) => controller(name, month, last)),
);

const leaf = {
  kind: 'column' as const,
  column: 'at',
  whenNull: 'unknown' as const,
  notYet: [],
  unknown: [],
  mayLieAhead: true,
  earliest: '1900-01-01',
};

describe('against the oracle', () => {
  it('agrees on every whole day', () => {
    fc.assert(
      fc.property(anyController, anyRule, day, (by, of, date) => {
        const deadline = createDeadline(of, by);
        const store = { raw: () => date, encoding: () => ({ kind: 'date' as const }) };
        const expected = bounds(of, leaf, store, by, Date.UTC(2050, 1));
        expect({ due: deadline.due(onDay(date)), overdue: deadline.overdue(onDay(date)) }).toEqual(expected);
      }),
      { numRuns: 400 },
    );
  });

  it('agrees on every instant', () => {
    const drawn = anyController.chain((by) =>
      fc.tuple(fc.constant(by), anyRule, second(by.timezone), fc.nat(999)),
    );
    fc.assert(
      fc.property(drawn, ([by, of, instant, ms]) => {
        const start = instant + ms;
        const deadline = createDeadline(of, by);
        const store = { raw: () => String(start), encoding: () => ({ kind: 'epoch milliseconds' as const }) };
        const expected = bounds(of, leaf, store, by, Date.UTC(2050, 1));
        const moment: Moment = { kind: 'instant', early: start, late: start };
        expect({ due: deadline.due(moment), overdue: deadline.overdue(moment) }).toEqual(expected);
      }),
      { numRuns: 400 },
    );
  });

  it('agrees on local times that the clock shows twice or never', () => {
    const drawn = fc
      .tuple(anyController, anyRule, zone)
      .chain(([by, of, local]) =>
        fc.tuple(
          fc.constant(by),
          fc.constant(of),
          fc.constant(local),
          second(local),
          fc.integer({ min: -90, max: 90 }),
        ),
      );
    fc.assert(
      fc.property(drawn, ([by, of, local, instant, minutes]) => {
        const shown = zoneOf(local).wall(instant) + minutes * 60_000;
        const wall = new Date(shown).toISOString().replace('T', ' ').slice(0, 23);
        const store = { raw: () => wall, encoding: () => ({ kind: 'local' as const, zone: local }) };
        const expected = bounds(of, leaf, store, by, Date.UTC(2050, 1));
        const deadline = createDeadline(of, by);
        const moment: Moment = {
          kind: 'instant',
          early: readWall(local, wall, 'early'),
          late: readWall(local, wall, 'late'),
        };
        expect({ due: deadline.due(moment), overdue: deadline.overdue(moment) }).toEqual(expected);
      }),
      { numRuns: 400 },
    );
  });
});

describe('lastDueDay', () => {
  it('has no due start after it, of any kind', () => {
    const drawn = anyController.chain((by) =>
      fc.tuple(fc.constant(by), anyRule, second(by.timezone), fc.integer({ min: 1, max: 5 }), fc.nat(86_399)),
    );
    fc.assert(
      fc.property(drawn, ([by, of, now, later, s]) => {
        const deadline = createDeadline(of, by);
        const first = lastDueDay(of, by, now) + 1;
        expect(deadline.due({ kind: 'day', day: first + later - 1 })).toBeGreaterThan(now);
        const start = zoneOf(by.timezone).startOf(first + later - 1) + s * 1000;
        expect(deadline.due({ kind: 'instant', early: start, late: start })).toBeGreaterThan(now);
      }),
      { numRuns: 1500 },
    );
  });

  it('is no more than some days too late', () => {
    fc.assert(
      fc.property(anyController, anyRule, day, (by, of, date) => {
        fc.pre(of.roundUpTo === undefined);
        const now = createDeadline(of, by).due(onDay(date));
        const last = lastDueDay(of, by, now) - Date.parse(`${date}T00:00:00Z`) / DAY_MS;
        expect(last).toBeGreaterThanOrEqual(0);
        expect(last).toBeLessThanOrEqual(8);
      }),
      { numRuns: 2000 },
    );
  });
});
