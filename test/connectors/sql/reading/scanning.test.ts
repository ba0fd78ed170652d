/** Scanning by windows: what may be due, unknown or implausible is never left out, in whatever order pages come. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { StartColumn, StartTree, View, Window } from '../../../../src/policy/policy.ts';
import { engines } from '../../../support/servers/index.ts';
import { keyTexts, keysOf, pagesOf, scanAll } from '../../conformance/support.ts';
import { latestOf, startAt } from '../../conformance/views.ts';
import { makeBed, recordOf, relation, viewOf } from '../bed.ts';
import type { Bed } from '../bed.ts';

const BOUNDS = { dueBefore: '2021-01-01 00:00:00', aheadAfter: '2026-01-01 00:00:00' };
const inside = (value: string | null): boolean =>
  value !== null && value > BOUNDS.dueBefore && value < BOUNDS.aheadAfter;

/** Old, at and beside the bounds, young, ahead, too early to be true, several records at one moment. */
const MOMENTS = [
  '2019-05-05 12:00:00', '2019-05-05 12:00:00', '2019-05-05 12:00:00', '2020-12-31 23:59:59', '2021-01-01 00:00:00', '2021-01-01 00:00:01',
  '2024-02-29 10:00:00', '2025-12-31 23:59:59', '2026-01-01 00:00:00', '2030-01-01 00:00:00', '1000-01-01 00:00:00', '9999-12-31 00:00:00', null,
]; // prettier-ignore

interface Person {
  readonly id: number;
  readonly a: string | null;
  readonly b: string | null;
  readonly sent: readonly (string | null)[];
}

const moment = fc.constantFrom(...MOMENTS);
const people: fc.Arbitrary<readonly Person[]> = fc
  .array(fc.record({ a: moment, b: moment, sent: fc.array(moment, { maxLength: 2 }) }), { maxLength: 25 })
  .map((all) => all.map((one, i) => ({ id: i + 1, ...one })));

const PERSON = recordOf('people', ['id'], { related: [relation('messages', { person_id: 'id' })] });

const leaf = (index: number): StartTree => ({ kind: 'column', index });
const windowsFor = (...indexes: number[]): Window[] => indexes.map((index) => ({ index, ...BOUNDS }));
const viewWith = (startTree: StartTree, ...starts: StartColumn[]): View =>
  viewOf(PERSON, { starts, startTree });

const largest = (person: Person): string | null => {
  const known = person.sent.filter((one) => one !== null).sort();
  return known.at(-1) ?? null;
};

const ALL_ENGINES = await engines();

