/** Turns what happened to a batch into entries of the audit trail. Names records by commitments; holds no personal data. */
import { batchDigest } from '../audit/commitment.ts';
import { ageBucket, type Age, type Commitments, formatEntry } from '../audit/entry.ts';
import type { Judge } from '../policy/judge.ts';
import { normalise } from '../policy/subject.ts';
import type { Task } from '../policy/view.ts';
import type { Engine } from './engine.ts';
import { add, type Counts, type Outcome } from './report.ts';
import type { Identity, Selected } from './spool.ts';

/** A record and what became of it. */
export interface Settled {
  readonly identity: Identity;
  readonly outcome: Outcome;
  /** Why it failed. */
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
    verified: { readonly result: Verified; readonly leftovers: number },
  ): string[];
}

/** Commitments of one record, as of the facts that it was chosen or erased by. */
export function commitmentsOf(engine: Engine, task: Task, identity: Identity): Commitments {
  const { source, record } = task.view;
  const subjects: (readonly [string, string])[] = [];
  record.subjects.forEach((subject, i) => {
    const raw = identity.subjects[i];
    const value = raw === null || raw === undefined ? '' : normalise(raw, subject.normalise);
    if (value !== '') subjects.push([subject.kind, value]);
  });
  return {
    record: engine.names.record(source, record.name, identity.key),
    subject: subjects.map(([kind, value]) => engine.names.subject(kind, value)),
    incarnation: engine.names.incarnation(source, record.name, identity.key, subjects, identity.starts),
  };
}

/** The entries of one policy's batches; `judge` tells the days. */
export function createLedger(engine: Engine, task: Task, judge: Judge): Ledger {
  const { source, record, policy } = task.view;
  const base = (): { readonly v: 1; readonly eid: string; readonly at: string } => ({
    v: 1,
    eid: engine.newId(),
    at: new Date(engine.now()).toISOString(),
  });

  // Made when a batch is opened, used again when it is settled, unless the record has changed in between.
  const known = new WeakMap<Identity, Commitments>();
  const named = (identity: Identity): Commitments => {
    const commitments = known.get(identity) ?? commitmentsOf(engine, task, identity);
    known.set(identity, commitments);
    return commitments;
  };

  const recordEntry = (batch: string, stage: number, settled: Settled): string => {
    const promised = judge.promisedDayOf(settled.identity.starts, stage);
    return formatEntry({
      ...base(),
      type: 'record',
      batch,
      policy,
      source,
      record: record.name,
      action: task.view.stages[stage]?.action.kind ?? 'delete',
      outcome: settled.outcome,
      commitments: named(settled.identity),
      ...(promised === undefined ? {} : { promised }),
      age: ageOf(judge.startDayOf(settled.identity.starts), engine.now()),
      ...(settled.code === undefined ? {} : { code: settled.code }),
    });
  };

  return {
    opened: (batch, run, plan, records) => {
      const digest = batchDigest(records.map(named));
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
        epoch: engine.names.epoch,
      });
    },
    settled: (batch, stage, records, dependents, verified) => {
      const outcomes: Partial<Record<Outcome, number>> = {};
      const entries: string[] = [];
      for (const one of records) {
        add(outcomes, one.outcome);
        if (RECORDED.has(one.outcome)) entries.push(recordEntry(batch, stage, one));
      }
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

function ageOf(startDay: string | undefined, now: number): Age {
  return ageBucket(startDay === undefined ? undefined : Math.floor((now - Date.parse(startDay)) / DAY_MS));
}
