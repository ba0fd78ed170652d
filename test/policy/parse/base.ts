/** A valid policy file that the tests spoil, and how they read what the parser says about it. */
import { ConfigError } from '../../../src/errors.ts';
import type { Problem } from '../../../src/errors.ts';
import { parsePolicies } from '../../../src/policy/parse/parse.ts';
import type { Located } from '../../../src/policy/parse/parse.ts';

export const BASE = `frist: 1
controller:
  name: Eksempel A/S
  timezone: Europe/Copenhagen
  financial year ends: 12-31
sources:
  crm:
    kind: sql
    connection: \${FRIST_CRM}
    datetimes in: Europe/Copenhagen
    records:
      contact:
        table: contacts
        key: id
        scope: { tenant_id: 7 }
        subject: { email: email }
        related:
          messages: { table: messages, match: { contact_id: id } }
          open deals: { table: deals, match: { contact_id: id }, where: { status: open }, scope: none }
          invoices: { table: invoices, match: { contact_id: id } }
      invoice:
        table: invoices
        key: [company_id, number]
        scope: { tenant_id: 7 }
        subject: none
policies:
  contacts:
    promise: Contacts go within 12 months.
    records: crm.contact
    start:
      latest of:
        - { column: last_contacted_at, null: unknown }
        - { max: messages.sent_at, null: unknown }
    within: 12 months
    margin: 2 days
    where: { status: lead }
    unless:
      open deal: { exists: open deals }
      customer: { customer_number: { not: null } }
    action: delete
    dependents:
      - delete: messages
      - detach: invoices
    schedule: "15 3 * * *"
  bookkeeping:
    records: crm.invoice
    start: { column: issued_on, as: date, null: unknown }
    keep: 5 years after the end of the financial year
  old:
    records: crm.contact
    start: { column: created_at, null: unknown }
    where: { status: closed }
    stages:
      - after: 12 months
        action: anonymise
        set: { name: null, email: { placeholder: "erased-{key}@invalid" } }
      - after: 24 months
        action: delete
        allowance: 14 days
`;

const ENV: Readonly<Record<string, string>> = { FRIST_CRM: 'mysql://db/crm', PASSWORD: 'p@ss/w:rd' };

/** Parses with a small environment. */
export function parse(text: string, env: Readonly<Record<string, string>> = ENV): Located {
  return parsePolicies(text, {
    file: 'policies.yaml',
    resolve: (name) => env[name],
    kinds: ['sql', 'memory'],
  });
}

/** The problems of a text; empty where it is valid, warnings included. */
export function problemsOf(text: string): readonly Problem[] {
  try {
    return parse(text).warnings;
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
}

/** Replaces one place of a text, which must be there exactly once. */
export function edit(text: string, from: string, to: string): string {
  const parts = text.split(from);
  if (parts.length !== 2) throw new Error(`"${from}" stands there ${String(parts.length - 1)} times`);
  return parts.join(to);
}

/** Where the marks ¦ stand in a text, and the text without them. */
export function unmark(marked: string): { text: string; places: { line: number; column: number }[] } {
  const places = marked.split('\n').flatMap((row, index) => {
    const parts = row.split('¦');
    return parts
      .slice(1)
      .map((_, i) => ({ line: index + 1, column: parts.slice(0, i + 1).join('').length + 1 }));
  });
  return { text: marked.replaceAll('¦', ''), places };
}
