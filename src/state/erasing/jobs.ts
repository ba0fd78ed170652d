/** Which slot of a job was done last, by whichever process: so that a job is caught up, and not done twice. */
import type { Knex } from 'knex';
import type { JobMemory } from '../state.ts';
import type { Turn } from '../turn.ts';

interface JobRow {
  readonly name: string;
  readonly slot: string;
  readonly note: string | null;
}

/** Remembers a slot as done; false when that one, or a later one, has been. */
export async function endJob(turn: Turn, name: string, slot: string, note?: string): Promise<boolean> {
  const jobs = turn.db<JobRow>('frist_jobs');
  const last = await jobs.clone().where({ name }).first('slot');
  if (last !== undefined && last.slot >= slot) return false;
  const row = { slot, note: note ?? null };
  await jobs
    .insert({ name, ...row })
    .onConflict('name')
    .merge(row);
  return true;
}

export async function readJob(db: Knex, name: string): Promise<JobMemory | undefined> {
  const row = await db<JobRow>('frist_jobs').where({ name }).first();
  return row === undefined ? undefined : { slot: row.slot, ...(row.note === null ? {} : { note: row.note }) };
}
