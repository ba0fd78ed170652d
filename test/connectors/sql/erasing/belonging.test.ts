/**
 * What goes with a record over chains, either of two columns, discriminators, patterns in text and shared rows: the
 * whole database is compared, every row and column, with what had to happen. Each row that stays is there for a
 * predicate that somebody could leave out.
 */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { BatchResult } from '../../../../src/connectors/connector.ts';
import type { Dependent, RecordType, View } from '../../../../src/policy/policy.ts';
import { engines } from '../../../support/servers/index.ts';
import { ON, batchOf, inSession } from '../../conformance/support.ts';
import { is, relatedRows, stage } from '../../conformance/views.ts';
import { makeBed, recordOf, relation, viewOf } from '../bed.ts';
import type { Bed } from '../bed.ts';

const TABLES = [
  'person', 'candidate', 'membership', 'history', 'attachment', 'message', 'event', 'link', 'booking', 'minute', 'remark', 'log', 'optout', 'invoice',
] as const; // prettier-ignore

const site = [{ column: 'site_id', value: 7 }];

const CANDIDATE: RecordType = recordOf('candidate', ['candidate_id'], {
  scope: site,
  where: is('entry_type', 'candidate'),
  parts: [{ name: 'person', table: 'person', match: [{ theirs: 'id', ours: 'person_id' }], scope: [] }],
  related: [
    relation('memberships', { candidate_id: 'candidate_id' }, { table: 'membership', scope: site }),
    relation(
      'history',
      { joborder_id: 'joborder_id', candidate_id: 'candidate_id' },
      { of: 'memberships', scope: site },
    ),
    relation('attachments', { data_item_id: 'candidate_id' }, { table: 'attachment', where: is('data_item_type', 100) }),
    relation(
      'messages',
      { from_id: 'candidate_id' },
      { table: 'message', orMatch: [[{ theirs: 'to_id', ours: 'candidate_id' }]] },
    ),
    relation('links', { candidate_id: 'candidate_id' }, { table: 'link' }),
    relation('events', { id: 'event_id' }, { table: 'event', of: 'links' }),
    relation('minutes', { event_id: 'id' }, { table: 'minute', of: 'events' }),
    relation('remarks', { minute_id: 'id' }, { table: 'remark', of: 'minutes' }),
    relation('bookings', { event_id: 'id' }, { table: 'booking', of: 'events' }),
    relation('log lines', {}, {
      table: 'log',
      match: [{ theirs: 'url', ours: 'candidate_id', inText: { before: 'candidateID=', after: '' } }],
    }),
    relation('optouts', {}, {
      table: 'optout',
      match: [{ theirs: 'email', ours: 'email', part: 'person' }],
      ignoreCase: true,
    }),
    relation('invoices', { candidate_id: 'candidate_id' }, { table: 'invoice' }),
  ],
}); // prettier-ignore

const ALL: readonly Dependent[] = [
  { related: 'history', kind: 'delete' },
  { related: 'memberships', kind: 'delete' },
  { related: 'attachments', kind: 'delete', where: is('secret', 0) },
  { related: 'messages', kind: 'detach' },
  {
    related: 'remarks',
    kind: 'anonymise',
    set: [{ column: 'body', with: { kind: 'constant', value: null } }],
  },
  { related: 'remarks', kind: 'detach' },
  { related: 'minutes', kind: 'delete' },
  { related: 'events', kind: 'delete', unlessOwned: ['links', 'bookings'] },
  { related: 'links', kind: 'delete' },
  { related: 'log lines', kind: 'delete' },
  { related: 'optouts', kind: 'delete' },
];

const VIEW: View = viewOf(CANDIDATE, {
  // True only until the batch itself deletes the memberships: answered under the lock.
  where: { kind: 'all', of: [is('active', 0), relatedRows('exists', 'memberships')] },
  exempt: [relatedRows('exists', 'invoices', is('open', 1))],
  stages: [stage({ kind: 'delete' }, ...ALL)],
});

