import { describe, expect, it } from '@jest/globals';
import { createMemoryStore } from '../../../src/audit/store/memory.ts';
import { describeStore } from '../store-conformance.ts';

describeStore({
  name: 'memory',
  make: async () => {
    const store = createMemoryStore();
    return { store, again: async () => createMemoryStore({ objects: store.objects }) };
  },
});

describe('a hostile memory', () => {
  it('fails before or after having done the work, where it is told to', async () => {
    const faults = ['before', 'after', undefined] as const;
    const store = createMemoryStore({ fault: ({ n, method }) => (method === 'put' ? faults[n] : undefined) });
    const failed = expect.objectContaining({ code: 'AUDIT_STORE' });
    await expect(store.putImmutable(new Map([['a', Buffer.of(1)]]))).rejects.toEqual(failed);
    expect(store.objects.has('a')).toBe(false);
    await expect(store.putImmutable(new Map([['a', Buffer.of(1)]]))).rejects.toEqual(failed);
    expect(store.objects.has('a')).toBe(true);
    await store.putImmutable(new Map([['a', Buffer.of(1)]]));
    expect(store.count).toBe(3);
  });

  it('refuses an empty object, which no part of a trail is', async () => {
    await expect(createMemoryStore().putImmutable(new Map([['a', Buffer.alloc(0)]]))).rejects.toThrow();
  });
});
