/** Which installation this state belongs to, and the wrapped epoch keys of its commitments. */
import type { Knex } from 'knex';
import { FristError } from '../../errors.ts';
import { FILLER } from '../migrations.ts';
import type { Destroyed, EpochKey, Installation, NewEpochKey } from '../state.ts';
import { ONE, type Turn } from '../turn.ts';

interface InstallationRow extends Installation {
  readonly one: number;
}

interface EpochKeyRow {
  readonly epoch: string;
  readonly valid_from: string;
  readonly destroyed: string | null;
  readonly true_from: string | null;
  readonly filler: string;
  readonly wrapped: string | null;
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
  const rows = await db<EpochKeyRow>('frist_epoch_keys')
    .select('epoch', 'valid_from', 'destroyed', 'true_from', 'wrapped')
    .orderBy('valid_from')
    .orderBy('epoch');
  return rows.map(({ epoch, valid_from: from, destroyed, true_from: trueFrom, wrapped }) => ({
    epoch,
    from,
    ...(wrapped === null ? {} : { wrapped }),
    ...(destroyed === null || trueFrom === null ? {} : { destroyed: { on: destroyed, trueFrom } }),
  }));
}

/** Begins an epoch; false when it is not `after` that it follows, so that of two processes one does. */
export async function addEpochKey(
  turn: Turn,
  { epoch, from, wrapped }: NewEpochKey,
  after: string | undefined,
): Promise<boolean> {
  if ((await readEpochKeys(turn.db)).at(-1)?.epoch !== after) return false;
  await turn.db<EpochKeyRow>('frist_epoch_keys').insert({
    epoch,
    valid_from: from,
    destroyed: null,
    true_from: null,
    filler: FILLER[turn.store.dialect],
    wrapped,
  });
  return true;
}

/** Forgets a key for good. Recovery must still name the records of an open batch, so that its key stays. */
export async function destroyEpochKey(turn: Turn, epoch: string, destroyed: Destroyed): Promise<boolean> {
  if ((await turn.db('frist_batches').where({ epoch }).first('epoch')) !== undefined) return false;
  const changed = await turn
    .db<EpochKeyRow>('frist_epoch_keys')
    .where({ epoch })
    .whereNotNull('wrapped')
    .update({ wrapped: null, destroyed: destroyed.on, true_from: destroyed.trueFrom });
  if (changed > 0) turn.forgets = true;
  return changed > 0;
}
