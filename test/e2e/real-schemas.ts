// Tables as real applications have them, and the policies for them: each row says what has to become of it.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Engine } from '../support/servers/index.ts';

export type Cell = string | number | null;

/** One row, and what it has to be afterwards: the same, gone, or these values. */
export interface Fated {
  readonly table: string;
  readonly before: readonly Cell[];
  readonly after: readonly Cell[] | null;
}

/** On that day what ended in January 2025 is due after three months, and what ended two weeks ago is not. */
export const AS_OF = '2026-02-01T12:00:00Z';
const OLD = '2025-01-05 10:00:00';
const RECENT = '2026-01-15 10:00:00';

export const schema = (engine: Engine): readonly string[] => {
  const time = engine === 'postgres' ? 'TIMESTAMP(0)' : 'DATETIME';
  const archive = (name: string): readonly string[] => [
    `CREATE TABLE chat_archive${name} (room VARCHAR(20), sent_at ${time}, logged_at ${time}, sender VARCHAR(80), body VARCHAR(80))`,
    `CREATE TABLE chat_files${name} (id INT PRIMARY KEY, room VARCHAR(20), sent_at ${time}, name VARCHAR(80))`,
  ];
  return [
    'CREATE TABLE people (id BIGINT PRIMARY KEY, number VARCHAR(20), name VARCHAR(80), email VARCHAR(120), born_on DATE)',
    'CREATE TABLE entries (entry_id BIGINT PRIMARY KEY, site_id INT NOT NULL, entry_type VARCHAR(20) NOT NULL, person_id BIGINT, title VARCHAR(80))',
    'CREATE TABLE applications (id BIGINT PRIMARY KEY, site_id INT NOT NULL, entry_id BIGINT NOT NULL, status VARCHAR(20))',
    `CREATE TABLE status_history (id BIGINT PRIMARY KEY, site_id INT NOT NULL, application_id BIGINT, to_status VARCHAR(20), changed_at ${time})`,
    'CREATE TABLE extra_fields (id BIGINT PRIMARY KEY, site_id INT NOT NULL, item_id BIGINT, name VARCHAR(20), value VARCHAR(20))',
    'CREATE TABLE attachments (id BIGINT PRIMARY KEY, site_id INT NOT NULL, item_id BIGINT, item_type INT, folder VARCHAR(40), file_name VARCHAR(40))',
    'CREATE TABLE notes (id BIGINT PRIMARY KEY, site_id INT NOT NULL, item_id BIGINT, item_type INT, body VARCHAR(80))',
    'CREATE TABLE payroll (id BIGINT PRIMARY KEY, site_id INT NOT NULL, person_no VARCHAR(20), salary INT)',
    'CREATE TABLE contacts (id BIGINT PRIMARY KEY, email VARCHAR(80), left_on DATE, attribs TEXT)',
    'CREATE TABLE messages (id BIGINT PRIMARY KEY, from_id BIGINT, to_id BIGINT, body VARCHAR(80))',
    'CREATE TABLE optouts (id BIGINT PRIMARY KEY, email VARCHAR(80))',
    'CREATE TABLE log (id BIGINT PRIMARY KEY, url VARCHAR(200))',
    'CREATE TABLE events (id BIGINT PRIMARY KEY, title VARCHAR(80))',
    'CREATE TABLE links (id BIGINT PRIMARY KEY, contact_id BIGINT, event_id BIGINT)',
    'CREATE TABLE deals (id BIGINT PRIMARY KEY, contact_id VARCHAR(20))',
    'CREATE TABLE closings (id BIGINT PRIMARY KEY, deal_id BIGINT)',
    'CREATE TABLE review (contact_id VARCHAR(20), verdict VARCHAR(20))',
    ...archive('_2024'),
    ...archive('_2025'),
    ...archive(''),
  ];
};

const row = (table: string, before: readonly Cell[], after: readonly Cell[] | null): Fated => ({ table, before, after }); // prettier-ignore
const stays = (table: string, ...cells: readonly Cell[]): Fated => row(table, cells, cells);
const goes = (table: string, ...cells: readonly Cell[]): Fated => row(table, cells, null);

