/** Everything that `check` says, with the place in the policy file: one case per finding, on every engine that has it. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { Finding } from '../../../../src/connectors/connector.ts';
import type {
  Condition,
  Dependent,
  RecordType,
  Replacement,
  StartColumn,
  View,
} from '../../../../src/policy/policy.ts';
import { engines } from '../../../support/servers/index.ts';
import { ON } from '../../conformance/support.ts';
import { ALL, is, latestOf, relatedRows, stage, startAt } from '../../conformance/views.ts';
import { makeBed, recordOf, relation, viewOf } from '../bed.ts';
import type { Bed } from '../bed.ts';

const ALL_ENGINES = await engines();

const PERSON = recordOf('people', ['id'], {
  related: [
    relation('messages', { person_id: 'id' }),
    relation('deals', { person_id: 'id' }),
    relation('loose', { person: 'name' }),
    relation('remarks', { message_id: 'id' }, { table: 'attachments', of: 'deals' }),
  ],
});
const RECORD_PATH = ['sources', 'bed', 'records', 'people'];
const POLICY_PATH = ['policies', 'test'];

/** A start of which the file says nothing. */
const undeclared = (column: string, more: Partial<StartColumn> = {}): StartColumn => {
  const { encoding: _encoding, ...rest } = startAt(column, more);
  return rest;
};

/** … nor of NULL. */
const silent = (column: string): StartColumn => {
  const { whenNull: _whenNull, ...rest } = startAt(column);
  return rest;
};

const start = (one: StartColumn): View => viewOf(PERSON, { starts: [one] });
const where = (condition: Condition): View => viewOf(PERSON, { where: condition });
const record = (more: Partial<RecordType>): View => viewOf({ ...PERSON, ...more });
const set = (column: string, by: Replacement): View =>
  viewOf(PERSON, { stages: [stage({ kind: 'anonymise', set: [{ column, with: by }] })] });
const setIn = (column: string, by: Replacement): View =>
  viewOf(PERSON, {
    stages: [
      stage({ kind: 'delete' }, { related: 'messages', kind: 'anonymise', set: [{ column, with: by }] }),
    ],
  });
const going = (...dependents: Dependent[]): View =>
  viewOf(PERSON, { stages: [stage({ kind: 'delete' }, ...dependents)] });
const constant = (value: string | number | boolean | null): Replacement => ({ kind: 'constant', value });
const placeholder = (template: string): Replacement => ({ kind: 'placeholder', template });

type Case = readonly [what: string, view: View, code: string, path: Finding['path'], words: RegExp];

