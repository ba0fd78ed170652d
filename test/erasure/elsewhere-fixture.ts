/** Chats in one source, and the customers that they may be of in another. */
import type { Row, TableSpec } from '../connectors/conformance/harness.ts';

export const policies = (exemption: string, start = '{ column: last_message, null: unknown }'): string => `
frist: 1
controller: { name: Test, timezone: UTC }
sources:
  chat:
    kind: memory
    connection: memory
    datetimes in: UTC
    records:
      chat: { table: chats, key: id, subject: { email: email } }
  crm:
    kind: memory
    connection: memory
    datetimes in: UTC
    records:
      customer: { table: customers, key: id, subject: { email: email } }
policies:
  chats:
    records: chat.chat
    start: ${start}
    within: 12 months${exemption === '' ? '' : `\n    unless: { customer: ${exemption} }`}
    action: delete
`;

export const ACTIVE = '{ elsewhere: crm.customer, by: email, where: { status: active }, if none: not met }';
export const CAREFUL = '{ elsewhere: crm.customer, by: email, where: { status: active } }';

export const chat = (id: number, email: string | null, last: string | null = '2025-01-01'): Row => ({
  id: String(id),
  email,
  last_message: last === null ? null : `${last} 12:00:00`,
});
export const customer = (id: number, email: string, status: string, ended: string | null = null): Row => ({
  id: String(id),
  email,
  status,
  ended_on: ended,
});

export const TABLES = (chats: readonly Row[], customers: readonly Row[]): TableSpec[] => [
  {
    name: 'chats',
    columns: {
      id: { type: 'int', nullable: false },
      email: { type: 'text', nullable: true },
      last_message: { type: 'datetime', nullable: true },
    },
    primaryKey: ['id'],
    foreignKeys: [],
    rows: chats,
  },
  {
    name: 'customers',
    columns: {
      id: { type: 'int', nullable: false },
      email: { type: 'text', nullable: true },
      status: { type: 'text', nullable: false },
      ended_on: { type: 'date', nullable: true },
    },
    primaryKey: ['id'],
    foreignKeys: [],
    rows: customers,
  },
];

/** 1: a customer; 2: was one; 3: nobody knows them; 4: nobody knows who; 5: not due; 6: one of two is a customer. */
export const CHATS = [
  chat(1, 'Anna@example.org'),
  chat(2, 'bo@example.org'),
  chat(3, 'cy@example.org'),
  chat(4, null),
  chat(5, 'bo@example.org', '2026-06-01'),
  chat(6, 'dora@example.org'),
];
export const CUSTOMERS = [
  customer(1, ' anna@example.org ', 'active'),
  customer(2, 'bo@example.org', 'closed'),
  customer(3, 'dora@example.org', 'closed'),
  customer(4, 'DORA@example.org', 'active'),
];
