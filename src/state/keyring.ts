/** Which installation this state belongs to, and the wrapped epoch keys of its commitments. */
import type { Knex } from 'knex';
import { FristError } from '../errors.ts';
import type { EpochKey, Installation } from './state.ts';
import { ONE, type Turn } from './turn.ts';

interface InstallationRow extends Installation {
  readonly one: number;
}

interface EpochKeyRow {
  readonly epoch: string;
  readonly wrapped: string;
  readonly valid_from: string;
}

/** Undefined where there is none: the database is not a state, or its making was cut short. */
export async function findInstallation(db: Knex): Promise<Installation | undefined> {
  if (!(await db.schema.hasTable('frist_installation'))) return undefined;
  const row = await db<InstallationRow>('frist_installation').where({ one: ONE }).first();
  return row === undefined ? undefined : { id: row.id, origin: row.origin, created: row.created };
}

export async function addInstallation(db: Knex, installation: Installation): Promise<void> {
  const { id, origin, created } = installation;
  await db<InstallationRow>('frist_installation').insert({ one: ONE, id, origin, created });
}

/** The trail's installation id must be the state's: another one means that holds would be lost. */
export function requireInstallation(state: Installation, trailId: string): void {
  if (state.id !== trailId)
    throw new FristError('STATE_OTHER_INSTALLATION', { state: state.id, trail: trailId });
}

/** Oldest first. */
export async function readEpochKeys(db: Knex): Promise<readonly EpochKey[]> {
  const rows = await db<EpochKeyRow>('frist_epoch_keys').orderBy('valid_from').orderBy('epoch');
  return rows.map((row) => ({ epoch: row.epoch, wrapped: row.wrapped, from: row.valid_from }));
}

/** False when the epoch has a key already; that one counts, or commitments under it could not be opened again. */
export async function addEpochKey(turn: Turn, key: EpochKey): Promise<boolean> {
  const keys = turn.db<EpochKeyRow>('frist_epoch_keys');
  if ((await keys.clone().where({ epoch: key.epoch }).first('epoch')) !== undefined) return false;
  await keys.clone().insert({ epoch: key.epoch, wrapped: key.wrapped, valid_from: key.from });
  return true;
}
