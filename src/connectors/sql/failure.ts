/** What may leave this connector when something fails: a class and a code, never a word of the database's own. */
import { databaseFault, openDatabase } from '../../database.ts';
import type { Connection, Database, DatabaseOptions } from '../../database.ts';
import { FristError } from '../../errors.ts';
import { SourceFailure } from '../connector.ts';

/** A failure that the database or the way to it reported. */
export class SqlFailure extends SourceFailure {
  /** The connection is gone, and what it was doing with it. */
  readonly lost: boolean;

  constructor(error: unknown) {
    const fault =
      error instanceof FristError
        ? { class: 'fatal' as const, code: error.code, lost: false }
        : databaseFault(error);
    super(fault.class, fault.code);
    this.lost = fault.lost;
  }
}

/** The view asks for something that this database does not have or cannot do; `check` says it in words. */
export function unfit(code: string): SourceFailure {
  return new SourceFailure('fatal', code);
}

/** Between statements: stop here when asked to. */
export function heed(signal: AbortSignal): void {
  if (signal.aborted) throw new SourceFailure('transient', 'ABORTED');
}

/** Runs what talks to the database and to nobody else, and lets only a `SqlFailure` out. */
async function guarded<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw new SqlFailure(error);
  }
}

/** The database of a source; connects when it is first asked for a connection. */
export function openSource(url: string, options: DatabaseOptions): Database {
  try {
    return openDatabase(url, options);
  } catch (error) {
    throw new SqlFailure(error);
  }
}

/** A connection of the database whose errors are failures without a word of the database's own. */
export async function connectTo(database: Database): Promise<Connection> {
  const connection = await guarded(() => database.connect());
  return {
    query: (statement) => guarded(() => connection.query(statement)),
    release: () => connection.release(),
    destroy: () => connection.destroy(),
  };
}
