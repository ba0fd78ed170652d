/**
 * What the policy language can ask of rows around a record, on each engine: chains of relations, parts of a record,
 * several ways to belong, patterns in text, counts, selections. Each case has a row for the mistake that is near.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Condition, Field, RecordType, View } from '../../../../src/policy/policy.ts';
import { engines } from '../../../support/servers/index.ts';
import { ON, scanAll } from '../../conformance/support.ts';
import { ALL, is, not, relatedRows, startAt } from '../../conformance/views.ts';
import { makeBed, recordOf, relation, viewOf } from '../bed.ts';
import type { Bed } from '../bed.ts';

const ITEM = (type: number): Condition => is('item_type', type);

const CANDIDATE: RecordType = recordOf('candidate', ['id'], {
  scope: [{ column: 'site', value: 7 }],
  where: is('kind', 'candidate'),
  parts: [
    { name: 'person', table: 'person', match: [{ theirs: 'pid', ours: 'person_id' }], scope: [] },
    { name: 'address', table: 'address', match: [{ theirs: 'owner', ours: 'pid', part: 'person' }], scope: [{ column: 'kind', value: 'home' }] },
  ],
  related: [
    relation('links', { candidate_id: 'id' }, { scope: [{ column: 'site', value: 7 }] }),
    relation('history', { job_id: 'job_id', candidate_id: 'candidate_id' }, { of: 'links' }),
    relation('remarks', { history_id: 'id' }, { of: 'history' }),
    relation('attachments', { item_id: 'id' }, { where: ITEM(100) }),
    relation('messages', { from_id: 'id' }, { orMatch: [[{ theirs: 'to_id', ours: 'id' }]] }),
    relation('optouts', {}, { match: [{ theirs: 'email', ours: 'email', part: 'person' }], ignoreCase: true }),
    relation('exact optouts', {}, { table: 'optouts', match: [{ theirs: 'email', ours: 'email', part: 'person' }] }),
    relation('log', {}, { match: [{ theirs: 'url', ours: 'id', inText: { before: 'candidateID=', after: '' } }] }),
    relation('named log', {}, { table: 'log', match: [{ theirs: 'url', ours: 'email', part: 'person', inText: { before: '<', after: '>' } }] }),
    relation('fields', { item_id: 'id' }, { where: { kind: 'all', of: [ITEM(100), is('name', 'consent')] } }),
  ],
  selections: [{ name: 'by hand', sql: "SELECT candidate_id FROM review -- a remark\nWHERE verdict = 'drop'" }],
}); // prettier-ignore

const count = (related: string, op: '<' | '<=' | '>' | '>=', number: number, where: Condition = ALL): Condition =>
  ({ kind: 'count', related, op, number, where }); // prettier-ignore
const inPart = (part: string, column: string, ...values: (string | number | null)[]): Condition => ({ kind: 'is', part, column, values }); // prettier-ignore

/** Which of the candidates meet it; 4 is another site's, 5 is no candidate. */
const CASES: readonly (readonly [string, Condition, readonly string[]])[] = [
  ['rows of related rows', relatedRows('exists', 'history', is('status', 'rejected')), ['1']],
  ['… both columns of the match, and the scope of what they are of', relatedRows('exists', 'history'), ['1', '2']],
  ['… none of them', relatedRows('none', 'history'), ['3', '6']],
  ['… every one of them', relatedRows('every', 'history', is('status', 'hired')), ['2', '3', '6']],
  ['rows two steps away', relatedRows('exists', 'remarks', is('body', 'odd')), ['2']],
  ['asked inside related rows', relatedRows('exists', 'links', relatedRows('none', 'history')), ['1']],
  ['asked inside, two steps down', relatedRows('exists', 'history', relatedRows('exists', 'remarks')), ['2']],
  ['counted inside related rows', relatedRows('exists', 'links', count('history', '>=', 2)), ['1']],
  ['a number of rows', count('links', '>=', 2), ['1']],
  ['a number of rows, none among them', count('links', '<', 1), ['3', '6']],
  ['a number of rows that come to it twice, each once', count('history', '>', 2), ['1']],
  ['… and not one more', count('history', '>', 3), []],
  ['a number with a condition', count('links', '>=', 1, is('job_id', 20)), ['1', '2']],
  ['a discriminator', relatedRows('exists', 'attachments'), ['2']],
  ['either of two columns', relatedRows('exists', 'messages'), ['1', '2', '3']],
  ['either of two columns, with a condition', relatedRows('exists', 'messages', is('id', 2)), ['1', '3']],
  ['a natural key whatever its capital letters', relatedRows('exists', 'optouts'), ['1', '2']],
  ['a natural key to the letter', relatedRows('exists', 'exact optouts', is('bytes', 1)), ['2']],
  ['a number in a text, and no longer number', relatedRows('exists', 'log'), ['1', '6']],
  ['a text in a text, with signs of its own', relatedRows('exists', 'named log'), ['2']],
  ['a value in a table of names and values', relatedRows('exists', 'fields', is('value', 'Yes')), ['1']],
  ['a column of a part', inPart('person', 'city', 'Roskilde'), ['1', '6']],
  ['a part that is not there is NULL', inPart('person', 'city', null), ['3']],
  ['not the column of a part', not(inPart('person', 'city', 'Roskilde')), ['2', '3']],
  ['a part of a part, in its scope', inPart('address', 'street', 'Home'), ['1']],
  ['an order in a part', { kind: 'compare', part: 'person', column: 'age', op: '>=', value: 40 }, ['1']],
  ['a selection', { kind: 'selected', selection: 'by hand' }, ['1', '6']],
  ['not a selection', not({ kind: 'selected', selection: 'by hand' }), ['2', '3']],
]; // prettier-ignore

