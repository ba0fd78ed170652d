/**
 * The one door to SQL databases: knex for pools, query building and migrations, and the drivers mysql2, pg and
 * better-sqlite3 with the settings without which they lie (rounded integers, shifted times, loose comparisons).
 *
 * Every value of a source is read as text, so that a BIGINT, a DECIMAL or a microsecond is never lost on the way.
 */
import { existsSync, readFileSync } from 'node:fs';
import type Sqlite from 'better-sqlite3';
import knexModule from 'knex';
import type { Knex } from 'knex';
import mysql from 'mysql2';
import pg from 'pg';
import { FristError } from './errors.ts';

export { databaseFault } from './database-fault.ts';
export type { DatabaseFault } from './database-fault.ts';

export type Dialect = 'mysql' | 'postgres' | 'sqlite';

/** A bound value. An array is bound as one array parameter, which only PostgreSQL knows. */
export type Param = string | number | bigint | null | readonly string[];

/** SQL with its values apart: `parts[0] params[0] parts[1] … parts[n]`, so that no text is ever searched for `?`. */
export interface Statement {
  readonly parts: readonly string[];
  readonly params: readonly Param[];
}

export interface Result {
  /** Cells are text, number, bigint or null, as the driver gives them; `text()` makes them alike. */
  readonly rows: readonly (readonly unknown[])[];
  /** Rows that the WHERE of a DELETE or UPDATE met; also those that an UPDATE found as it would leave them. */
  readonly affected: number;
}

/** One connection, kept until it is given back. Statements are sent one at a time, in order. */
export interface Connection {
  query(statement: Statement | string): Promise<Result>;
  /** Back to the pool. A connection with an open transaction or a lock must not be given back but destroyed. */
  release(): Promise<void>;
  /** Ends the connection; the server rolls back and unlocks what it held. */
  destroy(): Promise<void>;
}

export interface DatabaseOptions {
  /** The engine itself refuses every write on these connections. */
  readonly readOnly?: boolean;
  /** SQLite: make the file where there is none. Otherwise a missing file is an error, never a new empty database. */
  readonly create?: boolean;
  /** SQLite: further pragmas of each connection, e.g. `{ journal_mode: 'WAL' }`. */
  readonly pragmas?: Readonly<Record<string, string | number>>;
  /** Most connections at a time. SQLite has one unless told otherwise: two of one process wait for each other in vain. */
  readonly poolMax?: number;
  /** Sees the text of every statement sent through a `Connection`, before it is sent. */
  readonly onStatement?: (text: string, params: readonly Param[]) => void;
}

export interface Database {
  readonly dialect: Dialect;
  readonly knex: Knex;
  connect(): Promise<Connection>;
  close(): Promise<void>;
}

const POOL_MAX = 4;
const ACQUIRE_TIMEOUT_MS = 10_000;
const LOCK_WAIT_S = 5;
/** A stopped or hung daemon must not keep rows of a live system locked. */
const IDLE_IN_TRANSACTION_S = 60;
/**
 * Nor must it keep an advisory lock, and with it another replica from going on: a server would keep the connection of a
 * machine that is gone for hours. Whoever only rested for so long connects again.
 */
const IDLE_S = 300;

/** int8, json, date, time, timestamp, timestamptz, timetz, numeric, jsonb: JavaScript has no lossless type for these. */
const PG_AS_TEXT = new Set<number>([20, 114, 1082, 1083, 1114, 1184, 1266, 1700, 3802]);

const silent = (): void => undefined;
const SILENT_LOG = { warn: silent, error: silent, deprecate: silent, debug: silent };

interface Location {
  readonly dialect: Dialect;
  readonly connection: Readonly<Record<string, unknown>>;
  /** SQLite only. */
  readonly filename?: string;
}

/** Says what is wrong with an address, and nothing of what stands in it: that may be a password. */
function unusable(reason: string): FristError {
  return new FristError('DATABASE_URL', { reason });
}

