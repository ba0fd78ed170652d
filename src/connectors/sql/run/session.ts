/** The session that erases: one pinned connection with the policy's advisory lock, batch after batch. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Connection, Database, Dialect } from '../../../database.ts';
import type { Batch, BatchResult, ErasingSession } from '../../connector.ts';
import { SourceFailure } from '../../connector.ts';
import { compileDependent } from '../compile/dependent.ts';
import type { Question } from '../compile/facts.ts';
import { SqlFailure, connectTo, heed } from '../failure.ts';
import { runBatch } from './batch.ts';
import { BEGIN } from '../dialect.ts';
import type { Lock } from './lock.ts';

/** After a lost connection, how long to try for the lock again: the server notices the loss in its own time. */
const RELOCK_TRIES = 25;
const RELOCK_PAUSE_MS = 200;

export class SqlSession implements ErasingSession {
  readonly #database: Database;
  readonly #question: Question;
  readonly #lock: Lock;
  readonly #maxBatch: number;
  #connection: Connection | undefined;
  #released = false;
  #closed: () => void = () => undefined;

  private constructor(database: Database, question: Question, lock: Lock, maxBatch: number) {
    this.#database = database;
    this.#question = question;
    this.#lock = lock;
    this.#maxBatch = maxBatch;
  }

  /** @throws SourceFailure BUSY when another session holds the lock. */
  static async open(
    database: Database,
    question: Question,
    lock: Lock,
    maxBatch: number,
    closed: (session: SqlSession) => void,
  ): Promise<SqlSession> {
    const session = new SqlSession(database, question, lock, maxBatch);
    session.#closed = () => closed(session);
    await session.#connect(1);
    return session;
  }

  async erase(batch: Batch, signal: AbortSignal): Promise<BatchResult> {
    if (this.#released) throw new SourceFailure('fatal', 'RELEASED');
    if (batch.keys.length > this.#maxBatch) throw new SourceFailure('fatal', 'BATCH_TOO_LARGE');
    heed(signal);
    const connection = this.#connection ?? (await this.#connect(RELOCK_TRIES));
    await this.#begin(connection);
    let result: BatchResult;
    try {
      result = await runBatch(connection, this.#question, batch, signal);
    } catch (error) {
      await this.#undo(connection, error);
      throw error;
    }
    await this.#commit(connection);
    return result;
  }

  async release(): Promise<void> {
    if (this.#released) return;
    this.#released = true;
    this.#closed();
    const connection = this.#connection;
    this.#connection = undefined;
    if (connection === undefined) return;
    try {
      await this.#lock.give(connection);
      if (this.#dialect === 'mysql') await connection.query('SET sql_safe_updates = 0');
      await connection.release();
    } catch {
      // The lock ends with the connection.
      await connection.destroy();
    }
  }

  get #dialect(): Dialect {
    return this.#question.context.dialect;
  }

  async #connect(tries: number): Promise<Connection> {
    const connection = await connectTo(this.#database);
    try {
      for (let left = tries; !(await this.#lock.take(connection)); left -= 1) {
        if (left <= 1) throw new SourceFailure('fatal', 'BUSY');
        await pause(RELOCK_PAUSE_MS);
      }
      // A second belt: MySQL itself refuses an UPDATE or DELETE that would go through a whole table.
      if (this.#dialect === 'mysql' && this.#everythingIndexed())
        await connection.query('SET sql_safe_updates = 1');
    } catch (error) {
      await connection.destroy();
      throw error;
    }
    this.#connection = connection;
    return connection;
  }

  #everythingIndexed(): boolean {
    const all = this.#question.view.stages.flatMap((stage) => stage.dependents);
    return all.every((one) => compileDependent(this.#question, one).indexed);
  }

  async #begin(connection: Connection): Promise<void> {
    try {
      await connection.query(BEGIN[this.#dialect]);
    } catch (error) {
      if (isLost(error)) await this.#drop(connection);
      throw error;
    }
  }

  /** The batch failed: nothing of it stays, and the session goes on, with another connection if need be. */
  async #undo(connection: Connection, error: unknown): Promise<void> {
    if (!isLost(error)) {
      try {
        await connection.query('ROLLBACK');
        return;
      } catch {
        // Worse than it looked; without the connection the server rolls back.
      }
    }
    await this.#drop(connection);
  }

  async #drop(connection: Connection): Promise<void> {
    this.#connection = undefined;
    await connection.destroy();
    if (this.#dialect === 'sqlite') await this.#lock.give(connection);
  }

  /** The one statement whose failure can leave the outcome open. */
  async #commit(connection: Connection): Promise<void> {
    try {
      await connection.query('COMMIT');
    } catch (error) {
      const code = error instanceof SqlFailure ? error.code : 'UNKNOWN';
      if (!isLost(error) && rolledBack(this.#dialect, code)) {
        await this.#undo(connection, error);
        throw error;
      }
      await this.#drop(connection);
      // Whoever looks next must not overtake a commit that is still under way in the server: it holds the lock.
      await this.#connect(RELOCK_TRIES).catch(() => undefined);
      throw new SourceFailure('uncertain', code);
    }
  }
}

const isLost = (error: unknown): boolean => error instanceof SqlFailure && error.lost;

/** Whether an error in answer to COMMIT says for certain that nothing was committed. */
function rolledBack(dialect: Dialect, code: string): boolean {
  if (dialect === 'postgres') return /^[0-9A-Z]{5}$/.test(code);
  if (dialect === 'sqlite') return /^SQLITE_(?:BUSY|CONSTRAINT)/.test(code);
  return code === 'ER_LOCK_DEADLOCK';
}
