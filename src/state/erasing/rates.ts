/** How fast a source may be worked at, over all processes that share the state: whoever comes takes the next free time. */
import { serverClock } from '../leases.ts';
import type { Turn } from '../turn.ts';

interface RateRow {
  readonly name: string;
  /** When the time that was taken last is over, ms since the epoch. */
  readonly free: number | string;
}

/** Nobody waits longer: who took the time before may have died, or the clock may have been set back. */
const LONGEST_MS = 60_000;

/** Takes so much time of this name, after all that was taken before; answers how long it is until then, ms. */
export async function reserve(turn: Turn, name: string, milliseconds: number): Promise<number> {
  const now = (await serverClock(turn.db, turn.store.dialect)) ?? turn.store.clock();
  const row = await turn.db<RateRow>('frist_rates').where({ name }).first();
  const begin = Math.min(Math.max(Number(row?.free ?? now), now), now + LONGEST_MS);
  const free = Math.ceil(begin + milliseconds);
  if (row === undefined) await turn.db<RateRow>('frist_rates').insert({ name, free });
  else await turn.db<RateRow>('frist_rates').where({ name }).update({ free });
  return begin - now;
}
