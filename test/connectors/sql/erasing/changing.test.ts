/** What erasing writes, and what it must leave as it was, column by column. */
import { afterEach, describe, expect, it } from '@jest/globals';
import type { BatchResult } from '../../../../src/connectors/connector.ts';
import type { Replacements, Stage, View } from '../../../../src/policy/policy.ts';
import { engines } from '../../../support/servers/index.ts';
import { ON, batchOf, inSession, scanAll } from '../../conformance/support.ts';
import { stage } from '../../conformance/views.ts';
import { makeBed, recordOf, relation, viewOf } from '../bed.ts';
import type { Bed } from '../bed.ts';

const constant = (value: string | number | boolean | null) => ({ kind: 'constant', value }) as const;
const ALL_ENGINES = await engines();

let bed: Bed;
afterEach(async () => {
  await bed.close();
});

const erase = (view: View, keys: readonly string[], position = 0): Promise<BatchResult> =>
  inSession(bed.connect(), view, (session) =>
    session.erase(
      batchOf(
        view,
        keys.map((key) => [key]),
        { stage: position },
      ),
      ON,
    ),
  );

const anonymising = (set: Replacements): Stage => stage({ kind: 'anonymise', set });

describe.each(ALL_ENGINES)('anonymising on %s', (engine) => {
  const bool = engine === 'mariadb' ? 'TINYINT(1)' : 'BOOLEAN';

  it('writes each kind of replacement, and knows it again', async () => {
    bed = await makeBed(engine, ({ big, time }) => [
      `CREATE TABLE people (id ${big} PRIMARY KEY, name VARCHAR(80), email VARCHAR(80) UNIQUE, city CHAR(9), score INT, share DECIMAL(9,2), active ${bool}, born DATE, seen ${time}, note TEXT, started_at ${time})`,
      "INSERT INTO people VALUES (1, 'Anna', 'anna@x.dk', 'Aarhus', 5, 1.50, '1', '1999-09-09', '2024-01-01 10:00:00', 'words', NULL)",
      "INSERT INTO people VALUES (2, 'Bo', 'bo@x.dk', 'Vejle', 6, 2.50, '1', '1989-09-09', '2024-01-01 10:00:00', 'words', NULL)",
    ]);
    const set: Replacements = [
      { column: 'name', with: constant(null) },
      { column: 'email', with: { kind: 'placeholder', template: 'erased-{key}@invalid' } },
      { column: 'city', with: constant('x') },
      { column: 'score', with: constant(0) },
      { column: 'share', with: constant(0) },
      { column: 'active', with: constant(false) },
      { column: 'born', with: constant('1900-01-01') },
      { column: 'seen', with: constant('1900-01-01 00:00:00') },
      { column: 'note', with: constant('') },
    ];
    const view = viewOf(recordOf('people', ['id']), { stages: [anonymising(set)] });
    expect(
      (await bed.connect().check([view], ON)).findings.filter((one) => one.severity === 'error'),
    ).toEqual([]);
    expect((await erase(view, ['1'])).outcomes).toEqual(['erased']);
    const facts = await scanAll(bed.connect(), view);
    expect(facts.map((one) => one.done)).toEqual([[true], [false]]);
    const [anna] = await bed.query('SELECT * FROM people WHERE id = 1');
    expect(anna).toMatchObject({
      name: null,
      email: 'erased-1@invalid',
      score: 0,
      born: '1900-01-01',
      note: '',
    });
    // One letter that is not quite the replacement is not the replacement.
    for (const wrong of [
      "name = ''",
      "email = 'ERASED-1@invalid'",
      "city = 'X'",
      "note = ' '",
      'score = NULL',
      "born = '1900-01-02'",
    ]) {
      await bed.query(`UPDATE people SET ${wrong} WHERE id = 1`);
      expect((await bed.connect().read(view, [['1']], ON))[0]?.done).toEqual([false]);
      await erase(view, ['1']);
      expect((await bed.connect().read(view, [['1']], ON))[0]?.done).toEqual([true]);
    }
    expect((await bed.query('SELECT name FROM people WHERE id = 2'))[0]).toEqual({ name: 'Bo' });
  });

  it('is counted as erased also where a row was already as it would be', async () => {
    bed = await makeBed(engine, ({ big, time }) => [
      `CREATE TABLE people (id ${big} PRIMARY KEY, name VARCHAR(80), started_at ${time})`,
      'INSERT INTO people VALUES (1, NULL, NULL)',
    ]);
    const view = viewOf(recordOf('people', ['id']), {
      stages: [anonymising([{ column: 'name', with: constant(null) }])],
    });
    expect((await erase(view, ['1'])).outcomes).toEqual(['erased']);
  });

  it('detaches one of several references and leaves the other', async () => {
    bed = await makeBed(engine, ({ big, time }) => [
      `CREATE TABLE people (id ${big} PRIMARY KEY, started_at ${time})`,
      `CREATE TABLE deals (id ${big} PRIMARY KEY, seller ${big} REFERENCES people (id), buyer ${big} REFERENCES people (id))`,
      'INSERT INTO people (id) VALUES (1), (2)',
      'INSERT INTO deals VALUES (1, 1, 2), (2, 2, 2), (3, 2, NULL)',
    ]);
    const related = [
      relation('sold', { seller: 'id' }, { table: 'deals' }),
      relation('bought', { buyer: 'id' }, { table: 'deals' }),
    ];
    const view = viewOf(recordOf('people', ['id'], { related }), {
      stages: [
        stage({ kind: 'delete' }, { related: 'sold', kind: 'detach' }, { related: 'bought', kind: 'detach' }),
      ],
    });
    const result = await erase(view, ['1']);
    expect(result.dependents.get('sold')?.detached).toBe(1);
    expect(await bed.rows('deals')).toEqual(['1|null|2', '2|2|2', '3|2|null']);
  });
});

