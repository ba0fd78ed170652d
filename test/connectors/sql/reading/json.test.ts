/** Values inside JSON, in every column that can hold it; and text that is no JSON, which must end nothing but its own record. */
import { afterEach, describe, expect, it } from '@jest/globals';
import type { Condition, Scalar, View } from '../../../../src/policy/policy.ts';
import { engines } from '../../../support/servers/index.ts';
import type { Engine } from '../../../support/servers/index.ts';
import { ON, batchOf, inSession, scanAll } from '../../conformance/support.ts';
import { not, relatedRows, stage, startAt } from '../../conformance/views.ts';
import { makeBed, recordOf, relation, viewOf } from '../bed.ts';
import type { Bed } from '../bed.ts';

const KINDS: Readonly<Record<Engine, readonly string[]>> = {
  mariadb: ['TEXT', 'VARCHAR(500) COLLATE utf8mb4_general_ci', 'JSON'],
  postgres: ['TEXT', 'VARCHAR(500)', 'json', 'jsonb'],
  sqlite: ['TEXT', 'JSON'],
};
const ALL_ENGINES = await engines();
const COLUMNS = ALL_ENGINES.flatMap((engine) => KINDS[engine].map((type) => [engine, type] as const));

/** By id: what stands in the column. */
const DOCUMENTS: readonly string[] = [
  '{"a": {"b": "Yes", "n": 7, "t": true, "z": null, "f": 7.5, "when": "2020-01-31", "at": 1580428800}}',
  '{"a": {"b": "yes", "n": "7", "t": false, "z": "null", "f": -0.5, "when": null}}',
  '{"a": ["x", {"b": "in a list"}], "1": "a member"}',
  '{"a": {"1": "one", "b": ["Yes"], "n": 70}, "å \\"b\\"": "odd", "t": "true"}',
  '["Yes", "second"]',
  '"Yes"',
  '{}',
];
const ids = (...all: number[]): readonly string[] => all.map(String);

const at = (path: string, ...values: Scalar[]): Condition => ({ kind: 'is', column: 'doc', path: path.split('/'), values }); // prettier-ignore
const order = (path: string, op: '<' | '>=', value: string | number): Condition => ({ kind: 'compare', column: 'doc', path: path.split('/'), op, value }); // prettier-ignore

const CASES: readonly (readonly [string, Condition, readonly string[]])[] = [
  ['a text, to the letter', at('a/b', 'Yes'), ids(1)],
  ['a number, and a text that writes it', at('a/n', 7), ids(1, 2)],
  ['one of several', at('a/n', 70, 8), ids(4)],
  ['true', at('a/t', true), ids(1)],
  ['false', at('a/t', false), ids(2)],
  ['true in a text', at('t', true), ids(4)],
  ['NULL, and what is not there', at('a/z', null), ids(1, 3, 4, 5, 6, 7, 8)],
  ['the word null is a text', at('a/z', 'null'), ids(2)],
  ['a place in a list', at('a/0', 'x'), ids(3)],
  ['a place in a list of objects', at('a/1/b', 'in a list'), ids(3)],
  ['a member that looks like a place', at('a/1', 'one'), ids(4)],
  ['the same at the top', at('1', 'a member', 'second'), ids(3, 5)],
  ['a place that is none', at('a/b/0/0', null), ids(1, 2, 3, 4, 5, 6, 7, 8)],
  ['a value is no list of one', at('a/b/0', 'Yes'), ids(4)],
  ['a name with signs in it', at('å "b"', 'odd'), ids(4)],
  ['larger', order('a/n', '>=', 7), ids(1, 2, 4)],
  ['smaller, not by letters', order('a/n', '<', 8), ids(1, 2)],
  ['a fraction', order('a/f', '<', 7), ids(2)],
  ['a date as text', order('a/when', '<', '2020-02-01'), ids(1)],
];

