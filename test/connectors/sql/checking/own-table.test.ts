/** MySQL, which no test runs here, refuses statements that ask other rows of the table that they change; check says so. */
import { expect, it } from '@jest/globals';
import { loadCatalogue } from '../../../../src/connectors/sql/catalogue/load.ts';
import { checkViews } from '../../../../src/connectors/sql/check/check.ts';
import { dialectOf } from '../../../../src/connectors/sql/dialect.ts';
import type { Condition, Dependent, View } from '../../../../src/policy/policy.ts';
import { openDatabase, text } from '../../../../src/database.ts';
import { engines } from '../../../support/servers/index.ts';
import { ON } from '../../conformance/support.ts';
import { is, relatedRows, stage } from '../../conformance/views.ts';
import { makeBed, recordOf, relation, viewOf } from '../bed.ts';

const PERSON = recordOf('people', ['id'], {
  related: [
    relation('messages', { person_id: 'id' }),
    relation('answers', { answers: 'id' }, { table: 'messages', of: 'messages' }),
    relation('open', { person_id: 'id' }, { table: 'messages', where: is('body', 'x') }),
    relation('friends', { friend: 'id' }, { table: 'people' }),
  ],
});

const exempt = (...conditions: readonly Condition[]): View => viewOf(PERSON, { exempt: conditions });
const going = (...dependents: readonly Dependent[]): View =>
  viewOf(PERSON, { stages: [stage({ kind: 'delete' }, ...dependents)] });
const CASES: readonly (readonly [string, View, readonly string[]])[] = [
  ['other tables', exempt(relatedRows('exists', 'messages')), []],
  ['what is only read', { ...going({ related: 'messages', kind: 'delete' }), where: relatedRows('exists', 'open') }, []],
  ['other people', exempt(relatedRows('exists', 'friends')), ['policies.test.action']],
  ['answers to messages', going({ related: 'answers', kind: 'delete' }, { related: 'messages', kind: 'delete' }), ['policies.test.dependents.0']],
  ['answers that are kept', going({ related: 'answers', kind: 'keep' }, { related: 'messages', kind: 'delete' }), []],
  ['parts that two records can have', viewOf({ ...PERSON, parts: [{ name: 'friend', table: 'people', match: [{ theirs: 'id', ours: 'friend' }], scope: [] }] }), ['policies.test.action']],
]; // prettier-ignore

it.each(await engines())(
  'finds the statements that MySQL would refuse, and refuses none on %s',
  async (engine) => {
    const bed = await makeBed(engine, ({ time }) => [
      `CREATE TABLE people (id INT PRIMARY KEY, friend INT, started_at ${time})`,
      'CREATE TABLE messages (id INT PRIMARY KEY, person_id INT, answers INT, body VARCHAR(9))',
    ]);
    const dialect = dialectOf(bed.database.url);
    const database = openDatabase(bed.database.url, { readOnly: true });
    const connection = await database.connect();
    const catalogue = await loadCatalogue(
      dialect,
      async (statement) => (await connection.query(statement)).rows.map((row) => row.map(text)),
      ['people', 'messages'],
    );
    expect(catalogue.asksTarget).toBe(true);
    for (const [what, view, expected] of CASES)
      for (const asksTarget of [true, false]) {
        const { findings } = await checkViews(dialect, { ...catalogue, asksTarget }, [view], () => Promise.resolve([['GRANT ALL PRIVILEGES ON *.* TO `u`@`%`']]), () => { throw new Error('no files'); }, ON); // prettier-ignore
        const errors = findings.filter((one) => one.severity === 'error');
        expect([what, ...errors.map((one) => one.code)]).toEqual([what, ...(asksTarget ? [] : expected.map(() => 'own-table'))]); // prettier-ignore
        expect(errors.map((one) => one.path.join('.'))).toEqual(asksTarget ? [] : expected);
      }
    await connection.release();
    await database.close();
    await bed.close();
  },
);
