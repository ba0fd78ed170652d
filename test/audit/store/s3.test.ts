import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { createMemoryStore } from '../../../src/audit/store/memory.ts';
import { openS3Reader, openS3Store } from '../../../src/audit/store/s3.ts';
import type { S3Place } from '../../../src/audit/store/s3/place.ts';
import type { Store, Swap } from '../../../src/audit/store/store.ts';
import { CEPH_PLAIN, CEPH_VERSIONED } from '../../support/s3/bucket.ts';
import type { BucketOptions, Quirks } from '../../support/s3/bucket.ts';
import { placeIn } from '../../support/s3/place.ts';
import { startS3 } from '../../support/s3/server.ts';
import type { S3Server } from '../../support/s3/server.ts';
import { describeStore } from '../store-conformance.ts';

let s3: S3Server;
let now = Date.UTC(2026, 10, 22);
let made = 0;
beforeAll(async () => {
  s3 = await startS3({ now: () => now });
});
afterAll(() => s3.close());
beforeEach(() => {
  s3.fault = () => undefined;
});

interface Setup {
  readonly bucket?: BucketOptions;
  /** Makes a second bucket, and names it. */
  readonly state?: BucketOptions;
  readonly database?: true;
  readonly lock?: Partial<S3Place['lock']>;
}

/** A new bucket with these quirks, and ways to open it. */
function setUp({ bucket, state, database, lock }: Setup): {
  readonly name: string;
  readonly swap: Swap | undefined;
  readonly open: () => Store;
} {
  const name = `bucket-${made++}`;
  s3.makeBucket(name, bucket);
  if (state !== undefined) s3.makeBucket(`${name}-state`, state);
  const place = placeIn(s3, name, {
    ...(state === undefined ? {} : { stateBucket: `${name}-state` }),
    lock: { mode: 'none', years: 6, ...lock },
  });
  const swap = database === true ? createMemoryStore() : undefined;
  return { name, swap, open: () => openS3Store(place, { now: () => now, swap }) };
}

const kinds: readonly (Setup & { readonly name: string; readonly createsTwice?: true })[] = [
  { name: 'S3', bucket: {} },
  { name: 'S3 with versions', bucket: { versioned: true } },
  { name: 'S3 with Object Lock', bucket: { lock: true }, lock: { mode: 'compliance' } },
  { name: 'S3 without MD5', bucket: { quirks: { md5: 'ignored' } } },
  { name: 'S3 that wants ETags unquoted', bucket: { quirks: CEPH_PLAIN } },
  {
    name: 'S3 that ignores conditions, with a state bucket',
    bucket: { lock: true, quirks: CEPH_VERSIONED },
    state: { quirks: CEPH_PLAIN },
    lock: { mode: 'governance' },
    createsTwice: true,
  },
  {
    name: 'S3 that refuses conditions, with the state database',
    bucket: { quirks: { ifNoneMatch: 'refused', ifMatch: 'refused' } },
    database: true,
    createsTwice: true,
  },
  {
    name: 'S3 that ignores If-Match, with the state database',
    bucket: { quirks: { ifMatch: 'ignored' } },
    database: true,
  },
];

for (const { name, createsTwice, ...setup } of kinds) {
  describeStore({
    name,
    ...(createsTwice === undefined ? {} : { createsTwice }),
    make: async () => {
      const { open } = setUp(setup);
      return { store: open(), again: async () => open() };
    },
  });
}

const note = (size: number): Buffer => Buffer.from(`example.com/trail\n${size}\nroot\n`);
const tile = new Map([['tile/0/000', Buffer.from('hashes')]]);
const coded = (code: string, params = {}): unknown =>
  expect.objectContaining({ code, params: expect.objectContaining(params) });

describe('a bucket that cannot hold a trail', () => {
  const unable: readonly Quirks[] = [
    { ifMatch: 'ignored' },
    { ifMatch: 'refused' },
    { ifMatch: 'never' },
    { ifNoneMatch: 'ignored' },
    { ifNoneMatch: 'refused' },
  ];

  it.each(unable)('is refused before anything changes in it: %j', async (quirks) => {
    const { name, open } = setUp({ bucket: { quirks } });
    await expect(open().replace('checkpoint', note(1), null)).rejects.toEqual(
      coded('AUDIT_BUCKET_SWAP', { bucket: name }),
    );
    expect([...s3.current(name).keys()]).toEqual([]);
  });

  it('is no second bucket, either', async () => {
    const { name, open } = setUp({ bucket: {}, state: { quirks: { ifMatch: 'ignored' } } });
    await expect(open().replace('checkpoint', note(1), null)).rejects.toEqual(
      coded('AUDIT_BUCKET_SWAP', { bucket: `${name}-state` }),
    );
  });

  it('is one that takes locks and forgets them, or has none, when objects are to be locked', async () => {
    const unable = [
      ['off', { versioned: true }],
      ['dropped', { lock: true, quirks: { lock: 'dropped' } }],
      ['deleted', { lock: true, quirks: { lock: 'shown' } }],
      ['NotImplemented', { lock: true, quirks: { lock: 'refused' } }],
    ] as const;
    for (const [fault, bucket] of unable) {
      const { name, open } = setUp({ bucket, lock: { mode: 'compliance' } });
      await expect(open().putImmutable(tile)).rejects.toEqual(
        coded('AUDIT_BUCKET_LOCK', { bucket: name, fault }),
      );
      expect(s3.current(name).has('trail/tile/0/000')).toBe(false);
    }
  });

  it('does not look empty when it is not there, or may not be read', async () => {
    const place = placeIn(s3, 'nowhere');
    await expect(openS3Reader(place).get('checkpoint')).rejects.toEqual(
      coded('AUDIT_STORE', { key: 'nowhere/trail/checkpoint', code: 'NoSuchBucket' }),
    );
    const { open } = setUp({ bucket: { quirks: { denied: ['GetObject'] } } });
    await expect(open().get('tile/0/000')).rejects.toEqual(coded('AUDIT_STORE', { code: 'AccessDenied' }));
  });
});

