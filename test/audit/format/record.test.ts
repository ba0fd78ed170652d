import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { AGES, formatEntry } from '../../../src/audit/entry.ts';
import { recordFormatter } from '../../../src/audit/format/record.ts';
import type { OwnOfRecord, SharedOfRecord } from '../../../src/audit/format/record.ts';

const hex = fc.stringMatching(/^[0-9a-f]{64}$/);
const name = fc
  .string({ minLength: 1, maxLength: 20, unit: 'grapheme' })
  .filter((text) => /^\P{Cc}+$/u.test(text));
const shared: fc.Arbitrary<SharedOfRecord> = fc.record({
  policy: name,
  source: name,
  record: name,
  action: fc.constantFrom('delete', 'anonymise'),
});
const own: fc.Arbitrary<OwnOfRecord> = fc.record(
  {
    batch: fc.constantFrom('01ARYZ6S410000000000000001', 'b:2'),
    at: fc.constantFrom('2026-11-22T03:40:00.000Z', '2026-11-22T03:40:01.000Z'),
    eid: fc.stringMatching(/^[0-7][0-9A-HJKMNP-TV-Z]{25}$/),
    age: fc.constantFrom(...AGES),
    outcome: fc.constantFrom('erased', 'failed', 'absent-after-crash'),
    commitments: fc.record({ incarnation: hex, record: hex, subject: fc.array(hex, { maxLength: 12 }) }),
    promised: fc.constantFrom('2026-01-31', '2024-02-29'),
    code: fc.constantFrom('ER_ROW_IS_REFERENCED_2', '23503'),
  },
  { requiredKeys: ['batch', 'at', 'eid', 'age', 'outcome', 'commitments'] },
);

describe('recordFormatter', () => {
  it('writes what formatEntry writes, however often', () => {
    fc.assert(
      fc.property(shared, fc.array(own, { minLength: 1, maxLength: 30 }), (common, records) => {
        const format = recordFormatter(common);
        for (const one of [...records, ...records])
          expect(format(one)).toBe(formatEntry({ v: 1, type: 'record', ...common, ...one }));
      }),
    );
  });

  const common: SharedOfRecord = { policy: 'p', source: 's', record: 'r', action: 'delete' };
  const digest = 'ab'.repeat(32);
  const sound: OwnOfRecord = {
    batch: 'B',
    at: '2026-11-22T03:40:00.000Z',
    eid: '01ARYZ6S410000000000000000',
    age: '<1y',
    outcome: 'erased',
    commitments: { incarnation: digest, record: digest, subject: [digest] },
    promised: '2026-01-31',
  };
  const { commitments } = sound;

  it.each<[string, Partial<OwnOfRecord>]>([
    ['batch', { batch: 'a batch' }],
    ['eid', { eid: '01ARYZ6S41' }],
    ['at', { at: 'today' }],
    ['age', { age: '12' as OwnOfRecord['age'] }],
    ['outcome', { outcome: '"}' }],
    ['promised', { promised: '2026-02-30' }],
    ['code', { code: 'a value of the row' }],
    ['incarnation', { commitments: { ...commitments, incarnation: 'anna@example.com' } }],
    ['record', { commitments: { ...commitments, record: '17' } }],
    ['subject', { commitments: { ...commitments, subject: [digest, 'anna@example.com'] } }],
  ])('refuses what formatEntry refuses, also when sound entries came before: %s', (_, spoilt) => {
    const format = recordFormatter(common);
    format(sound);
    format(sound);
    expect(() => format({ ...sound, ...spoilt })).toThrow(expect.objectContaining({ code: 'AUDIT_ENTRY' }));
    expect(() => format({ ...sound, ...spoilt })).toThrow(expect.objectContaining({ code: 'AUDIT_ENTRY' }));
    expect(format(sound)).toBe(formatEntry({ v: 1, type: 'record', ...common, ...sound }));
  });

  it('refuses what all have in common', () => {
    const format = recordFormatter({ ...common, policy: 'a\nb' });
    for (let times = 0; times < 3; times += 1)
      expect(() => format(sound)).toThrow(expect.objectContaining({ code: 'AUDIT_ENTRY' }));
  });
});
