import {
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  symlink,
  truncate,
  writeFile,
} from 'node:fs/promises';
import { execFileSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { openFileStore } from '../../../src/audit/store/file.ts';
import { withFileLock } from '../../../src/audit/store/lock.ts';
import { describeStore } from '../store-conformance.ts';

const made: string[] = [];
async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'frist-trail-'));
  made.push(folder);
  return folder;
}
afterAll(async () => {
  for (const folder of made) await rm(folder, { recursive: true });
});

describeStore({
  name: 'file',
  make: async () => {
    const root = await newFolder();
    return { store: await openFileStore(root), again: () => openFileStore(root) };
  },
});

const object = new Map([['tile/0/000', Buffer.from('bytes')]]);
const failed = (code: string): unknown =>
  expect.objectContaining({ code: 'AUDIT_STORE', params: expect.objectContaining({ code }) });

describe('a trail in a folder', () => {
  it('is plain files, as an auditor copies them', async () => {
    const root = await newFolder();
    const store = await openFileStore(root);
    await store.putImmutable(object);
    await store.replace('checkpoint', Buffer.from('head'), null);
    expect((await readFile(join(root, 'tile/0/000'))).toString()).toBe('bytes');
    expect((await readFile(join(root, 'checkpoint'))).toString()).toBe('head');
    const files = await readdir(root, { recursive: true });
    expect(files.filter((name) => name.includes('.tmp'))).toEqual([]);
    expect(files.sort()).toEqual(['.state', '.state/lock', 'checkpoint', 'tile', 'tile/0', 'tile/0/000']);
  });

  it('does not list what a crash left half-written', async () => {
    const root = await newFolder();
    const store = await openFileStore(root);
    await store.putImmutable(object);
    await writeFile(join(root, 'tile/0/001.3b241101.tmp'), 'half');
    const keys: string[] = [];
    for await (const key of store.list('tile/')) keys.push(key);
    expect(keys).toEqual(['tile/0/000']);
    await store.putImmutable(new Map([['tile/0/001', Buffer.from('whole')]]));
    expect((await store.get('tile/0/001'))?.bytes.toString()).toBe('whole');
  });

  it('reads no pipe, no device, and no file that is larger than any object', async () => {
    const root = await newFolder();
    const store = await openFileStore(root);
    const path = join(root, 'checkpoint');
    const damaged = expect.objectContaining({ code: 'AUDIT_CORRUPT' });
    for (const make of [
      () => symlink('/dev/zero', path),
      () => Promise.resolve(execFileSync('mkfifo', [path])),
      () => writeFile(path, '').then(() => truncate(path, 64 * 1024 * 1024 + 1)),
    ]) {
      await make();
      await expect(store.get('checkpoint')).rejects.toEqual(damaged);
      await rm(path, { recursive: true });
    }
  });

  it('is not made by opening it, unless that is asked for', async () => {
    const root = join(await newFolder(), 'deep', 'trail');
    await expect(openFileStore(root)).rejects.toEqual(failed('ENOENT'));
    await (await openFileStore(root, { create: true })).putImmutable(object);
    expect((await (await openFileStore(root)).get('tile/0/000'))?.bytes.toString()).toBe('bytes');
    await expect(openFileStore(join(root, 'tile/0/000'))).rejects.toEqual(failed('ENOTDIR'));
  });

  it('does not look empty when its folder is gone', async () => {
    const root = join(await newFolder(), 'trail');
    const store = await openFileStore(root, { create: true });
    await store.putImmutable(object);
    await rename(root, `${root}-elsewhere`);
    await expect(store.get('checkpoint')).rejects.toEqual(failed('ENOENT'));
    await expect(store.putImmutable(new Map([['tile/0/001', Buffer.from('x')]]))).rejects.toEqual(
      failed('ENOENT'),
    );
    await expect(store.replace('checkpoint', Buffer.from('x'), null)).rejects.toEqual(failed('ENOENT'));
    const listing = async (): Promise<void> => {
      for await (const _ of store.list('tile/'));
    };
    await expect(listing()).rejects.toEqual(failed('ENOENT'));
    await expect(readdir(root)).rejects.toThrow();
  });

  it('names the object and the code when the system refuses', async () => {
    const root = await newFolder();
    const store = await openFileStore(root);
    await mkdir(join(root, 'checkpoint'));
    await expect(store.get('checkpoint')).rejects.toEqual(failed('EISDIR'));
    await writeFile(join(root, 'tile'), 'in the way');
    await expect(store.putImmutable(object)).rejects.toMatchObject({
      code: 'AUDIT_STORE',
      params: { key: 'tile/0/000' },
    });
    await expect(store.get('tile/0/000')).rejects.toEqual(failed('ENOTDIR'));
  });
});

describe('the lock between processes', () => {
  it('lets one in at a time, and the next when he leaves', async () => {
    const path = join(await newFolder(), 'lock');
    let inside = 0;
    let most = 0;
    const visit = (): Promise<void> =>
      withFileLock(path, async () => {
        most = Math.max(most, ++inside);
        await new Promise((resolve) => setTimeout(resolve, 2));
        inside--;
      });
    await Promise.all(Array.from({ length: 10 }, visit));
    expect([most, inside]).toEqual([1, 0]);
  });

  it('is given back when the work fails', async () => {
    const path = join(await newFolder(), 'lock');
    await expect(withFileLock(path, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(await withFileLock(path, async () => 'yes')).toBe('yes');
  });
});
