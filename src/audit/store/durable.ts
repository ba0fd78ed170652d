/**
 * Files that survive a power cut. A file is written under another name and synced before it gets its own, so that
 * nobody ever sees half of one; a name lasts only when its folder is synced too.
 */
import { link, mkdir, open, rename, unlink } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';

/** The code of a failed system call (`ENOENT`), or undefined for any other error. */
export function systemCode(error: unknown): string | undefined {
  const code: unknown =
    typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : undefined;
}

/** Makes the names in a folder last. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** Makes a folder and its parents, as far as they are missing. */
export async function makeFolders(path: string, mode: number): Promise<void> {
  const first = await mkdir(path, { recursive: true, mode });
  if (first === undefined) return;
  for (let made = resolve(path); made.length >= resolve(first).length; made = dirname(made)) {
    await syncFolder(dirname(made));
  }
}

/**
 * Makes one folder in a parent that exists. The parent is synced also when another process was quicker: it may not
 * have come to that yet.
 */
export async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path);
  } catch (error) {
    if (systemCode(error) !== 'EEXIST') throw error;
  }
  await syncFolder(dirname(path));
}

async function writeSynced(path: string, bytes: Uint8Array, mode: number): Promise<void> {
  const file = await open(path, 'wx', mode);
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Removes a temporary file, which may never have come to be. */
async function discard(path: string): Promise<void> {
  await unlink(path).catch((error: unknown) => {
    if (systemCode(error) !== 'ENOENT') throw error;
  });
}

/**
 * Makes a file that is not there yet; its folder is left to be synced by the caller.
 * @param temporary a name in the same file system that nobody else uses.
 * @returns false when there is a file of that name, which stays as it is.
 */
export async function createFile(
  path: string,
  temporary: string,
  bytes: Uint8Array,
  mode: number,
): Promise<boolean> {
  try {
    await writeSynced(temporary, bytes, mode);
    // A crash here leaves the temporary file, which nobody reads.
    await link(temporary, path);
    return true;
  } catch (error) {
    if (systemCode(error) === 'EEXIST') return false;
    throw error;
  } finally {
    await discard(temporary);
  }
}

/** Puts new bytes in place of a file in one step, and syncs its folder. */
export async function replaceFile(
  path: string,
  temporary: string,
  bytes: Uint8Array,
  mode: number,
): Promise<void> {
  try {
    await writeSynced(temporary, bytes, mode);
    // A crash here leaves the old file, and the temporary one, which nobody reads.
    await rename(temporary, path);
  } catch (error) {
    await discard(temporary);
    throw error;
  }
  // A crash here leaves the one or the other; both are whole.
  await syncFolder(dirname(path));
}
