import { describe, expect, it } from '@jest/globals';
import {
  AGES,
  ageBucket,
  canonical,
  formatEntry,
  MAX_ENTRY_BYTES,
  parseAnyEntry,
  parseEntry,
  readEntry,
} from '../../src/audit/entry.ts';
import type { Entry } from '../../src/audit/entry.ts';

const digest = 'ab'.repeat(32);
const base = { v: 1, eid: '01ARYZ6S410000000000000000', at: '2026-11-22T03:40:00.000Z' } as const;
const why = { bytes: 60, sha256: digest };

const SAMPLES: readonly Entry[] = [
  { ...base, type: 'installation', installation: 'i-1', origin: 'example.com/trail', version: '0.1.0' },
  { ...base, type: 'daemon', version: '0.1.0' },
  { ...base, type: 'policy', policy: 'Ansøgere', digest, text: why },
  {
    ...base,
    type: 'policy',
    policy: 'Ansøgere',
    digest,
    text: why,
    controller: 'Eksempel A/S',
    source: 'ats',
    record: 'application',
    zone: 'Europe/Copenhagen',
  },
  { ...base, type: 'run-started', run: 'r-1', trigger: 'schedule', asOf: '2026-11-22' },
  {
    ...base,
    type: 'run-started',
    run: 'r-1',
    trigger: 'manual',
    asOf: '2024-02-29',
    policy: 'a',
    setClock: true,
    controller: 'Eksempel A/S',
  },
  {
    ...base,
    type: 'run-finished',
    run: 'r-1',
    result: 'ok',
    dispositions: { due: 3, held: 1 },
    outcomes: { erased: 3 },
    population: 12,
    oldestOverdue: '2026-11-20',
  },
  {
    ...base,
    type: 'plan',
    plan: 'p-1',
    policy: 'a',
    digest,
    asOf: '2026-11-22',
    population: 9,
    dispositions: {},
  },
  { ...base, type: 'guard-tripped', policy: 'a', guard: 'share', limit: 1, observed: 2, population: 10 },
  { ...base, type: 'approval', plan: 'p-1', who: 'dpo.1', why },
  {
    ...base,
    type: 'batch-opened',
    batch: 'b',
    run: 'r',
    policy: 'a',
    source: 'crm',
    count: 5000,
    digest,
    epoch: 'e-1',
  },
  {
    ...base,
    type: 'record',
    batch: 'b',
    policy: 'a',
    source: 'crm',
    record: 'contact',
    action: 'delete',
    outcome: 'erased',
    commitments: { record: digest, subject: [digest, digest], incarnation: digest },
    promised: '2026-11-20',
    age: '<1y',
    dependents: { notes: 2, '10': 1, messages: 0 },
  },
  {
    ...base,
    type: 'batch-settled',
    batch: 'b',
    outcomes: { erased: 1 },
    dependents: {},
    verification: 'verified',
  },
  { ...base, type: 'hold-placed', hold: 'h', subject: [digest], epoch: 'e-1', who: 'op', why },
  { ...base, type: 'hold-released', hold: 'h', who: 'op', why },
  { ...base, type: 'policy-failed', policy: 'a', code: 'SOURCE_LOST' },
  { ...base, type: 'heartbeat' },
];
const record = SAMPLES.find((entry) => entry.type === 'record')!;
const withField = (field: string, value: unknown): Entry => ({ ...record, [field]: value });
const invalid = expect.objectContaining({ code: 'AUDIT_ENTRY' });
const thrownBy = (work: () => unknown): unknown => {
  try {
    work();
    return undefined;
  } catch (error) {
    return error;
  }
};

