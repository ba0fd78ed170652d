/**
 * Making and opening a state. Making is a command of its own (`frist state init`); opening never creates, because an
 * empty state beside a trail that knows of holds would erase what must be kept.
 *
 * SQLite: the file is readable by its owner alone, every commit waits for the disk, and what is deleted is overwritten.
 */
import { chmodSync, closeSync, existsSync, openSync } from 'node:fs';
import type { Knex } from 'knex';
import { openDatabase } from '../database.ts';
import { FristError } from '../errors.ts';
import { addInstallation, findInstallation } from './trail/keyring.ts';
import { MIGRATIONS, migrate, refuseNewer, schemaVersion } from './migrations.ts';
import type { Migration } from './migrations.ts';
import { dropOrphanKeys } from './erasing/plans.ts';
import type { Installation, State } from './state.ts';
import { createState } from './store.ts';
import { inTurn, read, scrub, whenFree } from './turn.ts';
import type { Store, Turn } from './turn.ts';

export interface StateOptions {
  /** This machine's clock, ms since the epoch. */
  readonly clock: () => number;
  /** How long to wait while another process has the state, ms; 30 s unless it is given. */
  readonly patience?: number;
  /** Another schema than this version's, for its test. */
  readonly migrations?: readonly Migration[];
}

/** better-sqlite3 waits by stopping the process, so it waits briefly, and turn.ts goes on waiting. */
const PRAGMAS = {
  busy_timeout: 5,
  journal_mode: 'WAL',
  synchronous: 'FULL',
  secure_delete: 'ON',
  temp_store: 'MEMORY',
};
const PATIENCE = 30_000;
/** "frst" in the header of the file. Setting it is the first write of a maker's transaction, and so takes the lock. */
const APPLICATION_ID = 0x66727374;
const SQLITE_URL = /^sqlite:(?:\/\/(?=\/))?(.+)$/s;

function openStore(url: string, options: StateOptions, create: boolean): Store {
  const { knex, dialect } = openDatabase(url, { create, pragmas: PRAGMAS });
  return {
    db: knex,
    dialect,
    clock: options.clock,
    patience: options.patience ?? PATIENCE,
    unscrubbed: false,
  };
}

/**
 * Changes the schema alone. MySQL commits at every CREATE TABLE and would give a row lock free there, so it locks by
 * name; and the two others need a lock before there is any row.
 */
async function alone<T>(store: Store, work: (turn: Turn) => Promise<T>): Promise<T> {
  const mysqlLock = `concat('frist state ', sha1(database()))`;
  const lock = async (db: Knex.Transaction): Promise<void> => {
    if (store.dialect === 'sqlite') await db.raw(`pragma application_id = ${APPLICATION_ID}`);
    if (store.dialect === 'postgres') await db.raw(`select pg_advisory_xact_lock(hashtext('frist state'))`);
    if (store.dialect !== 'mysql') return;
    const [row] = await db.select<{ readonly taken: number | null }[]>(
      db.raw(`get_lock(${mysqlLock}, 60) as taken`),
    );
    if (Number(row?.taken) !== 1) throw new FristError('STATE_BUSY', { code: 'GET_LOCK' });
  };
  return await whenFree(store, lock, async (turn) => {
    try {
      return await work(turn);
    } finally {
      if (store.dialect === 'mysql') await turn.db.select(turn.db.raw(`release_lock(${mysqlLock})`));
    }
  });
}

/**
 * Makes a state in an empty database or a new file.
 * @throws FristError STATE_EXISTS where there is one already.
 */
export async function initState(
  url: string,
  installation: Installation,
  options: StateOptions,
): Promise<void> {
  const file = SQLITE_URL.exec(url)?.[1];
  // Made here, so that it is never readable by others, not even while it is empty.
  if (file !== undefined && !existsSync(file)) closeSync(openSync(file, 'a', 0o600));
  const store = openStore(url, options, false);
  const migrations = options.migrations ?? MIGRATIONS;
  try {
    await alone(store, async ({ db }) => {
      if ((await findInstallation(db)) !== undefined) throw new FristError('STATE_EXISTS');
      await migrate(db, store.dialect, migrations);
      // Last: a making that was cut short is not a state, and can be begun again.
      await addInstallation(db, installation);
    });
    if (file !== undefined) chmodSync(file, 0o600);
  } finally {
    await store.db.destroy();
  }
}

/**
 * Opens a state that is there, and takes it to this version's schema.
 * @throws FristError STATE_MISSING where there is none; STATE_NEWER where a newer frist has changed the schema.
 */
export async function openState(url: string, options: StateOptions): Promise<State> {
  const file = SQLITE_URL.exec(url)?.[1];
  if (file !== undefined && !existsSync(file)) throw new FristError('STATE_MISSING');
  const store = openStore(url, options, false);
  try {
    await prepare(store, options.migrations ?? MIGRATIONS);
    return createState(store);
  } catch (error) {
    await store.db.destroy();
    throw error;
  }
}

/**
 * Whether there is a state; changes nothing, also not its schema.
 * @throws FristError where it cannot be asked, or a newer frist has changed it.
 */
export async function isStateMade(url: string, options: StateOptions): Promise<boolean> {
  const file = SQLITE_URL.exec(url)?.[1];
  if (file !== undefined && !existsSync(file)) return false;
  const store = openStore(url, options, false);
  try {
    if ((await read(store, findInstallation)) === undefined) return false;
    refuseNewer(await read(store, schemaVersion), options.migrations ?? MIGRATIONS);
    return true;
  } finally {
    await store.db.destroy();
  }
}

async function prepare(store: Store, migrations: readonly Migration[]): Promise<void> {
  if ((await read(store, findInstallation)) === undefined) throw new FristError('STATE_MISSING');
  const version = await read(store, schemaVersion);
  refuseNewer(version, migrations);
  if (version < migrations.length) await alone(store, ({ db }) => migrate(db, store.dialect, migrations));
  // A crash may have come between a deletion and the emptying of SQLite's log, or between a plan's keys and the plan.
  await inTurn(store, dropOrphanKeys);
  await scrub(store);
}
