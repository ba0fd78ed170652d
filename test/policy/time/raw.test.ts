import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Encoding, ResolvedStart } from '../../../src/policy/policy.ts';
import {
  createReader,
  EARLIEST_BY_DEFAULT,
  UNKNOWN_BY_DEFAULT,
  type Value,
} from '../../../src/policy/time/raw.ts';
import { zoneOf } from '../../../src/policy/time/zone.ts';
import { encoding, second, stored, zone } from '../arbitraries.ts';
import { readStart, type Read } from '../oracle/start.ts';

const NOW = Date.parse('2026-06-15T12:00:00Z');

const leaf = (as: Encoding, more: Partial<ResolvedStart> = {}): ResolvedStart => ({
  kind: 'column',
  column: 'at',
  encoding: as,
  whenNull: 'unknown',
  notYet: [],
  unknown: UNKNOWN_BY_DEFAULT,
  mayLieAhead: false,
  earliest: EARLIEST_BY_DEFAULT,
  ...more,
});

function read(start: ResolvedStart, raw: string | null, zoneName = 'Europe/Copenhagen', asOf = NOW): Value {
  const policyZone = zoneOf(zoneName);
  const local = start.encoding.kind === 'local' ? zoneOf(start.encoding.zone) : policyZone;
  return createReader(start, policyZone, local, { instant: asOf, day: policyZone.day(asOf) })(raw);
}

const iso = (value: Value): unknown => {
  if (value.kind === 'instant' && value.early === value.late) return new Date(value.early).toISOString();
  if (value.kind === 'instant') return [value.early, value.late].map((one) => new Date(one).toISOString());
  if (value.kind === 'day') return new Date(value.day * 86_400_000).toISOString().slice(0, 10);
  return 'why' in value ? `${value.kind}: ${value.why}` : value.kind;
};

const COPENHAGEN: Encoding = { kind: 'local', zone: 'Europe/Copenhagen' };