const CASES: readonly Case[] = [
  ['a table that is not there', record({ table: 'peopel' }), 'unknown-table', [...RECORD_PATH, 'table'], /no table "peopel".*Did you mean "people"\?/s],
  ['a related table that is not there', record({ related: [relation('messages', {}, { table: 'mesages' })] }), 'unknown-table', [...RECORD_PATH, 'related', 'messages', 'table'], /Did you mean "messages"/],
  ['a column that is not there', where(is('stauts', 'x')), 'unknown-column', [...POLICY_PATH, 'where'], /no column "stauts".*Did you mean "status"/s],
  ['a column that is like no other', where(is('zzzzzzzzzzz', 'x')), 'unknown-column', [...POLICY_PATH, 'where'], /Name one of: id, /],
  ['a column of another record policy', viewOf(PERSON, { conditions: [is('nowhere', 1)] }), 'unknown-column', RECORD_PATH, /"nowhere"/],
  ['a relation that is not there', where(relatedRows('none', 'orders')), 'unknown-related', [...POLICY_PATH, 'where'], /no relation "orders"/],
  ['a relation of related rows', where(relatedRows('exists', 'deals', relatedRows('none', 'messages'))), 'nested-related', [...POLICY_PATH, 'where'], /not declared to be .of. them/],
  ['a key that is not unique', record({ key: ['name'] }), 'key-not-unique', [...RECORD_PATH, 'key'], /two rows of people.*Use the primary key: id/s],
  ['a unique key that may be NULL', record({ key: ['code'] }), 'key-not-unique', [...RECORD_PATH, 'key'], /same code/],
  ['half a key', viewOf(recordOf('pairs', ['a'])), 'key-not-unique', ['sources', 'bed', 'records', 'pairs', 'key'], /primary key: a, b/],
  ['a key that rounds', viewOf(recordOf('floats', ['id'])), 'key-type', ['sources', 'bed', 'records', 'floats', 'key'], /one row for certain/],
  ['a number for ever unequal', where(is('score', 'many')), 'constant-type', [...POLICY_PATH, 'where'], /people\.score is .* can never be "many"/],
  ['a date for ever unequal', where({ kind: 'compare', column: 'born', op: '<', value: 7 }), 'constant-type', [...POLICY_PATH, 'where'], /people\.born .* can never be 7/],
  ['numbers in the order of text', where({ kind: 'compare', column: 'name', op: '<', value: 7 }), 'compare-text', [...POLICY_PATH, 'where'], /"9" comes after "10"/],
  ['a scope of the wrong type', record({ scope: [{ column: 'score', value: 'many' }] }), 'constant-type', [...RECORD_PATH, 'scope', 'score'], /many/],
  ['a scope that related rows do not have', record({ scope: [{ column: 'score', value: 1 }], related: [relation('messages', { person_id: 'id' }, { scope: [{ column: 'score', value: 1 }] })] }), 'scope-column-missing', [...RECORD_PATH, 'related', 'messages'], /scope: none/],
  ['a scope that nothing meets', record({ scope: [{ column: 'score', value: 4711 }] }), 'scope-empty', [...RECORD_PATH, 'scope'], /No row of table people/],
  ['a match by columns that cannot be compared', record({ related: [relation('deals', { person_id: 'born' })] }), 'match-type', [...RECORD_PATH, 'related', 'deals', 'match'], /cannot be compared/],
  ['a relation without an index', going({ related: 'loose', kind: 'delete' }), 'match-without-index', [...RECORD_PATH, 'related', 'loose', 'match'], /CREATE INDEX … ON loose \(person\)/],
  ['NULL without a meaning', start(silent('day')), 'start-null', [...POLICY_PATH, 'start'], /null: not yet/],
  ['a time without a zone', start(undeclared('started_at')), 'start-zone', [...POLICY_PATH, 'start'], /as: local Europe\/Copenhagen/],
  ['a number without a unit', start(undeclared('score')), 'start-type', [...POLICY_PATH, 'start'], /as: epoch seconds/],
  ['text without an encoding', start(undeclared('name')), 'start-type', [...POLICY_PATH, 'start'], /no moment can be told/],
  ['seconds in a date', start(startAt('day', { encoding: { kind: 'epoch seconds' } })), 'start-type', [...POLICY_PATH, 'start'], /not stored as "epoch seconds"/],
  ['a start without an index', start(startAt('seen_at')), 'start-without-index', [...POLICY_PATH, 'start'], /CREATE INDEX … ON people \(seen_at\)/],
  ['a time of day that is none', start(startAt('day', { timeColumn: 'score' })), 'start-time', [...POLICY_PATH, 'start'], /no time of day/],
  ['a time of day beside a time', start(startAt('started_at', { timeColumn: 'name' })), 'start-time', [...POLICY_PATH, 'start'], /not a date alone/],
  ['a time of day of the largest', start(latestOf('messages', 'day', { timeColumn: 'body' })), 'start-time', [...POLICY_PATH, 'start'], /no one time of day/],
  ['the largest over nothing', start(latestOf('orders', 'day')), 'unknown-related', [...POLICY_PATH, 'start'], /no relation "orders"/],
  ['NULL into a column that has none', set('status', constant(null)), 'replacement-null', [...POLICY_PATH, 'set', 'status'], /cannot be NULL/],
  ['a text that is too long', set('status', constant('x'.repeat(21))), 'replacement-length', [...POLICY_PATH, 'set', 'status'], /holds 20 characters/],
  ['a placeholder that is too long', set('status', placeholder('erased-{key}')), 'replacement-length', [...POLICY_PATH, 'set', 'status'], /can have \d+/],
  ['text into a number', set('score', constant('none')), 'replacement-type', [...POLICY_PATH, 'set', 'score'], /cannot become "none"/],
  ['a placeholder into a number', set('score', placeholder('{key}')), 'replacement-type', [...POLICY_PATH, 'set', 'score'], /a placeholder is text/],
  ['one value for all in a unique column', set('code', constant('x')), 'replacement-unique', [...POLICY_PATH, 'set', 'code'], /placeholder with the key/],
  ['a key that is replaced', set('id', constant(0)), 'replacement-fixed', [...POLICY_PATH, 'set', 'id'], /the key of the record/],
  ['a start that is replaced', set('started_at', constant('2020-01-01')), 'replacement-fixed', [...POLICY_PATH, 'set', 'started_at'], /a starting point/],
  ['a computed column', set('doubled', constant(0)), 'replacement-generated', [...POLICY_PATH, 'set', 'doubled'], /computed by the database/],
  ['the key of a dependent', setIn('id', constant(0)), 'replacement-fixed', [...POLICY_PATH, 'dependents', 0, 'set', 'id'], /primary key/],
  ['one value for all in a unique column of a dependent', setIn('token', placeholder('x{key}')), 'replacement-unique', [...POLICY_PATH, 'dependents', 0, 'set', 'token'], /two rows/],
  ['a placeholder that dependents cannot fill', viewOf(PERSON, { stages: [stage({ kind: 'delete' }, { related: 'loose', kind: 'anonymise', set: [{ column: 'person', with: placeholder('{key}') }] })] }), 'replacement-key', [...POLICY_PATH, 'dependents', 0, 'set', 'person'], /do not hold the key/],
  ['detaching what must refer', going({ related: 'messages', kind: 'detach' }), 'detach-not-null', [...POLICY_PATH, 'dependents', 0], /cannot become NULL/],
  ['a cascade that nobody named', going(), 'cascade', [...POLICY_PATH, 'dependents'], /deletes rows of messages/],
  ['a reference that is emptied', going({ related: 'messages', kind: 'delete' }), 'cascade', [...POLICY_PATH, 'dependents'], /empties columns in rows of deals/],
  ['a cascade behind a dependent', going({ related: 'messages', kind: 'delete' }, { related: 'deals', kind: 'detach' }), 'cascade', [...POLICY_PATH, 'dependents', 0], /deletes rows of attachments.*with those of messages/],
  ['a cascade into what is kept', going({ related: 'messages', kind: 'keep' }), 'cascade-into-kept', [...POLICY_PATH, 'dependents'], /says that they are kept/],
  ['a dependent that is only partly named', viewOf({ ...PERSON, related: [relation('messages', { person_id: 'id' }, { where: is('body', 'x') })] }, { stages: [stage({ kind: 'delete' }, { related: 'messages', kind: 'delete' })] }), 'cascade', [...POLICY_PATH, 'dependents'], /rows of messages/],
  ['a reference that forbids', going(), 'restricting-reference', [...POLICY_PATH, 'dependents'], /Rows of orders .* forbid/],
  ['rows asked of rows that they are not of', where(relatedRows('exists', 'messages', relatedRows('none', 'remarks'))), 'nested-related', [...POLICY_PATH, 'where'], /not declared to be .of. them.*of: messages/s],
  ['a part that could be two rows', record({ parts: [{ name: 'deal', table: 'deals', match: [{ theirs: 'person_id', ours: 'id' }], scope: [] }] }), 'part-not-unique', [...RECORD_PATH, 'parts', 'deal'], /two rows of deals .* same person_id/],
  ['a part by columns that cannot be compared', record({ parts: [{ name: 'deal', table: 'deals', match: [{ theirs: 'id', ours: 'born' }], scope: [] }] }), 'match-type', [...RECORD_PATH, 'parts', 'deal', 'match'], /cannot be compared/],
  ['a column of a part that is not there', viewOf({ ...PERSON, parts: [{ name: 'deal', table: 'deals', match: [{ theirs: 'id', ours: 'id' }], scope: [] }] }, { where: { kind: 'is', part: 'deal', column: 'nmae', values: ['x'] } }), 'unknown-column', [...POLICY_PATH, 'where'], /Table deals has no column "nmae"/],
  ['a value for ever unequal to a part', viewOf({ ...PERSON, parts: [{ name: 'deal', table: 'deals', match: [{ theirs: 'id', ours: 'id' }], scope: [] }] }, { where: { kind: 'is', part: 'deal', column: 'person_id', values: ['x'] } }), 'constant-type', [...POLICY_PATH, 'where'], /deals\.person_id is .* can never be "x"/],
  ['JSON in a number', where({ kind: 'is', column: 'score', path: ['a'], values: ['x'] }), 'json-type', [...POLICY_PATH, 'where'], /people\.score is .*, in which no JSON stands/],
  ['a start in JSON without an encoding', start(undeclared('name', { path: ['at'] })), 'start-type', [...POLICY_PATH, 'start'], /no type of its own/],
  ['a start in JSON where nothing may stand', viewOf(recordOf('people', ['id']), { starts: [(({ whenNull: _, ...rest }) => rest)(startAt('status', { path: ['at'] }))] }), 'start-null', [...POLICY_PATH, 'start'], /What stands in people\.status can be NULL/],
  ['a pattern in a number', record({ related: [relation('deals', {}, { match: [{ theirs: 'person_id', ours: 'id', inText: { before: 'x', after: '' } }] })] }), 'match-type', [...RECORD_PATH, 'related', 'deals', 'match'], /is no text/],
  ['a column of the rows that rows are of', record({ related: [...PERSON.related, relation('attachments', { message_id: 'idd' }, { of: 'messages' })] }), 'unknown-column', [...RECORD_PATH, 'related', 'attachments', 'match'], /Table messages has no column "idd"/],
  ['a selection of too many columns', record({ selections: [{ name: 'some', sql: 'SELECT id, name FROM people' }] }), 'selection', [...RECORD_PATH, 'selections', 'some'], /does not take the selection "some".*one SELECT of 1 column\(s\): id/s],
  ['a selection that is no SELECT', record({ selections: [{ name: 'some', sql: 'DELETE FROM loose' }] }), 'selection', [...RECORD_PATH, 'selections', 'some'], /does not take/],
  ['a selection with a stray bracket', record({ selections: [{ name: 'some', sql: 'SELECT id FROM people) SELECT k0 FROM frist_selection WHERE (1 = 1' }] }), 'selection', [...RECORD_PATH, 'selections', 'some'], /does not take/],
  ['a selection of two statements', record({ selections: [{ name: 'some', sql: 'SELECT id FROM people; DELETE FROM loose' }] }), 'selection', [...RECORD_PATH, 'selections', 'some'], /does not take/],
  ['a view', viewOf(recordOf('adults', ['id'])), 'not-a-table', ['sources', 'bed', 'records', 'adults', 'table'], /cannot be locked/],
]; // prettier-ignore

