/**
 * A store in memory, made to be hostile: it refuses what a real store would take amiss, and fails where it is told
 * to, before or after having done the work. For tests, and for a demo that leaves nothing behind.
 */
import { hash } from 'node:crypto';
import { FristError } from '../../errors.ts';
import { isKey } from './store.ts';
import type { Store, Stored } from './store.ts';

/** One thing that is asked of the store; putting three objects is three of them. `n` counts from 0. */
export interface Operation {
  readonly n: number;
  readonly method: 'get' | 'put' | 'replace' | 'remove';
  readonly key: string;
}

/** `before`: it fails and was not done. `after`: it was done, and still it fails. */
export type Fault = 'before' | 'after';

export interface MemoryStore extends Store {
  /** The objects themselves; a test may look at them and spoil them. */
  readonly objects: Map<string, Buffer>;
  /** Operations so far. */
  readonly count: number;
}

/**
 * Makes a store in memory.
 * @param options.objects what is in it at first; it is used and changed in place.
 * @param options.fault asked at each operation whether it fails.
 */
export function createMemoryStore(
  options: { objects?: Map<string, Buffer>; fault?: (operation: Operation) => Fault | undefined } = {},
): MemoryStore {
  const objects = options.objects ?? new Map<string, Buffer>();
  let count = 0;
  const tagOf = (bytes: Uint8Array): string => hash('sha256', bytes, 'hex');

  // Every operation passes the event loop once: racing writers then come between each other.
  async function operate<T>(method: Operation['method'], key: string, work: () => T): Promise<T> {
    await Promise.resolve();
    if (!isKey(key)) throw new FristError('AUDIT_STORE', { key, code: 'EINVAL' });
    const n = count++;
    const fault = options.fault?.({ n, method, key });
    if (fault === 'before') throw new FristError('AUDIT_STORE', { key, code: 'EFAULT' });
    const result = work();
    if (fault === 'after') throw new FristError('AUDIT_STORE', { key, code: 'EFAULT' });
    return result;
  }

  function put(key: string, bytes: Uint8Array): void {
    const there = objects.get(key);
    if (bytes.length === 0) throw new FristError('AUDIT_STORE', { key, code: 'EINVAL' });
    if (there !== undefined && !there.equals(bytes)) throw new FristError('AUDIT_CONFLICT', { key });
    objects.set(key, Buffer.from(bytes));
  }

  function swap(key: string, bytes: Uint8Array, expected: string | null): string {
    const there = objects.get(key);
    if ((there === undefined ? null : tagOf(there)) !== expected)
      throw new FristError('AUDIT_SWAP_LOST', { key });
    objects.set(key, Buffer.from(bytes));
    return tagOf(bytes);
  }

  return {
    objects,
    get count() {
      return count;
    },
    get: (key) =>
      operate('get', key, (): Stored | undefined => {
        const bytes = objects.get(key);
        return bytes && { bytes: Buffer.from(bytes), tag: tagOf(bytes) };
      }),
    async *list(prefix) {
      await Promise.resolve();
      for (const key of objects.keys()) if (key.startsWith(prefix)) yield key;
    },
    async putImmutable(map) {
      // In the order given, so that a fault leaves the first ones: what a crash between two of them leaves.
      for (const [key, bytes] of map) await operate('put', key, () => put(key, bytes));
    },
    remove: (key) => operate('remove', key, () => objects.delete(key)),
    replace: (key, bytes, expected) => operate('replace', key, () => swap(key, bytes, expected)),
  };
}