/** What stands around an entry, with one note and one file of its own and one of each of another type's. */
function entry(
  id: number,
  fate: 'stays' | 'goes' | 'emptied',
  more: {
    readonly site?: number;
    readonly type?: string;
    readonly application?: string;
    readonly changes?: readonly (readonly [string, string, number?])[];
  } = {},
): readonly Fated[] {
  const {
    site = 7,
    type = 'applicant',
    application = 'closed',
    changes = [
      ['applied', '2020-01-01 10:00:00'],
      ['rejected', OLD],
    ],
  } = more;
  const own = fate === 'stays' ? stays : goes;
  const kept = fate === 'goes' ? goes : stays;
  const person: Cell[] = [
    id,
    `P${String(id)}`,
    `Canary${String(id)}`,
    `canary${String(id)}@example.dk`,
    '1980-05-05',
  ];
  const self: Cell[] = [id, site, type, id, `Canary title ${String(id)}`];
  const emptied = fate === 'emptied';
  return [
    row(
      'people',
      person,
      fate === 'goes'
        ? null
        : emptied
          ? [id, `P${String(id)}`, null, `erased-${String(id)}@invalid`, '1980-01-01']
          : person,
    ),
    row('entries', self, fate === 'goes' ? null : emptied ? [id, site, type, id, null] : self),
    kept('applications', id, site, id, application),
    ...changes.map(([status, at, of], i) => kept('status_history', 10 * id + i, of ?? site, id, status, at)),
    own('attachments', id, site, id, 100, 'cv', `${String(id)}.pdf`),
    stays('attachments', 100 + id, site, id, 200, 'cv', 'another.pdf'),
    own('notes', id, site, id, 100, `Canary note ${String(id)}`),
    stays('notes', 100 + id, site, id, 300, 'Another note'),
  ];
}

const ATS: readonly Fated[] = [
  ...entry(1, 'goes'),
  ...entry(2, 'stays', {
    changes: [
      ['rejected', OLD],
      ['rejected', RECENT],
    ],
  }),
  ...entry(3, 'stays'),
  stays('extra_fields', 1, 7, 3, 'consent', 'yes'),
  ...entry(4, 'stays', { application: 'open' }),
  ...entry(5, 'emptied'),
  stays('payroll', 1, 7, 'P5', 100),
  ...entry(6, 'stays', { site: 8 }),
  ...entry(7, 'stays', { type: 'contact' }),
  ...entry(8, 'stays', { changes: [['applied', OLD]] }),
  ...entry(9, 'goes'),
  stays('extra_fields', 2, 7, 9, 'consent', 'no'),
  stays('extra_fields', 3, 7, 9, 'colour', 'yes'),
  // A rejection that another tenant wrote, and a payroll that is another's.
  ...entry(10, 'stays', { changes: [['rejected', OLD, 8]] }),
  ...entry(11, 'goes', {
    changes: [
      ['withdrawn', OLD],
      ['applied', RECENT],
    ],
  }),
  stays('payroll', 2, 8, 'P11', 100),
];

function contact(
  id: number,
  fate: 'stays' | 'goes',
  leftOn: string | null,
  attribs: string | null,
): readonly Fated[] {
  const own = fate === 'stays' ? stays : goes;
  const mail = `canary.contact${String(id)}@example.dk`;
  return [
    own('contacts', id, mail, leftOn, attribs),
    own('messages', id, id, null, `Canary from ${String(id)}`),
    own('messages', 100 + id, null, id, `Canary to ${String(id)}`),
    own('optouts', id, mail.toUpperCase()),
    own('log', id, `/show?contactID=${String(id)}&tab=1`),
    own('deals', id, String(id)),
    own('closings', id, id),
    stays('review', String(id), id === 5 ? 'keep' : 'drop'),
  ];
}

const GONE_LONG_AGO = '2024-05-05';

const SHOP: readonly Fated[] = [
  ...contact(1, 'goes', GONE_LONG_AGO, '{"consent": {"given": false}}'),
  ...contact(2, 'stays', '2025-05-05', null),
  ...contact(3, 'stays', GONE_LONG_AGO, null),
  stays('deals', 30, '3'),
  ...contact(4, 'stays', GONE_LONG_AGO, null),
  ...[40, 41].flatMap((id) => [stays('deals', id, '4'), stays('closings', id, id)]),
  ...contact(5, 'stays', GONE_LONG_AGO, null),
  ...contact(6, 'stays', GONE_LONG_AGO, '{"consent": {"given": true}}'),
  ...contact(7, 'stays', GONE_LONG_AGO, '{"consent": {"given": true}'),
  ...contact(8, 'stays', null, null),
  ...contact(11, 'goes', GONE_LONG_AGO, '{"consent": null}'),
  stays('deals', 50, '011'),
  stays('log', 200, '/show?contactID=111'),
  stays('log', 201, '/show?xcontactID=1'),
  // An event that only those who go were at, one that somebody stays with, one of nobody.
  goes('events', 1, 'Canary meets canary'),
  stays('events', 2, 'Party'),
  stays('events', 3, 'Nobody came'),
  goes('links', 1, 1, 1),
  goes('links', 2, 11, 1),
  goes('links', 3, 1, 2),
  stays('links', 4, 2, 2),
];

