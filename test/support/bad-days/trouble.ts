// What somebody else does in the same database.
import { setTimeout as delay } from 'node:timers/promises';
import { openMariadb, openPostgres, openSqlite, type Client } from '../servers/clients.ts';
import type { People } from './people.ts';

/** A connection of somebody else. */
export async function stranger({ db }: People): Promise<Client> {
  if (db.engine === 'sqlite') return openSqlite(db.url.slice('sqlite:'.length));
  return db.engine === 'mariadb' ? openMariadb(db.url) : openPostgres(db.url);
}

/** Waits until a row comes. */
export async function until(
  { query }: Pick<Client, 'query'>,
  sql: string,
): Promise<Readonly<Record<string, unknown>>> {
  for (;;) {
    const [row] = await query(sql);
    if (row !== undefined) return row;
    await delay(20);
  }
}

const MARIADB = `select id from information_schema.processlist where db = database() and id <> connection_id() and time_ms > 20`;
const POSTGRES = `select pid as id from pg_stat_activity where datname = current_database()`;

/** Connections that wait for a row lock. */
export const WAITING = {
  mariadb: `${MARIADB} and info like '%FOR UPDATE%'`,
  postgres: `${POSTGRES} and wait_event_type = 'Lock'`,
};

/** Connections that delete contacts, one of which takes its time (`slowDown`). */
export const DELETING = {
  mariadb: `${MARIADB} and info like 'DELETE FROM%contacts%'`,
  postgres: `${POSTGRES} and query like 'DELETE FROM%contacts%' and state = 'active' and wait_event = 'PgSleep'`,
};

/** Ends a connection. */
export const KILL = {
  mariadb: (id: unknown) => `kill ${String(id)}`,
  postgres: (id: unknown) => `select pg_terminate_backend(${String(id)})`,
};

/** From now on the contact of this key takes its time to go. */
export async function slowDown({ db }: People, key: number, seconds: number): Promise<void> {
  if (db.engine === 'mariadb') {
    await db.query(
      `create trigger slow before delete on contacts for each row begin declare n int; if old.id = ${key} then set n = sleep(${seconds}); end if; end`,
    );
    return;
  }
  await db.query(
    `create function slow() returns trigger language plpgsql as $$ begin if old.id = ${key} then perform pg_sleep(${seconds}); end if; return old; end $$`,
  );
  await db.query('create trigger slow before delete on contacts for each row execute function slow()');
}

/** It does not any more. */
export async function speedUp({ db }: People): Promise<void> {
  await db.query(db.engine === 'mariadb' ? 'drop trigger slow' : 'drop trigger slow on contacts');
}
