/** Open batches: the raw keys of what is about to be erased, durable before the first statement, gone when settled. */
import type { Knex } from 'knex';
import { FristError } from '../../errors.ts';
import type { Key } from '../../policy/policy.ts';
import { FILLER } from '../migrations.ts';
import type { OpenBatch } from '../state.ts';
import type { Turn } from '../turn.ts';

interface BatchRow extends Omit<OpenBatch, 'keys' | 'asOf' | 'partition'> {
  readonly part: number | null;
  readonly as_of: string;
  readonly filler: string;
  readonly record_keys: string;
}

const IDENTITY = [
  'id',
  'run',
  'controller',
  'policy',
  'source',
  'stage',
  'as_of',
  'opened',
  'epoch',
  'part',
] as const;

/** In the order in which they were opened. */
export async function readOpenBatches(db: Knex): Promise<readonly OpenBatch[]> {
  const rows = await db<BatchRow>('frist_batches')
    .select(...IDENTITY, 'record_keys', 'detail')
    .orderBy('seq');
  return rows.map((row) => ({
    id: row.id,
    run: row.run,
    controller: row.controller,
    policy: row.policy,
    source: row.source,
    stage: row.stage,
    asOf: row.as_of,
    opened: row.opened,
    epoch: row.epoch,
    keys: JSON.parse(row.record_keys) as readonly Key[],
    detail: row.detail,
    ...(row.part === null ? {} : { partition: row.part }),
  }));
}

export async function openBatch(turn: Turn, batch: OpenBatch): Promise<void> {
  const { keys, asOf, ...rest } = batch;
  await turn.db<BatchRow>('frist_batches').insert({
    id: rest.id,
    run: rest.run,
    controller: rest.controller,
    policy: rest.policy,
    source: rest.source,
    stage: rest.stage,
    as_of: asOf,
    opened: rest.opened,
    epoch: rest.epoch,
    part: rest.partition ?? null,
    filler: FILLER[turn.store.dialect],
    record_keys: JSON.stringify(keys),
    detail: rest.detail,
  });
}

/**
 * Forgets a batch, keys and all. Throws STATE_SUPERSEDED when it is not open: somebody else has settled it, and the
 * outcomes that the caller emits beside this would be told twice.
 */
export async function settleBatch(turn: Turn, id: string): Promise<void> {
  const gone = await turn.db('frist_batches').where({ id }).delete();
  if (gone === 0) throw new FristError('STATE_SUPERSEDED', { what: `batch ${id}` });
  turn.forgets = true;
}