describe.each(await engines())('what belongs to a record on %s', (engine) => {
  let bed: Bed;

  beforeEach(async () => {
    bed = await makeBed(engine, ({ big, time }) => [
      `CREATE TABLE person (id ${big} PRIMARY KEY, email VARCHAR(80), name VARCHAR(80))`,
      `CREATE TABLE candidate (candidate_id ${big} PRIMARY KEY, site_id ${big} NOT NULL, entry_type VARCHAR(20), person_id ${big}, active ${big}, started_at ${time}, FOREIGN KEY (person_id) REFERENCES person (id))`,
      `CREATE TABLE membership (id ${big} PRIMARY KEY, site_id ${big}, candidate_id ${big}, joborder_id ${big}, FOREIGN KEY (candidate_id) REFERENCES candidate (candidate_id))`,
      `CREATE TABLE history (id ${big} PRIMARY KEY, site_id ${big}, candidate_id ${big}, joborder_id ${big}, status ${big})`,
      `CREATE TABLE attachment (id ${big} PRIMARY KEY, data_item_id ${big}, data_item_type ${big}, secret ${big})`,
      `CREATE TABLE message (id ${big} PRIMARY KEY, from_id ${big}, to_id ${big}, body VARCHAR(80))`,
      `CREATE TABLE event (id ${big} PRIMARY KEY, title VARCHAR(80))`,
      `CREATE TABLE link (id ${big} PRIMARY KEY, candidate_id ${big}, event_id ${big}, FOREIGN KEY (event_id) REFERENCES event (id))`,
      `CREATE TABLE booking (id ${big} PRIMARY KEY, event_id ${big})`,
      `CREATE TABLE minute (id ${big} PRIMARY KEY, event_id ${big}, FOREIGN KEY (event_id) REFERENCES event (id))`,
      `CREATE TABLE remark (id ${big} PRIMARY KEY, minute_id ${big}, body VARCHAR(80), FOREIGN KEY (minute_id) REFERENCES minute (id))`,
      `CREATE TABLE log (id ${big} PRIMARY KEY, url VARCHAR(200))`,
      `CREATE TABLE optout (email VARCHAR(80) PRIMARY KEY)`,
      `CREATE TABLE invoice (id ${big} PRIMARY KEY, candidate_id ${big}, open ${big})`,
      "INSERT INTO person VALUES (1, 'Anna@X.dk', 'Anna'), (2, 'bo@x.dk', 'Bo'), (3, 'cy@x.dk', 'Cy'), (4, 'di@x.dk', 'Di'), (5, 'ed@x.dk', 'Ed')",
      "INSERT INTO candidate VALUES (12, 7, 'candidate', 1, 0, NULL), (123, 7, 'candidate', 2, 0, NULL), (3, 7, 'contact', 3, 0, NULL), (4, 8, 'candidate', 4, 0, NULL), (5, 7, 'candidate', 5, 0, NULL), (6, 7, 'candidate', 5, 1, NULL)",
      'INSERT INTO membership VALUES (1, 7, 12, 70), (2, 7, 12, 71), (3, 7, 123, 70), (4, 8, 12, 72), (5, 7, 3, 70), (6, 7, 5, 70), (7, 7, 6, 70)',
      'INSERT INTO history VALUES (1, 7, 12, 70, 1), (2, 7, 12, 71, 2), (3, 7, 123, 70, 3), (4, 7, 12, 99, 4), (5, 8, 12, 70, 5), (6, 7, NULL, 70, 6)',
      'INSERT INTO attachment VALUES (1, 12, 100, 0), (2, 12, 400, 0), (3, 123, 100, 0), (4, 12, 100, 1)',
      "INSERT INTO message VALUES (1, 12, 123, 'a'), (2, 123, 12, 'b'), (3, 12, 12, 'c'), (4, 123, 3, 'd'), (5, NULL, 12, 'e')",
      "INSERT INTO event VALUES (1, 'alone'), (2, 'shared'), (3, 'booked'), (4, 'nobody')",
      'INSERT INTO link VALUES (1, 12, 1), (2, 12, 2), (3, 123, 2), (4, 12, 3)',
      'INSERT INTO booking VALUES (1, 3)',
      'INSERT INTO minute VALUES (1, 1), (2, 2), (3, 3), (4, 4), (5, NULL)',
      "INSERT INTO remark VALUES (1, 1, 'a'), (2, 2, 'b'), (3, 3, 'c'), (4, 4, 'd'), (5, NULL, 'e')",
      "INSERT INTO log VALUES (1, '/show?candidateID=12'), (2, '/show?candidateID=123'), (3, '/x?candidateID=12&y=1'), (4, '/x?dupCandidateID=12'), (5, 'candidateid=12'), (6, '/x?xcandidateID=12')",
      "INSERT INTO optout VALUES ('anna@x.DK'), ('anna@x.dk.invalid'), ('bo@x.dk')",
      'INSERT INTO invoice VALUES (1, 12, 0), (2, 5, 1)',
    ]); // prettier-ignore
    // Membership 4 is another tenant's: without it the foreign key would be in the way.
    await bed.query('DELETE FROM membership WHERE id = 4');
  });
  afterEach(async () => {
    await bed.close();
  });

  const dump = async (): Promise<Record<string, readonly string[]>> => {
    const tables: [string, readonly string[]][] = [];
    for (const table of TABLES) tables.push([table, await bed.rows(table)]);
    return Object.fromEntries(tables);
  };
  const erase = (view: View, ...keys: readonly string[]): Promise<BatchResult> =>
    inSession(
      bed.connect(),
      view,
      (session) =>
      session.erase(batchOf(view, keys.map((key) => [key])), ON), // prettier-ignore
    );
  const without = (rows: readonly string[] | undefined, ...ids: readonly string[]): readonly string[] =>
    (rows ?? []).filter((row) => !ids.includes(row.split('|')[0] ?? ''));

  it('goes with it, and nothing else does', async () => {
    const { findings } = await bed.connect().check([VIEW], ON);
    expect(findings.filter((one) => one.severity === 'error')).toEqual([]);
    const before = await dump();
    const result = await erase(VIEW, '12', '3', '4', '5', '6', '99');
    expect(result.outcomes).toEqual(['erased', 'already-absent', 'already-absent', 'changed', 'changed', 'already-absent']); // prettier-ignore
    const after = {
      ...before,
      person: without(before['person'], '1'),
      candidate: without(before['candidate'], '12'),
      membership: without(before['membership'], '1', '2'),
      history: without(before['history'], '1', '2'),
      attachment: without(before['attachment'], '1'),
      message: ['1|null|123|a', '2|123|null|b', '3|null|null|c', '4|123|3|d', '5|null|null|e'],
      event: without(before['event'], '1'),
      minute: without(before['minute'], '1'),
      remark: ['1|null|null', '2|2|b', '3|3|c', '4|4|d', '5|null|e'],
      link: without(before['link'], '1', '2', '4'),
      log: without(before['log'], '1', '3'),
      optout: without(before['optout'], 'anna@x.DK'),
    };
    expect(await dump()).toEqual(after);
    expect(Object.fromEntries([...result.dependents].map(([name, { deleted, detached, anonymised }]) => [name, deleted + detached + anonymised]))).toEqual({
      history: 2, memberships: 2, attachments: 1, messages: 4, remarks: 2, minutes: 1, events: 1, links: 3, 'log lines': 2, optouts: 1,
    }); // prettier-ignore
    expect(await bed.connect().verify(VIEW, 0, [['12'], ['5']], ON)).toEqual(['gone', 'present']);
  });

  it('is counted before it goes', async () => {
    const counts = await bed.connect().dependents(VIEW, 0, [['12']], ON);
    expect(Object.fromEntries(counts)).toEqual({
      history: 2, memberships: 2, attachments: 1, messages: 4, remarks: 2, minutes: 1, events: 1, links: 3, 'log lines': 2, optouts: 1,
    }); // prettier-ignore
  });

  it('is changed only while the way to the record is still there', async () => {
    const connector = bed.connect();
    await inSession(connector, VIEW, async (session) => {
      bed.sent();
      await session.erase(batchOf(VIEW, [['12']]), ON);
    });
    const deleting = bed.sent().map((one) => one.text).filter((text) => /^DELETE FROM .history/.test(text)); // prettier-ignore
    expect(deleting).toHaveLength(1);
    // Read under the lock or not: a membership that was given to somebody else meanwhile takes its history along.
    expect(deleting[0]).toMatch(
      /EXISTS \(SELECT 1 FROM .membership. AS frist_\d+ WHERE .*joborder_id.*site_id.*candidate_id/s,
    );
  });

  it('needs as many statements for two records as for one', async () => {
    const connector = bed.connect();
    await inSession(connector, VIEW, async (session) => {
      bed.sent();
      await session.erase(batchOf(VIEW, [['12']]), ON);
      const one = bed.sent().length;
      await bed.query("INSERT INTO person VALUES (8, 'hi@x.dk', 'Hi'), (9, 'jo@x.dk', 'Jo')");
      await bed.query(
        "INSERT INTO candidate VALUES (8, 7, 'candidate', 8, 0, NULL), (9, 7, 'candidate', 9, 0, NULL)",
      );
      await bed.query('INSERT INTO membership VALUES (8, 7, 8, 70), (9, 7, 9, 71), (10, 7, 9, 72)');
      await bed.query('INSERT INTO link VALUES (8, 8, 2), (9, 9, 4)');
      const { outcomes } = await session.erase(batchOf(VIEW, [['8'], ['9'], ['123']]), ON);
      expect(outcomes).toEqual(['erased', 'erased', 'erased']);
      expect(bed.sent()).toHaveLength(one);
      expect(await bed.rows('event')).toEqual(['3|booked']);
      expect(await bed.rows('minute')).toEqual(['3|3', '5|null']);
    });
  });

  it('counts what goes with a shared row only where the batch takes its last owners', async () => {
    const count = async (...keys: readonly string[]): Promise<readonly unknown[]> => {
      const counts = await bed.connect().dependents(VIEW, 0, keys.map((key) => [key]), ON); // prettier-ignore
      return ['events', 'minutes', 'remarks'].map((name) => counts.get(name));
    };
    expect(await count('123')).toEqual([0, 0, 0]);
    expect(await count('12', '123')).toEqual([2, 2, 4]);
  });

  it("stays where it is another record's part too", async () => {
    await bed.query('UPDATE candidate SET person_id = 1 WHERE candidate_id = 4');
    await erase(VIEW, '12');
    expect(await bed.rows('person')).toHaveLength(5);
    expect(await bed.rows('candidate')).toHaveLength(5);
  });
});
