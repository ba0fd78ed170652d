/**
 * The heartbeat: one entry for each day on which no record was due, and so nothing was erased. A trail that is silent for
 * longer than a day is one whose daemon stands still, or one that was cut off.
 */
import type { State } from '../../state/state.ts';
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
 * Emits a heartbeat unless a run of the 24 hours before the slot found a record due. A slot counts once, whichever
 * process comes first.
 * @returns whether it was emitted.
 */
export async function beat({ state, slot, now, newId }: HeartbeatInput): Promise<boolean> {
  const since = new Date(Date.parse(slot) - DAY_MS).toISOString();
  const runs = await state.runs({ since, limit: Number.MAX_SAFE_INTEGER });
  const due = runs.some(({ started, summary = {} }) => {
    // `erase`: selected by a sweep. `erased`: let go by an approval.
    return started <= slot && (summary['erase'] ?? 0) + (summary['erased'] ?? 0) > 0;
  });
  return await state.transaction(async (t) => {
    if (!(await t.endJob(HEARTBEAT, slot)) || due) return false;
    const at = new Date(now()).toISOString();
    await t.emit([formatEntry({ v: 1, type: 'heartbeat', eid: newId(), at })]);
    return true;
  });
}