describe.each(ALL_ENGINES)('deleting on %s', (engine) => {
  it('records of one batch that refer to one another', async () => {
    bed = await makeBed(engine, ({ big, time }) => [
      `CREATE TABLE people (id ${big} PRIMARY KEY, parent ${big}, started_at ${time}, FOREIGN KEY (parent) REFERENCES people (id) ON DELETE CASCADE)`,
      'INSERT INTO people VALUES (1, NULL, NULL), (2, 1, NULL), (3, 2, NULL), (4, NULL, NULL)',
    ]);
    const view = viewOf(recordOf('people', ['id']), { acknowledgedCascades: ['people'] });
    expect((await erase(view, ['1', '2', '4'])).outcomes).toEqual(['erased', 'erased', 'erased']);
    expect(await bed.rows('people')).toEqual([]);
  });

  it('rows that go by an acknowledged cascade are counted, before and after, grandchildren too', async () => {
    bed = await makeBed(engine, ({ big, time }) => [
      `CREATE TABLE people (id ${big} PRIMARY KEY, started_at ${time})`,
      `CREATE TABLE orders (id ${big} PRIMARY KEY, person ${big}, FOREIGN KEY (person) REFERENCES people (id) ON DELETE CASCADE)`,
      `CREATE TABLE items (id ${big} PRIMARY KEY, ordered ${big}, FOREIGN KEY (ordered) REFERENCES orders (id) ON DELETE CASCADE)`,
      `CREATE TABLE reviews (id ${big} PRIMARY KEY, line ${big}, FOREIGN KEY (line) REFERENCES items (id) ON DELETE SET NULL)`,
      'INSERT INTO people (id) VALUES (1), (2), (3)',
      'INSERT INTO orders VALUES (1, 1), (2, 1), (3, 2), (4, 3)',
      'INSERT INTO items VALUES (1, 1), (2, 1), (3, 3), (4, 4)',
      'INSERT INTO reviews VALUES (1, 1), (2, 4)',
    ]);
    const view = viewOf(recordOf('people', ['id']), { acknowledgedCascades: ['orders', 'items', 'reviews'] });
    const foreseen = await bed.connect().dependents(view, 0, [['1'], ['2'], ['9']], ON);
    expect(Object.fromEntries(foreseen)).toEqual({ orders: 3, items: 3, reviews: 1 });
    const { dependents } = await erase(view, ['1', '2', '9']);
    const none = { deleted: 0, anonymised: 0, detached: 0, kept: 0 };
    expect(Object.fromEntries(dependents)).toEqual({
      orders: { ...none, deleted: 3 },
      items: { ...none, deleted: 3 },
      reviews: { ...none, detached: 1 },
    });
    expect(await bed.rows('reviews')).toEqual(['1|null', '2|4']);
  });

  it('rows to be kept that a cascade takes along undo the batch', async () => {
    bed = await makeBed(engine, ({ big, time }) => [
      `CREATE TABLE people (id ${big} PRIMARY KEY, started_at ${time})`,
      `CREATE TABLE invoices (id ${big} PRIMARY KEY, person ${big}, FOREIGN KEY (person) REFERENCES people (id) ON DELETE CASCADE)`,
      'INSERT INTO people (id) VALUES (1), (2)',
      'INSERT INTO invoices VALUES (7, 1)',
    ]);
    const view = viewOf(recordOf('people', ['id'], { related: [relation('invoices', { person: 'id' })] }), {
      stages: [stage({ kind: 'delete' }, { related: 'invoices', kind: 'keep' })],
    });
    await expect(erase(view, ['1', '2'])).rejects.toMatchObject({
      failure: 'data',
      code: 'KEPT_ROWS_CHANGED',
    });
    expect(await bed.rows('people')).toHaveLength(2);
    expect(await bed.rows('invoices')).toEqual(['7|1']);
    // Without the record that has one, the batch goes.
    expect((await erase(view, ['2'])).outcomes).toEqual(['erased']);
  });

  it('a foreign key that nobody named refuses the whole batch', async () => {
    bed = await makeBed(engine, ({ big, time }) => [
      `CREATE TABLE people (id ${big} PRIMARY KEY, started_at ${time})`,
      `CREATE TABLE orders (id ${big} PRIMARY KEY, person ${big}, FOREIGN KEY (person) REFERENCES people (id)${engine === 'postgres' ? ' DEFERRABLE INITIALLY DEFERRED' : ''})`,
      'INSERT INTO people (id) VALUES (1), (2)',
      'INSERT INTO orders VALUES (7, 1)',
    ]);
    const view = viewOf(recordOf('people', ['id']));
    await expect(erase(view, ['1', '2'])).rejects.toMatchObject({ failure: 'data' });
    expect(await bed.rows('people')).toHaveLength(2);
  });

  it('a key that stands twice in a batch is erased once', async () => {
    bed = await makeBed(engine, ({ big, time }) => [
      `CREATE TABLE people (id ${big} PRIMARY KEY, started_at ${time})`,
      'INSERT INTO people (id) VALUES (1)',
    ]);
    const view = viewOf(recordOf('people', ['id']));
    expect((await erase(view, ['1', '1'])).outcomes).toEqual(['erased', 'already-absent']);
  });

  it('names with quotes, blanks and words of the language are names', async () => {
    const q = (name: string): string =>
      engine === 'mariadb' ? `\`${name.replaceAll('`', '``')}\`` : `"${name.replaceAll('"', '""')}"`;
    const odd = engine === 'mariadb' ? 'odd `name? ' : 'odd "name? ';
    const table = odd.trimEnd();
    bed = await makeBed(engine, ({ big, time }) => [
      `CREATE TABLE ${q(table)} (${q('select')} ${big} PRIMARY KEY, ${q('a?b')} VARCHAR(9), started_at ${time})`,
      `INSERT INTO ${q(table)} (${q('select')}, ${q('a?b')}) VALUES (1, 'x'), (2, 'y')`,
    ]);
    const view = viewOf(recordOf(table, ['select']), { where: { kind: 'is', column: 'a?b', values: ['x'] } });
    expect((await erase(view, ['1', '2'])).outcomes).toEqual(['erased', 'changed']);
  });

  it('a table of another schema', async () => {
    if (engine !== 'postgres') {
      bed = await makeBed(engine, () => []);
      return;
    }
    bed = await makeBed(engine, ({ big, time }) => [
      'CREATE SCHEMA crm',
      `CREATE TABLE crm.people (id ${big} PRIMARY KEY, started_at ${time})`,
      `CREATE TABLE people (id ${big} PRIMARY KEY, started_at ${time})`,
      'INSERT INTO crm.people (id) VALUES (1)',
      'INSERT INTO people (id) VALUES (1)',
    ]);
    const view = viewOf(recordOf('crm.people', ['id']));
    expect(
      (await bed.connect().check([view], ON)).findings.filter((one) => one.severity === 'error'),
    ).toEqual([]);
    expect((await erase(view, ['1'])).outcomes).toEqual(['erased']);
    expect(await bed.rows('people')).toHaveLength(1);
    expect(await bed.rows('crm.people')).toHaveLength(0);
  });
});