describe.each(ALL_ENGINES)('check on %s', (engine) => {
  let bed: Bed;

  beforeAll(async () => {
    const generated =
      engine === 'mariadb'
        ? 'INT GENERATED ALWAYS AS (score * 2) VIRTUAL'
        : 'INT GENERATED ALWAYS AS (score * 2) STORED';
    bed = await makeBed(engine, ({ big, time }) => [
      `CREATE TABLE people (id ${big} PRIMARY KEY, name VARCHAR(80), status VARCHAR(20) NOT NULL, score INT, born DATE, code VARCHAR(20) UNIQUE, doubled ${generated}, day DATE, started_at ${time}, seen_at ${time})`,
      'CREATE INDEX by_start ON people (started_at)',
      `CREATE TABLE messages (id ${big} PRIMARY KEY, person_id ${big} NOT NULL, body VARCHAR(80), token VARCHAR(80) UNIQUE, day DATE, FOREIGN KEY (person_id) REFERENCES people (id) ON DELETE CASCADE)`,
      `CREATE TABLE attachments (id ${big} PRIMARY KEY, message_id ${big}, FOREIGN KEY (message_id) REFERENCES messages (id) ON DELETE CASCADE)`,
      `CREATE TABLE deals (id ${big} PRIMARY KEY, person_id ${big}, FOREIGN KEY (person_id) REFERENCES people (id) ON DELETE SET NULL)`,
      `CREATE TABLE orders (id ${big} PRIMARY KEY, person_id ${big}, FOREIGN KEY (person_id) REFERENCES people (id))`,
      'CREATE INDEX by_person_m ON messages (person_id)',
      'CREATE INDEX by_person_d ON deals (person_id)',
      'CREATE TABLE loose (person VARCHAR(80))',
      'CREATE TABLE typed (kind INT, place INT, item INT)',
      'CREATE INDEX typed_items ON typed (kind, item)',
      'CREATE TABLE pairs (a INT, b INT, started_at DATE, PRIMARY KEY (a, b))',
      `CREATE TABLE floats (id ${engine === 'sqlite' ? 'REAL' : 'DOUBLE PRECISION'} PRIMARY KEY, started_at DATE)`,
      'CREATE VIEW adults AS SELECT * FROM people',
      "INSERT INTO people (id, status, score) VALUES (1, 'x', 1)",
    ]);
  });
  afterAll(async () => {
    await bed.close();
  });

  const found = async (view: View): Promise<readonly Finding[]> =>
    (await bed.connect().check([view], ON)).findings;

  it.each(CASES)('%s', async (_, view, code, path, words) => {
    // The column without a time of its own is the one that the case is about.
    const findings = await found(view);
    const finding = findings.filter(
      (one) => one.code === code && JSON.stringify(one.path) === JSON.stringify(path),
    );
    expect(finding.map((one) => `${one.message} ${one.remedy}`).join('\n')).toMatch(words);
  });

  it('knows that an index serves behind columns that have one value', async () => {
    const told = async (where: Condition, column = 'item'): Promise<boolean> => {
      const typed = relation('typed', { [column]: 'id' }, { where });
      const { findings } = await bed.connect().check([record({ related: [typed] })], ON);
      return findings.some((one) => one.code === 'match-without-index');
    };
    expect(await told(is('kind', 100))).toBe(false);
    expect(await told({ kind: 'all', of: [is('place', 1), is('kind', 100)] })).toBe(false);
    expect(await told(ALL)).toBe(true);
    expect(await told(is('kind', 100, 200))).toBe(true);
    expect(await told(is('kind', 100), 'place')).toBe(true);
  });

  it('says nothing of what is right', async () => {
    const all: readonly Dependent[] = [
      { related: 'attachments', kind: 'delete' },
      { related: 'messages', kind: 'delete' },
      { related: 'deals', kind: 'detach' },
      { related: 'orders', kind: 'delete' },
    ];
    const related = [
      ...PERSON.related.slice(0, 2),
      relation('attachments', { message_id: 'id' }),
      relation('orders', { person_id: 'id' }),
    ];
    await bed.query('CREATE INDEX by_message ON attachments (message_id)');
    await bed.query('CREATE INDEX by_person_o ON orders (person_id)');
    const right = viewOf(
      { ...PERSON, related },
      { stages: [stage({ kind: 'delete' }, ...all)], where: is('status', 'x', null) },
    );
    expect(await found(right)).toEqual([]);
  });

  it('takes an acknowledged cascade for named', async () => {
    const acknowledged = viewOf(PERSON, { acknowledgedCascades: ['messages', 'attachments', 'deals'] });
    expect((await found(acknowledged)).filter((one) => one.severity === 'error')).toEqual([]);
  });

  it('says what several views share once, and each place of what differs', async () => {
    const wrong = is('stauts', 'x');
    const views = [
      viewOf(PERSON, { where: wrong, conditions: [wrong] }),
      viewOf(PERSON, { policy: 'other', where: wrong, conditions: [wrong] }),
    ];
    const { findings } = await bed.connect().check(views, ON);
    const paths = findings.filter((one) => one.code === 'unknown-column').map((one) => one.path.join('.'));
    expect(paths).toEqual(['policies.test.where', 'policies.other.where']);
  });

  it('names the stage where there are several', async () => {
    const anonymise = { kind: 'anonymise', set: [{ column: 'nmae', with: constant(null) }] } as const;
    const view = viewOf(PERSON, { stages: [stage(anonymise), stage({ kind: 'delete' })] });
    const finding = (await found(view)).find((one) => one.code === 'unknown-column');
    expect(finding?.path).toEqual([...POLICY_PATH, 'stages', 0, 'set', 'nmae']);
  });

  it('changes its digest with the catalogue, not with the rows or the indexes', async () => {
    const digest = async (): Promise<string> => (await bed.connect().check([viewOf(PERSON)], ON)).catalogue;
    const before = await digest();
    await bed.query("INSERT INTO people (id, status) VALUES (77, 'y')");
    await bed.query('CREATE INDEX by_name ON people (name)');
    expect(await digest()).toBe(before);
    await bed.query('ALTER TABLE deals ADD COLUMN more INT');
    expect(await digest()).not.toBe(before);
  });
});

