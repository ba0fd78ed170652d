// A schema that makes the SQL connector use every right there is: parts, chains, shared rows, cascades, free text, a SELECT
// of somebody's own, a question to another system, and (in MariaDB) tables that cannot roll back and columns that move.
import type { Engine } from '../servers/index.ts';

export const HARD_POLICIES = `
frist: 1
controller: { name: Haard A/S, timezone: UTC }
guards: { records: 1000, percent: 100 }
first run guards: { records: 1000, percent: 100 }
sources:
  crm:
    kind: sql
    connection: \${FRIST_CRM}
    records:
      customer: { table: customers, key: id, subject: { email: email } }
  desk:
    kind: sql
    connection: \${FRIST_DESK}
    datetimes in: UTC
    records:
      entry:
        table: entries
        key: id
        scope: { tenant: 7 }
        parts:
          person: { table: people, match: { id: person_id }, scope: none }
        subject: { email: person.email }
        related:
          applications: { table: applications, match: { entry_id: id }, scope: none }
          changes: { table: history, of: applications, match: { application_id: id }, scope: none }
          answers: { table: answers, match: { entry_id: id }, where: { kind: free }, scope: none }
          deals: { table: deals, match: { entry_id: id }, scope: none }
          ledger: { table: ledger, match: { entry_no: id }, scope: none }
          guests: { table: guests, match: { entry_id: id }, scope: none }
          meetings: { table: meetings, of: guests, match: { id: meeting_id }, scope: none }
        selections:
          wanted: SELECT entry_id FROM reviews WHERE verdict = 'keep'
      letter: { table: letters, key: id, subject: { email: sent_to } }
      chat:
        table: chats
        key: id
        subject: { email: email }
        related:
          lines: { table: chat_lines, match: { chat_id: id } }
policies:
  entries:
    records: desk.entry
    start:
      latest of:
        - { column: rejected_on, time: rejected_time, as: local, null: unknown }
        - { max: changes.changed_at, where: { state: rejected }, null: unknown }
    within: 3 months
    where: { status: { not: draft } }
    unless:
      wanted: { selected: wanted }
      won: { exists: deals, where: { outcome: won } }
    action: delete
    dependents:
      - delete: changes
      - delete: applications
      - anonymise: answers
        set: { body: { redact: [email] }, author: null }
      - detach: deals
      - keep: ledger
      - delete: meetings
        unless owned: [guests]
      - delete: guests
    acknowledge cascades: [audit_rows, audit_lines]
  letters:
    records: desk.letter
    start: { column: sent_at, null: unknown }
    within: 3 months
    action: anonymise
    set: { body: { redact: [email] } }
  chats:
    records: desk.chat
    start: { column: last_at, null: unknown }
    within: 3 months
    unless:
      customer: { elsewhere: crm.customer, by: email, where: { status: active }, if none: not met }
    action: delete
    dependents:
      - delete: lines
`;

/** Every table has a column that no policy reads, and one table is of nobody's business. */
export function hardSchema(engine: Engine): Readonly<Record<'crm' | 'desk', readonly string[]>> {
  const [time, text, plain, moving] =
    engine === 'mariadb'
      ? ['DATETIME', 'TEXT', ' ENGINE=MyISAM', ', touched TIMESTAMP NULL ON UPDATE CURRENT_TIMESTAMP']
      : ['TIMESTAMP', 'TEXT', '', ''];
  const table = (name: string, columns: string, tail = ''): string =>
    `CREATE TABLE ${name} (${columns}, secret ${text})${tail}`;
  const id = 'id INT PRIMARY KEY';
  return {
    crm: [table('customers', `${id}, email VARCHAR(80), status VARCHAR(20)`)],
    desk: [
      table('people', `${id}, email VARCHAR(80)`),
      table(
        'entries',
        `${id}, tenant INT NOT NULL, person_id INT NOT NULL UNIQUE REFERENCES people (id), status VARCHAR(20), rejected_on DATE, rejected_time VARCHAR(8)`,
      ),
      table('applications', `${id}, entry_id INT NOT NULL`),
      table('history', `${id}, application_id INT NOT NULL, state VARCHAR(20), changed_at ${time}`),
      table(
        'answers',
        `${id}, entry_id INT NOT NULL, kind VARCHAR(20), body ${text}, author VARCHAR(80)${moving}`,
      ),
      table('deals', `${id}, entry_id INT, outcome VARCHAR(20)${moving}`),
      table('ledger', `${id}, entry_no INT`),
      table('meetings', id),
      table('guests', `${id}, entry_id INT, meeting_id INT`),
      table('reviews', 'entry_id INT, verdict VARCHAR(20)'),
      table(
        'audit_rows',
        `${id}, entry_id INT, FOREIGN KEY (entry_id) REFERENCES entries (id) ON DELETE CASCADE`,
      ),
      table(
        'audit_lines',
        `${id}, row_id INT, FOREIGN KEY (row_id) REFERENCES audit_rows (id) ON DELETE CASCADE`,
      ),
      table('letters', `${id}, sent_to VARCHAR(80), body ${text}, sent_at ${time}`),
      table('chats', `${id}, email VARCHAR(80), last_at ${time}`, plain),
      table('chat_lines', `${id}, chat_id INT`, plain),
      table('payroll', `${id}, salary INT`),
    ],
  };
}

/** The rows, in an order that foreign keys allow. Entry 1, letter 1 and chat 1 are due. */
export const HARD_ROWS: Readonly<Record<'crm' | 'desk', Readonly<Record<string, string>>>> = {
  crm: { customers: "(1, 'cus@x.example', 'active', 's')" },
  desk: {
    people: "(11, 'a@x.example', 's'), (12, 'b@x.example', 's')",
    entries:
      "(1, 7, 11, 'rejected', '2020-01-01', '10:00', 's'), (2, 7, 12, 'rejected', '2020-01-01', '10:00', 's')",
    applications: "(1, 1, 's')",
    history: "(1, 1, 'rejected', '2020-01-02 10:00:00', 's')",
    answers: "(1, 1, 'free', 'write to a@x.example', 'Anna', 's')",
    deals: "(1, 1, 'lost', 's')",
    ledger: "(1, 1, 's')",
    meetings: "(1, 's')",
    guests: "(1, 1, 1, 's')",
    reviews: "(2, 'keep', 's')",
    audit_rows: "(1, 1, 's')",
    audit_lines: "(1, 1, 's')",
    letters: "(1, 'a@x.example', 'from a@x.example', '2020-01-01 10:00:00', 's')",
    chats: "(1, 'a@x.example', '2020-01-01 10:00:00', 's'), (2, 'cus@x.example', '2020-01-01 10:00:00', 's')",
    chat_lines: "(1, 1, 's')",
    payroll: "(1, 100, 's')",
  },
};
