/**
 * Named leases with fencing numbers. A lease says who may act (publish, run a policy); the number says whether that is
 * still so when the act is recorded: a process that slept through the end of its lease finds another number there.
 *
 * Whether a lease has run out is judged by the state server's clock. SQLite has none, but there all processes share
 * one machine's.
 */
import type { Knex } from 'knex';
import type { Dialect } from '../database.ts';
import { FristError } from '../errors.ts';
import type { Turn } from './turn.ts';

interface LeaseRow {
  readonly name: string;
  /** Empty when released. */
  readonly holder: string;
  readonly fence: number | string;
  /** ms since the epoch. */
  readonly until: number | string;
  /** For how long it was taken, ms. */
  readonly length: number | string;
}

/** By no session's time zone: a local time comes twice in autumn. */
const CLOCK: Readonly<Record<Exclude<Dialect, 'sqlite'>, string>> = {
  mysql: `timestampdiff(microsecond, '1970-01-01 00:00:00', utc_timestamp(6)) / 1000`,
  postgres: 'extract(epoch from clock_timestamp()) * 1000',
};

/** The state server's clock, ms since the epoch; undefined for SQLite. */
export async function serverClock(db: Knex, dialect: Dialect): Promise<number | undefined> {
  if (dialect === 'sqlite') return undefined;
  const [row] = await db.select<{ readonly ms: number | string }[]>(db.raw(`${CLOCK[dialect]} as ms`));
  return row === undefined ? undefined : Math.floor(Number(row.ms));
}

/** Takes or renews the lease; its fencing number, or undefined while somebody else has it. */
export async function takeLease(
  turn: Turn,
  name: string,
  holder: string,
  milliseconds: number,
): Promise<number | undefined> {
  const leases = turn.db<LeaseRow>('frist_leases');
  const now = (await serverClock(turn.db, turn.store.dialect)) ?? turn.store.clock();
  const row = await leases.clone().where({ name }).first();
  const term = { holder, until: now + milliseconds, length: milliseconds };
  if (row === undefined) {
    await leases.clone().insert({ name, fence: 1, ...term });
    return 1;
  }
  const fence = Number(row.fence);
  if (row.holder === holder) {
    await leases.clone().where({ name }).update(term);
    return fence;
  }
  if (row.holder !== '' && Number(row.until) > now) {
    await shorten(turn, name, now + Number(row.length), Number(row.until));
    return undefined;
  }
  await leases
    .clone()
    .where({ name })
    .update({ ...term, fence: fence + 1 });
  return fence + 1;
}

/** After a clock was set back, a lease would last for as long as the clock had been ahead; it lasts its length. */
async function shorten(turn: Turn, name: string, longest: number, until: number): Promise<void> {
  if (until <= longest) return;
  await turn.db<LeaseRow>('frist_leases').where({ name }).update({ until: longest });
}

export async function releaseLease(turn: Turn, name: string, holder: string): Promise<void> {
  await turn.db<LeaseRow>('frist_leases').where({ name, holder }).update({ holder: '', until: 0 });
}

/**
 * Throws STATE_LEASE_LOST unless the lease is still the one that was taken with this number. A lease that ran out but
 * that nobody else took passes: nobody else can have acted.
 */
export async function requireLease(turn: Turn, name: string, fence: number): Promise<void> {
  const row = await turn.db<LeaseRow>('frist_leases').where({ name }).first('holder', 'fence');
  if (row === undefined || row.holder === '' || Number(row.fence) !== fence) {
    throw new FristError('STATE_LEASE_LOST', { lease: name });
  }
}