describe('what changes', () => {
  it('is swapped in the second bucket, and the checkpoint copied for who downloads the first', async () => {
    const { name, open } = setUp({ bucket: { quirks: CEPH_VERSIONED, versioned: true }, state: {} });
    const store = open();
    await store.replace('.state/pending', Buffer.from('pending'), null);
    const tag = await store.replace('checkpoint', note(1), null);
    await store.replace('checkpoint', note(2), tag);
    expect(s3.current(name).get('trail/checkpoint')).toEqual(note(2));
    expect(s3.current(name).has('trail/.state/pending')).toBe(false);
    expect([...s3.current(`${name}-state`).keys()]).toEqual(['trail/.state/pending', 'trail/checkpoint']);
  });

  it('is copied by whoever reads it next, when a crash came before the copy', async () => {
    const { name, open } = setUp({ bucket: { quirks: CEPH_VERSIONED, versioned: true }, state: {} });
    const tag = await open().replace('checkpoint', note(1), null);
    s3.fault = ({ bucket, action, key }) =>
      bucket === name && action === 'PutObject' && key.endsWith('checkpoint') ? 'drop before' : undefined;
    await expect(open().replace('checkpoint', note(2), tag)).rejects.toEqual(coded('AUDIT_STORE'));
    expect(s3.current(name).get('trail/checkpoint')).toEqual(note(1));
    s3.fault = () => undefined;
    expect((await open().get('checkpoint'))?.bytes).toEqual(note(2));
    expect(s3.current(name).get('trail/checkpoint')).toEqual(note(2));
  });

  it('is not taken from an old copy of its place, and the newer checkpoint is left alone', async () => {
    const { name, open } = setUp({ bucket: { versioned: true, quirks: CEPH_VERSIONED }, state: {} });
    const store = open();
    const tag = await store.replace('checkpoint', note(1), null);
    await store.replace('checkpoint', note(2), tag);
    s3.bucket(`${name}-state`).put('trail/checkpoint', note(1), {});
    await expect(open().get('checkpoint')).rejects.toEqual(coded('AUDIT_ROLLBACK', { size: 1, known: 2 }));
    expect(s3.current(name).get('trail/checkpoint')).toEqual(note(2));
  });

  it('is not taken from an old copy of the state database, which is told', async () => {
    const { swap, open } = setUp({ bucket: { quirks: { ifMatch: 'ignored' } }, database: true });
    const store = open();
    const tag = await store.replace('checkpoint', note(1), null);
    await store.replace('checkpoint', note(3), tag);
    const newest = await swap?.get('checkpoint');
    await swap?.replace('checkpoint', note(1), newest?.tag ?? null);
    await expect(open().get('checkpoint')).rejects.toEqual(coded('AUDIT_STATE_OLD', { count: 2 }));
  });

  it('stays in the state database once it is there, also when the bucket has learned to swap', async () => {
    const bucket = { quirks: { ifMatch: 'ignored' } } as const;
    const { name, swap, open } = setUp({ bucket, database: true });
    const store = open();
    const pending = await store.replace('.state/pending', Buffer.from('1'), null);
    await store.replace('checkpoint', note(1), null);
    s3.makeBucket(name);
    const later = open();
    await later.replace('.state/pending', Buffer.from('2'), pending);
    expect((await swap?.get('.state/pending'))?.bytes.toString()).toBe('2');
    expect((await later.get('checkpoint'))?.bytes).toEqual(note(1));
    expect([...s3.current(name).keys()]).toEqual(['trail/checkpoint']);
  });

  it('does not move to the state database while a trail in the bucket was begun without it', async () => {
    const { name, open } = setUp({ bucket: {}, database: true });
    const tag = await open().replace('checkpoint', note(1), null);
    s3.makeBucket(name, { quirks: { ifMatch: 'ignored' } }).put('trail/checkpoint', note(1), {});
    await expect(open().replace('checkpoint', note(2), tag)).rejects.toEqual(coded('AUDIT_BUCKET_SWAP'));
  });
});

