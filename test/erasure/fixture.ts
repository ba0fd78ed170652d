/** People who are to be gone 12 months after their last contact, and notes about them. */
import type { Row, TableSpec } from '../connectors/conformance/harness.ts';

export const POLICIES = `
frist: 1
controller: { name: Test, timezone: UTC }
sources:
  crm:
    kind: memory
    connection: memory
    datetimes in: UTC
    records:
      contact:
        table: contacts
        key: id
        subject: { email: email }
        related:
          notes: { table: notes, match: { contact_id: id } }
policies:
  contacts:
    records: crm.contact
    start: { column: last_contact, as: local, null: unknown }
    within: 12 months
    action: delete
    dependents:
      - delete: notes
`;

export const contact = (id: number, last: string | null): Row => ({
  id: String(id),
  email: `person${String(id)}@example.org`,
  last_contact: last === null ? null : `${last} 12:00:00`,
});

export const note = (id: number, contactId: number): Row => ({
  id: String(id),
  contact_id: String(contactId),
  body: `about person${String(contactId)}`,
});

export const TABLES = (contacts: readonly Row[], notes: readonly Row[]): TableSpec[] => [
  {
    name: 'contacts',
    columns: {
      id: { type: 'int', nullable: false },
      email: { type: 'text', nullable: true },
      last_contact: { type: 'datetime', nullable: true },
    },
    primaryKey: ['id'],
    foreignKeys: [],
    rows: contacts,
  },
  {
    name: 'notes',
    columns: {
      id: { type: 'int', nullable: false },
      contact_id: { type: 'int', nullable: false },
      body: { type: 'text', nullable: false },
    },
    primaryKey: ['id'],
    foreignKeys: [{ columns: ['contact_id'], table: 'contacts', references: ['id'] }],
    rows: notes,
  },
];
