/** Keys, matches and values in every type that real databases use: nothing rounded, nothing loosely compared. */
import { afterEach, describe, expect, it } from '@jest/globals';
import type { Condition, Key, Normalisation, RecordType, View } from '../../../../src/policy/policy.ts';
import { engines } from '../../../support/servers/index.ts';
import type { Engine } from '../../../support/servers/index.ts';
import { ON, batchOf, inSession, keyTexts, keysOf, scanAll } from '../../conformance/support.ts';
import { latestOf, relatedRows, stage, startAt } from '../../conformance/views.ts';
import { makeBed, recordOf, relation, viewOf } from '../bed.ts';
import type { Bed } from '../bed.ts';

const UUIDS = [
  '00000000-0000-4000-8000-000000000001',
  'ffffffff-ffff-4fff-bfff-ffffffffffff',
  '0b1e2d3c-4f5a-4b6c-8d7e-9f0a1b2c3d4e',
];
const BYTES = ['00', '00ff', '27', '5c27', 'ffffffffffffffffffffffffffffffff'];

/** A type of key, as each engine writes it, and keys of it as text. */
interface KeyKind {
  readonly type: Partial<Record<Engine, string>>;
  readonly keys: readonly string[];
  /** How a key is written in SQL. */
  readonly sql?: (key: string, engine: Engine) => string;
  readonly absent: string;
}

const quoted = (key: string, engine: Engine): string =>
  `'${key.replaceAll("'", "''").replaceAll('\\', engine === 'mariadb' ? '\\\\' : '\\')}'`;
const everywhere = (type: string): Record<Engine, string> => ({
  mariadb: type,
  postgres: type,
  sqlite: type,
});

const KINDS: Readonly<Record<string, KeyKind>> = {
  'unsigned bigint': { type: { mariadb: 'BIGINT UNSIGNED' }, keys: ['0', '9223372036854775808', '18446744073709551615'], sql: (key) => key, absent: '1' },
  int: { type: everywhere('INT'), keys: ['-2147483648', '-1', '0', '2147483647'], sql: (key) => key, absent: '99999999999' },
  numeric: { type: { mariadb: 'DECIMAL(30,0)', postgres: 'NUMERIC(30,0)' }, keys: ['0', '123456789012345678901234567890'], sql: (key) => key, absent: '1' },
  uuid: { type: { mariadb: 'UUID', postgres: 'UUID' }, keys: UUIDS, absent: '00000000-0000-4000-8000-00000000000f' },
  'uuid as text': { type: everywhere('CHAR(36)'), keys: UUIDS, absent: UUIDS[1]!.toUpperCase() },
  'uuid as bytes': {
    type: { mariadb: 'BINARY(16)', postgres: 'BYTEA', sqlite: 'BLOB' },
    keys: UUIDS.map((one) => one.replaceAll('-', '')),
    sql: (key, engine) => (engine === 'postgres' ? `'\\x${key}'` : `X'${key}'`),
    absent: '0'.repeat(32),
  },
  bytes: {
    type: { mariadb: 'VARBINARY(20)', postgres: 'BYTEA', sqlite: 'BLOB' },
    keys: BYTES,
    sql: (key, engine) => (engine === 'postgres' ? `'\\x${key}'` : `X'${key}'`),
    absent: '0000',
  },
  text: { type: { mariadb: 'VARCHAR(40)', postgres: 'VARCHAR(40)', sqlite: 'VARCHAR(40)' }, keys: ['0', '7', "O'Brien", 'back\\slash', 'x%', 'Åse', '😀'], absent: '00' },
  'fixed text': { type: { mariadb: 'CHAR(5)', postgres: 'CHAR(5)' }, keys: ['a', 'abcde', '0'], absent: 'abcd' },
  'a day': { type: everywhere('DATE'), keys: ['2020-02-29', '1999-12-31'], absent: '2020-03-01' },
}; // prettier-ignore

const ALL_ENGINES = await engines();

