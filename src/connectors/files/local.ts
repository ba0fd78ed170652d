/** Files below a local folder. */
import type { Stats } from 'node:fs';
import { lstat, open, opendir, realpath, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { namesBelow } from './path.ts';
import { FileTrouble, codeOf } from './root.ts';
import type { FileOutcome, FileRoot } from './root.ts';

/** The folder `root`. It may itself be a link; below it none is followed. */
export function localFiles(root: string): FileRoot {
  return {
    async remove(paths) {
      const top = await realpath(root).catch(() => {
        // All files would look missing, and come back with the volume, when no row points to them any more.
        throw new FileTrouble('ROOT_MISSING');
      });
      const outcomes: FileOutcome[] = [];
      const touched = new Set<string>();
      for (const path of paths) outcomes.push(await removeBelow(top, path, touched));
      for (const folder of touched) await flush(folder);
      return outcomes;
    },
    async state() {
      try {
        const folder = await opendir(root);
        const first = await folder.read();
        await folder.close();
        return first === null ? 'empty' : 'there';
      } catch {
        return 'missing';
      }
    },
  };
}

async function removeBelow(top: string, path: string, touched: Set<string>): Promise<FileOutcome> {
  const names = namesBelow(path);
  if (names === undefined) return 'no file';
  if (typeof names === 'string') return names;
  let at = top;
  for (const [i, name] of names.entries()) {
    at = join(at, name);
    const found = await look(at);
    if (found === undefined) return 'missing';
    if (found.isSymbolicLink()) return 'link';
    const last = i === names.length - 1;
    if (last ? !found.isFile() : !found.isDirectory()) return last ? 'no file' : 'missing';
  }
  try {
    // Does not follow a link that has come to stand there meanwhile.
    await unlink(at);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return 'missing';
    throw new FileTrouble(error);
  }
  touched.add(dirname(at));
  return 'removed';
}

async function look(path: string): Promise<Stats | undefined> {
  try {
    return await lstat(path);
  } catch (error) {
    const code = codeOf(error);
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'ENAMETOOLONG') return undefined;
    throw new FileTrouble(error);
  }
}

/** So that a loss of power does not bring a file back whose row is gone. */
export async function flush(folder: string): Promise<void> {
  try {
    const handle = await open(folder, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch (error) {
    // Some file systems cannot flush a folder; they keep no order to rely on either.
    if (!['EINVAL', 'ENOTSUP', 'EISDIR', 'ENOENT'].includes(codeOf(error))) throw new FileTrouble(error);
  }
}
