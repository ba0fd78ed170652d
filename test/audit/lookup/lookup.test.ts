// The index of the trail finds what stands in it, reads little for it, and never speaks for a trail that was changed.
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { commitmentsIn, fieldsOf, prefixOfCommitment } from '../../../src/audit/lookup/names.ts';
import { catchUpIndex } from '../../../src/audit/lookup/catch-up.ts';
import { findByCommitment, findById } from '../../../src/audit/lookup/find.ts';
import { openReader } from '../../../src/audit/lookup/reader.ts';
import type { Log } from '../../../src/audit/log.ts';
import type { MemoryStore } from '../../../src/audit/store/memory.ts';
import { CHECKPOINT, tilePath } from '../../../src/audit/tile.ts';
import { codeOf, collect, freshState } from '../../state/support.ts';
import type { TestState } from '../../state/support.ts';
import { entries, logOf, SIGNER } from '../../support/trail.ts';
import { COMMITTER, erased, held, settled, SOURCE, watched } from './support.ts';

const { vkey } = SIGNER;
const person = (i: number): string =>
  erased({ key: String(i), email: `p${i % 1000}@example.dk`, batch: `batch-${i}` });
const people = (from: number, to: number): string[] =>
  Array.from({ length: to - from }, (_, i) => person(from + i));
const subject = (i: number): string => COMMITTER.subject('email', `p${i}@example.dk`);

let test: TestState;
let log: Log;
let store: MemoryStore;

/** Numbers of the entries about a commitment, after catching up. */
async function numbersOf(commitment: string): Promise<number[]> {
  const index = test.state.trailIndex;
  await catchUpIndex({ store, vkey, index });
  const reader = await openReader({ store, vkey });
  const found = await collect(findByCommitment(reader, index, new Set([commitment])));
  return found.map((one) => one.index);
}

beforeEach(async () => {
  test = await freshState('sqlite');
  ({ log, store } = await logOf([]));
});
afterEach(() => test.drop());

describe('the index', () => {
  it('finds whatever a walk through the whole trail finds, at any size of it', async () => {
    const texts: string[] = [];
    for (const size of [1, 255, 256, 257, 300, 5000]) {
      const more = people(texts.length, size);
      await log.append(more);
      texts.push(...more);
      for (const i of [0, 1, 254, 255, 256, 999]) {
        const walked = texts.flatMap((text, n) => {
          return commitmentsIn(fieldsOf(text, n)).includes(subject(i)) ? [n] : [];
        });
        expect([size, i, await numbersOf(subject(i))]).toEqual([size, i, walked]);
      }
      expect(await test.state.trailIndex.reach()).toEqual(log.head());
    }
  });

  it('finds an entry by record, by life of the record, by person and by hold', async () => {
    await log.append([...entries(3), person(7), held('hold-1', 'p7@example.dk'), settled('batch-7')]);
    const incarnation = [['email', 'p7@example.dk']] as const;
    expect(await numbersOf(COMMITTER.record(SOURCE, 'contact', ['7']))).toEqual([3]);
    expect(
      await numbersOf(COMMITTER.incarnation(SOURCE, 'contact', ['7'], incarnation, ['2025-11-20'])),
    ).toEqual([3]);
    expect(await numbersOf(subject(7))).toEqual([3, 4]);
    expect(await numbersOf(subject(8))).toEqual([]);
    const reader = await openReader({ store, vkey });
    const { trailIndex } = test.state;
    const [found, ...others] = await collect(findById(reader, trailIndex, 'batch-settled', 'batch-7'));
    expect([found?.index, others]).toEqual([5, []]);
    expect(await collect(findById(reader, trailIndex, 'batch-settled', 'batch-8'))).toEqual([]);
  });

  it('tells apart commitments that begin alike, by reading the entry', async () => {
    await log.append([person(1), person(2)]);
    const index = test.state.trailIndex;
    await catchUpIndex({ store, vkey, index });
    // As if the second person's commitment began with the first one's bytes.
    const alike = { prefix: prefixOfCommitment(subject(1)), entry: 1 };
    const [from, to] = [await index.reach(), { size: 3, root: 'later' }];
    await index.extend(from, to, [alike]);
    expect(await index.find([alike.prefix])).toEqual([0, 1]);
    const reader = await openReader({ store, vkey });
    const found = await collect(findByCommitment(reader, index, new Set([subject(1)])));
    expect(found.map((one) => one.index)).toEqual([0]);
  });

  it('once it has caught up, a search reads a few objects, and nothing for a person who is not there', async () => {
    await log.append(people(0, 20_000));
    const index = test.state.trailIndex;
    const { store: seen, reads } = watched(store);
    const search = async (i: number): Promise<number> => {
      reads.length = 0;
      await catchUpIndex({ store: seen, vkey, index });
      const reader = await openReader({ store: seen, vkey });
      await collect(
        findByCommitment(reader, index, new Set([COMMITTER.record(SOURCE, 'contact', [`${i}`])])),
      );
      return reads.length;
    };
    // The first one reads every bundle, once.
    expect(await search(77)).toBeGreaterThan(20_000 / 256);
    expect(reads.filter((key) => key.startsWith('tile/entries/')).length).toBeLessThan(20_000 / 256 + 3);
    expect(await search(123_456)).toBe(2);
    expect(await search(77)).toBeLessThan(10);
    await log.append(people(20_000, 20_001));
    // New entries: the bundle and the edge that they lie in.
    expect(await search(20_000)).toBeLessThan(15);
  });

  it('may be ahead of a trail that was opened before, and gives nothing of what came later', async () => {
    await log.append([person(1)]);
    const reader = await openReader({ store, vkey });
    await log.append([person(1001)]);
    expect(await numbersOf(subject(1))).toEqual([0, 1]);
    const before = findByCommitment(reader, test.state.trailIndex, new Set([subject(1)]));
    expect((await collect(before)).map((one) => one.index)).toEqual([0]);
  });

  it('goes on where it stopped', async () => {
    await log.append(people(0, 10_000));
    const index = test.state.trailIndex;
    const stop = new AbortController();
    const { store: seen, reads } = watched(store);
    const stopping = {
      ...seen,
      get: (key: string) => {
        if (reads.length > 20) stop.abort();
        return seen.get(key);
      },
    };
    const reach = await catchUpIndex({ store: stopping, vkey, index, signal: stop.signal });
    expect(reach?.size).toBe(2 * 4096);
    reads.length = 0;
    expect(await catchUpIndex({ store: seen, vkey, index })).toEqual(log.head());
    expect(reads.length).toBeLessThan(20);
    expect(await numbersOf(subject(9))).toHaveLength(10);
  });

  it('is made by two at once as by one', async () => {
    await log.append(people(0, 9000));
    const there = await test.open();
    const both = [test.state, there].map((state) => catchUpIndex({ store, vkey, index: state.trailIndex }));
    expect(await Promise.all(both)).toEqual([log.head(), log.head()]);
    expect(await numbersOf(subject(9))).toHaveLength(9);
  });
});

