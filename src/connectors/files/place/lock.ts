/**
 * The advisory lock of one policy in a folder. Node has no `flock`, and a file that merely stands there would outlive a
 * crash; SQLite, which comes with Node, takes locks that the kernel drops with the process. The database stays empty.
 */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { SourceFailure } from '../../connector.ts';
import { OWN_PREFIX } from './walk.ts';

const SQLITE_BUSY = 5;

/** What stands for a policy in the names of our files. */
export function markOf(policy: string): string {
  return createHash('sha256').update(policy).digest('hex').slice(0, 16);
}

/** Takes the lock of the policy with this mark, or fails with `BUSY`; the answer gives it back. */
export function lockFolder(top: string, mark: string): () => void {
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(join(top, `${OWN_PREFIX}lock-${mark}`), { timeout: 0 });
    database.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
  } catch (error) {
    database?.close();
    const code: unknown = (error as { readonly errcode?: unknown }).errcode;
    // The low byte is the code, the rest says why.
    const busy = typeof code === 'number' && code % 256 === SQLITE_BUSY;
    throw new SourceFailure('fatal', busy ? 'BUSY' : 'LOCK_NOT_POSSIBLE');
  }
  const held = database;
  return () => held.close();
}
