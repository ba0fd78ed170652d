/**
 * What every store of the trail must do (src/audit/store/store.ts). A kind of store passes all of it, or is none:
 * its own test file calls this with a way to make a new, empty one.
 */
import { describe, expect, it } from '@jest/globals';
import type { Store } from '../../src/audit/store/store.ts';

export interface StoreKind {
  readonly name: string;
  /** A new, empty store; with `again`, another client of the same one, as another process would have. */
  make(): Promise<{ store: Store; again: () => Promise<Store> }>;
  /** The server ignores a conditional create: see the header of src/audit/store/s3.ts. */
  readonly createsTwice?: true;
}

const conflict = expect.objectContaining({ code: 'AUDIT_CONFLICT' });
const lost = expect.objectContaining({ code: 'AUDIT_SWAP_LOST' });
const bytes = (text: string): Buffer => Buffer.from(text);
const one = (key: string, text: string): Map<string, Buffer> => new Map([[key, bytes(text)]]);

async function keysOf(store: Store, prefix: string): Promise<string[]> {
  const keys: string[] = [];
  for await (const key of store.list(prefix)) keys.push(key);
  return keys.sort();
}

export function describeStore(kind: StoreKind): void {
  describe(`a store of kind ${kind.name}`, () => {
    it('has nothing in it at first', async () => {
      const { store } = await kind.make();
      expect(await store.get('checkpoint')).toBeUndefined();
      expect(await store.get('tile/0/000.p/1')).toBeUndefined();
      expect(await keysOf(store, 'tile/')).toEqual([]);
    });

    it('gives back what was put, to every client', async () => {
      const { store, again } = await kind.make();
      const objects = new Map([
        ['tile/0/000', Buffer.from(Array.from({ length: 8192 }, (_, i) => i % 256))],
        ['tile/0/000.p/1', bytes('a')],
        ['tile/entries/x001/x234/067', Buffer.alloc(3_000_000, 5)],
        [`evidence/sha256/${'a'.repeat(64)}`, Buffer.from([0, 255, 10, 13])],
      ]);
      await store.putImmutable(objects);
      for (const client of [store, await again()]) {
        for (const [key, value] of objects) expect((await client.get(key))?.bytes.equals(value)).toBe(true);
        expect(await client.get('tile/0/001')).toBeUndefined();
      }
    });

    it('removes evidence for good, once, and nothing else', async () => {
      const { store, again } = await kind.make();
      const [gone, left] = [`evidence/sha256/${'a'.repeat(64)}`, `evidence/sha256/${'b'.repeat(64)}`];
      await store.putImmutable(new Map([gone, left].map((key) => [key, bytes(key)])));
      if (store.remove === undefined) return;
      expect(await store.remove(gone)).toBe(true);
      expect(await store.remove(gone)).toBe(false);
      expect(await (await again()).get(gone)).toBeUndefined();
      expect(await keysOf(store, 'evidence/')).toEqual([left]);
      expect((await store.get(left))?.bytes.toString()).toBe(left);
    });

    it('lists what begins with a prefix, and nothing else', async () => {
      const { store } = await kind.make();
      const keys = [
        'tile/0/000',
        'tile/0/000.p/7',
        'tile/0/x001/000',
        'tile/entries/000',
        'evidence/sha256/00',
      ];
      await store.putImmutable(new Map(keys.map((key) => [key, bytes(key)])));
      await store.replace('checkpoint', bytes('c'), null);
      expect(await keysOf(store, 'tile/')).toEqual(keys.slice(0, 4).sort());
      expect(await keysOf(store, 'tile/entries/')).toEqual(['tile/entries/000']);
      expect(await keysOf(store, 'evidence/sha256/')).toEqual(['evidence/sha256/00']);
      expect(await keysOf(store, 'heads/')).toEqual([]);
    });

    it('takes the same bytes for an immutable object again', async () => {
      const { store, again } = await kind.make();
      await store.putImmutable(one('tile/0/000', 'same'));
      await store.putImmutable(one('tile/0/000', 'same'));
      await (await again()).putImmutable(one('tile/0/000', 'same'));
      expect((await store.get('tile/0/000'))?.bytes.toString()).toBe('same');
    });

    it('refuses other bytes for it, and keeps the first', async () => {
      const { store, again } = await kind.make();
      await store.putImmutable(one('tile/0/000', 'first'));
      for (const other of ['other', 'firs', 'first\n']) {
        await expect(store.putImmutable(one('tile/0/000', other))).rejects.toEqual(conflict);
        await expect((await again()).putImmutable(one('tile/0/000', other))).rejects.toEqual(conflict);
      }
      expect((await store.get('tile/0/000'))?.bytes.toString()).toBe('first');
    });

    it('says so when one of many is refused', async () => {
      const { store } = await kind.make();
      await store.putImmutable(one('tile/0/050', 'first'));
      const many = new Map(
        Array.from({ length: 100 }, (_, i) => [`tile/0/${String(i).padStart(3, '0')}`, bytes('x')]),
      );
      await expect(store.putImmutable(many)).rejects.toEqual(conflict);
      expect((await store.get('tile/0/050'))?.bytes.toString()).toBe('first');
    });

    const racing = kind.createsTwice === true ? 'the same bytes' : 'bytes of his own';
    it(`lets exactly one of several racing writers create an immutable object, each with ${racing}`, async () => {
      const { store, again } = await kind.make();
      const clients = [store, await again(), await again(), await again()];
      const text = (i: number): string => (kind.createsTwice === true ? 'any writer' : `writer ${i}`);
      const results = await Promise.allSettled(
        clients.map((client, i) => client.putImmutable(one('tile/0/000', text(i)))),
      );
      const winners = results.flatMap((result, i) => (result.status === 'fulfilled' ? [i] : []));
      expect(winners).toHaveLength(kind.createsTwice === true ? 4 : 1);
      expect((await store.get('tile/0/000'))?.bytes.toString()).toBe(text(winners[0]!));
    });

    it('replaces a mutable object when it is the expected version', async () => {
      const { store, again } = await kind.make();
      const first = await store.replace('checkpoint', bytes('1'), null);
      expect(await store.get('checkpoint')).toEqual({ bytes: bytes('1'), tag: first });
      const second = await (await again()).replace('checkpoint', bytes('2'), first);
      expect(second).not.toBe(first);
      expect(await store.get('checkpoint')).toEqual({ bytes: bytes('2'), tag: second });
      const large = await store.replace('checkpoint', Buffer.alloc(2_000_000, 1), second);
      await store.replace('checkpoint', bytes('small again'), large);
      expect((await store.get('checkpoint'))?.bytes.toString()).toBe('small again');
    });

    it('leaves it alone when it is another version', async () => {
      const { store } = await kind.make();
      const first = await store.replace('checkpoint', bytes('1'), null);
      await store.replace('checkpoint', bytes('2'), first);
      await expect(store.replace('checkpoint', bytes('3'), first)).rejects.toEqual(lost);
      await expect(store.replace('checkpoint', bytes('3'), null)).rejects.toEqual(lost);
      await expect(store.replace('.state/pending', bytes('3'), first)).rejects.toEqual(lost);
      expect((await store.get('checkpoint'))?.bytes.toString()).toBe('2');
      expect(await store.get('.state/pending')).toBeUndefined();
    });

    it('lets exactly one of several racing writers replace a version', async () => {
      const { store, again } = await kind.make();
      const clients = [store, await again(), await again(), await again()];
      let tag: string | null = null;
      for (let round = 0; round < 10; round++) {
        const expected: string | null = tag;
        const results = await Promise.allSettled(
          clients.map((client, i) => client.replace('checkpoint', bytes(`${round} by ${i}`), expected)),
        );
        const winners = results.flatMap((result, i) => (result.status === 'fulfilled' ? [i] : []));
        expect(winners).toHaveLength(1);
        for (const result of results) if (result.status === 'rejected') expect(result.reason).toEqual(lost);
        const now = await store.get('checkpoint');
        expect(now?.bytes.toString()).toBe(`${round} by ${winners[0]!}`);
        tag = now!.tag;
      }
    });

    it('refuses keys that are none', async () => {
      const { store } = await kind.make();
      for (const key of [
        '',
        '/etc/passwd',
        '../up',
        'tile/../../up',
        'a//b',
        'a/',
        'a b',
        'ä',
        'a/.',
        'x.tmp',
        'a\0',
      ]) {
        await expect(store.putImmutable(one(key, 'x'))).rejects.toThrow();
        await expect(store.replace(key, bytes('x'), null)).rejects.toThrow();
        await expect(store.get(key)).rejects.toThrow();
      }
    });
  });
}
