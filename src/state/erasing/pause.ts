/** The kill switch, which every process of the installation obeys. */
import type { Knex } from 'knex';
import type { Pause } from '../state.ts';
import type { Turn } from '../turn.ts';

interface PauseRow {
  readonly one: number;
  readonly since: string;
  readonly by_whom: string;
}

export async function readPause(db: Knex): Promise<Pause | undefined> {
  const row = await db<PauseRow>('frist_pause').first();
  return row === undefined ? undefined : { since: row.since, by: row.by_whom };
}

/** Turns it on or off; false when it is so already. */
export async function setPause({ db }: Turn, pause: Pause | undefined): Promise<boolean> {
  if (pause === undefined) return (await db<PauseRow>('frist_pause').delete()) > 0;
  if ((await readPause(db)) !== undefined) return false;
  await db<PauseRow>('frist_pause').insert({ one: 1, since: pause.since, by_whom: pause.by });
  return true;
}