describe.each(await engines())('the language on %s', (engine) => {
  let bed: Bed;

  beforeAll(async () => {
    bed = await makeBed(engine, ({ big, time }) => [
      `CREATE TABLE candidate (id ${big} PRIMARY KEY, site INT NOT NULL, kind VARCHAR(20), person_id ${big}, started_at ${time})`,
      `CREATE TABLE person (pid ${big} PRIMARY KEY, email VARCHAR(80), city VARCHAR(80), age INT, seen_at ${time})`,
      `CREATE TABLE address (id ${big} PRIMARY KEY, owner ${big}, kind VARCHAR(9), street VARCHAR(80), UNIQUE (owner, kind))`,
      `CREATE TABLE links (id ${big} PRIMARY KEY, site INT NOT NULL, candidate_id ${big}, job_id INT)`,
      `CREATE TABLE history (id ${big} PRIMARY KEY, candidate_id ${big}, job_id INT, status VARCHAR(20), at ${time})`,
      `CREATE TABLE remarks (id ${big} PRIMARY KEY, history_id ${big}, body VARCHAR(20))`,
      `CREATE TABLE attachments (id ${big} PRIMARY KEY, item_id ${big}, item_type INT)`,
      `CREATE TABLE messages (id ${big} PRIMARY KEY, from_id ${big}, to_id ${big})`,
      `CREATE TABLE optouts (id ${big} PRIMARY KEY, email VARCHAR(80), bytes INT)`,
      `CREATE TABLE log (id ${big} PRIMARY KEY, url VARCHAR(200))`,
      `CREATE TABLE fields (id ${big} PRIMARY KEY, item_id ${big}, item_type INT, name VARCHAR(20), value VARCHAR(20))`,
      `CREATE TABLE review (candidate_id VARCHAR(20), verdict VARCHAR(20))`,
      "INSERT INTO person VALUES (11, 'Anna@Example.dk', 'Roskilde', 41, '2021-01-01'), (12, 'b.o+x@example.dk', 'Aarhus', 30, NULL), (16, NULL, 'Roskilde', NULL, '2022-01-01')",
      "INSERT INTO candidate VALUES (1, 7, 'candidate', 11, '2020-01-01'), (2, 7, 'candidate', 12, '2020-01-01'), (3, 7, 'candidate', NULL, '2020-01-01'), (4, 8, 'candidate', 11, '2020-01-01'), (5, 7, 'contact', 11, '2020-01-01'), (6, 7, 'candidate', 16, '2020-01-01')",
      "INSERT INTO address VALUES (1, 11, 'home', 'Home'), (2, 12, 'work', 'Home')",
      'INSERT INTO links VALUES (1, 7, 1, 10), (2, 7, 1, 20), (3, 7, 2, 20), (4, 8, 3, 30), (5, 7, 1, 10)',
      "INSERT INTO history VALUES (1, 1, 10, 'applied', '2020-02-02'), (2, 1, 10, 'rejected', '2020-03-03'), (3, 1, 10, 'rejected', '2021-04-04'), (4, 2, 20, 'hired', '2020-05-05'), (5, 2, 99, 'rejected', '2024-01-01'), (6, 3, 30, 'rejected', '2024-02-02')",
      "INSERT INTO remarks VALUES (1, 4, 'odd'), (2, 6, 'odd'), (3, 5, 'odd')",
      'INSERT INTO attachments VALUES (1, 1, 200), (2, 2, 100), (3, 5, 100)',
      'INSERT INTO messages VALUES (1, 1, 2), (2, 3, 1), (3, NULL, NULL)',
      "INSERT INTO optouts VALUES (1, 'anna@example.DK', 1), (2, 'b.o+x@example.dk', 1), (3, '', 0), (4, NULL, 0)",
      "INSERT INTO log VALUES (1, 'x?candidateID=12&a=1'), (2, 'x?candidateID=1&b'), (3, 'candidateID=31'), (4, 'xcandidateID=2'), (5, 'candidateID=3-x'), (6, 'CandidateID=2'), (7, 'candidateID=6'), (8, 'candidateID=2_ candidateID=2é'), (9, 'to <b.o+x@example.dk>, bye'), (10, 'to <anna@exampleXdk>'), (11, 'candidateID=')",
      "INSERT INTO fields VALUES (1, 1, 100, 'consent', 'Yes'), (2, 2, 100, 'other', 'Yes'), (3, 3, 200, 'consent', 'Yes'), (4, 2, 100, 'consent', 'No')",
      "INSERT INTO review VALUES ('1', 'drop'), ('2x', 'drop'), ('02', 'drop'), ('3', 'keep'), (NULL, 'drop'), ('6', 'drop')",
    ]);
  });
  afterAll(async () => {
    await bed.close();
  });

  const meeting = async (condition: Condition): Promise<readonly string[]> => {
    const facts = await scanAll(bed.connect(), viewOf(CANDIDATE, { conditions: [condition] }));
    return facts.filter((one) => one.truths[0] === true).map((one) => one.key[0] ?? '');
  };

  it('only rows that are of the type are records', async () => {
    const connector = bed.connect();
    const view = viewOf(CANDIDATE);
    expect((await scanAll(connector, view)).map((one) => one.key[0])).toEqual(['1', '2', '3', '6']);
    expect(await connector.count(view, ON)).toEqual({ population: 4, matching: 4 });
    expect(await connector.read(view, [['4'], ['5']], ON)).toEqual([]);
    expect(await connector.find({ ...CANDIDATE, subjects: [{ kind: 'city', part: 'person', column: 'city', normalise: 'exact' }] }, 'city', 'Roskilde')).toBe(2); // prettier-ignore
  });

  it.each(CASES)('%s', async (_, condition, expected) => {
    expect(await meeting(condition)).toEqual(expected);
    expect(await meeting(not(condition))).toEqual(
      ['1', '2', '3', '6'].filter((id) => !expected.includes(id)),
    );
    // As the policy's own `where`, it decides which records a scan hands out.
    const asWhere = await scanAll(bed.connect(), viewOf(CANDIDATE, { where: condition }));
    expect(asWhere.map((one) => one.key[0])).toEqual(expected);
  });

  const starts = async (start: View['starts'][number]): Promise<readonly (readonly (string | null)[])[]> => {
    const facts = await scanAll(bed.connect(), viewOf(CANDIDATE, { starts: [start] }));
    return facts.map((one) => [one.key[0] ?? '', one.starts[0]?.slice(0, 10) ?? null]);
  };

  it('a start over rows of related rows: the last change into a state', async () => {
    const rejected = startAt('at', { maxOf: { related: 'history', where: is('status', 'rejected') } });
    expect(await starts(rejected)).toEqual([['1', '2021-04-04'], ['2', null], ['3', null], ['6', null]]); // prettier-ignore
  });

  it('the smallest over related rows: the first change into a state', async () => {
    const rejected = startAt('at', { minOf: { related: 'history', where: is('status', 'rejected') } });
    expect(await starts(rejected)).toEqual([['1', '2020-03-03'], ['2', null], ['3', null], ['6', null]]); // prettier-ignore
  });

  it('a start in a part', async () => {
    const seen = startAt('seen_at', { part: 'person' });
    expect(await starts(seen)).toEqual([['1', '2021-01-01'], ['2', null], ['3', null], ['6', '2022-01-01']]); // prettier-ignore
    const windows = [{ index: 0, dueBefore: '2021-06-01 00:00:00', aheadAfter: '2030-01-01 00:00:00' }];
    const due = await scanAll(bed.connect(), viewOf(CANDIDATE, { starts: [seen] }), windows);
    expect(due.map((one) => one.key[0])).toEqual(['1', '2', '3']);
  });

  it('subjects in parts and over chains', async () => {
    const field: Field = { part: 'person', column: 'email' };
    const record: RecordType = { ...CANDIDATE, subjects: [{ kind: 'email', ...field, normalise: 'lowercase' }, { kind: 'remark', column: 'body', related: 'remarks', normalise: 'exact' }] }; // prettier-ignore
    const facts = await scanAll(bed.connect(), viewOf(record));
    expect(facts.map((one) => one.subjects)).toEqual([['Anna@Example.dk', null], ['b.o+x@example.dk', 'odd'], [null, null], [null, null]]); // prettier-ignore
  });
});