function tlsOf(query: URLSearchParams): Readonly<Record<string, unknown>> | undefined {
  const file = query.get('tls-ca');
  if (file === null) return query.get('tls') === 'on' ? { rejectUnauthorized: true } : undefined;
  try {
    return { rejectUnauthorized: true, ca: readFileSync(file, 'utf8') };
  } catch {
    throw unusable(`the file ${file} of tls-ca cannot be read`);
  }
}

/** A part of an address with its percent signs undone. */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw unusable('a percent sign in it is not written as %25');
  }
}

function serverLocation(url: string): { readonly parsed: URL; readonly common: Record<string, unknown> } {
  if (!URL.canParse(url)) throw unusable('it is not a URL');
  const parsed = new URL(url);
  for (const name of parsed.searchParams.keys())
    if (!['socket', 'tls', 'tls-ca'].includes(name)) throw unusable(`it has the unknown option "${name}"`);
  const database = decoded(parsed.pathname.slice(1));
  if (database === '') throw unusable('it names no database');
  const tls = tlsOf(parsed.searchParams);
  const common = {
    user: decoded(parsed.username),
    password: decoded(parsed.password),
    database,
    ...(parsed.port === '' ? {} : { port: Number(parsed.port) }),
    ...(tls === undefined ? {} : { ssl: tls }),
  };
  return { parsed, common };
}

/**
 * Takes a database URL apart: `mysql://`, `mariadb://` or `postgres://user:password@host:port/name` with the options
 * `socket=PATH`, `tls=on`, `tls-ca=FILE`; or `sqlite:path`.
 */
function locate(url: string): Location {
  const scheme = /^([a-z]+):/.exec(url)?.[1] ?? '';
  if (scheme === 'sqlite') {
    const filename = url.slice('sqlite:'.length).replace(/^\/\/(?=\/)/, '');
    if (filename === '') throw unusable('it names no file');
    return { dialect: 'sqlite', connection: { filename }, filename };
  }
  if (scheme === 'mysql' || scheme === 'mariadb') {
    const { parsed, common } = serverLocation(url);
    const socket = parsed.searchParams.get('socket');
    const where = socket === null ? { host: hostOf(parsed) } : { socketPath: socket };
    return { dialect: 'mysql', connection: { ...common, ...where, ...MYSQL_SETTINGS } };
  }
  if (scheme === 'postgres' || scheme === 'postgresql') {
    const { parsed, common } = serverLocation(url);
    const host = parsed.searchParams.get('socket') ?? hostOf(parsed);
    return { dialect: 'postgres', connection: { ...common, host, ...PG_SETTINGS } };
  }
  throw unusable(`"${scheme}" is no kind of database that is known here`);
}

function hostOf(parsed: URL): string {
  return parsed.hostname.replace(/^\[(.*)\]$/, '$1') || '127.0.0.1';
}

const MYSQL_SETTINGS = {
  charset: 'utf8mb4',
  supportBigNumbers: true,
  bigNumberStrings: true,
  dateStrings: true,
  jsonStrings: true,
  timezone: 'Z',
  // An UPDATE reports the rows it met, not the ones it changed; the server may not ask for a file of ours.
  flags: ['+FOUND_ROWS', '-LOCAL_FILES'],
} as const;

type PgTypeId = Parameters<typeof pg.types.getTypeParser>[0];

const PG_SETTINGS = {
  application_name: 'frist',
  connectionTimeoutMillis: ACQUIRE_TIMEOUT_MS,
  keepAlive: true,
  types: {
    getTypeParser: (oid: PgTypeId): unknown =>
      PG_AS_TEXT.has(oid) ? (value: string): string => value : pg.types.getTypeParser(oid),
  },
} as const;

/**
 * What each new session is told. Not NO_ZERO_DATE: a row with a zero date must stay readable and comparable.
 * in_predicate_conversion_threshold: MariaDB would turn a long list of keys into a join with a scan of the table.
 */
