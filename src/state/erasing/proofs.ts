/** Pending proofs: keys of erased records that nobody has looked at again yet; gone when somebody has. */
import type { Knex } from 'knex';
import { FristError } from '../../errors.ts';
import type { Key } from '../../policy/policy.ts';
import { FILLER } from '../migrations.ts';
import type { PendingProof } from '../state.ts';
import type { Turn } from '../turn.ts';

interface ProofRow extends Omit<PendingProof, 'keys'> {
  readonly filler: string;
  readonly record_keys: string;
}

const COLUMNS = [
  'batch',
  'controller',
  'policy',
  'source',
  'stage',
  'action',
  'sense',
  'due',
  'record_keys',
] as const;

export async function readProofs(db: Knex): Promise<readonly PendingProof[]> {
  const rows = await db<ProofRow>('frist_proofs')
    .select(...COLUMNS)
    .orderBy('seq');
  return rows.map(({ record_keys, ...rest }) => ({ ...rest, keys: JSON.parse(record_keys) as Key[] }));
}

export async function addProof({ db, store }: Turn, { keys, ...rest }: PendingProof): Promise<void> {
  const row = { ...rest, filler: FILLER[store.dialect], record_keys: JSON.stringify(keys) };
  await db<ProofRow>('frist_proofs').insert(row);
}

export async function closeProof(turn: Turn, batch: string): Promise<void> {
  const gone = await turn.db('frist_proofs').where({ batch }).delete();
  if (gone === 0) throw new FristError('STATE_SUPERSEDED', { what: `proof of batch ${batch}` });
  turn.forgets = true;
}
