/**
 * What the model knows of the promise, written down a second time and as simply as it can be: whose turn it is, and what
 * is then done. Nothing of it comes from the policy core.
 */
import type { Row, TableSpec } from '../connectors/conformance/harness.ts';

export const WORDINGS = [12, 14] as const;
export type Wording = (typeof WORDINGS)[number];

/** Most records of one run, of a wording that has run before and of one that has not. */
export const LIMITS = { usual: 5, first: 3 } as const;

const DAY_MS = 86_400_000;
/** `within` is due this much before the promised moment. */
const MARGIN_MS = 2 * DAY_MS;

/** Telephone numbers are forgotten after 6 months, people after `wording` months; invoices keep them for 24. */
export const policies = (wording: Wording): string => `
frist: 1
controller: { name: Test, timezone: UTC }
guards: { records: ${String(LIMITS.usual)}, percent: 100 }
first run guards: { records: ${String(LIMITS.first)}, percent: 100 }
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
    unless:
      customer: { customer: 1 }
    stages:
      - within: 6 months
        action: anonymise
        set: { phone: null }
      - within: ${String(wording)} months
        action: delete
        dependents:
          - delete: notes
  invoices:
    records: crm.contact
    where: { invoiced: 1 }
    start: { column: last_contact, as: local, null: unknown }
    keep: 24 months
`;

const number = { type: 'int', nullable: false } as const;
const text = { type: 'text', nullable: true } as const;

export const tables = (contacts: readonly Row[]): TableSpec[] => [
  {
    name: 'contacts',
    columns: {
      id: number,
      email: text,
      phone: text,
      last_contact: { type: 'datetime', nullable: true },
      customer: number,
      invoiced: number,
    },
    primaryKey: ['id'],
    foreignKeys: [],
    rows: contacts,
  },
  {
    name: 'notes',
    columns: { id: number, contact_id: number },
    primaryKey: ['id'],
    foreignKeys: [{ columns: ['contact_id'], table: 'contacts', references: ['id'] }],
    rows: [],
  },
];

export interface Person {
  readonly id: number;
  readonly email: string | null;
  /** Whole days before the beginning of the test; undefined: nobody knows. */
  readonly daysAgo: number | undefined;
  readonly customer: boolean;
  readonly invoiced: boolean;
}

export const emailOf = (id: number): string => `p${String(id)}@example.org`;

export function rowOf(person: Person, today: number): Row {
  const { id, email, daysAgo, customer, invoiced } = person;
  const last = daysAgo === undefined ? undefined : new Date(today - daysAgo * DAY_MS);
  return {
    id: String(id),
    email,
    phone: `+45 ${String(id)}`,
    last_contact: last === undefined ? null : `${last.toISOString().slice(0, 10)} 12:00:00`,
    customer: customer ? '1' : '0',
    invoiced: invoiced ? '1' : '0',
  };
}

/** Whom a hold is on. */
export type About = { readonly email: string } | { readonly id: number } | { readonly policy: string };

export interface ModelHold {
  readonly id: string;
  readonly about: About;
  /** Until when it keeps; undefined while nobody has released it. */
  until: number | undefined;
  /** Ids of contacts in batches that were opened before it, and are not settled. */
  tooLate: ReadonlySet<string>;
}

/** Whether the hold keeps the record, at a moment, in a batch that was opened after it. */
export function isHeld(row: Row, { about, until }: ModelHold, at: number): boolean {
  if (until !== undefined && until <= at) return false;
  if ('policy' in about) return true;
  if ('id' in about) return row['id'] === String(about.id);
  // Of whom nobody knows who it is, it may be anybody.
  return row['email'] === null || row['email']?.toLowerCase() === about.email;
}

/** Months later in the calendar; the last day of a month that is too short. */
export function monthsLater(start: number, months: number): number {
  const date = new Date(start);
  const day = date.getUTCDate();
  date.setUTCDate(1);
  date.setUTCMonth(date.getUTCMonth() + months);
  const last = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate();
  date.setUTCDate(Math.min(day, last));
  return date.getTime();
}

export type Deed = 'delete' | 'anonymise';

/** What is to be done to a record as of a moment, under these holds; undefined: it is left alone. */
export function dueOf(
  row: Row,
  wording: Wording,
  holds: readonly ModelHold[],
  asOf: number,
): Deed | undefined {
  const last = row['last_contact'];
  if (last === null || last === undefined) return undefined;
  const start = Date.parse(`${last.replace(' ', 'T')}Z`);
  const deed: Deed | undefined =
    monthsLater(start, wording) - MARGIN_MS <= asOf
      ? 'delete'
      : row['phone'] !== null && monthsLater(start, 6) - MARGIN_MS <= asOf
        ? 'anonymise'
        : undefined;
  if (deed === undefined || row['customer'] === '1') return undefined;
  if (row['invoiced'] === '1' && monthsLater(start, 24) > asOf) return undefined;
  return holds.some((hold) => isHeld(row, hold, asOf)) ? undefined : deed;
}
