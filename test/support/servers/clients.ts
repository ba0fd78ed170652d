// The drivers at their plainest, for seeding and for looking at what is left. Not frist's own database.ts: a test that
// looked through it would share its mistakes.
import Database from 'better-sqlite3';
import { createConnection } from 'mysql2/promise';
import pg from 'pg';

export type Row = Readonly<Record<string, unknown>>;

export interface Client {
  readonly query: (sql: string, values?: readonly unknown[]) => Promise<Row[]>;
  readonly close: () => Promise<void>;
}

function rowsOf(result: unknown): Row[] {
  return Array.isArray(result) ? (result as Row[]) : [];
}

/** An integer as a number where a number can hold it, else as its digits. */
function integer(digits: string): number | string {
  const value = Number(digits);
  return Number.isSafeInteger(value) ? value : digits;
}

function withIntegers(row: Row): Row {
  return Object.fromEntries(
    Object.entries(row).map(([name, value]) => [
      name,
      typeof value === 'bigint' ? integer(String(value)) : value,
    ]),
  );
}

export async function openMariadb(url: string): Promise<Client> {
  const connection = await createConnection({
    uri: url,
    supportBigNumbers: true,
    dateStrings: true,
    timezone: 'Z',
    multipleStatements: true,
  });
  // A test may cut every connection to its database, and then look what is left.
  connection.on('error', () => undefined);
  await connection.query("set time_zone = '+00:00'");
  return {
    query: async (sql, values = []) => rowsOf((await connection.query(sql, [...values]))[0]),
    close: async () => {
      connection.destroy();
      return Promise.resolve();
    },
  };
}

/** Times as their text, because a Date would lose microseconds and zone. */
function exactTypes(): pg.TypeOverrides {
  const types = new pg.TypeOverrides();
  const { DATE, TIMESTAMP, TIMESTAMPTZ, INT8 } = pg.types.builtins;
  for (const oid of [DATE, TIMESTAMP, TIMESTAMPTZ]) types.setTypeParser(oid, String);
  types.setTypeParser(INT8, integer);
  return types;
}

export async function openPostgres(url: string): Promise<Client> {
  const client = new pg.Client({
    connectionString: url,
    options: '-c TimeZone=UTC',
    types: exactTypes(),
  });
  client.on('error', () => undefined);
  await client.connect();
  return {
    query: async (sql, values = []) => rowsOf((await client.query(sql, [...values])).rows),
    close: async () => client.end().catch(() => undefined),
  };
}

/** A prepared statement, or undefined for a script of several statements. */
function prepare(database: Database.Database, sql: string): Database.Statement | undefined {
  try {
    return database.prepare(sql).safeIntegers(true);
  } catch (error) {
    // Not `instanceof`: the driver's errors come from outside the realm that jest runs a test in.
    if (String(error).includes('more than one statement')) return undefined;
    throw error;
  }
}

export function openSqlite(path: string): Client {
  const database = new Database(path);
  database.pragma('foreign_keys = ON');
  // As for the servers: what a test prepares need not survive a power cut.
  if (process.env['FRIST_TEST_DURABLE'] !== 'true') database.pragma('synchronous = OFF');
  const query = (sql: string, values: readonly unknown[]): Row[] => {
    const statement = prepare(database, sql);
    if (statement === undefined) database.exec(sql);
    else if (!statement.reader) statement.run(...values);
    else return rowsOf(statement.all(...values)).map(withIntegers);
    return [];
  };
  return {
    query: async (sql, values = []) => Promise.resolve(query(sql, values)),
    close: async () => {
      database.close();
      return Promise.resolve();
    },
  };
}