function sessionStatements(dialect: Dialect, options: DatabaseOptions): readonly string[] {
  const readOnly = options.readOnly === true;
  if (dialect === 'mysql')
    return [
      `SET time_zone = '+00:00', autocommit = 1, foreign_key_checks = 1, unique_checks = 1, sql_auto_is_null = 0, ` +
        `sql_mode = 'STRICT_TRANS_TABLES,STRICT_ALL_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION', ` +
        `group_concat_max_len = 4294967295, ` +
        `/*M!100303 in_predicate_conversion_threshold = 0, idle_transaction_timeout = ${IDLE_IN_TRANSACTION_S}, */` +
        `wait_timeout = ${IDLE_S}, ` +
        `innodb_lock_wait_timeout = ${LOCK_WAIT_S}, lock_wait_timeout = ${LOCK_WAIT_S}`,
      `SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED${readOnly ? ', READ ONLY' : ''}`,
    ];
  if (dialect === 'postgres')
    return [
      `SET TimeZone = 'UTC'; SET DateStyle = 'ISO, YMD'; SET bytea_output = 'hex'; ` +
        `SET standard_conforming_strings = on; SET default_transaction_isolation = 'read committed'; ` +
        `SET lock_timeout = '${LOCK_WAIT_S}s'; ` +
        `SET idle_in_transaction_session_timeout = '${IDLE_IN_TRANSACTION_S}s'; ` +
        // From version 14 on.
        `SELECT set_config(name, '${IDLE_S}s', false) FROM pg_settings WHERE name = 'idle_session_timeout'` +
        (readOnly ? `; SET default_transaction_read_only = on` : ''),
    ];
  // cache_spill: a large transaction must not shut readers of this process out before its commit.
  const pragmas = {
    busy_timeout: LOCK_WAIT_S * 1000,
    foreign_keys: 'ON',
    cache_spill: 'OFF',
    ...options.pragmas,
  };
  return Object.entries(pragmas).map(([name, value]) => `PRAGMA ${name} = ${value}`);
}

interface Driver {
  run(raw: unknown, statement: Statement): Promise<Result>;
  end(raw: unknown): void;
}

const mysqlDriver: Driver = {
  async run(raw, { parts, params }) {
    const literal = (param: Param): string =>
      typeof param === 'number' || typeof param === 'bigint'
        ? String(param)
        : mysql.escape(param as string | null);
    const sql = parts.reduce((text, part, i) => text + literal(params[i - 1] ?? null) + part);
    return await new Promise((resolve, reject) => {
      (raw as mysql.Connection).query<mysql.RowDataPacket[][] | mysql.ResultSetHeader>(
        { sql, rowsAsArray: true },
        (error, rows) => {
          if (error !== null) reject(error);
          else if (Array.isArray(rows)) resolve({ rows, affected: 0 });
          else resolve({ rows: [], affected: rows.affectedRows });
        },
      );
    });
  },
  end: (raw) => (raw as mysql.Connection).destroy(),
};

interface PgClient {
  readonly connection: { readonly stream: { destroy(): void } };
  __knex__disposed?: string;
}

const PG_RAW = { getTypeParser: () => (value: string) => value } as const;

const pgDriver: Driver = {
  async run(raw, { parts, params }) {
    const text = statementText('postgres', parts);
    const values = params.map((param) => (param === null || Array.isArray(param) ? param : String(param)));
    const query = { text, values, rowMode: 'array', types: PG_RAW } as const;
    const { rows, rowCount } = await (raw as pg.Client).query<unknown[]>(query);
    return { rows, affected: rowCount ?? 0 };
  },
  end(raw) {
    // Cuts the socket: a polite `end` would wait for a server that does not answer.
    const client = raw as PgClient;
    client.connection.stream.destroy();
    // The pool learns of it before the socket says so.
    client.__knex__disposed = 'destroyed';
  },
};

