import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Condition, Period, Rule } from '../../../src/policy/policy.ts';
import { alike, atLeastAsLong, implies, mayBeLonger } from '../../../src/policy/parse/check/compare.ts';
import { Temporal } from '../../../src/policy/temporal.ts';

const period: fc.Arbitrary<Period> = fc
  .record({ years: fc.nat(2), months: fc.nat(14), weeks: fc.nat(3), days: fc.nat(40) })
  .filter(({ years, months, weeks, days }) => years + months + weeks + days > 0);

const rule: fc.Arbitrary<Rule> = fc
  .record({ period, roundUpTo: fc.constantFrom(undefined, 'month', 'year', 'financial year') })
  .map((one) => ({
    bound: 'within' as const,
    allowanceDays: 7,
    period: one.period,
    ...(one.roundUpTo === undefined ? {} : { roundUpTo: one.roundUpTo }),
  }));

/** The day on which a rule ends for a start; the financial year ends on 30 June. */
function end({ period, roundUpTo }: Rule, start: Temporal.PlainDate): Temporal.PlainDate {
  const lastOf = (day: Temporal.PlainDate): Temporal.PlainDate => day.with({ day: day.daysInMonth });
  const june = lastOf(start.with({ day: 1, month: 6 }));
  const rounded =
    roundUpTo === undefined
      ? start
      : roundUpTo === 'month'
        ? lastOf(start)
        : roundUpTo === 'year'
          ? lastOf(start.with({ day: 1, month: 12 }))
          : Temporal.PlainDate.compare(start, june) <= 0
            ? june
            : june.add({ years: 1 });
  return rounded.add(period);
}

const STARTS = Array.from({ length: 900 }, (_, index) =>
  Temporal.PlainDate.from('2023-06-28').add({ days: index }),
);

describe('how long rules last', () => {
  it('"at least as long" holds for every start', () => {
    fc.assert(
      fc.property(rule, rule, (a, b) => {
        if (!atLeastAsLong(a, b)) return;
        expect(STARTS.every((start) => Temporal.PlainDate.compare(end(a, start), end(b, start)) >= 0)).toBe(
          true,
        );
      }),
      { numRuns: 40 },
    );
  });

  it('"may be longer" is said wherever some start makes it so', () => {
    fc.assert(
      fc.property(rule, rule, (a, b) => {
        if (mayBeLonger(a, b)) return;
        expect(STARTS.some((start) => Temporal.PlainDate.compare(end(a, start), end(b, start)) > 0)).toBe(
          false,
        );
      }),
      { numRuns: 40 },
    );
  });

  it.each([
    ['5 years is as long as 60 months', { years: 5 }, { months: 60 }, true],
    ['13 months are longer than a year', { months: 13 }, { years: 1 }, true],
    ['365 days may be shorter than a year', { days: 365 }, { years: 1 }, false],
    ['370 days are longer than a year', { days: 370 }, { years: 1 }, true],
    ['28 days may be shorter than a month', { days: 28 }, { months: 1 }, false],
    ['4 weeks are as long as 28 days', { weeks: 4 }, { days: 28 }, true],
  ])('%s', (_title, a, b, expected) => {
    const of = (parts: Partial<Period>): Rule => {
      return {
        bound: 'keep',
        allowanceDays: 7,
        period: { years: 0, months: 0, weeks: 0, days: 0, ...parts },
      };
    };
    expect(atLeastAsLong(of(a), of(b))).toBe(expected);
  });
});

describe('what says the same', () => {
  const is = (column: string, ...values: (string | bigint | number)[]): Condition => ({
    kind: 'is',
    column,
    values,
  });

  it('has no order in lists, all, any and latest of', () => {
    expect(alike(is('a', 1, 2), is('a', 2, 1))).toBe(true);
    expect(
      alike({ kind: 'all', of: [is('a', 1), is('b', 2)] }, { kind: 'all', of: [is('b', 2), is('a', 1)] }),
    ).toBe(true);
    const start = (kind: string, ...columns: string[]) => ({
      kind,
      of: columns.map((column) => ({ kind: 'column', column })),
    });
    expect(alike(start('latest of', 'a', 'b'), start('latest of', 'b', 'a'))).toBe(true);
    expect(alike(start('first known of', 'a', 'b'), start('first known of', 'b', 'a'))).toBe(false);
  });

  it('tells text, numbers and large integers apart', () => {
    expect(alike(is('a', 1), is('a', '1'))).toBe(false);
    expect(alike(is('a', 1n), is('a', 1))).toBe(false);
    expect(alike(is('a', 1), is('b', 1))).toBe(false);
  });

  it('follows where one condition is a part of another', () => {
    const both: Condition = { kind: 'all', of: [is('a', 1), is('b', 2)] };
    expect(implies(both, is('b', 2))).toBe(true);
    expect(implies(is('b', 2), both)).toBe(false);
    expect(implies(both, { kind: 'all', of: [] })).toBe(true);
    expect(implies({ kind: 'all', of: [] }, both)).toBe(false);
    expect(implies({ kind: 'any', of: [is('a', 1), is('b', 2)] }, is('a', 1))).toBe(false);
  });
});