describe.each(ALL_ENGINES)('windows on %s', (engine) => {
  let bed: Bed;

  beforeAll(async () => {
    bed = await makeBed(engine, ({ big, time }) => [
      `CREATE TABLE people (id ${big} PRIMARY KEY, a ${time}, b ${time}, indexed ${time})`,
      'CREATE INDEX by_indexed ON people (indexed)',
      `CREATE TABLE messages (id ${big} PRIMARY KEY, person_id ${big}, sent_at ${time})`,
    ]);
  });
  afterAll(async () => {
    await bed.close();
  });

  const text = (value: string | null): string => (value === null ? 'NULL' : `'${value}'`);

  async function fill(all: readonly Person[]): Promise<void> {
    await bed.query('DELETE FROM messages');
    await bed.query('DELETE FROM people');
    if (all.length === 0) return;
    const rows = all.map((one) => `(${String(one.id)}, ${text(one.a)}, ${text(one.b)}, ${text(one.a)})`);
    await bed.query(`INSERT INTO people (id, a, b, indexed) VALUES ${rows.join(', ')}`);
    const sent = all.flatMap((one) =>
      one.sent.map((at, i) => `(${String(one.id * 10 + i)}, ${String(one.id)}, ${text(at)})`),
    );
    if (sent.length > 0)
      await bed.query(`INSERT INTO messages (id, person_id, sent_at) VALUES ${sent.join(', ')}`);
  }

  /** What the scan must bring, and what it may leave out. */
  async function holds(
    view: View,
    windows: readonly Window[],
    all: readonly Person[],
    plain: (person: Person) => boolean,
  ): Promise<void> {
    const idsOf = (some: readonly Person[]): string[] => keyTexts(some.map((one) => [String(one.id)]));
    for (const pageSize of [1, 3, 100]) {
      const connector = bed.connect({ pageSize });
      const scanned = await scanAll(connector, view, windows);
      const keys = keysOf(scanned);
      expect(scanned).toHaveLength(keys.length);
      expect(keys).toEqual(expect.arrayContaining(idsOf(all.filter((one) => !plain(one)))));
      expect(idsOf(all)).toEqual(expect.arrayContaining(keys));
      if (pageSize === 3)
        for await (const page of pagesOf(connector, view, windows)) {
          const rest = await scanAll(connector, view, windows, page.cursor);
          const before = new Set(keys.filter((key) => !keysOf(rest).includes(key)));
          expect(keysOf(page.facts).every((key) => before.has(key))).toBe(true);
        }
      await connector.close();
    }
  }

  const property =
    (view: View, windows: readonly Window[], plain: (person: Person) => boolean): (() => Promise<void>) =>
    async () =>
      await fc.assert(
        fc.asyncProperty(people, async (all) => {
          await fill(all);
          await holds(view, windows, all, plain);
        }),
        { numRuns: 12 },
      );

  it(
    'one column',
    property(viewWith(leaf(0), startAt('a')), windowsFor(0), (one) => inside(one.a)),
  );

  it(
    'one column with an index',
    property(viewWith(leaf(0), startAt('indexed')), windowsFor(0), (one) => inside(one.a)),
  );

  it('one column with an index, where NULL means not yet', property(
    viewWith(leaf(0), startAt('indexed', { whenNull: 'not yet' })),
    windowsFor(0),
    (one) => one.a === null || inside(one.a),
  )); // prettier-ignore

  it('the largest over related rows', property(
    viewWith(leaf(0), latestOf('messages', 'sent_at')),
    windowsFor(0),
    (one) => inside(largest(one)),
  )); // prettier-ignore

  it('latest of', property(
    viewWith({ kind: 'latest of', of: [leaf(0), leaf(1), leaf(2)] }, startAt('a'), startAt('b'), latestOf('messages', 'sent_at')),
    windowsFor(0, 1, 2),
    // An implausible part is to be counted, whatever the others are.
    (one) => {
      const parts = [one.a, one.b, largest(one)];
      const odd = parts.some((part) => part !== null && (part >= BOUNDS.aheadAfter || part < '1971-01-01'));
      return parts.some(inside) && !odd;
    },
  )); // prettier-ignore

  it('first known of', property(
    viewWith({ kind: 'first known of', of: [leaf(0), leaf(1), leaf(2)] }, startAt('a'), startAt('b'), latestOf('messages', 'sent_at')),
    windowsFor(0, 1, 2),
    (one) => inside([one.a, one.b, largest(one)].find((part) => part !== null) ?? null),
  )); // prettier-ignore

  it('a part without a window leaves nothing out', property(
    viewWith({ kind: 'latest of', of: [leaf(0), leaf(1)] }, startAt('a'), startAt('b')),
    windowsFor(0),
    () => false,
  )); // prettier-ignore

  it('leaves out by an index what is not due, without reading it', async () => {
    await fill(MOMENTS.map((a, i) => ({ id: i + 1, a, b: null, sent: [] })));
    const connector = bed.connect();
    const keys = keysOf(await scanAll(connector, viewWith(leaf(0), startAt('indexed')), windowsFor(0)));
    const outside = MOMENTS.flatMap((a, i) => (inside(a) ? [] : [[String(i + 1)]]));
    expect(keys).toEqual(keyTexts(outside));
  });

  it('brings a value that means "not yet" to nobody, where an index leads to the rest', async () => {
    await fill(MOMENTS.map((a, i) => ({ id: i + 1, a, b: null, sent: [] })));
    const start = startAt('indexed', {
      notYet: ['9999-12-31', '1000-01-01 00:00:00', '0'],
      whenNull: 'not yet',
    });
    const keys = keysOf(await scanAll(bed.connect(), viewWith(leaf(0), start), windowsFor(0)));
    expect(keys).toEqual(keyTexts(['1', '2', '3', '4', '5', '9', '10'].map((id) => [id])));
  });

  if (engine === 'mariadb')
    it('goes past zero dates and dates with zero parts', async () => {
      await fill([]);
      await bed.query("SET sql_mode = ''");
      await bed.query(
        "INSERT INTO people (id, a, b, indexed) VALUES (1, '0000-00-00', '2019-01-01', '0000-00-00'), (2, '2024-00-00', '2019-01-01', '2024-00-00'), (3, '0000-00-00', NULL, '0000-00-00'), (4, '2024-05-05', '2019-01-01', '2024-05-05')",
      );
      const connector = bed.connect({ pageSize: 1 });
      const single = await scanAll(connector, viewWith(leaf(0), startAt('indexed')), windowsFor(0));
      expect(single.map((one) => one.starts[0])).toEqual(['0000-00-00 00:00:00', '0000-00-00 00:00:00']);
      for (const kind of ['latest of', 'first known of'] as const) {
        const both = viewWith({ kind, of: [leaf(0), leaf(1)] }, startAt('a'), startAt('b'));
        // The second could be due by its other part: its first is no date at all.
        expect(keysOf(await scanAll(connector, both, windowsFor(0, 1)))).toEqual(
          keyTexts([['1'], ['2'], ['3']]),
        );
      }
    });
});

if (ALL_ENGINES.includes('mariadb'))
  describe('the index of a scan on mariadb', () => {
    it('is named, for the server would begin at the start of another one with every page', async () => {
      const bed = await makeBed('mariadb', () => [
        'CREATE TABLE people (id BIGINT PRIMARY KEY, tenant_id INT, started_at DATETIME, KEY by_tenant (tenant_id), KEY by_start (started_at), KEY by_both (tenant_id, started_at))',
        'CREATE TABLE others (id BIGINT PRIMARY KEY, tenant_id INT, started_at DATETIME, KEY by_both (tenant_id, started_at))',
      ]);
      const indexOf = async (view: View, windows?: readonly Window[]): Promise<string | undefined> => {
        bed.sent();
        await scanAll(bed.connect(), view, windows);
        return /FORCE INDEX \(`(\w+)`\)/.exec(bed.sent()[0]?.text ?? '')?.[1];
      };
      const scope = [{ column: 'tenant_id', value: 7 }];
      expect(await indexOf(viewOf(recordOf('people', ['id'])))).toBe('PRIMARY');
      expect(await indexOf(viewOf(recordOf('people', ['id'], { scope })))).toBe('by_tenant');
      expect(await indexOf(viewOf(recordOf('others', ['id'], { scope })))).toBe('PRIMARY');
      expect(await indexOf(viewOf(recordOf('people', ['id'])), windowsFor(0))).toBe('by_start');
      expect(await indexOf(viewOf(recordOf('people', ['id'], { scope })), windowsFor(0))).toBe('by_both');
      expect(await indexOf(viewOf(recordOf('others', ['id'])), windowsFor(0))).toBe('PRIMARY');
      await bed.close();
    });
  });
