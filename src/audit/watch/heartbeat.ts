/**
 * The heartbeat: one entry for each day on which no run found a record due, and so nothing was erased. A run that failed,
 * or that nobody saw end, says nothing of what was due, and may have erased: its day has none, but its own entries. A
 * trail that is silent for longer than a day is one whose daemon stands still, or one that was cut off.
 */
import type { Run, State } from '../../state/state.ts';
import { formatEntry } from '../entry.ts';

/** Under what name the state remembers the days that were looked at. */
export const HEARTBEAT = 'heartbeat';

const DAY_MS = 86_400_000;

export interface HeartbeatInput {
  readonly state: State;
  /** The end of the day in question, ISO instant. */
  readonly slot: string;
  readonly now: () => number;
  readonly newId: () => string;
}

/**
 * Emits a heartbeat unless a run of the 24 hours before the slot found a record due, or did not look to its end. A slot
 * counts once, whichever process comes first.
 * @returns whether it was emitted.
 */
export async function beat({ state, slot, now, newId }: HeartbeatInput): Promise<boolean> {
  const since = new Date(Date.parse(slot) - DAY_MS).toISOString();
  const runs = await state.runs({ since, limit: Number.MAX_SAFE_INTEGER });
  const quiet = runs.filter(({ started }) => started <= slot).every(foundNothing);
  return await state.transaction(async (t) => {
    if (!(await t.endJob(HEARTBEAT, slot)) || !quiet) return false;
    const at = new Date(now()).toISOString();
    await t.emit([formatEntry({ v: 1, type: 'heartbeat', eid: newId(), at })]);
    return true;
  });
}

/** `erase`: selected by a sweep. `erased`: let go by an approval. */
function foundNothing({ state, summary = {} }: Run): boolean {
  return state === 'finished' && (summary['erase'] ?? 0) + (summary['erased'] ?? 0) === 0;
}
