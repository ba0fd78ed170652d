/** What a run costs at a store that takes money for every write: PUTs, the entries about batches and runs included. */
import { expect, it } from '@jest/globals';
import type { Store } from '../../../src/audit/store/store.ts';
import { sweep } from '../../../src/erasure/sweep.ts';
import { contact, POLICIES, TABLES } from '../fixture.ts';
import { createWorld } from '../harness.ts';

const NOW = Date.parse('2026-06-30T03:15:00Z');
const RECORDS = 12_000;
const WIDE = `
guards: { records: 1000000, percent: 100 }
first run guards: { records: 1000000, percent: 100 }
sources:`;

/** The same store, with a count of the writes that it is asked for: objects, and swaps. */
function counting(store: Store): { readonly store: Store; readonly puts: () => number } {
  let puts = 0;
  const counted: Partial<Store> = {
    putImmutable: (objects) => {
      puts += objects.size;
      return store.putImmutable(objects);
    },
    replace: (key, bytes, expected) => {
      puts += 1;
      return store.replace(key, bytes, expected);
    },
  };
  const proxy = new Proxy(store, {
    get: (target, name) => {
      const member: unknown = Reflect.get(Object.hasOwn(counted, name) ? counted : target, name);
      return typeof member === 'function' ? (member.bind(target) as unknown) : member;
    },
  });
  return { puts: () => puts, store: proxy };
}

it('erases in batches of 1,000 for at most 16 writes per 1,000 records, and opens and settles them in one append', async () => {
  let puts = (): number => 0;
  const world = await createWorld({
    tables: TABLES(
      Array.from({ length: RECORDS }, (_, i) => contact(i + 1, '2025-01-01')),
      [],
    ),
    policies: POLICIES.replace('\nsources:', WIDE),
    now: () => NOW,
    maxBatch: 1000,
    wrapStore: (store) => {
      const counted = counting(store);
      puts = counted.puts;
      return counted.store;
    },
  });
  try {
    await sweep(world.engine, world.tasks, {
      trigger: 'manual',
      slot: undefined,
      asOf: NOW,
      setClock: false,
      signal: new AbortController().signal,
    });
    await world.engine.trail.flush();
    expect(world.rows('contacts')).toEqual([]);
    process.stdout.write(`${(puts() / (RECORDS / 1000)).toFixed(1)} writes per 1,000 records\n`);
    expect(puts() / (RECORDS / 1000)).toBeLessThanOrEqual(16);
    const kinds = (await world.entries()).map((entry) => entry.type).filter((type) => type !== 'record');
    expect(kinds.join(' ')).toContain('batch-settled batch-opened batch-settled batch-opened');
  } finally {
    await world.close();
  }
}, 120_000);
