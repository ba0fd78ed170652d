/** Archive tables that come and go: each is looked at when it is there, and its records are told apart by its name. */
import { afterEach, describe, expect, it } from '@jest/globals';
import type { Connector } from '../../../src/connectors/connector.ts';
import { withTables } from '../../../src/connectors/wrap/tables.ts';
import { engines } from '../../support/servers/index.ts';
import { ON, batchOf, inSession, keysOf, scanAll } from '../conformance/support.ts';
import { relatedRows, stage } from '../conformance/views.ts';
import { makeBed, recordOf, relation, viewOf } from '../sql/bed.ts';
import type { Bed } from '../sql/bed.ts';

const CHAT = recordOf('chat_*_x', ['id'], {
  name: 'chat',
  subjects: [{ kind: 'name', column: 'name', normalise: 'exact' }],
  related: [relation('lines', { chat_id: 'id' }, { table: 'lines_*' }), relation('flags', { name: 'name' })],
});
const DELETING = viewOf(CHAT, {
  exempt: [relatedRows('exists', 'flags')],
  stages: [stage({ kind: 'delete' }, { related: 'lines', kind: 'delete' })],
});

describe.each(await engines())('table patterns on %s', (engine) => {
  let bed: Bed;
  afterEach(async () => {
    await bed.close();
  });

  const month = (name: string): string[] => [
    `CREATE TABLE chat_${name}_x (id INT PRIMARY KEY, name VARCHAR(20), started_at ${engine === 'postgres' ? 'TIMESTAMP' : 'DATETIME'})`,
    `CREATE TABLE lines_${name} (chat_id INT, body VARCHAR(20))`,
    `INSERT INTO chat_${name}_x VALUES (1, 'anna', '2020-01-01'), (2, 'bo', '2020-01-01'), (3, 'keep', '2020-01-01')`,
    `INSERT INTO lines_${name} VALUES (1, 'a'), (1, 'b'), (2, 'c'), (3, 'd')`,
  ];
  const open = async (...months: readonly string[]): Promise<Connector> => {
    bed = await makeBed(engine, () => [
      ...months.flatMap(month),
      'CREATE TABLE flags (name VARCHAR(20))',
      "INSERT INTO flags VALUES ('keep')",
      'CREATE TABLE chat_x (id INT PRIMARY KEY)',
      'CREATE TABLE chat__x_more (id INT PRIMARY KEY)',
      'CREATE VIEW chat_view_x AS SELECT * FROM flags',
    ]);
    return withTables(bed.connect({ pageSize: 2 }));
  };
  const errors = async (connector: Connector): Promise<readonly string[]> =>
    (await connector.check([DELETING], ON)).findings.filter((one) => one.severity === 'error').map((one) => one.message); // prettier-ignore

  it('every table that fits holds records', async () => {
    const connector = await open('2021', '2020');
    expect(await errors(connector)).toEqual([]);
    expect((await connector.check([DELETING], ON)).encodings.get(DELETING)).toEqual([
      { kind: 'local', zone: 'UTC' },
    ]);
    const keys = ['2020', '2021'].flatMap((name) => ['1', '2', '3'].map((id) => JSON.stringify([name, id])));
    expect(keysOf(await scanAll(connector, DELETING))).toEqual(keys);
    expect(await connector.count(DELETING, ON)).toEqual({ population: 6, matching: 6 });
    expect(await connector.find(CHAT, 'name', 'anna')).toBe(2);
    const read = await connector.read(DELETING, [['2021', '2'], ['2020', '9'], ['2019', '1']], ON); // prettier-ignore
    expect(read.map((one) => [one.key, one.subjects])).toEqual([[['2021', '2'], ['bo']]]);
    // A table of this moment is among them.
    for (const statement of month('2022')) await bed.query(statement);
    expect(await connector.count(DELETING, ON)).toEqual({ population: 9, matching: 9 });
    expect(await scanAll(connector, DELETING)).toHaveLength(9);
  });

  it('a scan goes on behind any page', async () => {
    const connector = await open('2020', '2021');
    const all = keysOf(await scanAll(connector, DELETING));
    let seen = 0;
    for await (const page of connector.scan(DELETING, undefined, ON)) {
      seen += page.facts.length;
      const rest = await scanAll(connector, DELETING, undefined, page.cursor);
      expect(keysOf(rest)).toEqual(all.slice(seen));
    }
    expect(seen).toBe(6);
  });

  it('a batch takes each record from its own table, with the rows that belong to it there', async () => {
    const connector = await open('2020', '2021');
    const keys = [['2020', '1'], ['2021', '2'], ['2021', '3'], ['2021', '9'], ['2019', '1'], ['2020', '2']]; // prettier-ignore
    expect(await connector.dependents(DELETING, 0, keys, ON)).toEqual(new Map([['lines', 5]]));
    const asked: string[] = [];
    const stillDue = (facts: readonly { readonly key: readonly string[] }[]): boolean[] =>
      facts.map((one) => asked.push(one.key.join('/')) > 0 && one.key.join('/') !== '2020/2');
    const result = await inSession(connector, DELETING, (session) =>
      session.erase({ ...batchOf(DELETING, keys), stillDue }, ON),
    );
    expect(result.outcomes).toEqual(['erased', 'erased', 'changed', 'already-absent', 'already-absent', 'changed']); // prettier-ignore
    expect(result.facts.map((one) => one?.key)).toEqual([['2020', '1'], ['2021', '2'], ['2021', '3'], undefined, undefined, ['2020', '2']]); // prettier-ignore
    expect(result.dependents.get('lines')?.deleted).toBe(3);
    expect([...asked].sort()).toEqual(['2020/1', '2020/2', '2021/2']);
    expect(await bed.rows('lines_2020')).toEqual(['2|c', '3|d']);
    expect(await bed.rows('lines_2021')).toEqual(['1|a', '1|b', '3|d']);
    expect(await connector.verify(DELETING, 0, keys, ON)).toEqual(['gone', 'gone', 'present', 'gone', 'gone', 'present']); // prettier-ignore
  });

  it('nobody else erases meanwhile, whichever table is next', async () => {
    const connector = await open('2020', '2021');
    const other = withTables(bed.connect());
    await inSession(connector, DELETING, async (session) => {
      await session.erase(batchOf(DELETING, [['2021', '1']]), ON);
      await expect(other.erasing(DELETING, ON)).rejects.toMatchObject({ code: 'BUSY' });
    });
    await inSession(other, DELETING, (session) => session.erase(batchOf(DELETING, [['2020', '1']]), ON));
    expect(await connector.count(DELETING, ON)).toEqual({ population: 4, matching: 4 });
  });

  it('no table that fits is told, and no error', async () => {
    const connector = await open();
    const { findings, encodings } = await connector.check([DELETING], ON);
    expect(findings.map((one) => one.code)).toEqual(['no-table-fits']);
    expect(encodings.get(DELETING)).toHaveLength(1);
    expect(await scanAll(connector, DELETING)).toEqual([]);
    const result = await inSession(connector, DELETING, (session) => session.erase(batchOf(DELETING, [['2020', '1']]), ON)); // prettier-ignore
    expect(result.outcomes).toEqual(['already-absent']);
  });

  it('each table is checked', async () => {
    const connector = await open('2020', '2021');
    await bed.query('DROP TABLE lines_2021');
    expect(await errors(connector)).toEqual(['There is no table "lines_2021"']);
  });

  /** Surveys beside tables whose names begin alike; a table of times, and its comments, only for some. */
  const SURVEYS = viewOf(
    recordOf('survey_#', ['id'], {
      subjects: [
        { kind: 'name', column: 'name', normalise: 'exact' },
        { kind: 'name', column: 'who', related: 'times', normalise: 'exact' },
      ],
      related: [
        relation('times', { id: 'id' }, { table: 'survey_#_times', mayBeMissing: true }),
        relation('comments', { id: 'id' }, { table: 'comments', of: 'times' }),
      ],
    }),
    {
      conditions: [relatedRows('exists', 'times'), relatedRows('exists', 'comments')],
      stages: [stage({ kind: 'delete' }, { related: 'comments', kind: 'delete' }, { related: 'times', kind: 'delete' })],
    },
  ); // prettier-ignore

  it('a number in the name is told from other words, and a table that may be missing has no rows', async () => {
    bed = await makeBed(engine, ({ time }) => [
      `CREATE TABLE survey_12 (id INT PRIMARY KEY, name VARCHAR(20), started_at ${time})`,
      `CREATE TABLE survey_7 (id INT PRIMARY KEY, name VARCHAR(20), started_at ${time})`,
      'CREATE TABLE survey_12_times (id INT PRIMARY KEY, who VARCHAR(20))',
      'CREATE TABLE survey_links (id INT PRIMARY KEY)',
      'CREATE TABLE comments (id INT PRIMARY KEY)',
      "INSERT INTO survey_12 VALUES (1, 'anna', NULL), (2, 'bo', NULL)",
      "INSERT INTO survey_7 VALUES (1, 'cy', NULL)",
      "INSERT INTO survey_12_times VALUES (1, 'x'), (2, 'y')",
      'INSERT INTO comments VALUES (1), (2)',
    ]);
    const connector = withTables(bed.connect());
    const { findings } = await connector.check([SURVEYS], ON);
    expect(findings.filter((one) => one.severity === 'error')).toEqual([]);
    const keys = [['12', '1'], ['7', '1']]; // prettier-ignore
    const read = await connector.read(SURVEYS, keys, ON);
    expect(read.map((one) => [one.key[0], one.truths])).toEqual([['12', [true, true]], ['7', [false, false]]]); // prettier-ignore
    expect(await connector.dependents(SURVEYS, 0, keys, ON)).toEqual(new Map([['comments', 1], ['times', 1]])); // prettier-ignore
    const { outcomes } = await inSession(connector, SURVEYS, (session) => session.erase(batchOf(SURVEYS, keys), ON)); // prettier-ignore
    expect(outcomes).toEqual(['erased', 'erased']);
    expect(await connector.verify(SURVEYS, 0, keys, ON)).toEqual(['gone', 'gone']);
    expect([await bed.rows('survey_7'), await bed.rows('survey_12_times'), await bed.rows('comments')]).toEqual([[], ['2|y'], ['2']]); // prettier-ignore
    // A table that was made meanwhile counts from now on.
    await bed.query("INSERT INTO survey_7 VALUES (5, 'di', NULL)");
    await bed.query('CREATE TABLE survey_7_times (id INT PRIMARY KEY, who VARCHAR(20))');
    await bed.query("INSERT INTO survey_7_times VALUES (5, 'z')");
    expect(await connector.dependents(SURVEYS, 0, [['7', '5']], ON)).toEqual(new Map([['comments', 0], ['times', 1]])); // prettier-ignore
  });
});
