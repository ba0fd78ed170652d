/** Turns what happened to a batch into entries of the audit trail. Names records by commitments; holds no personal data. */
import { batchDigest } from '../../audit/commitment.ts';
import { ageBucket, type Age, type Commitments, formatEntry } from '../../audit/entry.ts';
import { recordFormatter } from '../../audit/format/record.ts';
import { FristError } from '../../errors.ts';
import type { Judge } from '../../policy/judge.ts';
import type { Task } from '../../policy/view.ts';
import type { Engine, Names } from '../engine.ts';
import { add, type Counts, type Outcome } from '../report.ts';
import { identifiersOf } from '../run/life.ts';
import type { Identity, Selected } from '../survey/spool.ts';

/** A record and what became of it. */
export interface Settled {
  readonly identity: Identity;
  readonly outcome: Outcome;
  /** Why it failed; of an erased one, that it was found again. */
  readonly code?: string;
}

/** What a later look at a batch showed. */
export type Verified = 'verified' | 'leftovers' | 'pending' | 'failed';

/** Outcomes that something changed in the source, or failed to: each gets an entry of its own. */
const RECORDED: ReadonlySet<Outcome> = new Set<Outcome>(['erased', 'absent-after-crash', 'failed']);

export interface Ledger {
  opened(batch: string, run: string, plan: string, records: readonly Selected[]): string;
  /** One entry per record that changed, then the one that closes the batch. */
  settled(
    batch: string,
    stage: number,
    records: readonly Settled[],
    dependents: Readonly<Record<string, number>>,
    verified: { readonly result: Verified; readonly leftovers: number; readonly looked?: number },
  ): string[];
}

/** Commitments of one record, as of the facts that it was chosen or erased by. */
export function commitmentsOf(names: Names, task: Task, identity: Identity): Commitments {
  const { source, record } = task.view;
  const subjects = identifiersOf(task, identity.subjects);
  const { key, starts } = identity;
  return {
    incarnation: names.incarnation(source, record.name, key, subjects, starts),
    record: identity.commitment ?? names.record(source, record.name, key),
    subject: subjects.map(([kind, value]) => names.subject(kind, value)),
  };
}

interface BatchNames {
  /** Makes the commitments of a batch and keeps them until they are taken. */
  make(batch: string, records: readonly Identity[]): Commitments[];
  /** The commitments of a batch's records; those of a record that has changed in between are made anew. */
  take(batch: string): (identity: Identity) => Commitments;
}

/** Commitments are made when a batch is opened, and used again when it is settled. */
function namesByBatch(names: Names, task: Task): BatchNames {
  const known = new Map<string, ReadonlyMap<Identity, Commitments>>();
  return {
    make: (batch, records) => {
      const made = new Map<Identity, Commitments>();
      for (const identity of records) made.set(identity, commitmentsOf(names, task, identity));
      known.set(batch, made);
      return [...made.values()];
    },
    take: (batch) => {
      const made = known.get(batch);
      known.delete(batch);
      return (identity) => made?.get(identity) ?? commitmentsOf(names, task, identity);
    },
  };
}

/** The entries of one policy's batches; `judge` tells the days. */
export function createLedger(engine: Engine, names: Names, task: Task, judge: Judge): Ledger {
  const { source, record, policy } = task.view;
  const base = (): { readonly v: 1; readonly eid: string; readonly at: string } => ({
    v: 1,
    eid: engine.newId(),
    at: new Date(engine.now()).toISOString(),
  });

  const named = namesByBatch(names, task);
  const formats = task.view.stages.map(({ action }) =>
    recordFormatter({ policy, source, record: record.name, action: action.kind }),
  );
  const recordEntries = (batch: string, stage: number, records: readonly Settled[]): string[] => {
    const format = formats[stage];
    if (format === undefined)
      throw new FristError('DEFECT', { what: `policy ${policy} has no stage ${stage}` });
    const now = engine.now();
    const at = new Date(now).toISOString();
    const age = ages(now);
    const commitments = named.take(batch);
    return records.map(({ identity, outcome, code }) => {
      const promised = judge.promisedDayOf(identity.starts, stage);
      return format({
        batch,
        eid: engine.newId(),
        at,
        outcome,
        commitments: commitments(identity),
        age: age(judge.startDayOf(identity.starts)),
        ...(promised === undefined ? {} : { promised }),
        ...(code === undefined ? {} : { code }),
      });
    });
  };

  return {
    opened: (batch, run, plan, records) => {
      const digest = batchDigest(named.make(batch, records));
      return formatEntry({
        ...base(),
        type: 'batch-opened',
        batch,
        run,
        plan,
        policy,
        source,
        count: records.length,
        digest,
        epoch: names.epoch,
      });
    },
    settled: (batch, stage, records, dependents, verified) => {
      const outcomes: Partial<Record<Outcome, number>> = {};
      for (const one of records) add(outcomes, one.outcome);
      const entries = recordEntries(
        batch,
        stage,
        records.filter((one) => RECORDED.has(one.outcome)),
      );
      entries.push(
        formatEntry({
          ...base(),
          type: 'batch-settled',
          batch,
          policy,
          outcomes,
          dependents,
          verification: verified.result,
          ...(verified.leftovers === 0 ? {} : { leftovers: verified.leftovers }),
          ...(verified.looked === undefined ? {} : { looked: verified.looked }),
        }),
      );
      return entries;
    },
  };
}

/** Sums up outcomes. */
export function outcomeCounts(records: readonly Settled[]): Counts<Outcome> {
  const counts: Partial<Record<Outcome, number>> = {};
  for (const one of records) add(counts, one.outcome);
  return counts;
}

const DAY_MS = 86_400_000;

/** Age buckets at `now` by the day of the start, each worked out once: records share their days. */
function ages(now: number): (startDay: string | undefined) => Age {
  const known = new Map<string | undefined, Age>();
  return (startDay) => {
    const age =
      known.get(startDay) ??
      ageBucket(startDay === undefined ? undefined : Math.floor((now - Date.parse(startDay)) / DAY_MS));
    known.set(startDay, age);
    return age;
  };
}
