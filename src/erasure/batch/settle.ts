/** Closes a batch: looks at its records once more, and says what was done. Shared by execute and recover. */
import type { Connector } from '../../connectors/connector.ts';
import { SourceFailure } from '../../connectors/connector.ts';
import type { View } from '../../policy/policy.ts';
import type { AttemptResult } from './attempt.ts';
import { outcomeCounts, type Ledger, type Settled, type Verified } from './ledger.ts';
import type { Counts, Outcome } from '../report.ts';

export interface Finished extends AttemptResult {
  readonly id: string;
  readonly stage: number;
}

export interface Settlement {
  readonly id: string;
  readonly entries: readonly string[];
  readonly counts: Counts<Outcome>;
  readonly leftovers: number;
  /** False while the fate of a record is unknown: the batch stays open for recovery. */
  readonly close: boolean;
}

export interface SettleInput {
  readonly connector: Connector;
  readonly task: { readonly view: View };
  readonly signal: AbortSignal;
}

/** What the state and the trail shall say of a finished batch. Writes nothing itself. */
export async function settle(input: SettleInput, ledger: Ledger, finished: Finished): Promise<Settlement> {
  const counts = outcomeCounts(finished.records);
  if (counts.uncertain !== undefined) {
    return { id: finished.id, entries: [], counts, leftovers: 0, close: false };
  }
  const verified = await verifyErased(input, finished);
  return {
    id: finished.id,
    entries: ledger.settled(finished.id, finished.stage, finished.records, finished.dependents, verified),
    counts,
    leftovers: verified.leftovers,
    close: true,
  };
}

/** Looks again at what was erased. A source that cannot be asked leaves the proof pending; nothing is claimed. */
async function verifyErased(
  input: SettleInput,
  finished: Finished,
): Promise<{ readonly result: Verified; readonly leftovers: number }> {
  const erased = finished.records.filter((one: Settled) => one.outcome === 'erased');
  if (erased.length === 0) return { result: 'verified', leftovers: 0 };
  try {
    const keys = erased.map((one) => one.identity.key);
    const seen = await input.connector.verify(
      input.task.view,
      finished.stage,
      keys,
      new AbortController().signal,
    );
    const leftovers = seen.filter((one) => one === 'present').length;
    return { result: leftovers === 0 ? 'verified' : 'leftovers', leftovers };
  } catch (error) {
    if (error instanceof SourceFailure) return { result: 'pending', leftovers: 0 };
    throw error;
  }
}