describe('createReader', () => {
  it.each<[Encoding['kind'] | 'copenhagen', string | null, unknown]>([
    ['instant', '2024-05-01 10:00:00', '2024-05-01T10:00:00.000Z'],
    ['instant', '2024-05-01T10:00:00Z', '2024-05-01T10:00:00.000Z'],
    ['instant', '2024-05-01T10:00:00+02:00', '2024-05-01T08:00:00.000Z'],
    ['instant', '2024-05-01 10:00:00.123456+00', '2024-05-01T10:00:00.124Z'],
    ['instant', '2024-05-01 10:00:00-0330', '2024-05-01T13:30:00.000Z'],
    ['instant', '2024-05-01 10:00', '2024-05-01T10:00:00.000Z'],
    ['instant', '2024-05-01 10:00:00.000000', '2024-05-01T10:00:00.000Z'],
    ['instant', '2024-05-01', 'unknown: unreadable'],
    ['instant', '2023-02-29 10:00:00', 'unknown: unreadable'],
    ['instant', '2024-05-01 24:00:00', 'unknown: unreadable'],
    ['instant', '2024-05-01 10:60:00', 'unknown: unreadable'],
    ['instant', '2024-05-01 10:00:00 CET', 'unknown: unreadable'],
    ['instant', '2016-12-31 23:59:60', 'unknown: unreadable'],
    ['instant', 'infinity', 'unknown: unreadable'],
    ['instant', '0000-00-00 00:00:00', 'unknown: listed'],
    ['instant', '2024-00-00 00:00:00', 'unknown: unreadable'],
    ['instant', '1000-01-01 00:00:00', 'unknown: listed'],
    ['instant', '', 'unknown: listed'],
    ['instant', '  ', 'unknown: listed'],
    ['instant', '0', 'unknown: listed'],
    ['instant', null, 'unknown: null'],
    ['instant', '1970-12-31 22:59:59', 'implausible: before earliest'],
    ['instant', '1970-12-31 23:00:00', '1970-12-31T23:00:00.000Z'],
    ['instant', '2026-06-15 12:00:00', '2026-06-15T12:00:00.000Z'],
    ['instant', '2026-06-15 12:00:01', 'implausible: ahead'],
    ['copenhagen', '2024-05-01 10:00:00', '2024-05-01T08:00:00.000Z'],
    ['copenhagen', '2024-03-31 02:30:00', ['2024-03-31T00:30:00.000Z', '2024-03-31T01:30:00.000Z']],
    ['copenhagen', '2024-10-27 02:30:00', ['2024-10-27T00:30:00.000Z', '2024-10-27T01:30:00.000Z']],
    ['copenhagen', '2024-05-01', '2024-05-01'],
    ['copenhagen', '2024-05-01 ', '2024-05-01'],
    ['copenhagen', '2024-05-01 8:30', '2024-05-01T06:30:00.000Z'],
    ['copenhagen', '2024-05-01 half past eight', 'unknown: unreadable'],
    ['copenhagen', '2024-05-01T10:00:00Z', 'unknown: unreadable'],
    ['date', '2024-05-01', '2024-05-01'],
    ['date', '2024-05-01 23:59:00', '2024-05-01'],
    ['date', '2026-06-15', '2026-06-15'],
    ['date', '2026-06-16', 'implausible: ahead'],
    ['date', '1971-01-01', '1971-01-01'],
    ['date', '1970-12-31', 'implausible: before earliest'],
    ['date', '0000-00-00', 'unknown: listed'],
    ['date', '20240501', 'unknown: unreadable'],
    ['epoch seconds', '1714557600', '2024-05-01T10:00:00.000Z'],
    ['epoch seconds', '1714557600.0001', '2024-05-01T10:00:00.001Z'],
    ['epoch seconds', '1714557600.', '2024-05-01T10:00:00.000Z'],
    ['epoch seconds', '0', 'unknown: listed'],
    ['epoch seconds', '-1', 'implausible: before earliest'],
    ['epoch seconds', '1714557600000', 'implausible: ahead'],
    ['epoch seconds', '1e9', 'unknown: unreadable'],
    ['epoch milliseconds', '1714557600001', '2024-05-01T10:00:00.001Z'],
    ['epoch milliseconds', '1714557600000.5', '2024-05-01T10:00:00.001Z'],
  ])('reads %s %p', (kind, raw, expected) => {
    const as = kind === 'copenhagen' ? COPENHAGEN : ({ kind } as Encoding);
    expect(iso(read(leaf(as), raw))).toEqual(expected);
  });

  it('takes "not yet" before "unknown"', () => {
    const start = leaf({ kind: 'date' }, { whenNull: 'not yet', notYet: ['0'], mayLieAhead: true });
    expect(
      [null, '0', '0000-00-00', '2030-01-01', '9999-12-31', ''].map((raw) => iso(read(start, raw))),
    ).toEqual(['not yet', 'not yet', 'not yet', '2030-01-01', '9999-12-31', 'unknown: listed']);
  });

  it('knows a listed date whatever time stands beside it', () => {
    const start = leaf(COPENHAGEN, { timeColumn: 'clock', unknown: ['1900-01-01'] });
    expect(iso(read(start, '1900-01-01 08:00'))).toBe('unknown: listed');
  });

  it('rounds up below zero too', () => {
    const start = leaf({ kind: 'epoch seconds' }, { earliest: '1900-01-01' });
    expect(['-86400', '-1.5', '-1.0005'].map((raw) => iso(read(start, raw)))).toEqual([
      '1969-12-31T00:00:00.000Z',
      '1969-12-31T23:59:58.500Z',
      '1969-12-31T23:59:59.000Z',
    ]);
  });

  it('doubts a time that was shown twice only if both readings are too early, or ahead', () => {
    // 02:30 in Copenhagen was 00:30 and 01:30 UTC that day; in Cape Verde the day began at 01:00 UTC.
    const start = leaf(COPENHAGEN, { earliest: '2024-10-27' });
    const raw = '2024-10-27 02:30:00';
    expect(iso(read(start, raw, 'Atlantic/Cape_Verde'))).toEqual([
      '2024-10-27T00:30:00.000Z',
      '2024-10-27T01:30:00.000Z',
    ]);
    expect(iso(read(start, '2024-10-27 01:59:59', 'Atlantic/Cape_Verde'))).toBe(
      'implausible: before earliest',
    );
    const asOf = Date.parse('2024-10-27T01:00:00Z');
    expect(read(leaf(COPENHAGEN), raw, 'UTC', asOf).kind).toBe('instant');
    expect(iso(read(leaf(COPENHAGEN), '2024-10-27 03:00:00', 'UTC', asOf))).toBe('implausible: ahead');
  });

  it('believes nothing after the year 9999', () => {
    const start = leaf({ kind: 'epoch seconds' }, { mayLieAhead: true });
    expect(iso(read(start, '253402300800'))).toBe('implausible: ahead');
  });

  it('agrees with the oracle', () => {
    const drawn = fc.record({
      zoneName: zone,
      as: encoding,
      spelling: fc.nat(19),
      garbage: fc.oneof(
        { weight: 8, arbitrary: fc.constant(undefined) },
        fc.constantFrom(null, '', 'x', '0', '2024-13-01', '-12.5'),
      ),
      mayLieAhead: fc.boolean(),
      earliest: fc.constantFrom('1971-01-01', '2011-12-30', '2012-03-25'),
      notYet: fc.constantFrom([], ['0'], ['2024-02-29']),
      whenNull: fc.constantFrom('unknown' as const, 'not yet' as const),
    });
    const withMoments = drawn.chain((d) =>
      fc.tuple(
        fc.constant(d),
        second(d.zoneName),
        fc.oneof(fc.constant(0), fc.integer({ min: -90_000, max: 90_000 })),
      ),
    );
    fc.assert(
      fc.property(withMoments, ([{ zoneName, as, spelling, garbage, ...rest }, instant, seconds]) => {
        const start = leaf(as, rest);
        const raw = garbage === undefined ? stored(instant, as, spelling) : garbage;
        const asOf = instant + seconds * 1000;
        const controller = { name: 'x', timezone: zoneName, financialYearEnd: { month: 12, day: 31 } };
        const store = { raw: () => raw, encoding: () => as };
        expect(asRead(read(start, raw, zoneName, asOf))).toEqual(
          readStart(start, store, 'early', controller, asOf),
        );
      }),
      { numRuns: 2000 },
    );
  });
});

function asRead(value: Value): Read {
  if (value.kind === 'instant') return { what: 'instant', early: value.early, late: value.late };
  if (value.kind === 'day') return { what: 'day', day: iso(value) as string };
  if (value.kind === 'unknown elsewhere') throw new Error('a reader knows nothing of other sources');
  return { what: value.kind };
}
