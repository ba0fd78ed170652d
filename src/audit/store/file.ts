/**
 * A trail in a folder: the default, and the same bytes as in S3. Each key is a file under the root. Immutable objects
 * are created by `link`, which refuses a name that is taken; mutable ones are renamed into place under a lock between
 * processes (lock.ts). Besides the objects there are `.state/lock` and, after a crash, files that end in `.tmp`.
 *
 * A folder gives evidence of tampering only as far as its heads are known elsewhere: whoever holds the folder and the
 * signing key can write another history.
 */
import { hash, randomUUID } from 'node:crypto';
import type { Dirent } from 'node:fs';
import { readdir, readFile, stat, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { FristError } from '../../errors.ts';
import { createFile, makeFolder, makeFolders, replaceFile, syncFolder, systemCode } from './durable.ts';
import { withFileLock } from './lock.ts';
import { forEachParallel } from './parallel.ts';
import { isKey } from './store.ts';
import type { Store, Stored } from './store.ts';

const MODE = 0o644;
/** Files written at once; Node's pool has four threads. */
const PARALLEL = 8;
/** No object is nearly as large: an append has 16 MiB. */
const MOST_BYTES = 64 * 1024 * 1024;

async function guarded<T>(key: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof FristError) throw error;
    throw new FristError('AUDIT_STORE', { key, code: systemCode(error) ?? 'unknown' }, { cause: error });
  }
}

/**
 * The bytes of a file. A copy that somebody handed in may hold anything: a pipe would be waited for without end, and a
 * link to a device, or a file that claims a terabyte, would take all memory.
 */
async function readPlain(path: string, key: string): Promise<Buffer> {
  const found = await stat(path);
  if (!found.isFile() && !found.isDirectory())
    throw new FristError('AUDIT_CORRUPT', { where: key, what: 'it is not a file' });
  if (found.size > MOST_BYTES)
    throw new FristError('AUDIT_CORRUPT', { where: key, what: 'it is over 64 MiB' });
  return await readFile(path);
}

class FileStore implements Store {
  readonly #root: string;
  /** Folders that this process knows to be there for good. */
  readonly #folders = new Set<string>();
  /** The last `replace` that was begun: within a process they queue here and need not fight for the lock. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(root: string) {
    this.#root = root;
  }

  get(key: string): Promise<Stored | undefined> {
    return guarded(key, () => this.#read(key));
  }

  async *list(prefix: string): AsyncGenerator<string> {
    const folder = prefix.slice(0, -1);
    let names: Dirent[];
    try {
      names = await readdir(this.#path(folder), { withFileTypes: true });
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return this.#checkRoot();
      throw new FristError(
        'AUDIT_STORE',
        { key: folder, code: systemCode(error) ?? 'unknown' },
        { cause: error },
      );
    }
    for (const entry of names) {
      if (entry.isDirectory()) yield* this.list(`${prefix}${entry.name}/`);
      else if (!entry.name.endsWith('.tmp')) yield prefix + entry.name;
    }
  }

  async putImmutable(objects: ReadonlyMap<string, Uint8Array>): Promise<void> {
    const folders = new Set<string>();
    await forEachParallel(PARALLEL, objects, ([key, bytes]) =>
      guarded(key, async () => {
        folders.add(await this.#folderOf(key));
        await this.#create(key, bytes);
      }),
    );
    // A crash here may leave any of the files without a name. Each folder is synced once for all of its files, also
    // for one that was there already: whoever wrote it may not have come to that.
    await forEachParallel(PARALLEL, folders, (folder) => guarded(folder, () => syncFolder(folder)));
  }

  replace(key: string, bytes: Uint8Array, expected: string | null): Promise<string> {
    const turn = this.#turn.then(() => guarded(key, () => this.#replace(key, bytes, expected)));
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  remove(key: string): Promise<boolean> {
    return guarded(key, async () => {
      try {
        await unlink(this.#path(key));
      } catch (error) {
        if (systemCode(error) !== 'ENOENT') throw error;
        await this.#checkRoot();
        return false;
      }
      await syncFolder(dirname(this.#path(key)));
      return true;
    });
  }

  async #replace(key: string, bytes: Uint8Array, expected: string | null): Promise<string> {
    await this.#folderOf(key);
    const lock = join(await this.#folderOf('.state/lock'), 'lock');
    return withFileLock(lock, async () => {
      const current = await this.#read(key);
      if ((current?.tag ?? null) !== expected) throw new FristError('AUDIT_SWAP_LOST', { key });
      await replaceFile(this.#path(key), this.#temporary(key), bytes, MODE);
      return tagOf(bytes);
    });
  }

  async #create(key: string, bytes: Uint8Array): Promise<void> {
    if (await createFile(this.#path(key), this.#temporary(key), bytes, MODE)) return;
    const there = await this.#read(key);
    if (there?.bytes.equals(bytes) !== true) throw new FristError('AUDIT_CONFLICT', { key });
  }

  async #read(key: string): Promise<Stored | undefined> {
    try {
      const bytes = await readPlain(this.#path(key), key);
      return { bytes, tag: tagOf(bytes) };
    } catch (error) {
      if (systemCode(error) !== 'ENOENT') throw error;
      await this.#checkRoot();
      return undefined;
    }
  }

  /** A root that is gone (a volume that is not mounted) must not look like an empty trail. */
  async #checkRoot(): Promise<void> {
    const found = await stat(this.#root).catch(() => undefined);
    if (found?.isDirectory() !== true)
      throw new FristError('AUDIT_STORE', { key: 'its folder', code: 'ENOENT' });
  }

  /** The folder of a key, made if need be; the root is never made here. */
  async #folderOf(key: string): Promise<string> {
    const folder = dirname(this.#path(key));
    if (this.#folders.has(folder)) return folder;
    let path = this.#root;
    for (const part of key.split('/').slice(0, -1)) {
      path = join(path, part);
      if (this.#folders.has(path)) continue;
      await makeFolder(path);
      this.#folders.add(path);
    }
    this.#folders.add(folder);
    return folder;
  }

  #path(key: string): string {
    if (!isKey(key)) throw new FristError('AUDIT_STORE', { key, code: 'EINVAL' });
    return join(this.#root, key);
  }

  #temporary(key: string): string {
    return `${this.#path(key)}.${randomUUID()}.tmp`;
  }
}

/** The tag is the hash of the bytes: a trail never returns to an earlier version of an object. */
function tagOf(bytes: Uint8Array): string {
  return hash('sha256', bytes, 'hex');
}

/**
 * Opens the trail in a folder.
 * @param options.create makes the folder and its parents; without it a missing folder is an error.
 * @throws AUDIT_STORE, from here and from every method.
 */
export async function openFileStore(
  root: string,
  options: { readonly create?: boolean } = {},
): Promise<Store> {
  await guarded('its folder', async () => {
    if (options.create === true) await makeFolders(root, 0o755);
    if (!(await stat(root)).isDirectory())
      throw new FristError('AUDIT_STORE', { key: 'its folder', code: 'ENOTDIR' });
  });
  return new FileStore(root);
}