describe('a trail that is another one than the index knows', () => {
  it('makes the index anew', async () => {
    await log.append(people(0, 600));
    expect(await numbersOf(subject(5))).toEqual([5]);
    // The store of another trail under the same key, longer or shorter.
    for (const size of [700, 300]) {
      ({ log, store } = await logOf(people(1000, 1000 + size)));
      expect(await numbersOf(subject(5))).toEqual([5]);
      expect(await numbersOf(COMMITTER.record(SOURCE, 'contact', ['5']))).toEqual([]);
      expect(await numbersOf(COMMITTER.record(SOURCE, 'contact', ['1005']))).toEqual([5]);
    }
  });

  it('is not indexed when its entries do not give the signed root, at first or later', async () => {
    await log.append(people(0, 300));
    const spoil = (bundle: string): void => {
      const bytes = store.objects.get(bundle)!;
      bytes.write('"failed"', bytes.lastIndexOf('"erased"'));
    };
    spoil(tilePath('entries', 0));
    const index = test.state.trailIndex;
    for (const attempt of [1, 2])
      expect([attempt, await codeOf(catchUpIndex({ store, vkey, index }))]).toEqual([
        attempt,
        'AUDIT_CORRUPT',
      ]);
    ({ log, store } = await logOf(people(0, 300)));
    expect(await numbersOf(subject(5))).toEqual([5]);
    await log.append(people(300, 400));
    spoil(tilePath('entries', 1, 400 - 256));
    expect(await codeOf(catchUpIndex({ store, vkey, index }))).toBe('AUDIT_CORRUPT');
  });

  it('is not believed when one of its entries was changed after it was indexed', async () => {
    await log.append(people(0, 300));
    expect(await numbersOf(subject(5))).toEqual([5]);
    const bundle = tilePath('entries', 0);
    const bytes = store.objects.get(bundle)!;
    bytes.write('"failed"', bytes.indexOf('"erased"'));
    const reader = await openReader({ store, vkey });
    expect(await codeOf(reader.entry(0))).toBe('AUDIT_CORRUPT');
    expect(JSON.parse(await reader.entry(5))).toMatchObject({ outcome: 'erased' });
    expect(await codeOf(reader.entry(300))).toBe('AUDIT_RANGE');
  });

  it('is refused when it does not go on from the head that was seen', async () => {
    await log.append(people(0, 300));
    const known = log.head();
    await log.append(people(300, 310));
    await expect(openReader({ store, vkey, known })).resolves.toMatchObject({ head: log.head() });
    const other = await logOf(people(1, 320));
    expect(await codeOf(openReader({ store: other.store, vkey, known }))).toBe('AUDIT_FORK');
    const shorter = await logOf(people(0, 200));
    expect(await codeOf(openReader({ store: shorter.store, vkey, known }))).toBe('AUDIT_ROLLBACK');
    store.objects.delete(CHECKPOINT);
    expect(await codeOf(openReader({ store, vkey, known }))).toBe('AUDIT_CORRUPT');
  });
});
