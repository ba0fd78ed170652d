/**
 * The exact text of every kind of statement, per dialect: a change of what is sent is seen by whoever reads the diff.
 *
 * statements/<engine>.txt: a line "## what", then a line per statement sent, its parameters as JSON behind " -- ".
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Connector } from '../../../src/connectors/connector.ts';
import type { Window } from '../../../src/policy/policy.ts';
import { engines } from '../../support/servers/index.ts';
import { ON, batchOf, inSession, scanAll } from '../conformance/support.ts';
import { is, latestOf, relatedRows, stage, startAt } from '../conformance/views.ts';
import { makeBed, recordOf, relation, viewOf } from './bed.ts';
import type { Bed, Sent } from './bed.ts';

const TENANT = [{ column: 'tenant_id', value: 7 }] as const;

const PERSON = recordOf('people', ['id'], {
  scope: TENANT,
  subjects: [{ kind: 'email', column: 'email', normalise: 'lowercase' }],
  related: [
    relation('messages', { person_id: 'id' }, { scope: TENANT }),
    relation('notes', { person_id: 'id' }),
    relation('deals', { person_id: 'id' }),
    relation('open deals', { person_id: 'id' }, { table: 'deals', where: is('status', 'open') }),
    relation('invoices', { person_id: 'id' }),
  ],
});

const DEPENDENTS = [
  { related: 'messages', kind: 'delete' },
  {
    related: 'notes',
    kind: 'anonymise',
    set: [{ column: 'body', with: { kind: 'placeholder', template: 'of {key}' } }],
  },
  { related: 'deals', kind: 'detach' },
  { related: 'invoices', kind: 'keep' },
] as const;

/** All that the language can name around a record. */
const AROUND = recordOf('people', ['id'], {
  where: is('status', 'lead'),
  parts: [{ name: 'file', table: 'messages', match: [{ theirs: 'id', ours: 'id' }], scope: TENANT }],
  related: [
    relation('messages', { person_id: 'id' }),
    relation('answers', { person_id: 'id' }, { table: 'notes', of: 'messages' }),
    relation('namesakes', { body: 'name' }, { table: 'notes', ignoreCase: true, orMatch: [[{ theirs: 'body', ours: 'email' }]] }),
    relation('mentions', {}, { table: 'notes', match: [{ theirs: 'body', ours: 'id', inText: { before: 'id=', after: '' } }] }),
  ],
  selections: [{ name: 'by hand', sql: 'SELECT id FROM deals' }],
}); // prettier-ignore
const ALL_AROUND = viewOf(AROUND, {
  starts: [startAt('sent_at', { part: 'file' })],
  conditions: [
    relatedRows('exists', 'answers'),
    { kind: 'count', related: 'answers', op: '>=', number: 2, where: is('body', 'x') },
    relatedRows('none', 'namesakes'),
    relatedRows('exists', 'mentions'),
    { kind: 'is', column: 'name', path: ['a', '0'], values: ['x', 7, true] },
    { kind: 'selected', selection: 'by hand' },
  ],
});

const WHERE = { where: is('status', 'lead'), exempt: [relatedRows('exists', 'open deals')] };
const PLAIN = viewOf(PERSON, { where: is('status', 'lead') });
const DELETING = viewOf(PERSON, { ...WHERE, stages: [stage({ kind: 'delete' }, ...DEPENDENTS)] });
const ANONYMISING = viewOf(PERSON, {
  stages: [
    stage({
      kind: 'anonymise',
      set: [
        { column: 'name', with: { kind: 'constant', value: null } },
        { column: 'email', with: { kind: 'placeholder', template: 'erased-{key}@invalid' } },
      ],
    }),
  ],
});
const WINDOW: Window = { index: 0, dueBefore: '2021-01-01 00:00:00', aheadAfter: '2026-01-01 00:00:00' };

const fileOf = (engine: string): string => join(import.meta.dirname, 'statements', `${engine}.txt`);

function line({ text: sent, params }: Sent): string {
  const text = sent.replaceAll('\n', ' ');
  const shown = params.map((one) => (typeof one === 'bigint' ? Number(one) : one));
  return params.length === 0 ? text : `${text} -- ${JSON.stringify(shown)}`;
}

function expected(engine: string, what: string): readonly string[] {
  const lines = readFileSync(fileOf(engine), 'utf8').split('\n');
  const from = lines.indexOf(`## ${what}`);
  const behind = lines.slice(from + 1);
  const to = behind.findIndex((one) => one.startsWith('## ') || one === '');
  return from < 0 ? [] : behind.slice(0, to);
}