describe.each(ALL_ENGINES)('keys on %s', (engine) => {
  let bed: Bed;
  afterEach(async () => {
    await bed.close();
  });

  const kinds = Object.entries(KINDS).filter(([, kind]) => kind.type[engine] !== undefined);

  it.each(kinds)('%s', async (_, kind) => {
    const type = kind.type[engine]!;
    const write = (key: string): string => (kind.sql ?? quoted)(key, engine);
    bed = await makeBed(engine, ({ time }) => [
      `CREATE TABLE people (code ${type} NOT NULL PRIMARY KEY, started_at ${time})`,
      `CREATE TABLE notes (id INT, person ${type}, body VARCHAR(99))`,
      'CREATE INDEX by_person ON notes (person)',
    ]);
    for (const [i, key] of kind.keys.entries()) {
      await bed.query(`INSERT INTO people (code) VALUES (${write(key)})`);
      await bed.query(`INSERT INTO notes VALUES (${String(i)}, ${write(key)}, 'words')`);
    }
    const notes = relation('notes', { person: 'code' });
    const set = [{ column: 'body', with: { kind: 'placeholder', template: 'of {key}' } }] as const;
    const view = viewOf(recordOf('people', ['code'], { related: [notes] }), {
      stages: [
        stage({ kind: 'delete' }, { related: 'notes', kind: 'anonymise', set }),
        stage({ kind: 'delete' }, { related: 'notes', kind: 'delete' }),
      ],
    });
    const connector = bed.connect({ pageSize: 1 });
    expect((await connector.check([view], ON)).findings.filter((one) => one.severity === 'error')).toEqual(
      [],
    );
    const scanned = await scanAll(connector, view);
    expect(keysOf(scanned)).toEqual(keyTexts(kind.keys.map((key) => [key])));
    // As a hold on a record asks whether its row would go with others.
    const [held] = scanned;
    const is = (column: string): Condition => ({ kind: 'is', column, values: [held?.key[0] ?? ''], asRead: true }); // prettier-ignore
    const mine: Condition = { kind: 'related', quantifier: 'exists', related: 'notes', where: is('person') };
    const asking = { ...view, conditions: [is('code'), mine] };
    expect((await connector.check([asking], ON)).findings.filter((one) => one.severity === 'error')).toEqual(
      [],
    );
    const odd: Condition = { kind: 'is', column: 'id', values: ['secret'], asRead: true };
    const { findings } = await connector.check([{ ...view, conditions: [{ ...mine, where: odd }] }], ON);
    expect(findings.map((one) => [one.code, one.message.includes('secret')])).toContainEqual(['held-key', false]); // prettier-ignore
    for (const one of await scanAll(connector, asking))
      expect(one.truths).toEqual([one.key[0] === held?.key[0], one.key[0] === held?.key[0]]);
    // The keys as they came, one at a time and all together, and one that nobody has.
    for (const { key } of scanned)
      expect((await connector.read(view, [key], ON)).map((one) => one.key)).toEqual([key]);
    expect(await connector.read(view, [[kind.absent]], ON)).toEqual([]);
    const all = scanned.map((one) => one.key);
    const [first, ...rest] = all;
    await inSession(connector, view, async (session) => {
      const one = await session.erase(batchOf(view, [first!, [kind.absent]], { stage: 0 }), ON);
      expect(one.outcomes).toEqual(['erased', 'already-absent']);
      expect(
        (await bed.query("SELECT body FROM notes WHERE body <> 'words'")).map((row) => row['body']),
      ).toEqual([`of ${first![0]!}`]);
      const others = await session.erase(batchOf(view, rest, { stage: 1 }), ON);
      expect(others.outcomes).toEqual(rest.map(() => 'erased'));
    });
    expect(await bed.rows('people')).toEqual([]);
    expect(await bed.rows('notes')).toHaveLength(1);
    expect(await connector.verify(view, 1, all, ON)).toEqual(
      all.map((key) => (key === first ? 'present' : 'gone')),
    );
  });
});