const chat = (
  name: string,
  fate: 'stays' | 'goes',
  room: string | null,
  sent: string,
  logged: string,
  body: string,
): Fated =>
  (fate === 'stays' ? stays : goes)(`chat_archive${name}`, room, sent, logged, 'canary@example.dk', body);

const CHATS: readonly Fated[] = [
  chat('_2024', 'goes', 'a', '2024-01-01 10:00:00', '2024-01-01 10:00:00', 'one'),
  chat('_2024', 'goes', 'a', '2024-01-01 10:00:00', '2024-01-01 10:00:01', 'the same key'),
  chat('_2024', 'goes', 'a', '2024-01-01 10:00:00', '2024-01-01 10:00:01', 'the same key'),
  chat('_2024', 'goes', null, '2024-01-01 10:00:00', '2024-01-01 10:00:00', 'no room'),
  // The later row of a key keeps the earlier one.
  chat('_2024', 'stays', 'b', '2024-01-01 10:00:00', '2024-01-01 10:00:00', 'old'),
  chat('_2024', 'stays', 'b', '2024-01-01 10:00:00', RECENT, 'logged again'),
  goes('chat_files_2024', 1, 'a', '2024-01-01 10:00:00', 'canary.png'),
  stays('chat_files_2024', 2, 'b', '2024-01-01 10:00:00', 'b.png'),
  stays('chat_files_2024', 3, null, '2024-01-01 10:00:00', 'belongs to nobody'),
  chat('_2025', 'goes', 'a', '2025-01-01 10:00:00', '2025-01-01 10:00:00', 'one'),
  chat('_2025', 'stays', 'a', RECENT, RECENT, 'recent'),
  stays('chat_files_2025', 1, 'a', '2024-01-01 10:00:00', 'of another archive'),
  chat('', 'stays', 'a', '2024-01-01 10:00:00', '2024-01-01 10:00:00', 'no archive'),
  stays('chat_files', 1, 'a', '2024-01-01 10:00:00', 'no archive'),
];

export const ROWS: readonly Fated[] = [...ATS, ...SHOP, ...CHATS];

/** Records that have to go or to be emptied, by policy. */
export const ERASED = { applicants: 4, contacts: 2, 'archived chats': 3 } as const;

const OTHERS = `
frist: 1
controller: { name: Butik A/S, timezone: Europe/Copenhagen }
sources:
  shop:
    kind: sql
    connection: \${FRIST_ATS}
    datetimes in: Europe/Copenhagen
    records:
      contact:
        table: contacts
        key: id
        subject: { email: email }
        related:
          messages: { table: messages, match: [{ from_id: id }, { to_id: id }] }
          opt-outs: { table: optouts, match: { email: email }, ignoring: case }
          log lines: { table: log, match: { url: { holds: 'contactID={id}' } } }
          links: { table: links, match: { contact_id: id } }
          events: { table: events, of: links, match: { id: event_id } }
          deals: { table: deals, match: { contact_id: id } }
          closings: { table: closings, of: deals, match: { deal_id: id } }
        selections:
          dropped: SELECT contact_id FROM review WHERE verdict = 'drop'
      archived chat:
        table: chat_archive_*
        key: [room, sent_at]
        duplicates: one record
        subject: { email: sender }
        related:
          files: { table: chat_files_*, match: { room: room, sent_at: sent_at } }
policies:
  contacts:
    records: shop.contact
    start: { column: left_on, null: not yet }
    after: 1 year
    unless:
      open deal: { exists: deals, where: { none: closings } }
      faithful: { count: deals, at least: 3 }
      consented: { attribs/consent/given: true }
      not reviewed: { not: { selected: dropped } }
    action: delete
    dependents:
      - delete: messages
      - delete: opt-outs
      - delete: log lines
      - delete: closings
      - delete: deals
      - delete: events
        unless owned: links
      - delete: links
  archived chats:
    records: shop.archived chat
    start: { column: logged_at, null: unknown }
    after: 1 year
    action: delete
    dependents:
      - delete: files
`;

/** The policy files; the first is the hard case of the docs, word for word. */
export function policyTexts(attachments: string): readonly string[] {
  const docs = readFileSync(join(import.meta.dirname, '../../docs/policies.md'), 'utf8');
  const hard = /## A hard case[^]*?```yaml whole\n([^]*?)```/.exec(docs)?.[1];
  if (hard === undefined) throw new Error('docs/policies.md has no hard case');
  return [hard.replaceAll('/srv/ats/attachments', attachments), OTHERS];
}