describe('an answer that was lost', () => {
  it('does not turn a creation that was carried out into a conflict', async () => {
    const { open } = setUp({});
    const store = open();
    await store.putImmutable(new Map([['tile/0/001', Buffer.from('x')]]));
    let faults = 0;
    s3.fault = ({ action, key }) =>
      action === 'PutObject' && key.endsWith('tile/0/000') && faults++ === 0 ? 'drop after' : undefined;
    await store.putImmutable(tile);
    expect(faults).toBe(2);
  });

  it('is an error of the store that says where, when trying again does not help', async () => {
    const { name, open } = setUp({});
    const store = open();
    await store.replace('checkpoint', note(1), null);
    s3.fault = () => ({ status: 503, code: 'SlowDown' });
    await expect(store.putImmutable(tile)).rejects.toEqual(
      coded('AUDIT_STORE', { key: `${name}/trail/tile/0/000`, code: 'SlowDown' }),
    );
    s3.fault = () => 'drop before';
    await expect(store.get('tile/0/000')).rejects.toEqual(coded('AUDIT_STORE'));
  });

  it('is not waited for without end', async () => {
    const { name } = setUp({});
    const store = openS3Store(placeIn(s3, name, { timeoutMs: 50 }), { now: () => now });
    s3.fault = () => ({ delayMs: 400 });
    await expect(store.get('checkpoint')).rejects.toEqual(
      coded('AUDIT_STORE', { key: `${name}/trail/checkpoint` }),
    );
  });
});

describe('locks', () => {
  const locksIn = (name: string): Map<string, unknown> =>
    new Map(
      [...s3.bucket(name).keys].map(([key, versions]) => [key.replace('trail/', ''), versions.at(-1)?.lock]),
    );

  it('are on what never changes, each for its own life, and never on what does', async () => {
    const { name, open } = setUp({
      bucket: { lock: true },
      lock: { mode: 'compliance', years: 6, evidenceDays: 90 },
    });
    const store = open();
    const keys = ['tile/0/000', 'tile/1/000', 'tile/entries/x001/000', 'heads/00000000000000000256'];
    const loose = ['tile/0/001.p/3', 'tile/entries/x001/000.p/255'];
    const evidence = `evidence/sha256/${'0'.repeat(64)}`;
    await store.putImmutable(new Map([...keys, ...loose, evidence].map((key) => [key, Buffer.from(key)])));
    const tag = await store.replace('checkpoint', note(1), null);
    await store.replace('checkpoint', note(2), tag);
    await store.replace('.state/pending', note(1), null);
    const locks = locksIn(name);
    for (const key of keys)
      expect(locks.get(key)).toEqual({ mode: 'COMPLIANCE', until: Date.UTC(2032, 10, 22) });
    expect(locks.get(evidence)).toEqual({ mode: 'COMPLIANCE', until: now + 90 * 86_400_000 });
    for (const key of [...loose, 'checkpoint', '.state/pending']) expect(locks.get(key)).toBeUndefined();
  });

  it('keep evidence from being removed before its day, and not after it', async () => {
    const { name, open } = setUp({ bucket: { lock: true }, lock: { mode: 'governance', evidenceDays: 1 } });
    const store = open();
    const key = `evidence/sha256/${'1'.repeat(64)}`;
    await store.putImmutable(new Map([[key, Buffer.from('reason')]]));
    await expect(store.remove?.(key)).rejects.toEqual(
      coded('AUDIT_STORE', { key: `${name}/trail/${key}`, code: 'AccessDenied' }),
    );
    now += 2 * 86_400_000;
    expect(await store.remove?.(key)).toBe(true);
    expect(await store.get(key)).toBeUndefined();
    expect(await store.remove?.(key)).toBe(false);
  });
});

describe('a delete marker', () => {
  it('does not take a tile from the reader, and is found', async () => {
    const { name, open } = setUp({ bucket: { versioned: true } });
    const store = open();
    await store.putImmutable(new Map([...tile, ['tile/0/001', Buffer.from('other')]]));
    s3.bucket(name).delete('trail/tile/0/000', null, false);
    expect((await store.get('tile/0/000'))?.bytes.toString()).toBe('hashes');
    const hidden: string[] = [];
    for await (const key of store.hidden?.('tile/') ?? []) hidden.push(key);
    expect(hidden).toEqual(['tile/0/000']);
    expect(await store.get('tile/0/002')).toBeUndefined();
    // Written anew it is there for everyone.
    await store.putImmutable(tile);
    expect(s3.current(name).has('trail/tile/0/000')).toBe(true);
  });

  it('is nothing to a server without versions', async () => {
    const { open } = setUp({ bucket: { quirks: { denied: ['ListObjectVersions'] } } });
    expect(await open().get('tile/0/000')).toBeUndefined();
  });
});
