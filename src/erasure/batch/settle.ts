/** Closes a batch: looks at its records once more, and says what was done. Shared by execute and recover. */
import type { Connector } from '../../connectors/connector.ts';
import { SourceFailure } from '../../connectors/connector.ts';
import type { Key, View } from '../../policy/policy.ts';
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
  /** Keys of erased records that could not be looked at again. */
  readonly unproven: readonly Key[];
  /** False while the fate of a record is unknown: the batch stays open for recovery. */
  readonly close: boolean;
}

export interface SettleInput {
  readonly connector: Connector;
  readonly task: { readonly view: View };
  /** Share of the erased records that are looked at again, in percent. */
  readonly verifyPercent: number;
  readonly signal: AbortSignal;
}

/** What the state and the trail shall say of a finished batch. Writes nothing itself. */
export async function settle(input: SettleInput, ledger: Ledger, finished: Finished): Promise<Settlement> {
  const counts = outcomeCounts(finished.records);
  if (counts.uncertain !== undefined) {
    return { id: finished.id, entries: [], counts, leftovers: 0, unproven: [], close: false };
  }
  const { records, unproven, ...verified } = await verifyErased(input, finished);
  return {
    id: finished.id,
    entries: ledger.settled(finished.id, finished.stage, records, finished.dependents, verified),
    counts,
    leftovers: verified.leftovers,
    unproven,
    close: true,
  };
}

/** Code of a record that the database confirmed to be erased, and that the second look found, or what goes with it. */
export const FOUND_AGAIN = 'FOUND_AGAIN';

interface Looked {
  /** Those that were found again carry a code: nobody may be shown the entry of one as if it were gone. */
  readonly records: readonly Settled[];
  readonly result: Verified;
  readonly leftovers: number;
  /** At how many somebody looked, where it was not all of the erased. */
  readonly looked?: number;
  readonly unproven: readonly Key[];
}

/** Looks again at what was erased. A source that cannot be asked leaves the proof pending; nothing is claimed. */
async function verifyErased(input: SettleInput, { records, stage }: Finished): Promise<Looked> {
  const erased = records.filter((one) => one.outcome === 'erased');
  const sample = new Set(sampleOf(erased, input.verifyPercent));
  const keys = [...sample].map((one) => one.identity.key);
  const some = keys.length === erased.length ? {} : { looked: keys.length };
  if (keys.length === 0) return { records, result: 'verified', leftovers: 0, unproven: [], ...some };
  try {
    const seen = await input.connector.verify(input.task.view, stage, keys, new AbortController().signal);
    const leftovers = seen.filter((one) => one === 'present').length;
    if (leftovers === 0) return { records, result: 'verified', leftovers, unproven: [], ...some };
    const looks = seen.values();
    const looked = records.map((one) =>
      sample.has(one) && looks.next().value === 'present' ? { ...one, code: FOUND_AGAIN } : one,
    );
    return { records: looked, result: 'leftovers', leftovers, unproven: [], ...some };
  } catch (error) {
    if (error instanceof SourceFailure)
      return { records, result: 'pending', leftovers: 0, unproven: keys, ...some };
    throw error;
  }
}

/** Evenly spread over the batch, at least one of it. */
function sampleOf<T>(all: readonly T[], percent: number): T[] {
  const until = (i: number): number => Math.ceil((i * percent) / 100);
  return all.filter((_, i) => until(i + 1) > until(i));
}
