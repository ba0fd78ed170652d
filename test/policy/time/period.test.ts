import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  formatPeriodPhrase,
  formatSpan,
  parsePeriodPhrase,
  parseSpan,
  shortestHours,
} from '../../../src/policy/time/period.ts';

const none = { years: 0, months: 0, weeks: 0, days: 0 };

describe('parsePeriodPhrase', () => {
  it.each([
    ['3 months', { ...none, months: 3 }],
    ['1 month', { ...none, months: 1 }],
    ['26 weeks', { ...none, weeks: 26 }],
    ['182 days', { ...none, days: 182 }],
    ['1 year 6 months', { ...none, years: 1, months: 6 }],
    ['1 year and 6 months', { ...none, years: 1, months: 6 }],
    ['1 Year,  6 MONTHS', { ...none, years: 1, months: 6 }],
    ['0 years 6 months', { ...none, months: 6 }],
    ['P3M', { ...none, months: 3 }],
    ['P1Y6M', { ...none, years: 1, months: 6 }],
    ['P26W', { ...none, weeks: 26 }],
    ['P1Y2M3W4D', { years: 1, months: 2, weeks: 3, days: 4 }],
    ['6 hours', { ...none, hours: 6 }],
    ['1 hour', { ...none, hours: 1 }],
    ['PT23H', { ...none, hours: 23 }],
  ])('reads %p', (text, period) => {
    expect(parsePeriodPhrase(text)).toEqual({ ok: true, period });
  });

  it.each([
    ['5 years after the end of the financial year', 'financial year'],
    ['P5Y after the end of the financial year', 'financial year'],
    ['P5Y after the end of the year', 'year'],
    ['5  years  After the End of the Month', 'month'],
  ])('reads the rounding of %p', (text, roundUpTo) => {
    expect(parsePeriodPhrase(text)).toEqual({ ok: true, period: { ...none, years: 5 }, roundUpTo });
  });

  it.each([
    ['', 'no period'],
    ['0 days', 'zero'],
    ['P0D', 'zero'],
    ['-3 months', 'negative'],
    ['-P3M', 'negative'],
    ['P-3M', 'negative'],
    ['1.5 years', 'whole numbers'],
    ['P1.5Y', 'whole numbers'],
    ['1,5 years', 'whole numbers'],
    ['P', 'does not begin with a number'],
    ['P1YT', 'no ISO 8601 period'],
    ['P1M1Y', 'no ISO 8601 period'],
    ['PT24H', 'at most 23'],
    ['0 hours', 'zero'],
    ['1 day 6 hours', 'stand alone'],
    ['P1DT0H30M', 'minutes'],
    ['48 hours', 'at most 23'],
    ['3', 'no unit'],
    ['three months', 'number in digits'],
    ['3 moons', '"moons" is no unit'],
    ['3 months 1 year', 'longest first'],
    ['3 months 3 months', 'longest first'],
    ['3 months after the end', 'end of the month'],
    ['3 months after rejection', 'end of the month'],
    ['after the end of the year', 'number in digits'],
    ['1001 years', 'at most 1000 years'],
    ['99999999999999999999 days', 'too large'],
  ])('refuses %p and says why', (text, reason) => {
    const answer = parsePeriodPhrase(text);
    expect(answer).toEqual({ ok: false, reason: expect.stringContaining(reason) });
  });

  it('reads back what it wrote', () => {
    const period = fc.record({
      years: fc.nat(99),
      months: fc.nat(99),
      weeks: fc.nat(99),
      days: fc.nat(999),
    });
    const rounding = fc.constantFrom(undefined, 'month' as const, 'year' as const, 'financial year' as const);
    fc.assert(
      fc.property(period, rounding, (wanted, roundUpTo) => {
        fc.pre(wanted.years + wanted.months + wanted.weeks + wanted.days > 0);
        const expected = { ok: true, period: wanted, ...(roundUpTo === undefined ? {} : { roundUpTo }) };
        expect(parsePeriodPhrase(formatPeriodPhrase(wanted, roundUpTo))).toEqual(expected);
      }),
    );
  });
});

describe('parseSpan', () => {
  it.each([
    ['0', 0],
    ['0 hours', 0],
    ['12 hours', 12],
    ['2 days', 48],
    ['1 day 12 hours', 36],
    ['1 week', 168],
    ['PT12H', 12],
    ['P2D', 48],
    ['P1DT12H', 36],
  ])('reads %p', (text, hours) => {
    expect(parseSpan(text)).toEqual({ ok: true, hours });
  });

  it.each([
    ['1 month', 'differ in length'],
    ['P1Y', 'differ in length'],
    ['-1 day', 'negative'],
    ['0.5 days', 'whole numbers'],
    ['30 minutes', 'no unit'],
    ['', 'no period'],
  ])('refuses %p and says why', (text, reason) => {
    expect(parseSpan(text)).toEqual({ ok: false, reason: expect.stringContaining(reason) });
  });

  it('reads back what it wrote', () => {
    fc.assert(
      fc.property(fc.nat(100_000), (hours) => {
        expect(parseSpan(formatSpan(hours))).toEqual({ ok: true, hours });
      }),
    );
  });
});

describe('shortestHours', () => {
  it('takes the shortest month and year', () => {
    expect(shortestHours({ years: 1, months: 1, weeks: 1, days: 1 })).toBe(24 * (365 + 28 + 7 + 1));
  });
});
