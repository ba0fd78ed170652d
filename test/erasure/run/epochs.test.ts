/** An epoch that begins while frist works: what was begun under the old one ends under it, and the entries say which it was. */
import { randomBytes } from 'node:crypto';
import { afterEach, describe, expect, it } from '@jest/globals';
import { createCommitter } from '../../../src/audit/commitment.ts';
import type { Entry, EntryOf } from '../../../src/audit/entry.ts';
import type { Keys, Names } from '../../../src/erasure/engine.ts';
import { placeHold } from '../../../src/erasure/holds/place.ts';
import { clockIsWitnessed } from '../../../src/erasure/run/clock.ts';
import { sweep } from '../../../src/erasure/sweep.ts';
import { createDeath } from '../../support/death.ts';
import { contact, POLICIES, TABLES } from '../fixture.ts';
import { createWorld, type World, type WorldOptions } from '../harness.ts';

const AS_OF = Date.parse('2026-06-30T03:15:00Z');
const HOUR = 3_600_000;
const DUE = ['1', '2', '3', '4', '5'];
const { signal } = new AbortController();

interface Epochs extends Keys {
  begin(): void;
  readonly all: Map<string, Names>;
}

/** Epochs e1, e2 … that begin when they are told to. */
function createEpochs(): Epochs {
  const all = new Map<string, Names>();
  const begin = (): void => {
    const epoch = `e${String(all.size + 1)}`;
    all.set(epoch, { ...createCommitter(randomBytes(32)), epoch });
  };
  const of = (epoch: string): Promise<Names> => Promise.resolve(all.get(epoch)!);
  begin();
  return { begin, all, of, current: () => of(`e${String(all.size)}`) };
}

let now = AS_OF;
let world: World;
const people = TABLES(
  DUE.map((id) => contact(Number(id), '2025-01-01')),
  [],
);
const open = async (options: Partial<WorldOptions>): Promise<World> => {
  now = AS_OF;
  world = await createWorld({ tables: people, policies: POLICIES, now: () => now, maxBatch: 2, ...options });
  return world;
};
afterEach(() => world.close());

const run = (on: World): ReturnType<typeof sweep> =>
  sweep(on.engine, on.tasks, { trigger: 'manual', slot: undefined, asOf: now, setClock: false, signal });

/** The epoch of each record entry: that of its batch. Each must be the one under which its record is named. */
function epochsOfRecords({ all }: Epochs, entries: readonly Entry[]): string[] {
  const batches = new Map(
    entries
      .filter((entry): entry is EntryOf<'batch-opened'> => entry.type === 'batch-opened')
      .map((entry) => [entry.batch, entry.epoch]),
  );
  const records = entries.filter((entry): entry is EntryOf<'record'> => entry.type === 'record');
  return records.map(({ batch, commitments }) => {
    const epoch = batches.get(batch)!;
    const names = all.get(epoch)!;
    const id = DUE.find((one) => names.record('crm', 'contact', [one]) === commitments.record);
    expect(commitments.subject).toEqual([names.subject('email', `person${String(id)}@example.org`)]);
    return epoch;
  });
}

describe('an epoch that begins', () => {
  it('during a run is that of the next run', async () => {
    const keys = createEpochs();
    const on = await open({
      keys,
      wrap: (connector) =>
        new Proxy(connector, {
          get: (target, name) => {
            const member: unknown = Reflect.get(target, name);
            if (name === 'erasing') keys.begin();
            return typeof member === 'function' ? (member.bind(target) as unknown) : member;
          },
        }),
    });
    await run(on);
    expect(epochsOfRecords(keys, await on.entries())).toEqual(DUE.map(() => 'e1'));
    on.database.tables.get('contacts')?.rows.set('["1"]', contact(1, '2025-01-01'));
    await run(on);
    expect(epochsOfRecords(keys, await on.entries())).toEqual([...DUE.map(() => 'e1'), 'e2']);
  });

  it('before recovery leaves the batch to the epoch of its opening', async () => {
    const keys = createEpochs();
    // Dies when it would write down what became of the first batch.
    const calls = createDeath();
    const on = await open({ keys, wrapState: (state) => calls.mortal(state) });
    await run(on);
    await world.close();
    const settling = calls.calls.lastIndexOf('transaction') - 1;
    const death = createDeath(settling - 2);
    const dying = await open({ keys, wrapState: (state) => death.mortal(state) });
    await run(dying).catch(() => undefined);
    expect(death.happened()).toBe(true);
    keys.begin();
    now += 5 * 60_000;
    dying.database.locks.clear();
    const next = await dying.again();
    expect((await next.state.openBatches()).map(({ epoch }) => epoch)).toContain('e1');
    await run(next);
    const entries = await next.entries();
    const outcomes = entries.filter(({ type }) => type === 'record');
    expect(outcomes).toHaveLength(DUE.length);
    const epochs = epochsOfRecords(keys, entries);
    expect(epochs).toContain('e1');
    const recovered = outcomes.findIndex(
      (entry) => 'outcome' in entry && entry.outcome === 'absent-after-crash',
    );
    expect(epochs[recovered]).toBe('e1');
  });

  it('is that of a hold that is placed after', async () => {
    const keys = createEpochs();
    const on = await open({ keys });
    keys.begin();
    const email = 'person1@example.org';
    const input = { subjects: [['email', email]] as const, why: 'x', waitMs: 0, signal };
    await placeHold(on, [], input);
    const placed = (await on.entries()).find((entry) => entry.type === 'hold-placed');
    expect(placed).toMatchObject({ epoch: 'e2', subject: [keys.all.get('e2')!.subject('email', email)] });
  });
});

describe('the clock that keys are destroyed by', () => {
  it('has a witness for two days after a run ended', async () => {
    const on = await open({});
    expect(await clockIsWitnessed(on.state, now)).toBe(false);
    await run(on);
    expect(await clockIsWitnessed(on.state, now)).toBe(true);
    expect(await clockIsWitnessed(on.state, now - 1)).toBe(false);
    expect(await clockIsWitnessed(on.state, now + 48 * HOUR)).toBe(true);
    expect(await clockIsWitnessed(on.state, now + 48 * HOUR + 1)).toBe(false);
  });

  it('has none in a run that waits for a person to confirm the clock', async () => {
    // The memory connector without a clock of its own.
    const on = await open({ memory: {} });
    await run(on);
    on.database.tables.get('contacts')?.rows.set('["1"]', contact(1, '2025-01-01'));
    now += 400 * 24 * HOUR;
    expect(await run(on)).toMatchObject([{ status: 'waiting', guard: { name: 'clock-gap' } }]);
    expect(await clockIsWitnessed(on.state, now)).toBe(false);
  });
});
