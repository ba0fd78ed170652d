/**
 * A lock between processes that dies with its holder. Node has no `flock`, and a lock file with a process id in it
 * must guess whether that process still lives: in another container the same id is another process, and a wrong guess
 * lets two writers in. SQLite, which comes with Node, takes locks that the kernel drops when a process ends, however
 * it ends. The database stays empty.
 */
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as wait } from 'node:timers/promises';
import { FristError } from '../../errors.ts';

const SQLITE_BUSY = 5;
const RETRY_MS = 10;
/** Longer than any holder needs by far: it is held for one small file, written and synced. */
const PATIENCE_MS = 30_000;

function isBusy(error: unknown): boolean {
  const code: unknown =
    typeof error === 'object' && error !== null && 'errcode' in error ? error.errcode : undefined;
  // The low byte is the code, the rest says why.
  return typeof code === 'number' && code % 256 === SQLITE_BUSY;
}

function tryLock(database: DatabaseSync): boolean {
  try {
    database.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
    return true;
  } catch (error) {
    if (isBusy(error)) return false;
    throw error;
  }
}

/**
 * Does something that only one process at a time may do.
 * @param path the lock's own file; nothing else may open it.
 * @throws AUDIT_BUSY when the lock stays taken for half a minute.
 */
export async function withFileLock<T>(path: string, work: () => Promise<T>): Promise<T> {
  const database = new DatabaseSync(path, { timeout: 0 });
  try {
    for (let waited = 0; !tryLock(database); waited += RETRY_MS) {
      if (waited >= PATIENCE_MS) throw new FristError('AUDIT_BUSY', { seconds: PATIENCE_MS / 1000 });
      await wait(RETRY_MS);
    }
    return await work();
  } finally {
    // Closing gives the lock back.
    database.close();
  }
}
