import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import cron from 'node-cron';
import { cronFault } from '../../../src/policy/parse/build/cron.ts';

describe('cron expressions', () => {
  it.each([
    '* * * * *',
    '15 3 * * *',
    '*/5 0-23/2 1,15 jan-MAR mon-fri',
    '0 0 29 2 *',
    '0 0 31 2 1',
    '59 23 31 12 7',
  ])('%s fires', (text) => {
    expect(cronFault(text)).toBeUndefined();
  });

  it.each([
    ['', 'it has 1 fields instead of five'],
    ['0 15 3 * * *', 'it has 6 fields instead of five'],
    ['60 3 * * *', '"60" is no minute'],
    ['-1 3 * * *', '"-1" is no minute'],
    ['1 24 * * *', '"24" is no hour'],
    ['1 1 0 * *', '"0" is no day of month'],
    ['1 1 1 13 *', '"13" is no month'],
    ['1 1 1 1 8', '"8" is no day of week'],
    ['1 1 1 1 funday', '"funday" is no day of week'],
    ['5-1 * * * *', '"5-1" is no minute'],
    ['1-2-3 * * * *', '"1-2-3" is no minute'],
    ['*/0 * * * *', '"*/0" is no minute'],
    ['5/10 * * * *', '"5/10" is no minute'],
    ['1, * * * *', '"1," is no minute'],
    ['@daily', 'it has 1 fields instead of five'],
    ['0x1 * * * *', '"0x1" is no minute'],
    ['0 0 31 2,4 *', 'it names a day that no month has'],
    ['0 0 30 feb *', 'it names a day that no month has'],
  ])('"%s" does not: %s', (text, fault) => {
    expect(cronFault(text)).toBe(fault);
  });

  it('whatever is accepted here, the scheduler accepts', () => {
    const number = fc.integer({ min: 0, max: 60 }).map(String);
    const range = fc.tuple(number, number).map((pair) => pair.join('-'));
    const plain = fc.oneof(
      fc.constant('*'),
      number,
      range,
      fc.constantFrom('jan', 'DEC', 'sun', 'Sat', 'mon-fri'),
    );
    const item = fc.oneof(
      plain,
      fc.tuple(plain, fc.integer({ min: 0, max: 70 })).map(([of, step]) => `${of}/${String(step)}`),
    );
    const field = fc.array(item, { minLength: 1, maxLength: 3 }).map((items) => items.join(','));
    let accepted = 0;
    fc.assert(
      fc.property(fc.nat(4), field, (place, text) => {
        const expression = ['*', '*', '*', '*', '*'].with(place, text).join(' ');
        if (cronFault(expression) !== undefined) return;
        accepted += 1;
        expect([expression, cron.validate(expression)]).toEqual([expression, true]);
      }),
      { numRuns: 3000 },
    );
    expect(accepted).toBeGreaterThan(200);
  });
});