describe.each(ALL_ENGINES)('relations on %s', (engine) => {
  let bed: Bed;
  afterEach(async () => {
    await bed.close();
  });

  it('five thousand composite keys without a common part', async () => {
    bed = await makeBed(engine, ({ big, time }) => [
      `CREATE TABLE people (org ${big}, id VARCHAR(20), started_at ${time}, PRIMARY KEY (org, id))`,
      `CREATE TABLE notes (id INT, org ${big}, person VARCHAR(20))`,
      'CREATE INDEX by_person ON notes (org, person)',
    ]);
    const keys: Key[] = Array.from({ length: 5000 }, (_, i) => [String(i), `k${String(i * 7)}`]);
    const rows = (of: readonly Key[]): string => of.map((key) => `(${key[0]!}, '${key[1]!}')`).join(', ');
    await bed.query(`INSERT INTO people (org, id) VALUES ${rows(keys)}`);
    await bed.query(`INSERT INTO people (org, id) VALUES (1, 'k0'), (0, 'k7')`);
    await bed.query(`INSERT INTO notes (org, person) VALUES ${rows(keys)}, (1, 'k0')`);
    const notes = relation('notes', { org: 'org', person: 'id' });
    const view = viewOf(recordOf('people', ['org', 'id'], { related: [notes] }), {
      stages: [stage({ kind: 'delete' }, { related: 'notes', kind: 'delete' })],
    });
    const connector = bed.connect({ pageSize: 1000 });
    expect(await scanAll(connector, view)).toHaveLength(5002);
    const result = await inSession(connector, view, (session) => session.erase(batchOf(view, keys), ON));
    expect(result.outcomes.every((one) => one === 'erased')).toBe(true);
    expect(result.dependents.get('notes')?.deleted).toBe(5000);
    expect(await bed.rows('people')).toHaveLength(2);
    expect(await bed.rows('notes')).toHaveLength(1);
  });

  const orphaned = async (view: View, key: Key): Promise<void> => {
    const connector = bed.connect();
    const findings = (await connector.check([view], ON)).findings.filter((one) => one.severity === 'error');
    expect(findings).toEqual([]);
    expect(await connector.dependents(view, 0, [key], ON)).toEqual(new Map([['notes', 1]]));
    const result = await inSession(connector, view, (session) => session.erase(batchOf(view, [key]), ON));
    expect(result.dependents.get('notes')?.deleted).toBe(1);
  };

  it('an id kept as text, and a number kept as decimal, belong by their digits alone', async () => {
    const decimal = engine === 'sqlite' ? 'INTEGER' : 'DECIMAL(20,2)';
    bed = await makeBed(engine, ({ big, time }) => [
      `CREATE TABLE people (id ${big} PRIMARY KEY, code VARCHAR(20), number ${decimal}, started_at ${time})`,
      `CREATE TABLE notes (id INT PRIMARY KEY, person VARCHAR(20), code ${big}, number ${big})`,
      "INSERT INTO people VALUES (12, '12', 12.00, NULL), (1, '12x', 1, NULL), (2, 'x', 2, NULL), (3, '012', 3, NULL)",
      "INSERT INTO notes VALUES (1, '12', 12, 12), (2, '012', 1, 1), (3, '12x', 0, 0), (4, '12.0', NULL, NULL), (5, ' 12', 2, 2)",
    ]);
    const view = (match: Readonly<Record<string, string>>): View =>
      viewOf(recordOf('people', ['id'], { related: [relation('notes', match)] }), {
        stages: [stage({ kind: 'delete' }, { related: 'notes', kind: 'delete' })],
      });
    await orphaned(view({ person: 'id' }), ['12']);
    expect((await bed.query('SELECT id FROM notes ORDER BY id')).map((row) => row['id'])).toEqual([
      2, 3, 4, 5,
    ]);
    await bed.query("INSERT INTO people VALUES (12, '12', 12.00, NULL)");
    await bed.query("INSERT INTO notes VALUES (1, '12', 12, 12)");
    await orphaned(view({ code: 'code' }), ['12']);
    expect((await bed.query('SELECT id FROM notes ORDER BY id')).map((row) => row['id'])).toEqual([
      2, 3, 4, 5,
    ]);
    // '12x', 'x' and '012' are no numbers, whatever MySQL makes of them.
    const counted = await bed.connect().dependents(view({ code: 'code' }), 0, [['1'], ['2'], ['3']], ON);
    expect(counted).toEqual(new Map([['notes', 0]]));
    await bed.query("INSERT INTO people VALUES (12, '12', 12.00, NULL)");
    await bed.query("INSERT INTO notes VALUES (1, '12', 12, 12)");
    await orphaned(view({ number: 'number' }), ['12']);
  });

  it('a condition matches a number with its digits as text, in both directions and to the last digit', async () => {
    const texts = ['12', '012', '12.0', ' 12', '1e1', '', 'x', '-12', '-0', '9223372036854775807', '99999999999999999999', '9'.repeat(30)]; // prettier-ignore
    const numbers = ['12', '0', '-12', '9223372036854775807', '9223372036854775806'];
    bed = await makeBed(engine, ({ big, time }) => [
      `CREATE TABLE texts (id INT PRIMARY KEY, code VARCHAR(40), started_at ${time})`,
      `CREATE TABLE numbers (id ${big} PRIMARY KEY, started_at ${time})`,
      ...texts.map((one, i) => `INSERT INTO texts (id, code) VALUES (${String(i)}, '${one}')`),
      ...numbers.map((one) => `INSERT INTO numbers (id) VALUES (${one})`),
    ]);
    const related = async (record: RecordType): Promise<string[]> => {
      const view = viewOf(record, { conditions: [relatedRows('exists', record.related[0]!.name)] });
      const facts = await scanAll(bed.connect(), view);
      return facts.filter((one) => one.truths[0] === true).map((one) => one.key[0]!);
    };
    const twelve = ['12', '-12', '9223372036854775807'];
    expect(
      await related(recordOf('texts', ['id'], { related: [relation('numbers', { id: 'code' })] })),
    ).toEqual(texts.flatMap((one, i) => (twelve.includes(one) ? [String(i)] : [])));
    const found = await related(
      recordOf('numbers', ['id'], { related: [relation('texts', { code: 'id' })] }),
    );
    expect(found.sort()).toEqual([...twelve].sort());
  });

  it('MAX over related rows with a filter, in the type of the column', async () => {
    const moment =
      engine === 'postgres' ? 'TIMESTAMPTZ' : engine === 'mariadb' ? 'TIMESTAMP(6) NULL' : 'TEXT';
    bed = await makeBed(engine, ({ big }) => [
      `CREATE TABLE people (id ${big} PRIMARY KEY)`,
      `CREATE TABLE notes (id ${big}, person_id ${big}, kind VARCHAR(9), at ${moment})`,
      'INSERT INTO people VALUES (1), (2)',
      "INSERT INTO notes VALUES (1, 1, 'call', '2021-03-04 05:06:07.123456'), (2, 1, 'bot', '2024-01-01 00:00:00'), (3, 1, 'call', NULL), (4, 2, 'bot', '2024-01-01 00:00:00')",
    ]);
    const start = latestOf('notes', 'at', {
      maxOf: { related: 'notes', where: { kind: 'is', column: 'kind', values: ['call'] } },
      encoding: { kind: 'instant' },
    });
    const view = viewOf(recordOf('people', ['id'], { related: [relation('notes', { person_id: 'id' })] }), {
      starts: [start],
    });
    const facts = await scanAll(bed.connect(), view);
    expect(facts.map((one) => one.starts[0])).toEqual([
      engine === 'postgres' ? '2021-03-04 05:06:07.123456+00' : '2021-03-04 05:06:07.123456',
      null,
    ]);
  });

  if (engine === 'mariadb')
    it('columns of different collations match to the byte', async () => {
      bed = await makeBed(engine, ({ time }) => [
        `CREATE TABLE people (id VARCHAR(20) COLLATE utf8mb4_bin PRIMARY KEY, started_at ${time})`,
        'CREATE TABLE notes (id INT, person VARCHAR(20) CHARACTER SET latin1 COLLATE latin1_swedish_ci)',
        'CREATE INDEX by_person ON notes (person)',
        "INSERT INTO people (id) VALUES ('abc'), ('ABC'), ('æ')",
        "INSERT INTO notes VALUES (1, 'abc'), (2, 'ABC'), (3, 'Abc'), (4, 'æ'), (5, 'Æ')",
      ]);
      const view = viewOf(recordOf('people', ['id'], { related: [relation('notes', { person: 'id' })] }), {
        conditions: [
          {
            kind: 'related',
            quantifier: 'exists',
            related: 'notes',
            where: { kind: 'is', column: 'id', values: [3, 5] },
          },
        ],
        stages: [stage({ kind: 'delete' }, { related: 'notes', kind: 'delete' })],
      });
      const connector = bed.connect();
      expect((await scanAll(connector, view)).map((one) => one.truths[0])).toEqual([false, false, false]);
      await inSession(connector, view, (session) => session.erase(batchOf(view, [['abc'], ['æ']]), ON));
      expect(await bed.rows('people')).toEqual(['ABC|null']);
      expect((await bed.query('SELECT id FROM notes ORDER BY id')).map((row) => row['id'])).toEqual([
        2, 3, 5,
      ]);
    });
});

