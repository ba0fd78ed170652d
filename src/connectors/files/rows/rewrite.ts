/**
 * Writes a file anew without some of its rows, or with other bytes in their place.
 *
 * Order: a temporary file in the same folder is written and flushed; the original is looked at once more; the temporary
 * file takes its name; the folder is flushed. A crash leaves the original or the new file, whole, and perhaps the
 * temporary one, which the next session removes (`removeTemporaries`). It holds personal data, so only its owner may read
 * it until it has the original's mode. Its name: `.frist-new-`, the mark of the policy (lock.ts), `-`, 16 hex digits of
 * the SHA-256 of the original's path.
 *
 * Nobody can lock a file against a writer. One that has it open writes into a file without a name once it is replaced;
 * therefore a file that was written to a short time ago is left alone. The file system's own clock decides that: the
 * temporary file's time.
 */
import { createHash } from 'node:crypto';
import type { BigIntStats } from 'node:fs';
import { lstat, open, rename, unlink } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { SourceFailure } from '../../connector.ts';
import { flush } from '../local.ts';
import type { Pattern } from '../pattern.ts';
import { lockFolder } from '../place/lock.ts';
import { stateOf } from '../place/folder.ts';
import { OWN_PREFIX, entriesOf } from '../place/walk.ts';
import { FileTrouble } from '../root.ts';
import type { RowFile } from './open.ts';

/** Bytes that go, and what takes their place; in the order of the file. */
export interface Cut {
  readonly start: number;
  readonly end: number;
  readonly by?: (bytes: Buffer) => Buffer;
}

export interface How {
  readonly mark: string;
  readonly untouchedMinutes: number;
}

const PIECE = 1 << 16;
const NEW = `${OWN_PREFIX}new-`;

/**
 * Cuts rows out, or removes the whole file. False: somebody writes to it, or did a short time ago; it is as it was.
 * @throws FileTrouble: it is as it was, too. SourceFailure `uncertain`: it is written anew, and perhaps not durably.
 */
export async function rewrite(file: RowFile, cuts: readonly Cut[] | 'whole', how: How): Promise<boolean> {
  const temporary = temporaryOf(file.path, how.mark);
  try {
    const handle = await open(temporary, 'wx', 0o600);
    try {
      if (!isUntouched(await handle.stat({ bigint: true }), file.stats, how)) return false;
      if (cuts !== 'whole') {
        await copyAround(file.handle, handle, cuts);
        await dress(handle, file.stats);
        await handle.sync();
      }
    } finally {
      await handle.close();
    }
    const now = await lstat(file.path, { bigint: true });
    if (stateOf(now).version !== file.found.state?.version) return false;
    await (cuts === 'whole' ? unlink(file.path) : rename(temporary, file.path));
  } catch (error) {
    throw new FileTrouble(error);
  } finally {
    // Gone already where it was renamed.
    await unlink(temporary).catch(() => undefined);
  }
  await flush(dirname(file.path)).catch((error: unknown) => {
    throw new SourceFailure('uncertain', error instanceof FileTrouble ? error.code : 'UNKNOWN');
  });
  return true;
}

function isUntouched(now: BigIntStats, { mtimeNs }: BigIntStats, { untouchedMinutes }: How): boolean {
  if (untouchedMinutes === 0) return true;
  return now.mtimeNs - mtimeNs >= BigInt(untouchedMinutes) * 60_000_000_000n;
}

function temporaryOf(path: string, mark: string): string {
  const digest = createHash('sha256').update(path).digest('hex').slice(0, 16);
  return join(dirname(path), `${NEW}${mark}-${digest}`);
}

async function copyAround(from: FileHandle, to: FileHandle, cuts: readonly Cut[]): Promise<void> {
  const piece = Buffer.allocUnsafe(PIECE);
  let at = 0;
  const copyUntil = async (end: number): Promise<void> => {
    while (at < end) {
      const { bytesRead } = await from.read(piece, 0, Math.min(PIECE, end - at), at);
      if (bytesRead === 0) return;
      await to.writeFile(piece.subarray(0, bytesRead));
      at += bytesRead;
    }
  };
  for (const { start, end, by } of cuts) {
    await copyUntil(start);
    if (by !== undefined) await to.writeFile(by(await bytesAt(from, start, end)));
    at = end;
  }
  await copyUntil(Infinity);
}

async function bytesAt(from: FileHandle, start: number, end: number): Promise<Buffer> {
  const { buffer, bytesRead } = await from.read(Buffer.alloc(end - start), 0, end - start, start);
  // It was so long when it was judged.
  if (bytesRead !== end - start) throw new FileTrouble('CHANGING');
  return buffer;
}

/** Owner, mode and times of the original: rows that stay must not be dated anew. */
async function dress(handle: FileHandle, { uid, gid, mode, atimeNs, mtimeNs }: BigIntStats): Promise<void> {
  const own = await handle.stat({ bigint: true });
  if (own.uid !== uid || own.gid !== gid) await handle.chown(Number(uid), Number(gid));
  await handle.chmod(Number(mode & 0o7777n));
  await handle.utimes(seconds(atimeNs), seconds(mtimeNs));
}

/** Times of writing are read rounded up to the millisecond: half of one below it bears the rounding of a double. */
function seconds(nanoseconds: bigint): number {
  return (Number((nanoseconds + 999_999n) / 1_000_000n) - 0.5) / 1000;
}

/** Removes what a crash has left behind in the folders that the pattern leads to, but for what another session is writing. */
export async function removeTemporaries(
  top: string,
  pattern: Pattern,
  own: string,
  folder: readonly string[] = [],
): Promise<void> {
  for (const { entry, name, valid } of await entriesOf(top, folder)) {
    const names = [...folder, name];
    if (!valid) continue;
    if (entry.isDirectory() && pattern.leadsOn(names)) await removeTemporaries(top, pattern, own, names);
    const mark = new RegExp(`^${NEW.replaceAll('.', '\\.')}([0-9a-f]{16})-[0-9a-f]{16}$`).exec(name)?.[1];
    if (mark === undefined || !entry.isFile()) continue;
    const unlock = mark === own ? () => undefined : lockOrNothing(top, mark);
    if (unlock === undefined) continue;
    await unlink(join(top, ...names)).catch(() => undefined);
    unlock();
  }
}

function lockOrNothing(top: string, mark: string): (() => void) | undefined {
  try {
    return lockFolder(top, mark);
  } catch {
    return undefined;
  }
}