const sqliteDriver: Driver = {
  run(raw, { parts, params }) {
    const prepared = (raw as Sqlite.Database).prepare(statementText('sqlite', parts));
    const values = params.map((param) => (Number.isSafeInteger(param) ? BigInt(param as number) : param));
    if (!prepared.reader) return Promise.resolve({ rows: [], affected: prepared.run(...values).changes });
    const rows = prepared
      .safeIntegers(true)
      .raw(true)
      .all(...values) as unknown[][];
    return Promise.resolve({ rows, affected: 0 });
  },
  end(raw) {
    // The pool closes it; what was open must not live on in it.
    const database = raw as Sqlite.Database;
    if (database.open && database.inTransaction) database.exec('ROLLBACK');
  },
};

const DRIVERS: Readonly<Record<Dialect, Driver>> = {
  mysql: mysqlDriver,
  postgres: pgDriver,
  sqlite: sqliteDriver,
};

/** The text of a statement with the dialect's placeholders. */
export function statementText(dialect: Dialect, parts: readonly string[]): string {
  return parts.reduce((text, part, i) => text + (dialect === 'postgres' ? `$${i}` : '?') + part);
}

/** A cell as text, without loss; null stays null. */
export function text(cell: unknown): string | null {
  if (typeof cell === 'string') return cell;
  if (cell === null || cell === undefined) return null;
  if (Buffer.isBuffer(cell)) return cell.toString('utf8');
  return typeof cell === 'number' || typeof cell === 'bigint' ? String(cell) : JSON.stringify(cell);
}

/** The part of knex's client that pins a connection; its types leave it open. */
interface Pooled {
  acquireConnection(): Promise<unknown>;
  releaseConnection(raw: unknown): Promise<void>;
}

function pinned(pool: Pooled, raw: unknown, dialect: Dialect, options: DatabaseOptions): Connection {
  const driver = DRIVERS[dialect];
  return {
    async query(statement) {
      const whole = typeof statement === 'string' ? { parts: [statement], params: [] } : statement;
      options.onStatement?.(statementText(dialect, whole.parts), whole.params);
      return await driver.run(raw, whole);
    },
    release: () => pool.releaseConnection(raw),
    async destroy() {
      driver.end(raw);
      await pool.releaseConnection(raw);
    },
  };
}

/** SQLite's own lower() knows the letters of English alone. */
function lower(value: unknown): unknown {
  return typeof value === 'string' ? value.toLowerCase() : value;
}

/**
 * Opens a database, lazily: the first connection is made when one is asked for.
 * @throws FristError DATABASE_URL for a URL that cannot be used; DATABASE_MISSING for a SQLite file that is not there.
 */
export function openDatabase(url: string, options: DatabaseOptions = {}): Database {
  const { dialect, connection, filename } = locate(url);
  if (filename !== undefined && options.create !== true && !existsSync(filename))
    throw new FristError('DATABASE_MISSING', { file: filename });
  const setUp = sessionStatements(dialect, options);
  const afterCreate = (raw: unknown, done: (error: unknown, raw: unknown) => void): void => {
    if (dialect === 'sqlite')
      (raw as Sqlite.Database).function('frist_lower', { deterministic: true }, lower);
    const all = setUp.reduce(async (before: Promise<unknown>, sql) => {
      await before;
      await DRIVERS[dialect].run(raw, { parts: [sql], params: [] });
    }, Promise.resolve());
    all.then(
      () => done(null, raw),
      (error: unknown) => {
        DRIVERS[dialect].end(raw);
        done(error, raw);
      },
    );
  };
  const instance = knexModule({
    client: { mysql: 'mysql2', postgres: 'pg', sqlite: 'better-sqlite3' }[dialect],
    connection:
      filename === undefined ? connection : { filename, options: { readonly: options.readOnly === true } },
    useNullAsDefault: dialect === 'sqlite',
    compileSqlOnError: false,
    log: SILENT_LOG,
    acquireConnectionTimeout: ACQUIRE_TIMEOUT_MS,
    pool: { min: 0, max: options.poolMax ?? (dialect === 'sqlite' ? 1 : POOL_MAX), afterCreate },
  });
  const pool = instance.client as Pooled;
  return {
    dialect,
    knex: instance,
    connect: async () => pinned(pool, await pool.acquireConnection(), dialect, options),
    close: () => instance.destroy(),
  };
}