describe('columns that hold anything', () => {
  it('a SQLite column keeps what was put into it, and a scan goes by it', async () => {
    const bed = await makeBed('sqlite', () => [
      'CREATE TABLE people (id INTEGER PRIMARY KEY, started_at DATETIME)',
      'CREATE INDEX by_start ON people (started_at)',
      "INSERT INTO people VALUES (1, '2020-01-01'), (2, 1577836800), (3, 1577836800.5), (4, ''), (5, NULL), (6, 'garbage'), (7, '2024-01-01')",
    ]);
    const view = viewOf(recordOf('people', ['id']), { starts: [startAt('started_at')] });
    const connector = bed.connect({ pageSize: 1 });
    const windows = [{ index: 0, dueBefore: '2021-01-01 00:00:00', aheadAfter: '2026-01-01 00:00:00' }];
    const scanned = await scanAll(connector, view, windows);
    expect(scanned.map((one) => [one.key[0], one.starts[0]])).toEqual([
      ['5', null],
      ['2', '1577836800'],
      ['3', '1577836800.5'],
      ['4', ''],
      ['1', '2020-01-01'],
      ['6', 'garbage'],
    ]);
    await bed.close();
  });
});

describe.each(ALL_ENGINES)('people by a number or a uuid on %s', (engine) => {
  it('are found as any other, each by its one spelling', async () => {
    const uuid = engine === 'sqlite' ? 'CHAR(36)' : 'UUID';
    const bed = await makeBed(engine, ({ time }) => [
      `CREATE TABLE people (id INT NOT NULL PRIMARY KEY, member BIGINT, device ${uuid}, started_at ${time})`,
    ]);
    const [one, two] = UUIDS;
    await bed.query(
      `INSERT INTO people (id, member, device) VALUES (1, 7, '${one!}'), (2, -7, '${two!}'), (3, NULL, NULL), (4, 7, NULL)`,
    );
    const found = async (column: string, normalise: Normalisation, ...values: readonly string[]): Promise<string[]> => {
      const subjects = [{ kind: column, column, normalise }];
      const view = viewOf(recordOf('people', ['id'], { subjects }));
      return keysOf(await bed.connect().lookup(view, 0, values, ON));
    }; // prettier-ignore
    const keys = (...ids: readonly string[]): readonly string[] => keyTexts(ids.map((id) => [id]));
    for (const how of ['exact', 'lowercase'] as const) {
      expect(await found('member', how, '7', '99999999999999999999', "' OR 1=1 --")).toEqual(keys('1', '4'));
      expect(await found('member', how, '07', '7.0', ' 7', 'seven')).toEqual([]);
      expect(await found('member', how, '-7')).toEqual(keys('2'));
      expect(await found('device', how, one!, 'nobody')).toEqual(keys('1'));
    }
    // Without its sign it is another number.
    expect(await found('member', 'digits', '7')).toEqual(keys('1', '2', '4'));
    expect(await found('device', 'digits', two!.replaceAll('-', ''))).toEqual(keys('2'));
    await bed.close();
  });
});
