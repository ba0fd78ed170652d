/**
 * Faults at every single call that an append makes of its store, and at every one that recovery makes. Whatever
 * happens, an entry that was acknowledged is in the log, none is in it twice, and there is one history.
 */
import { describe, expect, it } from '@jest/globals';
import { entries, SIGNER } from '../../support/trail.ts';
import { openLog } from '../../../src/audit/log.ts';
import type { Appended, Log } from '../../../src/audit/log.ts';
import { createMemoryStore } from '../../../src/audit/store/memory.ts';
import type { Fault, MemoryStore, Operation } from '../../../src/audit/store/memory.ts';
import { EMPTY_EDGE, extend, rootOf } from '../../../src/audit/tree.ts';
import type { Edge } from '../../../src/audit/tree.ts';
import { verifyTrail } from '../../../src/audit/verify.ts';

type Objects = Map<string, Buffer>;
const sleep = async (): Promise<void> => {};
const open = (store: MemoryStore): Promise<Log> => openLog({ store, signer: SIGNER, sleep });

interface Base {
  readonly objects: Objects;
  readonly texts: readonly string[];
  readonly edge: Edge;
}

/** A log of `size` entries, in two appends. */
async function baseOf(size: number): Promise<Base> {
  const store = createMemoryStore();
  const log = await open(store);
  const texts = entries(size);
  await log.append(texts.slice(0, Math.floor(size / 2)));
  await log.append(texts.slice(Math.floor(size / 2)));
  return {
    objects: store.objects,
    texts,
    edge: extend(
      EMPTY_EDGE,
      texts.map((text) => Buffer.from(text)),
    ).edge,
  };
}

/** The process dies at operation `n`: before it, or when it is done; of what comes after nothing happens. */
function dyingAt(n: number, when: Fault): (operation: Operation) => Fault | undefined {
  return (operation) => (operation.n < n ? undefined : operation.n === n ? when : 'before');
}

/** Faults at some operations; the process lives on. */
const failingAt =
  (faults: ReadonlyMap<number, Fault>) =>
  (operation: Operation): Fault | undefined =>
    faults.get(operation.n);

/** Exactly these entries, in this order, under one root. */
async function expectLog(
  objects: Objects,
  base: Base,
  added: readonly string[],
  whole: boolean,
): Promise<void> {
  const log = await open(createMemoryStore({ objects }));
  const { edge } = extend(
    base.edge,
    added.map((text) => Buffer.from(text)),
  );
  expect(log.head()).toEqual({ size: edge.size, root: rootOf(edge).toString('base64') });
  expect(await log.readEntries(base.edge.size, edge.size)).toEqual(added);
  if (!whole) return;
  expect(await verifyTrail({ store: createMemoryStore({ objects }), vkey: SIGNER.vkey })).toMatchObject(
    log.head(),
  );
}

/** How many operations an append makes, opening included. */
async function operationsOf(base: Base, added: readonly string[]): Promise<{ opening: number; all: number }> {
  const store = createMemoryStore({ objects: new Map(base.objects) });
  const log = await open(store);
  const opening = store.count;
  await log.append(added);
  return { opening, all: store.count };
}

/** Appends as a publisher does: the same entries again, in a new process, until it is told that they are in. */
async function appendAfterCrash(objects: Objects, base: Base, added: readonly string[]): Promise<void> {
  const log = await open(createMemoryStore({ objects }));
  const there = new Set(await log.readEntries(base.edge.size, log.head().size));
  const missing = added.filter((text) => !there.has(text));
  // An append is in the log whole, or not at all.
  expect([0, added.length]).toContain(missing.length);
  await log.append(missing);
}

/** Tries until the log says yes; two faults at most are in its way. */
async function insist(log: Log, texts: readonly string[]): Promise<Appended> {
  for (let tries = 0; ; tries++) {
    try {
      return await log.append(texts);
    } catch (error) {
      expect(error).toMatchObject({ code: 'AUDIT_STORE' });
      expect(tries).toBeLessThan(2);
    }
  }
}

const SIZES = [0, 1, 2, 254, 255, 256, 257, 511, 512];
const LARGE = [65_534, 65_535, 65_536, 65_537];
const FATES: readonly Fault[] = ['before', 'after'];

