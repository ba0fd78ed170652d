/**
 * What each channel has been told, and what it is still to be told: so that one alarm is one message, whichever process
 * sees it and however often it is restarted. A row lives from the first message to the delivery of the last.
 */
import type { Knex } from 'knex';
import type { Turn } from './turn.ts';

/** One alarm, as one channel knows it. */
export interface AlarmRow {
  readonly channel: string;
  /** Which alarm: a digest of its cause and what it is about. */
  readonly alarm: string;
  /** An id of this time that it stands. */
  readonly occurrence: string;
  readonly event: 'raised' | 'reminder' | 'resolved';
  /** When the last message was written, ISO. */
  readonly told: string;
  /** The last message, as it is sent. */
  readonly message: string;
  /** Whether it is still to be sent, how often that was tried, and from when on it may be (ms since the epoch). */
  readonly pending: boolean;
  readonly attempts: number;
  readonly next: number;
  /** Since when its cause is not seen any more (ms since the epoch); 0 while it is. */
  readonly gone: number;
}

/** Which rows are new or other than before, and which are to go. */
export interface AlarmChanges {
  readonly put: readonly AlarmRow[];
  readonly drop: readonly AlarmRow[];
}

/** Where rows are read, and changed by what was decided over them while nobody else could. */
export interface AlarmMemory {
  all(): Promise<readonly AlarmRow[]>;
  change(decide: (rows: readonly AlarmRow[]) => AlarmChanges): Promise<AlarmChanges>;
}

interface Stored extends Omit<AlarmRow, 'pending' | 'next' | 'gone'> {
  readonly pending: number;
  readonly next: number | string;
  readonly gone: number | string;
}

/** Oldest message first. */
export async function readAlarms(db: Knex): Promise<readonly AlarmRow[]> {
  const rows = await db<Stored>('frist_alarms').orderBy(['told', 'channel', 'alarm']);
  return rows.map((row) => ({
    ...row,
    pending: row.pending === 1,
    next: Number(row.next),
    gone: Number(row.gone),
  }));
}

export async function changeAlarms(
  { db }: Turn,
  decide: (rows: readonly AlarmRow[]) => AlarmChanges,
): Promise<AlarmChanges> {
  const changes = decide(await readAlarms(db));
  for (const { channel, alarm } of changes.drop) await db('frist_alarms').where({ channel, alarm }).delete();
  for (const row of changes.put) {
    const stored: Stored = { ...row, pending: row.pending ? 1 : 0 };
    await db<Stored>('frist_alarms').insert(stored).onConflict(['channel', 'alarm']).merge();
  }
  return changes;
}