describe.each(ALL_ENGINES)('encodings on %s', (engine) => {
  let bed: Bed;
  afterEach(async () => {
    await bed.close();
  });

  it('follow from the types', async () => {
    const moments: Readonly<Record<string, string>> = {
      mariadb: 'TIMESTAMP NULL',
      postgres: 'TIMESTAMPTZ',
      sqlite: 'TEXT',
    };
    bed = await makeBed(engine, ({ big, time }) => [
      `CREATE TABLE people (id ${big} PRIMARY KEY, day DATE, moment ${moments[engine]!}, wall ${time}, clock VARCHAR(9))`,
    ]);
    const columns = [
      undeclared('day'),
      undeclared('moment'),
      undeclared('wall'),
      undeclared('day', { timeColumn: 'clock' }),
    ];
    const view = viewOf(recordOf('people', ['id'], { datetimesIn: 'Europe/Oslo' }), { starts: columns });
    const { encodings } = await bed.connect().check([view], ON);
    const local = { kind: 'local', zone: 'Europe/Oslo' };
    expect(encodings.get(view)).toEqual([
      { kind: 'date' },
      engine === 'sqlite' ? undefined : { kind: 'instant' },
      local,
      local,
    ]);
  });
});

if (ALL_ENGINES.includes('mariadb'))
  describe('check on mariadb alone', () => {
    let bed: Bed;
    afterEach(async () => {
      await bed.close();
    });

    it('refuses tables that can neither roll back nor be locked, and tables that remember', async () => {
      bed = await makeBed('mariadb', () => [
        'CREATE TABLE people (id INT NOT NULL, started_at DATETIME NOT NULL) ENGINE=CSV',
        'CREATE TABLE notes (id INT PRIMARY KEY, person INT) WITH SYSTEM VERSIONING',
      ]);
      const view = viewOf(recordOf('people', ['id'], { related: [relation('notes', { person: 'id' })] }), {
        stages: [stage({ kind: 'delete' }, { related: 'notes', kind: 'delete' })],
      });
      const { findings } = await bed.connect().check([view], ON);
      const errors = findings
        .filter((one) => one.severity === 'error')
        .map((one) => `${one.code}: ${one.message} ${one.remedy}`);
      expect(errors).toEqual([
        expect.stringMatching(/^not-transactional: .*CSV.*ALTER TABLE people ENGINE=InnoDB/),
        expect.stringMatching(/^keeps-history: .*stays in its history/),
        expect.stringMatching(/^key-not-unique: /),
      ]);
    });

    it('knows the values of an ENUM', async () => {
      bed = await makeBed('mariadb', () => [
        "CREATE TABLE people (id INT PRIMARY KEY, status ENUM('lead', 'it''s'), started_at DATETIME)",
      ]);
      const person = recordOf('people', ['id']);
      const wrong = await bed.connect().check(
        [
          viewOf(person, { where: is('status', 'laed') }),
          viewOf(person, {
            stages: [stage({ kind: 'anonymise', set: [{ column: 'status', with: constant('gone') }] })],
          }),
        ],
        ON,
      );
      expect(wrong.findings.map((one) => [one.code, one.remedy])).toEqual(
        [
          ['start-without-index', expect.anything()],
          ['constant-type', 'Did you mean "lead"?'],
          ['replacement-enum', "It can be one of: lead, it's."],
        ].sort((a, b) => order(wrong.findings, a) - order(wrong.findings, b)),
      );
      const right = await bed.connect().check([viewOf(person, { where: is('status', "it's") })], ON);
      expect(right.findings.filter((one) => one.severity === 'error')).toEqual([]);
    });
  });

const order = (findings: readonly Finding[], [code]: readonly unknown[]): number =>
  findings.findIndex((one) => one.code === code);
