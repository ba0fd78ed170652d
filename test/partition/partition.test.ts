/** What one policy erases, cut into partitions that several processes take: each record goes once, and is recorded once. */
import { afterEach, describe, expect, it } from '@jest/globals';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { settleAbandoned } from '../../src/erasure/abandoned.ts';
import { SourceFailure, type Connector } from '../../src/connectors/connector.ts';
import { placeHold } from '../../src/erasure/holds/place.ts';
import type { PolicyReport } from '../../src/erasure/report.ts';
import { contact, note, POLICIES, TABLES } from '../erasure/fixture.ts';
import { createWorld, type World, type Wraps } from '../erasure/harness.ts';
import { createDeath, type Fate } from '../support/death.ts';
import { FATES } from '../support/faults.ts';
import { crewOf, ON, recorded, sweepWith } from './support.ts';

const AS_OF = Date.parse('2026-06-30T03:15:00Z');
const FOLDER = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();
const DUE = Array.from({ length: 22 }, (_, i) => i + 1);
const KEPT = [30, 31];
/** Three partitions: 8, 8 and 6. */
const SIZE = 8;
let now = AS_OF;

const wide = POLICIES.replace('\nsources:', '\nfirst run guards: { records: 1000, percent: 100 }\nsources:');

const worldOf = (policies = wide, more: Wraps = {}): Promise<World> => {
  now = AS_OF;
  return createWorld({
    tables: TABLES(
      [...DUE.map((id) => contact(id, '2025-01-01')), ...KEPT.map((id) => contact(id, '2026-06-01'))],
      [...DUE, ...KEPT].map((id) => note(id, id)),
    ),
    policies,
    now: () => now,
    folder: FOLDER,
    maxBatch: 3,
    ...more,
  });
};

/** A source in which an erase fails, in a way that passes, whenever that is so. */
const failingErases =
  (isSo: () => boolean) =>
  (connector: Connector): Connector =>
    overriding(connector, {
      erasing: async (...opening) => {
        const session = await connector.erasing(...opening);
        return overriding(session, {
          erase: async (...batch) => {
            if (isSo()) throw new SourceFailure('transient', 'ER_LOCK_DEADLOCK');
            return await session.erase(...batch);
          },
        });
      },
    });

