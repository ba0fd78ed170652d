/**
 * A process that dies at any of its calls to source, state or trail, before or after the call was carried out: the
 * next run finishes the work, and the trail claims no more and no less than happened.
 */
import { afterAll, describe, expect, it } from '@jest/globals';
import type { Entry } from '../../src/audit/entry.ts';
import { sweep } from '../../src/erasure/sweep.ts';
import { createDeath, type Fate } from '../support/death.ts';
import { contact, note, POLICIES, TABLES } from './fixture.ts';
import { createWorld, type World, type Wraps } from './harness.ts';

const AS_OF = Date.parse('2026-06-30T03:15:00Z');
const DUE = [1, 2, 3, 4, 5, 6, 7];
const KEPT = [8, 9];

const people = TABLES(
  [...DUE.map((id) => contact(id, '2025-01-01')), ...KEPT.map((id) => contact(id, '2026-06-01'))],
  [...DUE, ...KEPT].map((id) => note(id, id)),
);

const run = async (world: World, now: number): Promise<void> => {
  const asOf = Math.floor(now / 1000) * 1000;
  const input = { trigger: 'manual', slot: undefined, asOf, setClock: false } as const;
  await sweep(world.engine, world.tasks, { ...input, signal: new AbortController().signal });
};

const mortals = (death: ReturnType<typeof createDeath>): Wraps => ({
  wrap: (connector) => death.mortal(connector, ['erasing']),
  wrapState: (state) => death.mortal(state),
  wrapStore: (store) => death.mortal(store),
});

/** What must be true whatever happened: every record that went stands in the trail once, no other does, all intents are closed. */
function checkTrail(world: World, entries: readonly Entry[]): void {
  const named = new Map(
    DUE.concat(KEPT).map((id) => [world.names.record('crm', 'contact', [String(id)]), id]),
  );
  const gone: number[] = [];
  const open = new Set<string>();
  for (const entry of entries) {
    if (entry.type === 'batch-opened') open.add(entry.batch);
    if (entry.type === 'batch-settled') expect(open.delete(entry.batch)).toBe(true);
    if (entry.type !== 'record') continue;
    // Its intent came first.
    expect(open.has(entry.batch)).toBe(true);
    expect(['erased', 'absent-after-crash']).toContain(entry.outcome);
    gone.push(named.get(entry.commitments.record) ?? 0);
  }
  expect([...open]).toEqual([]);
  expect(gone.sort()).toEqual(DUE);
}

async function dieAndGoOn(at: number, fate: Fate): Promise<void> {
  let now = AS_OF;
  const death = createDeath(at, fate);
  const world = await createWorld({ tables: people, policies: POLICIES, now: () => now, ...mortals(death) });
  try {
    await run(world, now).catch(() => undefined);
    // The leases of the dead process run out, and the server ends its connections, which frees its locks.
    now += 5 * 60_000;
    world.database.locks.clear();
    const next = await world.again();
    await run(next, now);
    await next.engine.trail.flush();
    expect(next.rows('contacts').map((row) => Number(row['id']))).toEqual(KEPT);
    expect(next.rows('notes').map((row) => Number(row['id']))).toEqual(KEPT);
    checkTrail(next, await next.entries());
    expect(await next.state.openBatches()).toEqual([]);
  } finally {
    await world.close();
  }
}

describe('death of the process', () => {
  let calls = 0;

  it('has a run without it to compare with', async () => {
    const death = createDeath();
    const world = await createWorld({
      tables: people,
      policies: POLICIES,
      now: () => AS_OF,
      ...mortals(death),
    });
    await run(world, AS_OF);
    await world.engine.trail.flush();
    checkTrail(world, await world.entries());
    calls = death.calls.length;
    expect(calls).toBeGreaterThan(40);
    await world.close();
  });

  it.each(['not applied', 'applied'] as const)(
    'at every call, %s: nothing double, nothing lost, nothing untrue',
    async (fate) => {
      for (let at = 0; at < calls; at++) {
        try {
          await dieAndGoOn(at, fate);
        } catch (error) {
          throw new Error(`at call ${String(at)}, ${fate}`, { cause: error });
        }
      }
    },
  );

  afterAll(() => {
    process.stdout.write(`died at each of ${String(calls)} calls, twice\n`);
  });
});
