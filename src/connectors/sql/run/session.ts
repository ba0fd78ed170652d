/** The session that erases: one pinned connection with the policy's advisory lock, batch after batch. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Connection, Database, Dialect } from '../../../database.ts';
import type { Batch, BatchResult, ErasingSession } from '../../connector.ts';
import { SourceFailure } from '../../connector.ts';
import type { Question } from '../compile/facts.ts';
import { compileWork } from '../erase/work.ts';
import type { Work } from '../erase/work.ts';
import { SqlFailure, connectTo, heed, unfit } from '../failure.ts';
import { runBatch } from './batch.ts';
import { bracketOf } from './bracket.ts';
import type { Bracket } from './bracket.ts';
import type { OpenRoot } from '../../files/root.ts';
import type { Lock } from './lock.ts';

/** After a lost connection, how long to try for the lock again: the server notices the loss in its own time. */
const RELOCK_TRIES = 25;
const RELOCK_PAUSE_MS = 200;

export interface SessionOptions {
  readonly database: Database;
  readonly question: Question;
  readonly lock: Lock;
  readonly maxBatch: number;
  readonly openRoot: OpenRoot;
  /** Told when the session has ended. */
  readonly closed: (session: SqlSession) => void;
}

export class SqlSession implements ErasingSession {
  readonly #options: SessionOptions;
  readonly #works = new Map<number, Work>();
  #connection: Connection | undefined;
  #released = false;

  private constructor(options: SessionOptions) {
    this.#options = options;
  }

  /** @throws SourceFailure BUSY when another session holds the lock. */
  static async open(options: SessionOptions): Promise<SqlSession> {
    const session = new SqlSession(options);
    await session.#connect(1);
    return session;
  }

  async erase(batch: Batch, signal: AbortSignal): Promise<BatchResult> {
    if (this.#released) throw new SourceFailure('fatal', 'RELEASED');
    if (batch.keys.length > this.#options.maxBatch) throw new SourceFailure('fatal', 'BATCH_TOO_LARGE');
    heed(signal);
    const connection = this.#connection ?? (await this.#connectAgain(batch));
    const work = this.#work(batch.stage);
    const bracket = bracketOf(this.#options.question, work);
    await this.#begin(connection, bracket);
    let result: BatchResult;
    const progress = { written: false };
    const writing = (): void => {
      progress.written = true;
    };
    try {
      const { undoes } = bracket;
      const { question, openRoot } = this.#options;
      result = await runBatch({ connection, question, batch, work, signal, writing, undoes, openRoot });
    } catch (error) {
      await this.#undo(connection, bracket, error);
      throw progress.written && !bracket.undoes ? halfDone(error) : error;
    }
    await this.#commit(connection, bracket);
    return result;
  }

  undoes(stage: number): boolean {
    const work = this.#work(stage);
    return bracketOf(this.#options.question, work).undoes && work.files.length === 0;
  }

  async release(): Promise<void> {
    if (this.#released) return;
    this.#released = true;
    this.#options.closed(this);
    const connection = this.#connection;
    this.#connection = undefined;
    if (connection === undefined) return;
    try {
      await this.#options.lock.give(connection);
      if (this.#dialect === 'mysql') await connection.query('SET sql_safe_updates = 0');
      await connection.release();
    } catch {
      // The lock ends with the connection.
      await connection.destroy();
    }
  }

  get #dialect(): Dialect {
    return this.#options.question.context.dialect;
  }

  async #connectAgain(batch: Batch): Promise<Connection> {
    const connection = await this.#connect(RELOCK_TRIES);
    await batch.stillOurs?.();
    return connection;
  }

  async #connect(tries: number): Promise<Connection> {
    const connection = await connectTo(this.#options.database);
    try {
      for (let left = tries; !(await this.#options.lock.take(connection)); left -= 1) {
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
    const { view } = this.#options.question;
    // Only a key that is unique is certain to have an index.
    if (view.record.repeats === true) return false;
    const all = view.stages.map((_, i) => this.#work(i));
    return all.every(({ dependents, parts }) => [...dependents, ...parts].every((one) => one.rows.indexed));
  }

  #work(position: number): Work {
    const stage = this.#options.question.view.stages[position];
    if (stage === undefined) throw unfit('UNKNOWN_STAGE');
    const known = this.#works.get(position) ?? compileWork(this.#options.question, stage);
    this.#works.set(position, known);
    return known;
  }

  async #begin(connection: Connection, bracket: Bracket): Promise<void> {
    try {
      await sendAll(connection, bracket.begin);
    } catch (error) {
      // A transaction that did not begin leaves nothing; locks of tables might have been half taken.
      if (isLost(error) || !bracket.undoes) await this.#undo(connection, bracket, error);
      throw error;
    }
  }

  /** The batch failed: nothing of it stays that can be taken back, and the session goes on. */
  async #undo(connection: Connection, bracket: Bracket, error: unknown): Promise<void> {
    if (!isLost(error)) {
      try {
        await sendAll(connection, [...bracket.undo, ...bracket.after]);
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
    if (this.#dialect === 'sqlite') await this.#options.lock.give(connection);
  }

  /** The one statement whose failure can leave the outcome open. */
  async #commit(connection: Connection, bracket: Bracket): Promise<void> {
    try {
      await connection.query(bracket.commit);
    } catch (error) {
      const code = error instanceof SqlFailure ? error.code : 'UNKNOWN';
      if (!isLost(error) && rolledBack(this.#dialect, code)) {
        await this.#undo(connection, bracket, error);
        throw error;
      }
      await this.#drop(connection);
      // Whoever looks next must not overtake a commit that is still under way in the server: it holds the lock.
      await this.#connect(RELOCK_TRIES).catch(() => undefined);
      throw new SourceFailure('uncertain', code);
    }
    // What is committed stays so; a connection that cannot be used on ends, and its locks with it.
    await sendAll(connection, bracket.after).catch(() => this.#drop(connection));
  }
}

async function sendAll(connection: Connection, statements: Bracket['begin']): Promise<void> {
  for (const statement of statements) await connection.query(statement);
}

/**
 * A batch that failed on the way, and cannot be taken back. Trying it again, or its halves, finds the records that are
 * left and does the rest; but where the answer itself is lost, only a look tells what was done.
 */
function halfDone(error: unknown): unknown {
  if (!(error instanceof SourceFailure)) return error;
  const again = !isLost(error) && (error.failure === 'transient' || error.failure === 'data');
  return again ? error : new SourceFailure('uncertain', error.code);
}

const isLost = (error: unknown): boolean => error instanceof SqlFailure && error.lost;

/** Whether an error in answer to COMMIT says for certain that nothing was committed. */
function rolledBack(dialect: Dialect, code: string): boolean {
  if (dialect === 'postgres') return /^[0-9A-Z]{5}$/.test(code);
  if (dialect === 'sqlite') return /^SQLITE_(?:BUSY|CONSTRAINT)/.test(code);
  return code === 'ER_LOCK_DEADLOCK';
}
