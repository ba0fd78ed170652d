/** What recovery says of a batch that a crash left open: what it sees, and no more. */
import { afterEach, describe, expect, it } from '@jest/globals';
import type { Entry, EntryOf } from '../../../src/audit/entry.ts';
import type { Connector } from '../../../src/connectors/connector.ts';
import { settleAbandoned } from '../../../src/erasure/abandoned.ts';
import type { PolicyReport } from '../../../src/erasure/report.ts';
import { sweep } from '../../../src/erasure/sweep.ts';
import { parsePolicies } from '../../../src/policy/parse/parse.ts';
import { compileViews, type Task } from '../../../src/policy/view.ts';
import { createDeath, type Fate } from '../../support/death.ts';
import { contact, note, POLICIES, TABLES } from '../fixture.ts';
import { createWorld, type World } from '../harness.ts';

let now = Date.parse('2026-06-30T03:15:00Z');
let world: World | undefined;
afterEach(async () => world?.close());

const run = async ({ engine, tasks }: World, those = tasks): Promise<PolicyReport[]> => {
  const input = { trigger: 'manual', slot: undefined, asOf: now, setClock: false } as const;
  return await sweep(engine, those, { ...input, signal: new AbortController().signal });
};

/** Where files or tables without transactions are about: a batch that breaks off may have begun. */
const withoutUndo = (connector: Connector): Connector =>
  new Proxy(connector, {
    get: (target, name) => {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== 'function') return member;
      if (name !== 'erasing') return member.bind(target) as unknown;
      return async (...asked: Parameters<Connector['erasing']>) => ({
        ...(await target.erasing(...asked)),
        undoes: () => false,
      });
    },
  });

/** A process that died at the erase of its one batch of three, and a second one. */
async function died(fate: Fate, wrap = (connector: Connector): Connector => connector): Promise<World> {
  const tables = TABLES(
    [1, 2, 3].map((id) => contact(id, '2025-01-01')),
    [1, 2, 3].map((id) => note(id, id)),
  );
  const [contacts] = tables;
  if (contacts !== undefined) tables.push({ ...contacts, name: 'former_contacts', rows: [] });
  const learning = createDeath();
  const options = { tables, policies: POLICIES, now: () => now };
  const rehearsal = await createWorld({ ...options, wrap: (one) => learning.mortal(one, ['erasing']) });
  await run(rehearsal);
  await rehearsal.close();
  const death = createDeath(learning.calls.indexOf('erase'), fate);
  world = await createWorld({ ...options, wrap: (one) => death.mortal(one, ['erasing']) });
  await run(world).catch(() => undefined);
  expect(death.happened()).toBe(true);
  now += 5 * 60_000;
  world.database.locks.clear();
  return world.again({ wrap });
}

const row = (table: string, key: string, values: Readonly<Record<string, string | null>>): void => {
  world?.database.tables.get(table)?.rows.set(JSON.stringify([key]), { ...values });
};

const settledIn = (entries: readonly Entry[]): EntryOf<'batch-settled'>[] =>
  entries.filter((entry): entry is EntryOf<'batch-settled'> => entry.type === 'batch-settled');

describe('of a batch that was open at a crash', () => {
  it('a record that stands is not erased, and one that is gone was not seen to go', async () => {
    const next = await died('not applied');
    world?.database.tables.get('contacts')?.rows.delete(JSON.stringify(['2']));
    world?.database.tables.get('notes')?.rows.delete(JSON.stringify(['2']));
    await run(next);
    const [recovered, finished] = settledIn(await next.entries());
    expect(recovered?.outcomes).toEqual({ 'not-erased': 2, 'absent-after-crash': 1 });
    expect(finished?.outcomes).toEqual({ erased: 2 });
  });

  it('a record that stands may have lost what nobody can take back', async () => {
    const next = await died('not applied', withoutUndo);
    await run(next);
    const [recovered, finished] = settledIn(await next.entries());
    expect(recovered?.outcomes).toEqual({ unfinished: 3 });
    expect(finished?.outcomes).toEqual({ erased: 3 });
  });

  it('a record that stands is uncertain where no lock keeps out whoever wakes late', async () => {
    const unlocked = (connector: Connector): Connector =>
      new Proxy(connector, {
        get: (target, name) => {
          const member: unknown = Reflect.get(target, name);
          if (name === 'capabilities') return { ...target.capabilities, locks: false };
          return typeof member === 'function' ? (member.bind(target) as unknown) : member;
        },
      });
    const next = await died('not applied', unlocked);
    await run(next);
    const [recovered, finished] = settledIn(await next.entries());
    expect(recovered?.outcomes).toEqual({ uncertain: 3 });
    expect(finished?.outcomes).toEqual({ erased: 3 });
  });

  it('a record that is gone, and of which something is left, is not said to stand', async () => {
    const next = await died('applied');
    row('notes', '9', note(9, 2));
    await run(next);
    const entries = await next.entries();
    expect(settledIn(entries)).toMatchObject([
      { outcomes: { 'absent-after-crash': 3 }, verification: 'leftovers', leftovers: 1 },
    ]);
    const records = entries.filter((entry) => entry.type === 'record');
    expect(records.map(({ outcome, code }) => [outcome, code])).toEqual([
      ['absent-after-crash', undefined],
      ['absent-after-crash', 'FOUND_AGAIN'],
      ['absent-after-crash', undefined],
    ]);
  });

  it('a key that has been given to somebody else since names neither a record that stands nor one that went', async () => {
    const next = await died('applied');
    row('contacts', '2', { ...contact(2, '2026-06-01'), email: 'somebody.else@example.org' });
    await run(next);
    const entries = await next.entries();
    expect(settledIn(entries)).toMatchObject([{ outcomes: { 'absent-after-crash': 2, changed: 1 } }]);
    expect(next.rows('contacts')).toHaveLength(1);
    const named = next.names.record('crm', 'contact', ['2']);
    expect(entries.filter((one) => one.type === 'record' && one.commitments.record === named)).toEqual([]);
  });

  const tasksOf = (policies: string): readonly Task[] =>
    compileViews(parsePolicies(policies, { file: 'p.yaml', resolve: () => undefined }).file);
  const others = POLICIES.replace('    records: crm.contact', '    records: crm.former').replace(
    'policies:\n',
    `      former:
        table: former_contacts
        key: id
        subject: { email: email }
        related:
          notes: { table: notes, match: { contact_id: id } }
policies:
`,
  );
  const anonymised = POLICIES.replace(/action: delete[^]*/, 'action: anonymise\n    set: { email: null }\n');

  it.each([
    ['other records', others],
    ['another action', anonymised],
  ])('nothing is told by a policy that is about %s by now', async (_, changed) => {
    const next = await died('not applied');
    expect(await run(next, tasksOf(changed))).toMatchObject([
      { status: 'failed', error: { code: 'BATCH_ASTRAY' } },
    ]);
    await settleAbandoned(next.engine, tasksOf(changed), new AbortController().signal);
    expect(await next.state.openBatches()).toHaveLength(1);
    expect(settledIn(await next.entries())).toEqual([]);
    await run(next);
    expect(settledIn(await next.entries()).map(({ outcomes }) => outcomes)).toEqual([
      { 'not-erased': 3 },
      { erased: 3 },
    ]);
  });

  it('a policy tells that changed in its period alone', async () => {
    const next = await died('not applied');
    await run(next, tasksOf(POLICIES.replace('12 months', '13 months')));
    expect(settledIn(await next.entries())[0]?.outcomes).toEqual({ 'not-erased': 3 });
  });
});