if (ALL_ENGINES.includes('mariadb'))
  describe('on mariadb alone', () => {
    it('columns that move by themselves stay, in the record and in its dependents; zero dates do not stand in the way', async () => {
      bed = await makeBed('mariadb', () => [
        "SET sql_mode = ''",
        'CREATE TABLE people (id BIGINT PRIMARY KEY, name VARCHAR(80), zero DATETIME NOT NULL, moved TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP, started_at DATETIME)',
        'CREATE TABLE notes (id BIGINT PRIMARY KEY, person BIGINT, body VARCHAR(80), moved DATETIME(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3) ON UPDATE CURRENT_TIMESTAMP(3))',
        "INSERT INTO people VALUES (1, 'Anna', '0000-00-00', '2020-01-01 00:00:00', '0000-00-00')",
        "INSERT INTO notes VALUES (1, 1, 'words', '2020-01-01 00:00:00.123')",
      ]);
      const set = [{ column: 'body', with: constant(null) }];
      const view = viewOf(recordOf('people', ['id'], { related: [relation('notes', { person: 'id' })] }), {
        stages: [
          stage(
            { kind: 'anonymise', set: [{ column: 'name', with: constant(null) }] },
            { related: 'notes', kind: 'anonymise', set },
          ),
          stage({ kind: 'delete' }, { related: 'notes', kind: 'detach' }),
        ],
      });
      expect((await scanAll(bed.connect(), view))[0]?.starts).toEqual(['0000-00-00 00:00:00']);
      expect((await erase(view, ['1'])).outcomes).toEqual(['erased']);
      expect(await bed.query('SELECT * FROM people')).toEqual([
        {
          id: 1,
          name: null,
          zero: '0000-00-00 00:00:00',
          moved: '2020-01-01 00:00:00',
          started_at: '0000-00-00 00:00:00',
        },
      ]);
      expect(await bed.query('SELECT body, moved FROM notes')).toEqual([
        { body: null, moved: '2020-01-01 00:00:00.123' },
      ]);
      expect((await erase(view, ['1'], 1)).outcomes).toEqual(['erased']);
      expect(await bed.query('SELECT person, moved FROM notes')).toEqual([
        { person: null, moved: '2020-01-01 00:00:00.123' },
      ]);
    });

    it('dependents without an index go too, without the belt of sql_safe_updates, and check warns of it', async () => {
      bed = await makeBed('mariadb', () => [
        'CREATE TABLE people (id BIGINT PRIMARY KEY, started_at DATETIME)',
        'CREATE TABLE notes (id BIGINT PRIMARY KEY, person BIGINT)',
        'INSERT INTO people (id) VALUES (1)',
        'INSERT INTO notes VALUES (1, 1)',
      ]);
      const view = viewOf(recordOf('people', ['id'], { related: [relation('notes', { person: 'id' })] }), {
        stages: [stage({ kind: 'delete' }, { related: 'notes', kind: 'delete' })],
      });
      const report = await bed.connect().check([view], ON);
      expect(report.findings.map((one) => one.code)).toContain('match-without-index');
      expect((await erase(view, ['1'])).outcomes).toEqual(['erased']);
      expect(bed.sent().map((one) => one.text)).not.toContain('SET sql_safe_updates = 1');
      expect(await bed.rows('notes')).toEqual([]);
    });
  });