describe('entries', () => {
  it.each(SAMPLES.map((entry) => [entry.type, entry] as const))('read back: %s', (_, entry) => {
    const text = formatEntry(entry);
    expect(parseEntry(text)).toEqual(entry);
    expect(parseAnyEntry(text)).toEqual(entry);
    expect(Object.keys(JSON.parse(text) as object)).toEqual(Object.keys(entry).sort());
  });

  it('do not depend on the order in which fields are given', () => {
    const turned = Object.fromEntries(Object.entries(record).reverse()) as unknown as Entry;
    expect(formatEntry(turned)).toBe(formatEntry(record));
  });

  it.each([
    ['batch', undefined],
    ['batch', 'with space'],
    ['batch', 'someone@example.com'],
    ['policy', ''],
    ['policy', 'a\nb'],
    ['policy', 'x'.repeat(201)],
    ['outcome', 'not a code'],
    ['commitments', { record: digest, subject: [digest] }],
    ['commitments', { record: digest, subject: digest, incarnation: digest }],
    ['commitments', { record: digest, subject: [], incarnation: digest, key: '42' }],
    ['commitments', { record: digest.toUpperCase(), subject: [], incarnation: digest }],
    ['promised', '2026-11-20T00:00:00Z'],
    ['promised', '2026-02-29'],
    ['promised', '2100-02-29'],
    ['promised', '2026-04-31'],
    ['promised', '2026-13-01'],
    ['promised', '2026-00-10'],
    ['age', 'old'],
    ['dependents', { notes: -1 }],
    ['dependents', { notes: 1.5 }],
    ['dependents', ['notes']],
    ['eid', '01ARYZ6S41'],
    ['at', '2026-11-22'],
    ['at', '2026-11-22T24:00:00.000Z'],
    ['at', '2026-11-31T03:40:00.000Z'],
    ['v', 2],
    ['type', 'unheard-of'],
    ['type', 'toString'],
    ['name', 'Ada Lovelace'],
    ['__proto__x', 1],
  ])('are refused with %s = %j', (field, value) => {
    const error = thrownBy(() => formatEntry(withField(field, value)));
    expect(error).toEqual(invalid);
    // The text of an error ends in logs.
    if (typeof value === 'string' && value.length > 4) expect(String(error)).not.toContain(value);
  });

  it('with 29 February in leap years only', () => {
    expect(formatEntry(withField('promised', '2024-02-29'))).toContain('2024-02-29');
    expect(formatEntry(withField('promised', '2000-02-29'))).toContain('2000-02-29');
  });

  it('are at most 16 KiB', () => {
    const counts = (n: number): Record<string, number> =>
      Object.fromEntries(Array.from({ length: n }, (_, i) => [`relation-${i}-${'é'.repeat(80)}`, i]));
    expect(() => formatEntry(withField('dependents', counts(50)))).not.toThrow();
    expect(thrownBy(() => formatEntry(withField('dependents', counts(100))))).toEqual(invalid);
    const long = `{"at":"${base.at}","eid":"${base.eid}","more":"${'x'.repeat(MAX_ENTRY_BYTES)}","type":"new","v":1}`;
    expect(thrownBy(() => parseAnyEntry(long))).toEqual(invalid);
  });

  it('of a kind that a later version adds can be read as far as every entry is alike', () => {
    const later = formatEntry(record).replace('"type":"record"', '"type":"request-answered"');
    expect(parseAnyEntry(later).type).toBe('request-answered');
    expect(thrownBy(() => parseEntry(later))).toEqual(invalid);
  });

  it.each(['null', '[]', '"text"', '{}', '{"v":1}'])(
    'are objects with the four common fields: not %s',
    (text) => {
      expect(thrownBy(() => parseAnyEntry(text))).toEqual(invalid);
    },
  );

  it('are refused in any form but the canonical one', () => {
    const text = formatEntry(record);
    for (const other of [`${text}\n`, text.replace(',', ', '), text.replace('"v":1', '"v":1.0')]) {
      expect(thrownBy(() => parseEntry(other))).toEqual(invalid);
    }
  });
});

describe('entries read as far as they are known', () => {
  it.each(SAMPLES.map((entry) => [entry.type, entry] as const))(
    'are those that were written: %s',
    (_, entry) => {
      expect(readEntry(formatEntry(entry))).toEqual(entry);
    },
  );

  it('lose the fields that their kind does not have here', () => {
    expect(readEntry(canonical({ ...record, colour: 'red' }))).toEqual(record);
  });

  it.each([
    ['a kind that is not known', { ...base, type: 'invented' }],
    ['a field of another type', { ...record, promised: 'soon' }],
    ['a field missing', { ...base, type: 'daemon' }],
    ['no object', [1]],
  ])('are none: %s', (_, value) => {
    expect(readEntry(canonical(value))).toBeUndefined();
  });

  it('are none: no JSON', () => {
    expect(readEntry('{')).toBeUndefined();
  });
});

describe('age buckets', () => {
  it('cover every age', () => {
    expect([0, 29, 30, 89, 90, 364, 365, 729, 730, 1825, 1826, 3651, 3652, 9999].map(ageBucket)).toEqual([
      '<30d',
      '<30d',
      '<90d',
      '<90d',
      '<1y',
      '<1y',
      '<2y',
      '<2y',
      '<5y',
      '<5y',
      '<10y',
      '<10y',
      '10y+',
      '10y+',
    ]);
    expect(ageBucket(undefined)).toBe('unknown');
    expect(AGES).toContain(ageBucket(-1));
  });
});