describe.each(await engines())('statements of %s', (engine) => {
  let bed: Bed;
  let connector: Connector;

  beforeAll(async () => {
    bed = await makeBed(engine, ({ big, time, now }) => [
      `CREATE TABLE people (id ${big} PRIMARY KEY, tenant_id INT NOT NULL, email VARCHAR(80), name VARCHAR(80),
        status VARCHAR(20), started_at ${time}, seen_at ${time}${engine === 'mariadb' ? `, changed TIMESTAMP DEFAULT ${now} ON UPDATE ${now}` : ''})`,
      'CREATE INDEX by_start ON people (started_at)',
      `CREATE TABLE messages (id ${big} PRIMARY KEY, tenant_id INT NOT NULL, person_id ${big}, sent_at ${time})`,
      `CREATE TABLE notes (id ${big} PRIMARY KEY, person_id ${big}, body VARCHAR(80))`,
      `CREATE TABLE deals (id ${big} PRIMARY KEY, person_id ${big}, status VARCHAR(20))`,
      `CREATE TABLE invoices (id ${big} PRIMARY KEY, person_id ${big} NOT NULL)`,
      ...['messages', 'notes', 'deals', 'invoices'].map(
        (table) => `CREATE INDEX by_person_${table} ON ${table} (person_id)`,
      ),
    ]);
    connector = bed.connect({ pageSize: 2 });
  });
  beforeEach(async () => {
    for (const table of ['people', 'messages', 'notes', 'deals', 'invoices'])
      await bed.query(`DELETE FROM ${table}`);
    for (const id of [1, 2, 3])
      await bed.query(
        `INSERT INTO people (id, tenant_id, email, name, status, started_at) VALUES (${String(id)}, 7, 'a@b', 'Anna', 'lead', '2020-01-01 00:00:0${String(id)}')`,
      );
    bed.sent();
  });
  afterAll(async () => {
    await bed.close();
  });

  const all: string[] = [];
  const expectSent = (what: string): void => {
    const sent = bed.sent().map(line);
    all.push(`## ${what}`, ...sent);
    expect(sent).toEqual(expected(engine, what));
  };
  // To look at what has changed: SHOW_SQL=1 writes each file anew, and git shows the difference.
  afterAll(() => {
    if (process.env['SHOW_SQL'] !== undefined) writeFileSync(fileOf(engine), `${all.join('\n')}\n`);
  });

  it('a whole listing, by the key', async () => {
    await scanAll(connector, PLAIN);
    expectSent('listing');
  });

  it('a scan in the order of the start, where an index leads to it', async () => {
    await scanAll(connector, PLAIN, [WINDOW]);
    expectSent('byStart');
  });

  it('a scan with a starting point of several parts', async () => {
    const starts = [startAt('seen_at'), latestOf('messages', 'sent_at')];
    const startTree = {
      kind: 'latest of',
      of: [
        { kind: 'column', index: 0 },
        { kind: 'column', index: 1 },
      ],
    } as const;
    await scanAll(bed.connect(), viewOf(PERSON, { starts, startTree }), [WINDOW, { ...WINDOW, index: 1 }]);
    expectSent('latestOf');
  });

  it('counting', async () => {
    await connector.count(PLAIN, ON);
    expectSent('count');
  });

  it('reading by key', async () => {
    await connector.read(ANONYMISING, [['1'], ['2']], ON);
    expectSent('read');
  });

  it('reading all that can stand around a record', async () => {
    await connector.read(ALL_AROUND, [['1']], ON);
    expectSent('around');
  });

  it('deleting with dependents of every kind', async () => {
    await inSession(connector, DELETING, (session) => session.erase(batchOf(DELETING, [['1'], ['2']]), ON));
    expectSent('delete');
  });

  it('anonymising', async () => {
    await inSession(connector, ANONYMISING, (session) => session.erase(batchOf(ANONYMISING, [['1']]), ON));
    expectSent('anonymise');
  });

  it('looking again', async () => {
    await inSession(connector, DELETING, (session) => session.erase(batchOf(DELETING, [['1']]), ON));
    bed.sent();
    await connector.verify(DELETING, 0, [['1']], ON);
    expectSent('verify');
  });

  it('counting what would go with records', async () => {
    await connector.dependents(DELETING, 0, [['1']], ON);
    expectSent('dependents');
  });

  it('the clock, and whom an identifier belongs to', async () => {
    await connector.now();
    await connector.find(PERSON, 'email', 'a@b');
    expectSent('clockAndFind');
  });

  it('records of several people, by a text and by a number', async () => {
    await connector.lookup(viewOf(PERSON), 0, ['a@b', 'c@d'], ON);
    const members = { ...PERSON, subjects: [{ kind: 'member', column: 'id', normalise: 'exact' }] } as const;
    await connector.lookup(viewOf(members), 0, ['1', '2', '02', 'x'], ON);
    expectSent('lookup');
  });
});