describe.each(COLUMNS)('JSON on %s in %s', (engine, type) => {
  let bed: Bed;
  afterEach(async () => {
    await bed.close();
  });
  const quoted = (text: string): string =>
    `'${text.replaceAll("'", "''").replaceAll('\\', engine === 'mariadb' ? '\\\\' : '\\')}'`;
  const tables = async (documents: readonly string[]): Promise<void> => {
    bed = await makeBed(engine, ({ big, time }) => [
      `CREATE TABLE people (id ${big} PRIMARY KEY, doc ${type}, started_at ${time})`,
      'CREATE INDEX by_start ON people (started_at)',
      `CREATE TABLE notes (id ${big} PRIMARY KEY, person_id ${big}, doc ${type})`,
    ]);
    for (const [i, one] of documents.entries())
      await bed.query(`INSERT INTO people VALUES (${String(i + 1)}, ${quoted(one)}, '2020-01-01')`);
    await bed.query(`INSERT INTO people VALUES (${String(documents.length + 1)}, NULL, '2020-01-01')`);
  };
  const person = recordOf('people', ['id'], { related: [relation('notes', { person_id: 'id' })] });

  it('conditions read what stands there', async () => {
    await tables(DOCUMENTS);
    const conditions = CASES.flatMap(([, condition]) => [condition, not(condition)]);
    const connector = bed.connect();
    const view = viewOf(person, { conditions });
    expect((await connector.check([view], ON)).findings.filter((one) => one.severity === 'error')).toEqual(
      [],
    );
    const facts = await scanAll(connector, view);
    for (const [i, [what, , expected]] of CASES.entries()) {
      const meeting = (n: number): unknown =>
        facts.filter((one) => one.truths[n] === true).map((one) => one.key[0]);
      expect([what, meeting(2 * i)]).toEqual([what, expected]);
      const others = facts.map((one) => one.key[0] ?? '').filter((id) => !expected.includes(id));
      expect([`not ${what}`, meeting(2 * i + 1)]).toEqual([`not ${what}`, others]);
    }
    expect(facts.every((one) => one.unreadable === undefined)).toBe(true);
  });

  it('starts and subjects stand there too', async () => {
    await tables(DOCUMENTS);
    const inside = (name: string): Partial<View['starts'][number]> => ({ path: ['a', name], encoding: { kind: name === 'at' ? 'epoch seconds' : 'date' } }); // prettier-ignore
    const record = { ...person, subjects: [{ kind: 'name', column: 'doc', path: ['a', 'b'], normalise: 'exact' as const }] }; // prettier-ignore
    const starts = [startAt('doc', inside('when')), startAt('doc', inside('at'))];
    const view = viewOf(record, { starts });
    const windows = [{ index: 0, dueBefore: '2020-02-02', aheadAfter: '2030-01-01' }];
    const facts = await scanAll(bed.connect(), view, windows);
    expect(facts[0]?.starts[0]).toBe('2020-01-31');
    expect(Number(facts[0]?.starts[1])).toBe(1580428800);
    expect(facts[1]?.starts).toEqual([null, null]);
    expect(facts.map((one) => one.subjects[0]).slice(0, 3)).toEqual(['Yes', 'yes', null]);
  });

  it('the largest in related rows, by the size of numbers', async () => {
    await tables(DOCUMENTS);
    for (const [i, text] of ['{"at": 9}', '{"at": 10}', '{}'].entries())
      await bed.query(`INSERT INTO notes VALUES (${String(i)}, 1, '${text}')`);
    const rows = { related: 'notes', where: not(relatedRows('exists', 'none')) };
    const where = { kind: 'all', of: [] } as const;
    const start = startAt('doc', {
      path: ['at'],
      encoding: { kind: 'epoch seconds' },
      maxOf: { ...rows, where },
    });
    const [facts] = await bed.connect().read(viewOf(person, { starts: [start] }), [['1']], ON);
    expect(Number(facts?.starts[0])).toBe(10);
  });

  // A column of the type JSON refuses such a text, or makes something else of it.
  const canBreak = type === 'TEXT';
  const broken = [
    '{"a": {"b": "Yes"}',
    'Yes',
    '{"a": 1,}',
    "{'a': 1}",
    '{"a": "\\u00"}',
    '01',
    '[1,,2]',
    'nul',
    '{"a"}',
  ];

  if (canBreak)
    it.each(broken)('a text that is no JSON, such as %j, is told and kept', async (text) => {
      await tables([DOCUMENTS[0]!, text, text]);
      await bed.query("UPDATE people SET started_at = '2029-01-01' WHERE id = 3");
      const view = viewOf(person, { where: at('a/b', 'Yes'), conditions: [at('a/b', 'Yes')] });
      const connector = bed.connect();
      const windows = [{ index: 0, dueBefore: '2021-01-01 00:00:00', aheadAfter: '2030-01-01 00:00:00' }];
      for (const facts of [await scanAll(connector, view), await scanAll(connector, view, windows)])
        expect(facts.map((one) => [one.key[0], one.truths[0], one.unreadable])).toEqual([
          ['2', false, ['doc']],
          ['3', false, ['doc']],
          ['1', true, undefined],
        ]);
      expect(await connector.count(view, ON)).toEqual({ population: 4, matching: 3 });
      // Whoever decides may be wrong: the statement itself spares it.
      const careless = viewOf(person, { where: not(at('a/b', 'No')) });
      const batch = batchOf(careless, [['1'], ['2']]);
      const result = await inSession(connector, careless, (session) => session.erase(batch, ON));
      expect(result.outcomes).toEqual(['erased', 'changed']);
      expect((await bed.query('SELECT id FROM people ORDER BY id')).map((row) => row['id'])).toEqual([
        2, 3, 4,
      ]);
    });

  if (canBreak)
    it('an empty text holds nothing, as NULL does, and stays as it is', async () => {
      await tables([DOCUMENTS[0]!, '']);
      const view = viewOf(person, {
        conditions: [at('a/b', null)],
        stages: [
          stage({
            kind: 'anonymise',
            set: [
              { column: 'doc', path: ['a', 'b'], with: { kind: 'remove' } },
              { column: 'doc', path: ['a', 'n'], with: { kind: 'constant', value: 0 } },
            ],
          }),
        ],
      });
      const connector = bed.connect();
      const before = await scanAll(connector, view);
      expect(before.map((one) => [one.key[0], one.truths[0], one.unreadable, one.done[0]])).toEqual([
        ['1', false, undefined, false],
        ['2', true, undefined, true],
        ['3', true, undefined, true],
      ]);
      const batch = batchOf(view, [['1'], ['2'], ['3']]);
      const result = await inSession(connector, view, (session) => session.erase(batch, ON));
      expect(result.outcomes).toEqual(['erased', 'erased', 'erased']);
      const docs = (await bed.query('SELECT doc FROM people ORDER BY id')).map((row) => row['doc']);
      expect(docs.slice(1)).toEqual(['', null]);
    });

  if (canBreak)
    it('a related row that is no JSON makes the record unreadable, if it is looked at', async () => {
      await tables([DOCUMENTS[0]!, DOCUMENTS[1]!]);
      await bed.query(`INSERT INTO notes VALUES (1, 2, 'broken'), (2, 1, '{}')`);
      const asked = viewOf(person, { conditions: [relatedRows('exists', 'notes', at('a', 1))] });
      const facts = await scanAll(bed.connect(), asked);
      expect(facts.map((one) => [one.key[0], one.unreadable])).toEqual([
        ['2', ['notes.doc']],
        ['1', undefined],
        ['3', undefined],
      ]);
      const unasked = viewOf(person, { conditions: [relatedRows('exists', 'notes')] });
      expect((await scanAll(bed.connect(), unasked)).some((one) => one.unreadable !== undefined)).toBe(false);
    });
});
