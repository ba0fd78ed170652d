/**
 * The advisory lock of one policy in its source, or of one partition of what it erases: whoever holds it is the only one
 * that erases these records for the policy, and recovery takes it before it looks. It belongs to a connection, so that it
 * ends with its owner, however that ends.
 */
import { createHash } from 'node:crypto';
import { basename, dirname, join as joinPath } from 'node:path';
import { text } from '../../../database.ts';
import type { Connection, Database, Dialect } from '../../../database.ts';
import type { View } from '../../../policy/policy.ts';
import { SqlFailure, connectTo, openSource } from '../failure.ts';
import { raw, sql, value } from '../sql.ts';

export interface Lock {
  /** Takes the lock for this connection, at once or not at all. */
  take(connection: Connection): Promise<boolean>;
  give(connection: Connection): Promise<void>;
}

/** Partition 0 is the whole. `url` is the source's; only SQLite, which has no locks of its own for this, makes something of it. */
export function advisoryLock(
  dialect: Dialect,
  url: string,
  { source, policy }: Pick<View, 'source' | 'policy'>,
  partition: number,
): Lock {
  const of = partition === 0 ? [source, policy] : [source, policy, partition];
  const digest = createHash('sha256').update(JSON.stringify(of)).digest();
  if (dialect === 'mysql') return mysqlLock(digest);
  return dialect === 'postgres'
    ? postgresLock(digest)
    : new FileLock(url, digest.toString('hex').slice(0, 12));
}

/** MySQL's locks are the whole server's: the name of the database goes into it. At most 64 characters. */
function mysqlLock(digest: Buffer): Lock {
  const name = sql`CONCAT('frist.', SHA1(DATABASE()), ${value(`.${digest.toString('hex').slice(0, 16)}`)})`;
  return {
    take: async (connection) =>
      text((await connection.query(sql`SELECT GET_LOCK(${name}, 0)`)).rows[0]?.[0]) === '1',
    give: async (connection) => {
      await connection.query(sql`DO RELEASE_LOCK(${name})`);
    },
  };
}

function postgresLock(digest: Buffer): Lock {
  const id = raw(`(${String(digest.readBigInt64BE(0))})`);
  return {
    take: async (connection) =>
      text((await connection.query(sql`SELECT pg_try_advisory_lock${id}`)).rows[0]?.[0]) === 't',
    give: async (connection) => {
      await connection.query(sql`SELECT pg_advisory_unlock${id}`);
    },
  };
}

/** A hidden, empty file beside the database, locked exclusively by a connection of its own. It stays when released. */
class FileLock implements Lock {
  readonly #url: string;
  #held: { readonly database: Database; readonly connection: Connection } | undefined;

  constructor(url: string, name: string) {
    const file = url.slice('sqlite:'.length);
    this.#url = `sqlite:${joinPath(dirname(file), `.${basename(file)}.frist-${name}.lock`)}`;
  }

  async take(): Promise<boolean> {
    if (this.#held !== undefined) return true;
    const database = openSource(this.#url, { create: true, pragmas: { busy_timeout: 0 } });
    const connection = await connectTo(database);
    try {
      await connection.query('BEGIN EXCLUSIVE');
    } catch (error) {
      await connection.release();
      await database.close();
      if (error instanceof SqlFailure && error.code.startsWith('SQLITE_BUSY')) return false;
      throw error;
    }
    this.#held = { database, connection };
    return true;
  }

  async give(): Promise<void> {
    const held = this.#held;
    this.#held = undefined;
    await held?.connection.destroy();
    await held?.database.close();
  }
}
