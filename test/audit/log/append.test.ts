import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { entries, logOf, SIGNER, signerFromSeed, VECTOR_SIGNER } from '../../support/trail.ts';
import { openLog } from '../../../src/audit/log.ts';
import type { Log } from '../../../src/audit/log.ts';
import { createMemoryStore } from '../../../src/audit/store/memory.ts';
import { parsePending } from '../../../src/audit/format/pending.ts';
import { verifyTrail } from '../../../src/audit/verify.ts';

const VECTORS = join(import.meta.dirname, '..', 'vectors');
const coded = (code: string): unknown => expect.objectContaining({ code });
const sleep = async (): Promise<void> => {};

async function filled(
  ...sizes: number[]
): Promise<{ objects: Map<string, Buffer>; log: Log; all: string[] }> {
  const { log, store } = await logOf([]);
  const all: string[] = [];
  for (const size of sizes) {
    const more = entries(size - all.length);
    await log.append(more);
    all.push(...more);
  }
  return { objects: store.objects, log, all };
}
const open = (objects: Map<string, Buffer>, expected?: { size: number; root: string }): Promise<Log> =>
  openLog({ store: createMemoryStore({ objects }), signer: SIGNER, expected, sleep });

describe('the log', () => {
  it.each([
    ['v3', [1, 2, 3]],
    ['v257', [1, 2, 255, 256, 257]],
  ])('writes every byte as Go does: %s', async (name, sizes) => {
    const store = createMemoryStore();
    const log = await openLog({ store, signer: VECTOR_SIGNER });
    const folder = join(VECTORS, name);
    for (const size of sizes) {
      const from = log.head().size;
      const texts = Array.from({ length: size - from }, (_, i) => `{"i":${from + i}}`);
      expect(await log.append(texts)).toMatchObject({ first: from, size });
      expect(store.objects.get('checkpoint')).toEqual(readFileSync(join(folder, `checkpoint.${size}`)));
    }
    const files = readdirSync(join(folder, 'tile'), { recursive: true, withFileTypes: true }).filter((file) =>
      file.isFile(),
    );
    const paths = files.map((file) => join(file.parentPath, file.name));
    const keys = paths.map((path) => path.slice(folder.length + 1));
    expect([...store.objects.keys()].sort()).toEqual(['.state/pending', 'checkpoint', ...keys].sort());
    for (const [i, key] of keys.entries()) expect(store.objects.get(key)).toEqual(readFileSync(paths[i]!));
  });

  it('gives back what was appended, from anywhere to anywhere', async () => {
    const { log, all } = await filled(1, 2, 256, 300, 900);
    for (const [from, to] of [
      [0, 900],
      [0, 0],
      [255, 257],
      [300, 301],
      [899, 900],
      [512, 768],
    ] as const) {
      expect(await log.readEntries(from, to)).toEqual(all.slice(from, to));
    }
    await expect(log.readEntries(0, 901)).rejects.toEqual(coded('AUDIT_RANGE'));
    await expect(log.readEntries(2, 1)).rejects.toEqual(coded('AUDIT_RANGE'));
  });

  it('goes on where another process left it', async () => {
    const { objects, log, all } = await filled(1, 255);
    const other = await open(objects, log.head());
    const more = entries(600);
    expect(await other.append(more)).toMatchObject({ first: 255, size: 855 });
    expect(await other.readEntries(0, 855)).toEqual([...all, ...more]);
    expect(await verifyTrail({ store: createMemoryStore({ objects }), vkey: SIGNER.vkey })).toMatchObject(
      other.head(),
    );
  });

  it('takes no entries for an answer', async () => {
    const { log, objects } = await filled(2);
    const before = new Map(objects);
    expect(await log.append([])).toMatchObject({ first: 2, size: 2 });
    expect(objects).toEqual(before);
  });

  it('keeps the order in which it was called', async () => {
    const { log } = await logOf([]);
    const texts = entries(30);
    const done = await Promise.all(texts.map((text) => log.append([text])));
    expect(done.map(({ first }) => first)).toEqual(texts.map((_, i) => i));
    expect(await log.readEntries(0, 30)).toEqual(texts);
  });

  it('refuses an entry that is empty or too long before anything is written', async () => {
    const { log, store } = await logOf([]);
    await expect(log.append([...entries(1), ''])).rejects.toEqual(coded('AUDIT_ENTRY'));
    await expect(log.append([...entries(1), 'x'.repeat(16_385)])).rejects.toEqual(coded('AUDIT_ENTRY'));
    expect(store.objects.size).toBe(0);
    expect(await log.append(entries(1))).toMatchObject({ size: 1 });
  });

  it('is not signed by a key that does not fit its verifier key', async () => {
    const broken = { vkey: SIGNER.vkey, sign: signerFromSeed(Buffer.alloc(32, 8), 'example.com/trail').sign };
    const store = createMemoryStore();
    const log = await openLog({ store, signer: broken });
    await expect(log.append(entries(1))).rejects.toEqual(coded('AUDIT_CORRUPT'));
    expect(store.objects.size).toBe(0);
  });
});

