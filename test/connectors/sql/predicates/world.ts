/**
 * A small applicant tracking system in which every predicate that the connector sends has a row of its own: a row that
 * would go, stay or count wrongly if just that predicate were left out.
 */
import type { Condition, Dependent, RecordType, Replacements } from '../../../../src/policy/policy.ts';
import type { Engine } from '../../../support/servers/index.ts';
import { is, relatedRows } from '../../conformance/views.ts';
import { recordOf, relation } from '../bed.ts';
import type { Types } from '../bed.ts';

/** In the order in which they are compared. */
export const TABLES = [
  'entry', 'person', 'address', 'membership', 'history', 'remark', 'note', 'memo', 'message', 'link', 'event', 'booking', 'minute', 'point',
  'log', 'optout', 'mail', 'code', 'invoice', 'payment', 'review',
] as const; // prettier-ignore

const OLD = "'2020-01-01 10:00:00'";

export const tables =
  (engine: Engine) =>
  ({ big, time }: Types): readonly string[] => [
    `CREATE TABLE entry (id ${big} PRIMARY KEY, site INT NOT NULL, kind VARCHAR(20), person_id ${big}, status VARCHAR(20), score INT, doc VARCHAR(80), photo VARCHAR(20), started_at ${time})`,
    `CREATE TABLE person (id ${big} PRIMARY KEY, site INT, email VARCHAR(80), name VARCHAR(80), consent VARCHAR(9))`,
    `CREATE TABLE address (id ${big} PRIMARY KEY, owner ${big}, kind VARCHAR(9), street VARCHAR(80), UNIQUE (owner, kind))`,
    `CREATE TABLE membership (id ${big} PRIMARY KEY, site INT, entry_id ${big}, job_id INT)`,
    `CREATE TABLE history (id ${big} PRIMARY KEY, site INT, entry_id ${big}, job_id INT, voided INT, at ${time})`,
    `CREATE TABLE remark (id ${big} PRIMARY KEY, history_id ${big}, body VARCHAR(20))`,
    `CREATE TABLE note (id ${big} PRIMARY KEY, item_id ${big}, item_type INT, secret INT)`,
    `CREATE TABLE memo (id ${big} PRIMARY KEY, entry_id ${big}, body VARCHAR(40), doc VARCHAR(80))`,
    `CREATE TABLE message (id ${big} PRIMARY KEY, from_id ${big}, to_id ${big})`,
    `CREATE TABLE link (id ${big} PRIMARY KEY, entry_id ${big}, event_id ${big})`,
    `CREATE TABLE event (id ${big} PRIMARY KEY, title VARCHAR(80))`,
    `CREATE TABLE booking (id ${big} PRIMARY KEY, event_id ${big}, cancelled INT)`,
    `CREATE TABLE minute (id ${big} PRIMARY KEY, event_id ${big})`,
    `CREATE TABLE point (id ${big} PRIMARY KEY, minute_id ${big})`,
    `CREATE TABLE log (id ${big} PRIMARY KEY, url VARCHAR(200))`,
    `CREATE TABLE optout (id ${big} PRIMARY KEY, email VARCHAR(80))`,
    `CREATE TABLE mail (id ${big} PRIMARY KEY, address VARCHAR(80)${engine === 'sqlite' ? ' COLLATE NOCASE' : ''})`,
    `CREATE TABLE code (id ${big} PRIMARY KEY, owner VARCHAR(20))`,
    `CREATE TABLE invoice (id ${big} PRIMARY KEY, entry_id ${big})`,
    `CREATE TABLE payment (id ${big} PRIMARY KEY, site INT, entry_id ${big}, open INT, doc VARCHAR(80))`,
    `CREATE TABLE review (entry_id VARCHAR(20), verdict VARCHAR(20))`,
    // 1 and 10 and 12 may go; each of the others stays for one reason.
    `INSERT INTO entry VALUES (1, 7, 'applicant', 1, 'rejected', 5, '{"a": 1}', 'one.jpg', ${OLD}), (2, 7, 'applicant', 2, 'hired', 5, NULL, 'two.jpg', ${OLD}), (3, 7, 'contact', 3, 'rejected', 5, NULL, NULL, ${OLD}), (4, 8, 'applicant', 4, 'rejected', 5, NULL, NULL, ${OLD}), (5, 7, 'applicant', 5, 'rejected', 5, NULL, NULL, ${OLD}), (6, 7, 'applicant', 6, 'rejected', 5, NULL, NULL, ${OLD}), (7, 7, 'applicant', 7, 'rejected', 5, '{"a": ', NULL, ${OLD}), (8, 7, 'applicant', 8, 'rejected', 5, NULL, NULL, ${OLD}), (9, 7, 'applicant', 9, NULL, NULL, NULL, NULL, ${OLD}), (10, 7, 'applicant', 2, 'rejected', 5, NULL, 'two.jpg', ${OLD}), (11, 7, 'applicant', 11, 'rejected', 5, NULL, NULL, ${OLD}), (12, 7, 'applicant', 12, 'rejected', 5, NULL, NULL, NULL)`,
    "INSERT INTO person VALUES (1, 7, 'Anna@x.dk', 'Canary', NULL), (2, 7, 'bo@x.dk', 'Bo', 'no'), (3, 7, 'p3@x.dk', 'Cy', NULL), (4, 7, 'p4@x.dk', 'Di', NULL), (5, 7, 'p5@x.dk', 'Ed', NULL), (6, 7, 'p6@x.dk', 'Fi', 'yes'), (7, 7, 'p7@x.dk', 'Gu', NULL), (8, 7, 'p8@x.dk', 'Hi', NULL), (9, 7, 'p9@x.dk', 'Ib', NULL), (11, 7, 'p11@x.dk', 'Jo', NULL), (12, 8, 'p12@x.dk', 'Ka', 'yes')",
    "INSERT INTO address VALUES (1, 1, 'home', 'Canary street'), (2, 1, 'work', 'Office'), (3, 2, 'home', 'Street')",
    'INSERT INTO membership VALUES (1, 7, 1, 70), (2, 7, 1, 71), (3, 8, 1, 72), (4, 7, 2, 70), (5, 7, 5, 70), (6, 7, 6, 70), (7, 7, 7, 70), (8, 7, 9, 70), (9, 7, 10, 73), (10, 8, 11, 70), (11, 7, 12, 74), (12, 7, 3, 70), (13, 7, 4, 70), (14, 7, 1, 70)',
    "INSERT INTO history VALUES (1, 7, 1, 70, 0, '2020-01-01'), (2, 7, 1, 71, 0, '2020-03-03'), (3, 8, 1, 70, 0, '2024-01-01'), (4, 7, 1, 70, 1, '2024-02-02'), (5, 7, 1, 72, 0, '2024-03-03'), (6, 7, 1, 99, 0, '2024-04-04'), (7, 7, 2, 70, 0, '2019-05-05'), (8, 7, NULL, 70, 0, '2024-06-06'), (9, 7, 12, 74, 0, NULL), (10, 7, 12, 74, 0, '2021-01-01')",
    "INSERT INTO remark VALUES (1, 1, 'odd'), (2, 4, 'voided'), (3, 3, 'other site'), (4, 7, 'another'), (5, 5, 'other job'), (6, 2, 'even')",
    'INSERT INTO note VALUES (1, 1, 100, 0), (2, 1, 200, 0), (3, 2, 100, 0), (4, 1, 100, 1)',
    `INSERT INTO memo VALUES (1, 1, 'words', NULL), (2, 2, 'words', NULL), (3, 1, 'of 1', '{"b": 1}'), (4, 10, 'words', NULL), (5, 8, 'words', '{"b"')`,
    'INSERT INTO message VALUES (1, 1, 2), (2, 2, 1), (3, 1, 1), (4, 2, 3)',
    'INSERT INTO link VALUES (1, 1, 1), (2, 1, 2), (3, 2, 2), (4, 1, 3), (5, 1, 5)',
    "INSERT INTO event VALUES (1, 'alone'), (2, 'shared'), (3, 'booked'), (4, 'nobody'), (5, 'closed')",
    'INSERT INTO minute VALUES (1, 1), (2, 2), (3, 5), (4, 3)',
    'INSERT INTO point VALUES (1, 1), (2, 2), (3, 3)',
    'INSERT INTO booking VALUES (1, 3, 0), (2, 1, 1)',
    "INSERT INTO log VALUES (1, '/x?id=1&y'), (2, '/x?id=12'), (3, '/x?pid=1'), (4, '/x?ID=1'), (5, '/x?id=123')",
    "INSERT INTO optout VALUES (1, 'anna@X.dk'), (2, 'bo@x.dk')",
    "INSERT INTO mail VALUES (1, 'Anna@x.dk'), (2, 'anna@x.dk')",
    "INSERT INTO code VALUES (1, '1'), (2, '01'), (3, '1x')",
    'INSERT INTO invoice VALUES (1, 1), (2, 2)',
    `INSERT INTO payment VALUES (1, 7, 5, 1, NULL), (2, 7, 1, 0, NULL), (3, 8, 12, 1, '{"b"')`,
    "INSERT INTO review VALUES ('1', 'drop'), ('2', 'keep'), (NULL, 'drop'), ('05', 'drop')",
  ];

