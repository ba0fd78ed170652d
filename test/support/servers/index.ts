// Real databases for tests.
//
//   const db = await freshDatabase('mariadb');   // 'mariadb' | 'postgres' | 'sqlite'
//   db.url                                       // mysql://… postgres://… sqlite:/path, an empty private database
//   await db.query('select 1 as n')              // straight through the driver, past the code under test
//   await db.drop()                              // in afterAll / afterEach
//
//   describe.each(await engines())('%s', (engine) => { … freshDatabase(engine) … });
//
// The servers are private ones on free ports of 127.0.0.1, with their data in a temporary folder, started by the first
// test of a run that asks and stopped at its end (keeper.ts). They come from, in this order:
//   - FRIST_TEST_MARIADB, FRIST_TEST_POSTGRES: URL of a running server, without a database name, of a user who may
//     create databases (FRIST_TEST_S3 for s3.ts: http://key:secret@host:port);
//   - mariadbd or mysqld, postgres on this machine (PATH, /usr/sbin, /usr/lib/postgresql/*/bin);
//   - as root on Debian: the packages mariadb-server and postgresql.
// As root the servers run as `nobody`. They do not wait for the disk unless FRIST_TEST_DURABLE=true. Where a server
// cannot be had its tests are left out with a line on stderr; with CI=true that is an error.
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ask } from './ask.ts';
import { openMariadb, openPostgres, openSqlite } from './clients.ts';
import type { Client, Row } from './clients.ts';

export type Engine = 'mariadb' | 'postgres' | 'sqlite';
export type { Row } from './clients.ts';

/** An empty database of one test. */
export interface TestDatabase {
  readonly engine: Engine;
  readonly url: string;
  /**
   * Runs SQL past the code under test; a script of several statements is allowed and answers nothing. Values are as
   * the database holds them: times as text, an integer as a number, or as digits where a number cannot hold it.
   */
  query(sql: string, values?: readonly unknown[]): Promise<Row[]>;
  /** Removes the database, also while somebody is still connected to it. */
  drop(): Promise<void>;
}

/** The engines that tests can have here; starts the servers. */
export async function engines(): Promise<Engine[]> {
  const [mariadb, postgres] = await Promise.all([ask('mariadb'), ask('postgres')]);
  return [
    'sqlite',
    ...(mariadb === undefined ? [] : ['mariadb' as const]),
    ...(postgres === undefined ? [] : ['postgres' as const]),
  ];
}

async function sqliteDatabase(): Promise<TestDatabase> {
  const folder = await mkdtemp(join(tmpdir(), 'frist-sqlite-'));
  const path = join(folder, 'test.db');
  const client = openSqlite(path);
  return {
    engine: 'sqlite',
    url: `sqlite:${path}`,
    query: client.query,
    drop: async () => {
      await client.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

const OPEN: Readonly<Record<'mariadb' | 'postgres', (url: string) => Promise<Client>>> = {
  mariadb: openMariadb,
  postgres: openPostgres,
};

/** How each server throws out those who are connected to a database, and then the database. */
async function dropAll(engine: 'mariadb' | 'postgres', server: string, name: string): Promise<void> {
  const admin = await OPEN[engine](engine === 'postgres' ? `${server}/postgres` : server);
  if (engine === 'postgres') await admin.query(`drop database if exists ${name} with (force)`);
  else {
    const guests = await admin.query('select id from information_schema.processlist where db = ?', [name]);
    for (const guest of guests) await admin.query(`kill ${String(guest['id'])}`).catch(() => undefined);
    await admin.query(`drop database if exists ${name}`);
  }
  await admin.close();
}

/** Makes an empty database that nobody else uses. */
export async function freshDatabase(engine: Engine): Promise<TestDatabase> {
  if (engine === 'sqlite') return sqliteDatabase();
  const server = await ask(engine);
  if (server === undefined) throw new Error(`no ${engine} for the tests; choose from engines()`);
  const name = `frist_${randomBytes(6).toString('hex')}`;
  const admin = await OPEN[engine](engine === 'postgres' ? `${server}/postgres` : server);
  await admin.query(`create database ${name}${engine === 'mariadb' ? ' character set utf8mb4' : ''}`);
  await admin.close();
  const url = `${server}/${name}`;
  const client = await OPEN[engine](url);
  return {
    engine,
    url,
    query: client.query,
    drop: async () => {
      await client.close();
      await dropAll(engine, server, name);
    },
  };
}
