/** Which records are back, and which only look like it: stages, policies beside each other, a crash, a silent source. */
import { afterEach, describe, expect, it } from '@jest/globals';
import type { EntryOf } from '../../src/audit/entry.ts';
import type { Deed, Past } from '../../src/erasure/replay/past.ts';
import { lookForReplay, replay, type ReplayReport } from '../../src/erasure/replay/replay.ts';
import { sweep } from '../../src/erasure/sweep.ts';
import type { PolicyReport } from '../../src/erasure/report.ts';
import type { Row } from '../connectors/conformance/harness.ts';
import { createDeath } from '../support/death.ts';
import { contact, note, POLICIES, TABLES } from './fixture.ts';
import { createWorld, type World, type WorldOptions } from './harness.ts';

const { signal } = new AbortController();
const IDS = ['1', '2', '3', '4', '5'];
let now = 0;
let world: World;
afterEach(() => world.close());

const STAGED = POLICIES.replace(
  `    within: 12 months
    action: delete
    dependents:
      - delete: notes
`,
  `    stages:
      - within: 6 months
        action: anonymise
        set: { email: null }
      - within: 12 months
        action: delete
        dependents:
          - delete: notes
`,
);

const people = (): Row[] => IDS.map((id) => contact(Number(id), '2025-01-01'));

async function open(options: Partial<WorldOptions> = {}): Promise<World> {
  now = Date.parse('2026-06-30T03:15:00Z');
  world = await createWorld({
    tables: TABLES(people(), [note(1, 1)]),
    policies: POLICIES,
    now: () => now,
    maxBatch: 2,
    ...options,
  });
  return world;
}

const run = (on: World, asOf = now): Promise<PolicyReport[]> =>
  sweep(on.engine, on.tasks, { trigger: 'manual', slot: undefined, asOf, setClock: true, signal });

/** What the trail says now, without an index. */
async function pastOf(on: World): Promise<Past> {
  const deeds = new Map<string, Deed[]>();
  for (const entry of await on.entries()) {
    if (entry.type !== 'record' || entry.outcome === 'failed') continue;
    const { policy, action, commitments } = entry;
    const { record, incarnation, subject: subjects } = commitments;
    deeds.set(record, [...(deeds.get(record) ?? []), { policy, action, incarnation, subjects }]);
  }
  return { epochs: [on.names.epoch], knows: () => true, deedsOf: () => Promise.resolve(deeds) };
}

async function again(on: World, how = replay): Promise<ReplayReport[]> {
  const past = await pastOf(on);
  return how(on.engine, on.tasks, { past, since: undefined, asOf: now, setClock: true, signal });
}

const restore = (on: World, rows: readonly Row[]): void => {
  for (const row of rows)
    on.database.tables.get('contacts')?.rows.set(JSON.stringify([row['id']]), { ...row });
};

const ids = (on: World): (string | null | undefined)[] => on.rows('contacts').map((row) => row['id']);

describe('what was anonymised', () => {
  it('and still is, was never away', async () => {
    const on = await open({ policies: STAGED });
    await run(on, Date.parse('2025-08-01T00:00:00Z'));
    now = Date.parse('2025-08-02T00:00:00Z');
    expect(await again(on)).toMatchObject([{ status: 'done', back: {}, changed: 0, anotherLife: 0 }]);
  });

  it('is anonymised again where the copy has it as it was', async () => {
    const on = await open({ policies: STAGED });
    await run(on, Date.parse('2025-08-01T00:00:00Z'));
    now = Date.parse('2025-08-02T00:00:00Z');
    restore(on, people().slice(0, 3));
    expect(await again(on)).toMatchObject([
      { back: { erase: 3 }, outcomes: { erased: 3 }, erasedBy: { anonymise: 3 } },
    ]);
    expect(on.rows('contacts').map((row) => row['email'])).toEqual(IDS.map(() => null));
  });

  it('and deleted later, is deleted again, whichever of the two the copy has', async () => {
    const on = await open({ policies: STAGED });
    await run(on, Date.parse('2025-08-01T00:00:00Z'));
    const anonymised = on.rows('contacts').map((row) => ({ ...row }));
    await run(on);
    expect(ids(on)).toEqual([]);
    restore(on, [...people().slice(0, 2), ...anonymised.slice(2)]);
    expect(await again(on)).toMatchObject([{ back: { erase: 5 }, erasedBy: { delete: 5 } }]);
    expect(ids(on)).toEqual([]);
  });
});

describe('a record of a key that was erased', () => {
  it('is changed where only its start differs, of another life where the person does', async () => {
    const on = await open();
    await run(on);
    const [one, two, three] = people() as [Row, Row, Row];
    restore(on, [
      { ...one, last_contact: '2025-01-02 12:00:00' },
      { ...two, email: 'x@example.org' },
      { ...three, email: null },
    ]);
    const [report] = await again(on);
    expect(report).toMatchObject({ status: 'done', back: {}, changed: 1, anotherLife: 2 });
    expect(ids(on)).toEqual(['1', '2', '3']);
    const told = (await on.entries()).find((entry): entry is EntryOf<'replay'> => entry.type === 'replay');
    expect(told).toMatchObject({ source: 'crm', back: {}, changed: 1, anotherLife: 2 });
  });

  it('is looked at by the policy that erased it alone, while there is one', async () => {
    const other = `
  strangers:
    records: crm.contact
    start: { column: last_contact, as: local, null: unknown }
    within: 60 months
    where: { email: 'nobody@example.org' }
    action: delete
    dependents:
      - delete: notes
`;
    const on = await open({ policies: POLICIES + other.slice(1) });
    await run(on);
    restore(on, people());
    expect(await again(on, lookForReplay)).toMatchObject([
      { policy: 'contacts', back: { erase: 5 } },
      { policy: 'strangers', back: {}, changed: 0, anotherLife: 0 },
    ]);
  });
});

it.each([4, 10, 16, 22, 28])('a replay that dies at call %i is finished by the next', async (at) => {
  const on = await open();
  await run(on);
  restore(on, people());
  const death = createDeath(at);
  const dying = await on.again({ wrapState: (state) => death.mortal(state) });
  await again(dying).catch(() => undefined);
  expect(death.happened()).toBe(true);
  now += 5 * 60_000;
  on.database.locks.clear();
  const next = await on.again();
  expect(await again(next)).toMatchObject([{ status: 'done' }]);
  expect(ids(next)).toEqual([]);
  const entries = await next.entries();
  const of = (type: string): string[] =>
    entries.flatMap((entry) => (entry.type === type && 'batch' in entry ? [entry.batch] : []));
  expect(of('batch-settled').sort()).toEqual(of('batch-opened').sort());
});
