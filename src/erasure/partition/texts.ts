/** What the state keeps of partitions, in words of the engine's own: JSON, read by this version alone, for the time of a run. */
import type { FailureClass } from '../../connectors/connector.ts';
import { SourceFailure } from '../../connectors/connector.ts';
import type { Partition } from '../../state/state.ts';
import { NOTHING, type Sums } from '../report.ts';
import type { Selected } from '../survey/spool.ts';

/** What whoever takes a partition must know, and must find as it was: by another policy it would erase something else. */
export interface PartitionWork {
  readonly plan: string;
  /** ms since the epoch. */
  readonly asOf: number;
  readonly policyDigest: string;
  readonly catalogue: string;
  /** Digest of where the records lie. */
  readonly place: string;
  /** The epoch under which the run names its records in the trail. */
  readonly epoch: string;
}

/** What came of a partition, or of what was done of it until now. */
export interface Told extends Sums {
  /** It could not go on: the class and the code of what the source said. */
  readonly failure?: { readonly class: FailureClass; readonly code: string };
}

export function workOf({ work }: Partition): PartitionWork {
  return JSON.parse(work) as PartitionWork;
}

export function toldOf({ told }: Partition): Told {
  return told === undefined ? NOTHING : (JSON.parse(told) as Told);
}

export function failureIn({ failure }: Told): SourceFailure | undefined {
  return failure === undefined ? undefined : new SourceFailure(failure.class, failure.code);
}

/** Records in one piece of a partition: personal data, as the spool has them. */
export function recordsText(records: readonly Selected[]): string {
  return JSON.stringify(
    records.map((one) => [one.commitment, one.stage, one.key, one.starts, one.subjects] as const),
  );
}

export function recordsOf(text: string): Selected[] {
  type Row = readonly [
    Selected['commitment'],
    number,
    Selected['key'],
    Selected['starts'],
    Selected['subjects'],
  ];
  const rows = JSON.parse(text) as readonly Row[];
  return rows.map(([commitment, stage, key, starts, subjects]) => ({
    commitment,
    stage,
    key,
    starts,
    subjects,
  }));
}