describe('a log that was tampered with', () => {
  it('is not opened with another key', async () => {
    const { objects } = await filled(3);
    const signer = signerFromSeed(Buffer.alloc(32, 8), 'example.com/trail');
    await expect(openLog({ store: createMemoryStore({ objects }), signer })).rejects.toEqual(
      coded('AUDIT_CORRUPT'),
    );
  });

  it('is not opened when it is older than it was', async () => {
    const { objects, log } = await filled(300);
    const old = new Map(objects);
    await log.append(entries(10));
    await expect(open(old, log.head())).rejects.toEqual(coded('AUDIT_ROLLBACK'));
    await expect(open(new Map(), log.head())).rejects.toEqual(coded('AUDIT_ROLLBACK'));
    expect((await open(objects, log.head())).head()).toEqual(log.head());
  });

  it.each([
    ['checkpoint', 310],
    ['.state/pending', 320],
  ])('is not opened when only its %s is older', async (key, known) => {
    const { objects, log } = await filled(300);
    const before = objects.get(key)!;
    await log.append(entries(10));
    await log.append(entries(10));
    const error = await open(new Map(objects).set(key, before)).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'AUDIT_ROLLBACK', params: { size: 300, known } });
  });

  it('is opened when its checkpoint is one append older, which is what a crash leaves', async () => {
    const { objects, log } = await filled(300);
    const before = objects.get('checkpoint')!;
    await log.append(entries(10));
    expect((await open(new Map(objects).set('checkpoint', before))).head()).toEqual(log.head());
  });

  it('is not opened when it has another past', async () => {
    for (const size of [1, 255, 256, 300]) {
      const { log } = await filled(size);
      const { objects, log: other } = await filled(size);
      await expect(open(new Map(objects), log.head())).rejects.toEqual(coded('AUDIT_FORK'));
      await other.append(entries(700));
      await expect(open(objects, log.head())).rejects.toEqual(coded('AUDIT_FORK'));
    }
  });

  it('is opened when it grew from any head that was seen', async () => {
    const heads = [];
    const { objects, log } = await filled(1);
    for (const more of [1, 1, 250, 3, 1, 1, 300, 800]) {
      heads.push(log.head());
      await log.append(entries(more));
    }
    for (const head of heads) expect((await open(objects, head)).head()).toEqual(log.head());
    expect(
      (await open(objects, { size: 0, root: '47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=' })).head().size,
    ).toBe(1358);
  });

  it('is not opened when pending and checkpoint are signed for different roots', async () => {
    const { objects } = await filled(5);
    const { objects: others } = await filled(5);
    await expect(open(new Map(objects).set('.state/pending', others.get('.state/pending')!))).rejects.toEqual(
      coded('AUDIT_FORK'),
    );
  });

  it('is not opened when what it would build on was changed', async () => {
    const { objects } = await filled(300);
    for (const key of ['tile/0/001.p/44', 'tile/1/000.p/1', 'tile/entries/001.p/44']) {
      const spoilt = Buffer.from(objects.get(key)!);
      spoilt[spoilt.length - 1]! ^= 1;
      await expect(open(new Map(objects).set(key, spoilt))).rejects.toEqual(coded('AUDIT_CORRUPT'));
      await expect(open(new Map(objects).set(key, spoilt.subarray(1)))).rejects.toEqual(
        coded('AUDIT_CORRUPT'),
      );
      const without = new Map(objects);
      without.delete(key);
      await expect(open(without)).rejects.toEqual(coded('AUDIT_CORRUPT'));
    }
  });

  it('is opened without the partial tiles that a full one replaces', async () => {
    const { objects, log } = await filled(200, 300);
    const { objects: later } = { objects: new Map(objects) };
    await log.append(entries(300));
    for (const [key, bytes] of objects) if (!later.has(key) || key.includes('/000')) later.set(key, bytes);
    for (const key of [...objects.keys()])
      if (key.startsWith('tile/') && key.includes('000.p/200')) objects.delete(key);
    expect((await open(objects)).head()).toEqual(log.head());
    expect(await (await open(objects)).readEntries(0, 600)).toHaveLength(600);
  });

  it('stops for good when an immutable object holds other bytes', async () => {
    const { objects, log } = await filled(255);
    objects.set('tile/0/000', Buffer.alloc(8192));
    await expect(log.append(entries(1))).rejects.toEqual(coded('AUDIT_CONFLICT'));
    objects.delete('tile/0/000');
    await expect(log.append(entries(1))).rejects.toEqual(coded('AUDIT_CONFLICT'));
    await expect(log.refresh()).rejects.toEqual(coded('AUDIT_CONFLICT'));
    expect((await open(objects)).head().size).toBe(256);
  });

  it.each([
    ['no header', (bytes: Buffer) => bytes.subarray(20)],
    ['a cut end', (bytes: Buffer) => bytes.subarray(0, -1)],
    ['a byte more', (bytes: Buffer) => Buffer.concat([bytes, Buffer.of(0)])],
    [
      'a larger base',
      (bytes: Buffer) => Buffer.from(bytes.toString('latin1').replace('\n2\n', '\n6\n'), 'latin1'),
    ],
    [
      'a base in another form',
      (bytes: Buffer) => Buffer.from(bytes.toString('latin1').replace('\n2\n', '\n02\n'), 'latin1'),
    ],
    [
      'another count',
      (bytes: Buffer) => Buffer.from(bytes.toString('latin1').replace('\n3\n', '\n4\n'), 'latin1'),
    ],
  ])('is not opened when pending has %s', async (_, spoil) => {
    const { objects } = await filled(2, 5);
    const pending = objects.get('.state/pending')!;
    expect(parsePending(pending)).toMatchObject({ base: 2 });
    await expect(open(objects.set('.state/pending', spoil(pending)))).rejects.toEqual(coded('AUDIT_CORRUPT'));
  });

  it('is not opened when the entries of an append under way were changed', async () => {
    const { objects } = await filled(2);
    const before = objects.get('checkpoint')!;
    await (await open(objects)).append(entries(3));
    const spoilt = Buffer.from(objects.get('.state/pending')!);
    spoilt[spoilt.length - 5]! ^= 1;
    objects.set('.state/pending', spoilt).set('checkpoint', before);
    for (const key of [...objects.keys()]) if (key.endsWith('.p/5')) objects.delete(key);
    await expect(open(objects)).rejects.toEqual(coded('AUDIT_CORRUPT'));
  });
});
