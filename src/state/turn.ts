/**
 * One writer at a time, on every engine and across processes: each transaction that changes the state begins by
 * updating the one row of `frist_turn`, and whoever comes second waits there until the first has ended.
 *
 * Two rules rest on it. A batch is opened knowing every hold that was placed before, and `hold add` sees every batch
 * that was opened before: without a common lock both could read before the other wrote, on MySQL and PostgreSQL. And
 * the ids of the outbox grow in the order of the commits, which the numbers of a sequence alone do not.
 *
 * A crash while somebody has the turn sets it free: the server, or SQLite's recovery, rolls the transaction back.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { Knex } from 'knex';
import { databaseFault } from '../database.ts';
import type { Dialect } from '../database.ts';
import { FristError } from '../errors.ts';

/** Key of the one row of a table that has only one. */
export const ONE = 1;

const LONGEST_PAUSE = 50;
const SCRUB_ATTEMPTS = 3;

/** What every part of the state works with. */
export interface Store {
  readonly db: Knex;
  readonly dialect: Dialect;
  /** This machine's clock, ms since the epoch; used where the database has none of its own. */
  readonly clock: () => number;
  /** How long a statement that found the state busy is tried again, ms. */
  readonly patience: number;
  /** SQLite: forgotten values may still stand in the write-ahead log. */
  unscrubbed: boolean;
}

/** A transaction that has the turn. */
export interface Turn {
  readonly store: Store;
  readonly db: Knex.Transaction;
  /** Set by whoever deletes keys or identifiers in this transaction. */
  forgets: boolean;
}

const UNREACHABLE =
  /^(?:E[A-Z]+|ER_ACCESS_DENIED.*|ER_DBACCESS_DENIED.*|ER_BAD_DB_ERROR|28.{3}|3D000|SQLITE_CANTOPEN)$/;

/** The coded error for whatever a database threw; nothing of its text passes. */
export function stateFault(error: unknown): FristError {
  if (error instanceof FristError) return error;
  const fault = databaseFault(error);
  if (fault.lost || UNREACHABLE.test(fault.code))
    return new FristError('STATE_UNREACHABLE', { code: fault.code });
  if (fault.class === 'transient') return new FristError('STATE_BUSY', { code: fault.code });
  return new FristError('STATE_REFUSED', { code: fault.code });
}

/** Repeats `attempt` while the state is busy, as long as `again` allows it. */
async function patiently<T>(store: Store, attempt: () => Promise<T>, again = () => true): Promise<T> {
  const start = performance.now();
  for (let wait = 1; ; wait = Math.min(wait * 2, LONGEST_PAUSE)) {
    try {
      return await attempt();
    } catch (error) {
      if (error instanceof FristError || !again()) throw error;
      if (databaseFault(error).class !== 'transient' || performance.now() - start > store.patience)
        throw stateFault(error);
      await pause(wait);
    }
  }
}

/** Reads outside a transaction. */
export async function read<T>(store: Store, query: (db: Knex) => Promise<T>): Promise<T> {
  return await patiently(store, () => query(store.db));
}

/** How far a transaction came. */
interface Course {
  /** The lock is ours. Nothing is repeated from here on: only the caller knows whether `work` may run twice. */
  entered: boolean;
  forgets: boolean;
  /** What `work` threw; wrapped, because anything can be thrown. */
  thrown?: { readonly error: unknown };
}

/**
 * Runs `work` in a transaction that has the turn, and commits. An error of `work` rolls back and comes out as it is.
 */
export async function inTurn<T>(store: Store, work: (turn: Turn) => Promise<T>): Promise<T> {
  return await whenFree(store, takeTurn, work);
}

async function takeTurn(db: Knex.Transaction): Promise<void> {
  const locked = await db('frist_turn').where({ one: ONE }).increment('turn', 1);
  // Without the row nobody would wait for anybody.
  if (locked !== 1) throw new FristError('STATE_MISSING');
}

/** As `inTurn`, with another statement that takes the lock: the schema's makers have no row to lock yet (open.ts). */
export async function whenFree<T>(
  store: Store,
  lock: (db: Knex.Transaction) => PromiseLike<unknown>,
  work: (turn: Turn) => Promise<T>,
): Promise<T> {
  const course: Course = { entered: false, forgets: false };
  const attempt = async (): Promise<T> =>
    await store.db.transaction(async (db) => {
      await lock(db);
      course.entered = true;
      const turn: Turn = { store, db, forgets: false };
      try {
        const result = await work(turn);
        course.forgets = turn.forgets;
        return result;
      } catch (error) {
        course.thrown = { error };
        throw error;
      }
    });
  try {
    const result = await patiently(store, attempt, () => !course.entered);
    if (course.forgets || store.unscrubbed) await scrub(store);
    return result;
  } catch (error) {
    throw course.thrown === undefined ? stateFault(error) : course.thrown.error;
  }
}

/**
 * SQLite: empties the write-ahead log, where the pages from before the deletion still stand (`secure_delete` cleans the
 * file itself). A reader can be in the way; then the next transaction tries again, and so does the next opening.
 */
export async function scrub(store: Store): Promise<void> {
  if (store.dialect !== 'sqlite') return;
  store.unscrubbed = true;
  for (let attempt = 1; attempt <= SCRUB_ATTEMPTS && store.unscrubbed; attempt++) {
    if (attempt > 1) await pause(LONGEST_PAUSE);
    // The change is committed already: an error here must not look as if it were not.
    const answer = await store.db
      .raw<readonly { readonly busy: number }[]>('pragma wal_checkpoint(truncate)')
      .catch(() => []);
    store.unscrubbed = answer[0]?.busy !== 0;
  }
}