const SITE = [{ column: 'site', value: 7 }];

export const ENTRY: RecordType = recordOf('entry', ['id'], {
  scope: SITE,
  where: is('kind', 'applicant'),
  parts: [
    { name: 'person', table: 'person', match: [{ theirs: 'id', ours: 'person_id' }], scope: SITE },
    { name: 'address', table: 'address', match: [{ theirs: 'owner', ours: 'id', part: 'person' }], scope: [{ column: 'kind', value: 'home' }] },
  ],
  subjects: [
    { kind: 'email', part: 'person', column: 'email', normalise: 'lowercase' },
    { kind: 'job', column: 'job_id', related: 'memberships', normalise: 'exact' },
  ],
  related: [
    relation('memberships', { entry_id: 'id' }, { table: 'membership', scope: SITE }),
    relation('history', { job_id: 'job_id', entry_id: 'entry_id' }, { of: 'memberships', scope: SITE, where: is('voided', 0) }),
    relation('remarks', { history_id: 'id' }, { table: 'remark', of: 'history' }),
    relation('notes', { item_id: 'id' }, { table: 'note', where: is('item_type', 100) }),
    relation('memos', { entry_id: 'id' }, { table: 'memo' }),
    relation('messages', { from_id: 'id' }, { table: 'message', orMatch: [[{ theirs: 'to_id', ours: 'id' }]] }),
    relation('links', { entry_id: 'id' }, { table: 'link' }),
    relation('events', { id: 'event_id' }, { table: 'event', of: 'links' }),
    relation('bookings', { event_id: 'id' }, { table: 'booking', of: 'events', where: is('cancelled', 0) }),
    relation('minutes', { event_id: 'id' }, { table: 'minute', of: 'events' }),
    relation('points', { minute_id: 'id' }, { table: 'point', of: 'minutes' }),
    relation('log lines', {}, { table: 'log', match: [{ theirs: 'url', ours: 'id', inText: { before: 'id=', after: '' } }] }),
    relation('optouts', {}, { table: 'optout', match: [{ theirs: 'email', ours: 'email', part: 'person' }], ignoreCase: true }),
    relation('mails', {}, { table: 'mail', match: [{ theirs: 'address', ours: 'email', part: 'person' }] }),
    relation('codes', { owner: 'id' }, { table: 'code' }),
    relation('invoices', { entry_id: 'id' }, { table: 'invoice' }),
    relation('payments', { entry_id: 'id' }, { table: 'payment', scope: SITE }),
  ],
  selections: [{ name: 'dropped', sql: "SELECT entry_id FROM review WHERE verdict = 'drop'" }],
}); // prettier-ignore

