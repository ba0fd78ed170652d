/**
 * Partitions: parts of what a running run erases, with the records that they are about, for whichever process takes them.
 *
 * They begin and end within their run: the transaction that ends the run forgets them, records and all, whoever ends it.
 * So a partition that is there belongs to a run that is running.
 */
import type { Knex } from 'knex';
import { FristError } from '../../errors.ts';
import { FILLER } from '../migrations.ts';
import type { Turn } from '../turn.ts';

export interface PartitionName {
  readonly run: string;
  /** From 1. */
  readonly number: number;
}

/** A part of what a running run erases, for whichever process takes it; it ends with its run at the latest. */
export interface Partition extends PartitionName {
  readonly controller: string;
  readonly policy: string;
  /** What it takes to do it, as the engine wrote it. */
  readonly work: string;
  /** Nothing more is to be done of it. */
  readonly ended: boolean;
  /** Whoever works at it ends with the batch in hand, and nobody begins. */
  readonly withdrawn: boolean;
  /** What came of it so far, as the engine wrote it. */
  readonly told?: string;
}

export type NewPartition = Omit<Partition, 'ended' | 'withdrawn' | 'told'>;

/** What a transaction can do with partitions. */
export interface PartitionChanges {
  /** Some records of a partition that is to come, as the engine wrote them. Sequence from 0. */
  addPartitionRecords(of: PartitionName, sequence: number, records: string): Promise<void>;
  addPartition(partition: NewPartition): Promise<void>;
  /**
   * Remembers what came of it so far, if anything is given. False when it was withdrawn. STATE_SUPERSEDED when it has
   * ended, or its run has.
   */
  tellPartition(run: string, number: number, told?: string): Promise<boolean>;
  /** Forgets the records. STATE_SUPERSEDED as `tellPartition`. */
  endPartition(run: string, number: number, told: string): Promise<void>;
  withdrawPartitions(run: string): Promise<void>;
}

/** What a state can be asked about partitions. */
export interface Partitions {
  /** In the order of their numbers; none of a run that has ended. */
  partitions(run: string): Promise<readonly Partition[]>;
  partitionRecords(of: PartitionName): AsyncIterable<string>;
}

interface PartitionRow {
  readonly run: string;
  readonly number: number;
  readonly controller: string;
  readonly policy: string;
  readonly work: string;
  readonly ended: number;
  readonly withdrawn: number;
  readonly told: string | null;
}

interface RecordsRow {
  readonly run: string;
  readonly number: number;
  readonly sequence: number;
  readonly filler: string;
  readonly records: string;
}

function toPartition(row: PartitionRow): Partition {
  return {
    run: row.run,
    number: row.number,
    controller: row.controller,
    policy: row.policy,
    work: row.work,
    ended: row.ended === 1,
    withdrawn: row.withdrawn === 1,
    ...(row.told === null ? {} : { told: row.told }),
  };
}

/** Some of its records; before the partition itself. */
export async function addPartitionRecords(
  turn: Turn,
  { run, number }: PartitionName,
  sequence: number,
  records: string,
): Promise<void> {
  const filler = FILLER[turn.store.dialect];
  await turn.db<RecordsRow>('frist_partition_records').insert({ run, number, sequence, filler, records });
}

export async function addPartition(
  turn: Turn,
  { run, number, controller, policy, work }: NewPartition,
): Promise<void> {
  await turn
    .db<PartitionRow>('frist_partitions')
    .insert({ run, number, controller, policy, work, ended: 0, withdrawn: 0, told: null });
}

/** In the order of their numbers. */
export async function readPartitions(db: Knex, run: string): Promise<readonly Partition[]> {
  const rows = await db<PartitionRow>('frist_partitions').where({ run }).orderBy('number');
  return rows.map(toPartition);
}

/** The first piece of its records behind `after`; undefined when there is none left. */
export async function nextPartitionRecords(
  db: Knex,
  run: string,
  number: number,
  after: number,
): Promise<{ readonly sequence: number; readonly records: string } | undefined> {
  return await db<RecordsRow>('frist_partition_records')
    .where({ run, number })
    .andWhere('sequence', '>', after)
    .orderBy('sequence')
    .first('sequence', 'records');
}

async function stillThere(turn: Turn, run: string, number: number): Promise<PartitionRow> {
  const row = await turn.db<PartitionRow>('frist_partitions').where({ run, number, ended: 0 }).first();
  if (row === undefined)
    throw new FristError('STATE_SUPERSEDED', { what: `partition ${number} of run ${run}` });
  return row;
}

/** Remembers what came of it so far. False when it was withdrawn: whoever works at it ends with the batch in hand. */
export async function tellPartition(
  turn: Turn,
  run: string,
  number: number,
  told?: string,
): Promise<boolean> {
  const { withdrawn } = await stillThere(turn, run, number);
  if (told !== undefined)
    await turn.db<PartitionRow>('frist_partitions').where({ run, number }).update({ told });
  return withdrawn === 0;
}

/** Nothing more is to be done of it; its records are forgotten. */
export async function endPartition(turn: Turn, run: string, number: number, told: string): Promise<void> {
  await stillThere(turn, run, number);
  await turn.db<PartitionRow>('frist_partitions').where({ run, number }).update({ told, ended: 1 });
  await turn.db('frist_partition_records').where({ run, number }).delete();
  turn.forgets = true;
}

export async function withdrawPartitions(turn: Turn, run: string): Promise<void> {
  await turn.db<PartitionRow>('frist_partitions').where({ run, ended: 0 }).update({ withdrawn: 1 });
}

/** Forgets all partitions of a run that ends, what was told of them, and who worked at them. */
export async function dropPartitions(turn: Turn, run: string): Promise<void> {
  await turn.db('frist_partitions').where({ run }).delete();
  await turn.db('frist_leases').where('name', 'like', `partition:${run}:%`).delete();
  const gone = await turn.db('frist_partition_records').where({ run }).delete();
  if (gone > 0) turn.forgets = true;
}
