/** A hold on somebody whose rows would go with another person's record. */
import { afterEach, describe, expect, it } from '@jest/globals';
import { placeHold } from '../../../src/erasure/holds/place.ts';
import { sweep } from '../../../src/erasure/sweep.ts';
import type { Row, TableSpec } from '../../connectors/conformance/harness.ts';
import { contact, POLICIES, TABLES } from '../fixture.ts';
import { createWorld, type World } from '../harness.ts';

const AS_OF = Date.parse('2026-06-30T03:15:00Z');

const ticket = (id: number, contactId: number, email: string | null): Row => ({
  id: String(id),
  contact_id: String(contactId),
  email,
});

const tables = (tickets: readonly Row[]): TableSpec[] => [
  ...TABLES(
    [1, 2, 3, 4, 5].map((id) => contact(id, '2025-01-01')),
    [],
  ),
  {
    name: 'tickets',
    columns: {
      id: { type: 'int', nullable: false },
      contact_id: { type: 'int', nullable: false },
      email: { type: 'text', nullable: true },
    },
    primaryKey: ['id'],
    foreignKeys: [{ columns: ['contact_id'], table: 'contacts', references: ['id'] }],
    rows: tickets,
  },
];

/** Tickets are records in their own right, about whoever wrote them. */
const policies = POLICIES.replace(
  'notes: { table: notes, match: { contact_id: id } }',
  `notes: { table: notes, match: { contact_id: id } }
          tickets: { table: tickets, match: { contact_id: id } }
      ticket: { table: tickets, key: id, subject: { email: email } }`,
).concat('      - delete: tickets\n');

describe('a hold on the person of a dependent', () => {
  let world: World | undefined;
  afterEach(() => world?.close());

  it('protects the record that the dependent would go with', async () => {
    const on = await createWorld({
      // 1: hers; 2: somebody else's; 3: hers and somebody else's, so that it cannot be told; 4: none; 5: one of them
      // is nobody knows whose.
      tables: tables([
        ticket(10, 1, 'HELD@example.org'),
        ticket(20, 2, 'other@example.org'),
        ticket(30, 3, 'held@example.org'),
        ticket(31, 3, 'other@example.org'),
        ticket(50, 5, 'other@example.org'),
        ticket(51, 5, null),
      ]),
      policies,
      now: () => AS_OF,
    });
    world = on;
    const { signal } = new AbortController();
    await placeHold(on, [], {
      subjects: [['email', 'held@example.org']],
      why: 'x',
      waitMs: 0,
      signal,
    });
    const [report] = await sweep(on.engine, on.tasks, {
      trigger: 'manual',
      slot: undefined,
      asOf: AS_OF,
      setClock: false,
      signal,
    });
    expect(report).toMatchObject({
      status: 'done',
      found: { by: { held: 1, 'subject unknown': 2, erase: 2 } },
    });
    expect(on.rows('contacts').map((row) => row['id'])).toEqual(['1', '3', '5']);
    expect(on.rows('tickets').map((row) => row['id'])).toEqual(['10', '30', '31', '50', '51']);
  });
});