describe('a crash at every call of an append', () => {
  it.each([...SIZES, ...LARGE])('on top of %i entries loses, doubles and forks nothing', async (size) => {
    const base = await baseOf(size);
    for (const count of size > 1000 ? [2] : [1, 2, 3, 300]) {
      const added = entries(count);
      const { opening, all } = await operationsOf(base, added);
      expect(all - opening).toBeGreaterThanOrEqual(4);
      for (let n = opening; n < all; n++) {
        for (const fate of FATES) {
          const objects = new Map(base.objects);
          const dying = await open(createMemoryStore({ objects, fault: dyingAt(n, fate) }));
          await expect(dying.append(added)).rejects.toMatchObject({ code: 'AUDIT_STORE' });
          await appendAfterCrash(objects, base, added);
          await expectLog(objects, base, added, size <= 1000 && count <= 3);
        }
      }
    }
  });

  it('and again at every call of the recovery loses, doubles and forks nothing', async () => {
    for (const size of [0, 1, 255, 256]) {
      const base = await baseOf(size);
      const added = entries(2);
      const { opening, all } = await operationsOf(base, added);
      for (let n = opening; n < all; n++) {
        const crashed = new Map(base.objects);
        const dying = await open(createMemoryStore({ objects: crashed, fault: dyingAt(n, 'after') }));
        await dying.append(added).catch(() => undefined);
        for (let again = 0; ; again++) {
          const objects = new Map(crashed);
          const store = createMemoryStore({ objects, fault: dyingAt(again, FATES[again % 2]!) });
          const opened = await open(store).then(
            () => true,
            () => false,
          );
          await appendAfterCrash(objects, base, added);
          await expectLog(objects, base, added, false);
          if (opened) break;
        }
      }
    }
  });
});

describe('a fault at every call of an append that lives on', () => {
  it.each(SIZES)('on top of %i entries loses, doubles and forks nothing', async (size) => {
    const base = await baseOf(size);
    const added = entries(2);
    const { opening, all } = await operationsOf(base, added);
    // Each single fault, and each pair of them in a row: the second one strikes while the first is being dealt with.
    for (let n = opening; n < all + 4; n++) {
      for (const [first, second] of [
        ['before'],
        ['after'],
        ['before', 'before'],
        ['after', 'before'],
        ['before', 'after'],
        ['after', 'after'],
      ] as const) {
        const objects = new Map(base.objects);
        const faults = new Map<number, Fault>([[n, first]]);
        if (second !== undefined) faults.set(n + 1, second);
        const log = await open(createMemoryStore({ objects, fault: failingAt(faults) }));
        expect(await insist(log, added)).toMatchObject({ first: size, size: size + 2 });
        const more = entries(1);
        expect(await insist(log, more)).toMatchObject({ first: size + 2, size: size + 3 });
        await expectLog(objects, base, [...added, ...more], false);
      }
    }
  });

  it('looks again for what may be there when it could not look the first time', async () => {
    const base = await baseOf(300);
    const added = entries(2);
    const { opening } = await operationsOf(base, added);
    // The pending object is written, its answer and the reading back are lost; then one call of the next try fails.
    for (let third = opening + 2; third < opening + 20; third++) {
      const objects = new Map(base.objects);
      const faults = new Map<number, Fault>([
        [opening, 'after'],
        [opening + 1, 'before'],
        [third, 'before'],
      ]);
      const log = await open(createMemoryStore({ objects, fault: failingAt(faults) }));
      await insist(log, added);
      await expectLog(objects, base, added, false);
    }
  });

  it('does not trouble the caller when only an answer was lost', async () => {
    const base = await baseOf(3);
    for (const key of ['.state/pending', 'checkpoint']) {
      const objects = new Map(base.objects);
      const fault = (operation: Operation): Fault | undefined =>
        operation.method === 'replace' && operation.key === key ? 'after' : undefined;
      const log = await open(createMemoryStore({ objects, fault }));
      const added = entries(2);
      expect(await log.append(added)).toMatchObject({ first: 3, size: 5 });
      await expectLog(objects, base, added, true);
    }
  });

  it('tells the caller when entries were appended together with others', async () => {
    const base = await baseOf(3);
    const [one, two] = entries(2) as [string, string];
    const objects = new Map(base.objects);
    const { opening } = await operationsOf(base, [one]);
    // The pending object is written, its answer and the reading back are lost.
    const faults = new Map<number, Fault>([
      [opening, 'after'],
      [opening + 1, 'before'],
    ]);
    const log = await open(createMemoryStore({ objects, fault: failingAt(faults) }));
    await expect(log.append([one])).rejects.toMatchObject({ code: 'AUDIT_STORE' });
    await expect(log.append([one, two])).rejects.toMatchObject({ code: 'AUDIT_OVERLAP' });
    expect(log.head().size).toBe(4);
    await log.append([two]);
    await expectLog(objects, base, [one, two], true);
  });
});
