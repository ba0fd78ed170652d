/** What the database says of the scans to come: which tables it would read from end to end. */
import { afterEach, describe, expect, it } from '@jest/globals';
import type { View } from '../../../../src/policy/policy.ts';
import { engines } from '../../../support/servers/index.ts';
import type { Engine } from '../../../support/servers/index.ts';
import { ON } from '../../conformance/support.ts';
import { relatedRows, stage } from '../../conformance/views.ts';
import { makeBed, recordOf, relation, viewOf } from '../bed.ts';
import type { Bed } from '../bed.ts';

const DIGITS = Array.from({ length: 10 }, (_, i) => `SELECT ${String(i)} AS n`).join(' UNION ALL ');
/** Twenty thousand rows, three for each of the first people. */
const MANY = `INSERT INTO notes SELECT a.n + 10 * b.n + 100 * c.n + 1000 * d.n + 10000 * e.n, a.n + 10 * b.n + 100 * c.n
  FROM (${DIGITS}) a, (${DIGITS}) b, (${DIGITS}) c, (${DIGITS}) d, (SELECT 0 AS n UNION ALL SELECT 1) e`;
const ANALYSE: Readonly<Record<Engine, string>> = {
  mariadb: 'ANALYZE TABLE notes, people',
  postgres: 'ANALYZE',
  sqlite: 'ANALYZE',
};

describe.each(await engines())('explaining on %s', (engine) => {
  let bed: Bed;
  afterEach(async () => {
    await bed.close();
  });

  const person = recordOf('people', ['id'], { related: [relation('notes', { person_id: 'id' })] });
  const view = viewOf(person, { exempt: [relatedRows('exists', 'notes')], conditions: [relatedRows('exists', 'notes')] }); // prettier-ignore
  const tables = async (): Promise<void> => {
    bed = await makeBed(engine, ({ big, time }) => [
      `CREATE TABLE people (id ${big} PRIMARY KEY, started_at ${time})`,
      'CREATE INDEX by_start ON people (started_at)',
      `CREATE TABLE notes (id ${big} PRIMARY KEY, person_id ${big})`,
      "INSERT INTO people VALUES (1, '2020-01-01'), (2, '2030-01-01')",
    ]);
  };
  const warned = async (of: View): Promise<readonly string[]> => {
    const findings = await bed.connect().advise([of], ON);
    return findings.filter((one) => one.code === 'whole-table-read').map((one) => one.message);
  };

  it('warns of a big table that is read whole, and no more once an index leads to its rows', async () => {
    await tables();
    await bed.query(MANY);
    await bed.query(ANALYSE[engine]);
    expect(await warned(view)).toEqual([expect.stringContaining('the whole table notes')]);
    await bed.query('CREATE INDEX by_person ON notes (person_id)');
    expect(await warned(view)).toEqual([]);
  });

  it('says nothing of a small table', async () => {
    await tables();
    await bed.query('INSERT INTO notes VALUES (1, 1)');
    await bed.query(ANALYSE[engine]);
    expect(await warned(view)).toEqual([]);
  });

  const said = async (of: View): Promise<readonly string[]> =>
    (await bed.connect().advise([of], ON)).map((one) => `${one.code} ${one.path.join('.')}`);

  it('warns of an action that only marks the row', async () => {
    await tables();
    await bed.query('ALTER TABLE people ADD deleted INT');
    await bed.query('ALTER TABLE people ADD name VARCHAR(20)');
    const set = (...columns: readonly string[]): View =>
      viewOf(person, {
        stages: [
          stage({
            kind: 'anonymise',
            set: columns.map((column) => ({ column, with: { kind: 'constant', value: 1 } })),
          }),
        ],
      });
    expect(await said(set('deleted'))).toEqual(['only-flags policies.test.set']);
    expect(await said(set('deleted', 'name'))).toEqual([]);
  });

  it('folds letters beyond English, or says that the database does not', async () => {
    await tables();
    await bed.query("INSERT INTO people VALUES (3, '2020-01-01')");
    await bed.query('CREATE TABLE mails (id INT PRIMARY KEY, address VARCHAR(80), person VARCHAR(80))');
    await bed.query("INSERT INTO mails VALUES (3, 'ØJVIND@example.dk', 'øjvind@EXAMPLE.dk')");
    const record = recordOf('mails', ['id'], {
      related: [relation('same', { address: 'person' }, { table: 'mails', ignoreCase: true })],
    });
    const asked = viewOf(record, { starts: [], conditions: [relatedRows('exists', 'same')], startTree: { kind: 'latest of', of: [] } }); // prettier-ignore
    const [facts] = await bed.connect().read(asked, [['3']], ON);
    const advice = await said(asked);
    expect([facts?.truths[0], advice]).toEqual(
      engine === 'postgres' && advice.length > 0
        ? [false, ['folds-ascii sources.bed.records.mails.related.same']]
        : [true, []],
    );
  });
});
