/** Tables without a primary key: rows with equal keys are one record, NULL is a key, and no page parts them. */
import { afterEach, describe, expect, it } from '@jest/globals';
import type { Facts } from '../../../../src/policy/policy.ts';
import { engines } from '../../../support/servers/index.ts';
import { ON, batchOf, inSession, scanAll } from '../../conformance/support.ts';
import { is } from '../../conformance/views.ts';
import { makeBed, recordOf, viewOf } from '../bed.ts';
import type { Bed } from '../bed.ts';

const NULL = '\0';

describe.each(await engines())('repeating keys on %s', (engine) => {
  let bed: Bed;
  afterEach(async () => {
    await bed.close();
  });

  const record = recordOf('visits', ['ip', 'page'], {
    repeats: true,
    subjects: [{ kind: 'name', column: 'name', normalise: 'exact' }],
  });
  const view = viewOf(record);
  /** A key and, for all of its rows, the column that tells them apart. */
  const shown = (facts: readonly Facts[]): readonly string[] =>
    facts
      .map((one) => {
        const names = [one, ...(one.also ?? [])].map(({ subjects }) => subjects[0] ?? '-').sort();
        return `${one.key.map((part) => (part === NULL ? 'NULL' : part)).join('/')}: ${names.join(' ')}`;
      })
      .sort();

  const tables = async (): Promise<void> => {
    bed = await makeBed(engine, ({ time }) => [
      `CREATE TABLE visits (ip VARCHAR(20)${engine === 'sqlite' ? ' COLLATE NOCASE' : ''}, page INT, name VARCHAR(9), started_at ${time})`,
      `INSERT INTO visits VALUES ('a', 1, 'x', '2020-01-01'), ('a', 1, 'y', '2029-01-01'), ('a', 2, 'z', '2020-01-01'),
        (NULL, 1, 'n', '2020-01-01'), (NULL, 1, 'n', '2020-01-01'), (NULL, NULL, 'o', NULL), ('b', NULL, 'p', '2020-01-01'),
        ('A', 1, 'q', '2020-01-01'), ('c', 3, 'r', '2029-01-01')`,
    ]);
  };
  const ALL_KEYS = ['A/1: q', 'NULL/1: n n', 'NULL/NULL: o', 'a/1: x y', 'a/2: z', 'b/NULL: p', 'c/3: r'];

  it.each([1, 2, 3, 100])('come with all their rows, in pages of %i', async (pageSize) => {
    await tables();
    const connector = bed.connect({ pageSize });
    expect((await connector.check([view], ON)).findings.filter((one) => one.severity === 'error')).toEqual(
      [],
    );
    const facts = await scanAll(connector, view);
    expect([...new Set(shown(facts))]).toEqual(ALL_KEYS);
    const windows = [{ index: 0, dueBefore: '2021-01-01 00:00:00', aheadAfter: '2035-01-01 00:00:00' }];
    const due = await scanAll(connector, view, windows);
    // A row that is due brings the others of its key.
    expect([...new Set(shown(due))]).toEqual(ALL_KEYS.filter((one) => !one.startsWith('c')));
  });

  it('a filter that one row meets brings the others too', async () => {
    await tables();
    const facts = await scanAll(bed.connect(), viewOf(record, { where: is('name', 'x') }));
    // Where the collation takes A for a, that record comes along; it is judged by itself.
    expect(shown(facts).filter((one) => one !== 'A/1: q')).toEqual(['a/1: x y']);
    const matching = await bed.connect().count(viewOf(record, { where: is('page', 1) }), ON);
    expect(matching).toEqual({ population: 7, matching: 3 });
  });

  it('are read by key', async () => {
    await tables();
    const keys = [['a', '1'], [NULL, '1'], [NULL, NULL], ['b', NULL], ['b', '1'], ['a', NULL]]; // prettier-ignore
    const facts = await bed.connect().read(view, keys, ON);
    expect(shown(facts)).toEqual(['NULL/1: n n', 'NULL/NULL: o', 'a/1: x y', 'b/NULL: p']);
  });

  it('go to the byte, whatever the collation takes for the same key', async () => {
    await tables();
    await bed.query("INSERT INTO visits VALUES ('A', NULL, 's', '2020-01-01'), ('a', NULL, 't', '2020-01-01'), ('C', 3, 'u', '2020-01-01')"); // prettier-ignore
    const keys = [['a', '1'], ['C', '3'], ['A', NULL]]; // prettier-ignore
    const result = await inSession(bed.connect(), view, (session) => session.erase(batchOf(view, keys), ON));
    expect(result.outcomes).toEqual(['erased', 'erased', 'erased']);
    const left = await bed.query('SELECT name FROM visits');
    expect(left.map((row) => String(row['name'])).sort()).toEqual(['n', 'n', 'o', 'p', 'q', 'r', 't', 'z']);
  });

  it('count once for a person, whichever row is about him', async () => {
    await tables();
    const connector = bed.connect();
    expect(await connector.find(record, 'name', 'n')).toBe(1);
    expect(await connector.find(record, 'name', 'y')).toBe(1);
  });

  it('are an error where nobody said that they are one record', async () => {
    await tables();
    const { findings } = await bed.connect().check([viewOf({ ...record, repeats: false })], ON);
    const found = findings.filter((one) => one.code === 'key-not-unique');
    expect(found.map((one) => one.remedy)).toEqual([expect.stringContaining('duplicates: one record')]);
  });
});