describe.each(ALL_ENGINES.filter((engine) => engine !== 'sqlite'))('a dry run on %s', (engine) => {
  it('cannot write, whatever the statement hides', async () => {
    bed = await makeBed(engine, ({ big, time }) => [
      `CREATE TABLE people (id ${big} PRIMARY KEY, started_at ${time})`,
      `CREATE TABLE traces (id ${big})`,
      'INSERT INTO people (id) VALUES (1)',
      engine === 'mariadb'
        ? 'CREATE FUNCTION trace(n BIGINT) RETURNS BIGINT MODIFIES SQL DATA BEGIN INSERT INTO traces VALUES (n); RETURN n; END'
        : 'CREATE FUNCTION trace(n BIGINT) RETURNS BIGINT LANGUAGE sql VOLATILE AS $$ INSERT INTO traces VALUES (n) RETURNING id $$',
      'CREATE VIEW spies AS SELECT id, started_at, id AS seen FROM people',
    ]);
    const view = viewOf(recordOf('spies', ['id']), {
      conditions: [{ kind: 'is', column: 'seen', values: [1] }],
    });
    const connector = bed.connect();
    const refused = {
      failure: 'fatal',
      code: engine === 'mariadb' ? 'ER_CANT_EXECUTE_IN_READ_ONLY_TRANSACTION' : '25006',
    };
    await connector.count(view, ON);
    // Now that the catalogue is known, the view turns treacherous.
    await bed.query('CREATE OR REPLACE VIEW spies AS SELECT id, started_at, trace(id) AS seen FROM people');
    await expect(scanAll(connector, view)).rejects.toMatchObject(refused);
    await expect(connector.read(view, [['1']], ON)).rejects.toMatchObject(refused);
    await expect(connector.verify(view, 0, [['1']], ON)).rejects.toMatchObject(refused);
    expect(await bed.rows('traces')).toEqual([]);
  });
});