/** The object with some methods replaced. */
function overriding<T extends object>(object: T, methods: Partial<T>): T {
  return new Proxy(object, {
    get: (target, name) => {
      const value: unknown = Reflect.get(methods, name) ?? Reflect.get(target, name, target);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
}

const idsIn = (world: World, table: string): number[] => world.rows(table).map((row) => Number(row['id']));

/** All is as after one process had erased everything, and nothing of the partitions is left. */
async function expectDone(world: World): Promise<void> {
  expect([idsIn(world, 'contacts'), idsIn(world, 'notes')]).toEqual([KEPT, KEPT]);
  expect(await recorded(world, DUE)).toEqual(DUE);
  expect(await world.state.openBatches()).toEqual([]);
  const [run] = await world.state.runs({ limit: 1 });
  expect(await world.state.partitions(run?.id ?? '')).toEqual([]);
}

const numbers = ({ status, outcomes, erasedBy, dependents, leftovers }: PolicyReport): unknown => ({
  status,
  outcomes,
  erasedBy,
  dependents,
  leftovers,
});

describe('a sweep with helpers', () => {
  let world: World | undefined;
  afterEach(() => world?.close());

  it('comes to the same as without, and the helpers do all of it', async () => {
    world = await worldOf();
    const alone = await sweepWith(world, undefined, AS_OF);
    await world.close();
    world = await worldOf();
    const workers = [await world.again(), await world.again()];
    const crew = crewOf(() => workers, SIZE);
    const together = await sweepWith(world, crew, AS_OF);
    await crew.idle();
    expect(crew.worked.filter((one) => one === 'done')).toHaveLength(3);
    expect(numbers(together)).toEqual(numbers(alone));
    expect(together.outcomes).toEqual({ erased: DUE.length });
    await expectDone(world);
  });

  it('whoever is told of what another is at goes away', async () => {
    world = await worldOf();
    const workers = [await world.again(), await world.again(), await world.again()];
    const crew = crewOf(() => workers, SIZE);
    const twice = { ...crew, offer: (all: Parameters<typeof crew.offer>[0]) => crew.offer([...all, ...all]) };
    await sweepWith(world, twice, AS_OF);
    await crew.idle();
    expect(crew.worked.filter((one) => one === 'done')).toHaveLength(3);
    expect(crew.worked.filter((one) => one === 'gone').length).toBeGreaterThanOrEqual(3);
    await expectDone(world);
  });

  it('does it all itself when no message arrives', async () => {
    world = await worldOf();
    const report = await sweepWith(
      world,
      crewOf(() => [], SIZE, 300),
      AS_OF,
    );
    expect(report).toMatchObject({ status: 'done', outcomes: { erased: DUE.length } });
    await expectDone(world);
  });

  it('takes one after the other once nobody has got on for a while', async () => {
    world = await worldOf();
    const looks: number[] = [];
    const crew = crewOf(() => [], SIZE, 3000);
    const state = world.state;
    let count = 0;
    const partitions: typeof state.partitions = async (run) => {
      const all = await state.partitions(run);
      const open = all.filter((one) => !one.ended).length;
      if (open > 0) looks[open] = ++count;
      return all;
    };
    const counted = { ...world, engine: { ...world.engine, state: { ...state, partitions } } };
    expect(await sweepWith(counted, crew, AS_OF)).toMatchObject({ status: 'done' });
    const [, last = 0, , first = 0] = looks;
    expect(last - first).toBeLessThan(10);
  });

  it('takes nothing for done when it slept while another process ended its run', async () => {
    world = await worldOf();
    const [on, other] = [world, await world.again()];
    let slept = false;
    const helpers = {
      ...crewOf(() => [], SIZE),
      offer: async () => {
        if (slept) return;
        slept = true;
        now += 61_000;
        await settleAbandoned(other.engine, other.tasks, ON);
      },
    };
    await sweepWith(on, helpers, AS_OF).then(
      (report) => expect(report.status).toBe('failed'),
      (error: unknown) => expect(error).toMatchObject({ code: expect.stringMatching(/^STATE_/) }),
    );
    expect(idsIn(on, 'contacts')).toEqual([...DUE, ...KEPT]);
    const { view } = on.tasks[0]!;
    const memory = await on.state.policyMemory(on.engine.controller.name, view.policy);
    expect([memory?.trusted, memory?.lastSuccess]).toEqual([undefined, undefined]);
  });

  it.each([
    ['policy', '12 months', '11 months'],
    ['database', 'connection: memory', 'connection: memory-of-old'],
  ])('does itself what a helper with another %s leaves alone', async (_, ours, theirs) => {
    world = await worldOf();
    const stranger = await createWorld({
      tables: [],
      policies: wide.replace(ours, theirs),
      now: () => now,
    });
    try {
      const other = { ...world, tasks: stranger.tasks };
      const crew = crewOf(() => [other], SIZE, 300);
      expect(await sweepWith(world, crew, AS_OF)).toMatchObject({ status: 'done' });
      await crew.idle();
      expect(new Set(crew.worked)).toEqual(new Set(['PARTITION_FOREIGN']));
      await expectDone(world);
    } finally {
      await stranger.close();
    }
  });

  it('counts a record once that is tried again after a failure that passes', async () => {
    world = await worldOf();
    let tries = 0;
    const worker = await world.again({
      wrap: failingErases(() => {
        tries += 1;
        return tries > 1 && tries < 15;
      }),
    });
    const crew = crewOf(() => [worker], SIZE);
    const { status, outcomes } = await sweepWith(world, crew, AS_OF);
    await crew.idle();
    expect(crew.worked).toContain('left');
    expect([status, outcomes]).toEqual(['done', { erased: DUE.length }]);
    await expectDone(world);
  });

  it('keeps who is held meanwhile', async () => {
    world = await worldOf();
    const on = world;
    const worker = await on.again();
    const crew = crewOf(() => [worker], SIZE);
    let placed = false;
    const later = {
      ...crew,
      offer: async (all: Parameters<typeof crew.offer>[0]) => {
        if (!placed) await placeHold(on, [], { ...HOLD, signal: ON });
        placed = true;
        await crew.offer(all);
      },
    };
    const report = await sweepWith(world, later, AS_OF);
    await crew.idle();
    expect(report.outcomes).toEqual({ erased: DUE.length - 1, changed: 1 });
    expect(idsIn(world, 'contacts')).toEqual([5, ...KEPT]);
  });

  it('stops in the middle when it is paused, and goes on when it is not', async () => {
    world = await worldOf();
    const { state } = world;
    const worker = await world.again({
      wrap: (connector) =>
        new Proxy(connector, {
          get: (target, name) => {
            const member: unknown = Reflect.get(target, name, target);
            if (typeof member !== 'function') return member;
            if (name !== 'verify') return (member as (...args: unknown[]) => unknown).bind(target);
            return async (...args: unknown[]): Promise<unknown> => {
              await state.transaction((t) => t.setPause({ since: '2026-06-30T03:16:00Z', by: 'tester' }));
              return (await Reflect.apply(member, target, args)) as unknown;
            };
          },
        }),
    });
    const crew = crewOf(() => [worker], SIZE);
    const report = await sweepWith(world, crew, AS_OF);
    await crew.idle();
    expect(report).toMatchObject({ status: 'stopped', error: { code: 'PAUSED' } });
    const gone = DUE.length + KEPT.length - idsIn(world, 'contacts').length;
    expect(gone).toBeGreaterThan(0);
    expect(gone).toBeLessThan(DUE.length);
    // On a slow machine the coordinator does not wait for the last batch, and the next run tells of it.
    expect(report.outcomes?.erased ?? 0).toBeLessThanOrEqual(gone);
    await state.transaction((t) => t.setPause(undefined));
    await sweepWith(world, undefined, AS_OF);
    await expectDone(world);
  });

  it('ends when it is told to stop, with what was done until then', async () => {
    world = await worldOf();
    const worker = await world.again();
    const crew = crewOf(() => [worker], SIZE);
    const stop = new AbortController();
    const first = {
      ...crew,
      offer: async (all: Parameters<typeof crew.offer>[0]) => {
        await crew.offer(all.slice(0, 1));
        await crew.idle();
        stop.abort();
      },
    };
    const report = await sweepWith(world, first, AS_OF, stop.signal);
    expect(report).toMatchObject({ status: 'stopped', outcomes: { erased: SIZE } });
    await sweepWith(world, undefined, AS_OF);
    await expectDone(world);
  });
});

describe('a rate of the source', () => {
  it('holds for all who erase there, together', async () => {
    const world = await worldOf(
      wide.replace('    datetimes in:', '    records per second: 2\n    datetimes in:'),
    );
    try {
      const waits: number[] = [];
      const slow = (one: World): World => ({
        ...one,
        engine: {
          ...one.engine,
          sleep: (milliseconds, signal) => {
            const isWait = milliseconds % 1000 === 0 && milliseconds < 20_000;
            if (isWait) waits.push(milliseconds);
            return one.engine.sleep(isWait ? 1 : milliseconds, signal);
          },
        },
      });
      const workers = [slow(await world.again()), slow(await world.again())];
      const crew = crewOf(() => workers, SIZE);
      await sweepWith(world, crew, AS_OF);
      await crew.idle();
      // The clock stands still: each batch, of two records at the most, waits a second longer than the one before it.
      expect(waits.sort((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10].map((n) => n * 1000));
      await expectDone(world);
    } finally {
      await world.close();
    }
  });
});

const HOLD = { subjects: [['email', 'person5@example.org']], why: 'a dispute', waitMs: 0 } as const;

/** The leases of a dead process run out, and the server ends its connections. */
const bury = (world: World): void => {
  now += 5 * 60_000;
  world.database.locks.clear();
};

/** Who waits for the trail asks as often as the machine is fast. */
const POLLING = ['lease', 'releaseLease', 'outboxSpan', 'pendingOutbox', 'lastHead'];
const MOMENTS = 16;

/** The worker dies at one of its calls; the next one that is told goes on. */
async function dieAtWork(at: number | undefined, fate: Fate): Promise<readonly string[]> {
  const world = await worldOf();
  try {
    const death = createDeath(at, fate, POLLING);
    const mortal = await world.again({
      wrap: (connector) => death.mortal(connector, ['erasing']),
      wrapState: (state) => death.mortal(state),
      wrapStore: (store) => death.mortal(store),
    });
    const healthy = await world.again();
    let buried = false;
    const crew = crewOf(() => {
      if (!death.happened()) return [mortal];
      if (!buried) bury(world);
      buried = true;
      return [healthy];
    }, SIZE);
    const report = await sweepWith(world, crew, AS_OF);
    await crew.idle();
    const { erased = 0, 'absent-after-crash': absent = 0, ...others } = report.outcomes ?? {};
    expect([report.status, erased + absent]).toEqual(['done', DUE.length]);
    expect(Object.keys(others).filter((one) => one !== 'not-erased')).toEqual([]);
    await expectDone(world);
    return death.calls;
  } finally {
    await world.close();
  }
}

describe('death of a worker', () => {
  it.each(FATES)('at every call, %s: the next one finishes, nothing double, nothing lost', async (fate) => {
    const calls = await dieAtWork(undefined, fate);
    const first = fate === 'applied' ? 1 : 0;
    for (let at = first; at < calls.length; at += Math.ceil(calls.length / MOMENTS)) {
      try {
        await dieAtWork(at, fate);
      } catch (error) {
        throw new Error(`at call ${String(at)} (${calls[at] ?? ''}), ${fate}`, { cause: error });
      }
    }
    expect(calls.length).toBeGreaterThan(20);
  });
});
