/**
 * A store that goes away at any of its calls and stays away: nothing is erased whose intent is not in the trail, the
 * run says why it failed, and the next one finishes the work.
 */
import { afterAll, expect, it } from '@jest/globals';
import type { Store } from '../../../src/audit/store/store.ts';
import { FristError } from '../../../src/errors.ts';
import type { PolicyReport } from '../../../src/erasure/report.ts';
import { sweep } from '../../../src/erasure/sweep.ts';
import { contact, POLICIES, TABLES } from '../fixture.ts';
import { createWorld, type World } from '../harness.ts';

const NOW = Date.parse('2026-06-30T03:15:00Z');
const DUE = [1, 2, 3, 4, 5, 6, 7, 8];
const people = TABLES(
  DUE.map((id) => contact(id, '2025-01-01')),
  [],
);

/** A store that is away from its call number `at` on, until it is back. */
class Outage {
  readonly #at: number;
  calls = 0;
  over = false;

  constructor(at: number) {
    this.#at = at;
  }

  wrap(store: Store): Store {
    return new Proxy(store, {
      get: (target, name) => {
        const member: unknown = Reflect.get(target, name);
        if (typeof member !== 'function') return member;
        return (...args: unknown[]): unknown => {
          if (this.calls++ >= this.#at && !this.over)
            return Promise.reject(new FristError('AUDIT_STORE', { key: 'checkpoint', code: 'EIO' }));
          return Reflect.apply(member, target, args);
        };
      },
    });
  }
}

async function run(world: World): Promise<PolicyReport[]> {
  const input = { trigger: 'manual', slot: undefined, asOf: NOW, setClock: false } as const;
  return sweep(world.engine, world.tasks, { ...input, signal: new AbortController().signal });
}

async function worldIn(outage: Outage): Promise<World> {
  return createWorld({
    tables: people,
    policies: POLICIES,
    now: () => NOW,
    wrapStore: (store) => outage.wrap(store),
  });
}

async function breakAt(at: number): Promise<void> {
  const outage = new Outage(at);
  const world = await worldIn(outage);
  try {
    const reports = await run(world).catch((error: unknown) => {
      expect(error).toMatchObject({ code: 'AUDIT_STORE' });
      return [];
    });
    for (const { error } of reports) expect(error?.code).toBe('AUDIT_STORE');
    const gone = DUE.length - world.rows('contacts').length;
    const opened = (await world.entries()).filter((entry) => entry.type === 'batch-opened');
    expect(gone).toBeLessThanOrEqual(opened.reduce((sum, { count }) => sum + count, 0));
    // Where only the last word is missing, the run has done all that it had to.
    const ended = (await world.state.runs({ limit: 10 })).map(({ state, code }) => [state, code]);
    if (gone < DUE.length && ended.length > 0) expect(ended).toEqual([['failed', 'AUDIT_STORE']]);
    outage.over = true;
    expect(await run(world)).toMatchObject([{ status: 'done' }]);
    expect(world.rows('contacts')).toEqual([]);
    await world.engine.trail.flush();
    const records = (await world.entries()).filter((entry) => entry.type === 'record');
    const names = await world.engine.keys.current();
    const expected = DUE.map((id) => names.record('crm', 'contact', [String(id)]));
    expect(records.map(({ commitments }) => commitments.record).sort()).toEqual(expected.sort());
  } finally {
    await world.close();
  }
}

let calls = 0;

it('has a run without one to compare with', async () => {
  const outage = new Outage(Infinity);
  const world = await worldIn(outage);
  try {
    expect(await run(world)).toMatchObject([{ status: 'done' }]);
    calls = outage.calls;
    expect(calls).toBeGreaterThan(15);
  } finally {
    await world.close();
  }
});

it('at every call of the store: nothing goes that is not on record, and the next run goes on', async () => {
  for (let at = 0; at < calls; at++) {
    try {
      await breakAt(at);
    } catch (error) {
      throw new Error(`at call ${String(at)}`, { cause: error });
    }
  }
}, 300_000);

afterAll(() => {
  process.stdout.write(`went away at each of ${String(calls)} calls\n`);
});
