/** The database server of the benchmark: a private MariaDB that waits for the disk at every commit, as production does. */
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDatabase, type Database } from '../../src/database.ts';
import { startMariadb } from '../../test/support/servers/mariadb.ts';

const SETTINGS = [
  '--innodb-buffer-pool-size=1G',
  '--innodb-flush-method=O_DIRECT',
  '--innodb-flush-log-at-trx-commit=1',
  '--innodb-doublewrite=1',
];
const NAME = 'bench';

export interface Server {
  /** With the database's name. */
  readonly url: string;
  readonly host: string;
  readonly port: string;
  readonly user: string;
  readonly password: string;
  readonly database: string;
  readonly pid: number;
  readonly version: string;
  /** Runs one statement; answers its rows. */
  query(sql: string): Promise<readonly (readonly unknown[])[]>;
  /** Waits until the server has done the work that it put off: deleted rows are really gone. */
  calm(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts the server in a temporary folder that goes when it stops. Takes a free port of 127.0.0.1. */
export async function startServer(): Promise<Server> {
  const root = await mkdtemp(join(tmpdir(), 'frist-bench-db-'));
  // As root the server runs as `nobody`, who must pass through.
  await chmod(root, 0o711);
  const folder = join(root, 'mariadb');
  const server = await startMariadb(folder, SETTINGS);
  const stop = async (): Promise<void> => {
    await server.stop();
    await rm(root, { recursive: true, force: true });
  };
  try {
    return await connected(server.url, folder, stop);
  } catch (error) {
    await stop();
    throw error;
  }
}

async function connected(base: string, folder: string, stop: () => Promise<void>): Promise<Server> {
  await once(`${base}/mysql`, `create database ${NAME} character set utf8mb4`);
  const url = `${base}/${NAME}`;
  const { hostname, port, username, password } = new URL(url);
  const database = openDatabase(url);
  const connection = await database.connect();
  const query = async (sql: string): Promise<readonly (readonly unknown[])[]> =>
    (await connection.query(sql)).rows;
  const pid = Number(await readFile(join(folder, 'pid'), 'utf8'));
  const [[version] = []] = await query('select version()');
  return {
    url,
    host: hostname,
    port,
    user: username,
    password,
    database: NAME,
    pid,
    version: String(version),
    query,
    calm: async () => {
      await query('set global innodb_max_purge_lag_wait = 0');
    },
    stop: async () => {
      await connection.release();
      await database.close();
      await stop();
    },
  };
}

async function once(url: string, sql: string): Promise<void> {
  const database: Database = openDatabase(url);
  const connection = await database.connect();
  await connection.query(sql);
  await connection.release();
  await database.close();
}