export const WHERE: Condition = {
  kind: 'all',
  of: [is('status', 'rejected'), relatedRows('exists', 'memberships')],
};
export const EXEMPT: readonly Condition[] = [
  relatedRows('exists', 'payments', is('open', 1)),
  { kind: 'is', part: 'person', column: 'consent', values: ['yes'] },
];
/** Is met by nothing here, and makes whoever asks look inside. */
export const INSIDE: Condition = { kind: 'is', column: 'doc', path: ['a'], values: [99] };

export const OF_KEY: Replacements = [{ column: 'body', with: { kind: 'placeholder', template: 'of {key}' } }];

export const DEPENDENTS: readonly Dependent[] = [
  { related: 'remarks', kind: 'delete' },
  { related: 'history', kind: 'delete' },
  { related: 'memberships', kind: 'delete' },
  { related: 'notes', kind: 'delete', where: is('secret', 0) },
  { related: 'memos', kind: 'anonymise', set: OF_KEY },
  { related: 'messages', kind: 'detach' },
  { related: 'points', kind: 'delete' },
  { related: 'minutes', kind: 'delete' },
  {
    related: 'events',
    kind: 'delete',
    unlessOwned: ['links', 'bookings'],
    where: is('title', 'alone', 'shared', 'booked'),
  },
  { related: 'links', kind: 'delete' },
  { related: 'log lines', kind: 'delete' },
  { related: 'optouts', kind: 'delete' },
  { related: 'mails', kind: 'delete' },
  { related: 'codes', kind: 'delete' },
  { related: 'invoices', kind: 'keep' },
];
