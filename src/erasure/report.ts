/** What a plan or a run tells about one policy: the same numbers for people, for `--json`, for the state and for the trail. */
import type { Finding, RecordOutcome, SourceFailure } from '../connectors/connector.ts';
import type { FristError } from '../errors.ts';
import type { Verdict } from '../policy/judge.ts';
import type { Action, View } from '../policy/policy.ts';
import type { Task } from '../policy/view.ts';
import type { Tripped } from './guard.ts';

/** What became of a selected record. */
export type Outcome =
  | RecordOutcome
  /** Found gone (or anonymised) after a crash or a lost connection: nobody saw it happen, so it is not called erased. */
  | 'absent-after-crash'
  /** The connection was lost while committing: its batch stays open until recovery has looked. */
  | 'uncertain'
  /** Its batch was opened, and nothing was applied. */
  | 'not-erased'
  /** Its batch was tried, and it stands; but files and rows that go with it, which nobody can take back, may be gone. */
  | 'unfinished'
  /** The data forbid it: a foreign key, a trigger. */
  | 'failed';

export type Counts<K extends string> = Readonly<Partial<Record<K, number>>>;

/** Records by what is done to them: a staged policy does both. */
export type ByAction = Counts<Action['kind']>;

/** What holds a record: where several do, the first of these. */
export type Holding = 'hold' | 'restriction' | 'grace';

/** What a scan found, by disposition. */
export interface Dispositions {
  readonly population: number;
  readonly matching: number;
  readonly by: Counts<Verdict>;
  /** The records that would be erased, by what would be done to them. */
  readonly byAction: ByAction;
  /** Of the records that would be erased, those past the promised moment. */
  readonly overdue: number;
  /** Due records that are kept, by the exemptions that keep them. */
  readonly exemptBy: Readonly<Record<string, number>>;
  /** Due records that are held, by what holds them; `grace`: nothing but holds that were released. */
  readonly heldBy: Counts<Holding>;
  /** Rows that would go with the records, by related name. */
  readonly dependents: Readonly<Record<string, number>>;
  /** Names among them whose number a run may miss: a row can belong to several records, and goes with one. */
  readonly approximate?: readonly string[];
  /** The earliest promised day among the overdue. */
  readonly oldestOverdue?: string;
}

export interface PolicyReport {
  readonly policy: string;
  readonly promise?: string;
  readonly source: string;
  readonly record: string;
  readonly status: 'planned' | 'done' | 'waiting' | 'failed' | 'skipped' | 'stopped';
  readonly plan?: string;
  readonly found?: Dispositions;
  readonly guard?: Tripped;
  /** Bounds of what a run would erase, where an earlier policy of the same run touches the same tables. */
  readonly range?: { readonly from: number; readonly to: number; readonly because: string };
  readonly outcomes?: Counts<Outcome>;
  /** Those with the outcome `erased`, by what was done to them. */
  readonly erasedBy?: ByAction;
  readonly dependents?: Readonly<Record<string, number>>;
  /** Records that a later look still found. */
  readonly leftovers?: number;
  readonly error?: { readonly code: string; readonly message: string; readonly remedy: string };
  /** What `check` found wrong, when that is why it failed. */
  readonly findings?: readonly Finding[];
}

/** Adds `n` under `key`. */
export function add<K extends string>(counts: Partial<Record<K, number>>, key: K, n = 1): void {
  counts[key] = (counts[key] ?? 0) + n;
}

/** Adds `n` under what a stage does. */
export function addByAction(
  counts: Partial<Record<Action['kind'], number>>,
  { stages }: View,
  stage: number,
  n = 1,
): void {
  const kind = stages[stage]?.action.kind;
  if (kind !== undefined) add(counts, kind, n);
}

/** What batches came to. */
export interface Sums {
  readonly outcomes: Counts<Outcome>;
  readonly erasedBy: ByAction;
  readonly dependents: Readonly<Record<string, number>>;
  readonly leftovers: number;
  /** Code by which the first record failed, if any did. */
  readonly failedCode?: string;
  /** Commitments of the records that failed, some hundreds at most. */
  readonly failing: readonly string[];
}

export const NOTHING: Sums = { outcomes: {}, erasedBy: {}, dependents: {}, leftovers: 0, failing: [] };

/** More failures than these are not remembered: what is common among them wants mending, not patience. */
export const REMEMBERED_FAILURES = 500;

/** Both together. */
export function plus(a: Sums, b: Sums): Sums {
  const failedCode = a.failedCode ?? b.failedCode;
  return {
    outcomes: summed(a.outcomes, b.outcomes),
    erasedBy: summed(a.erasedBy, b.erasedBy),
    dependents: summed(a.dependents, b.dependents),
    leftovers: a.leftovers + b.leftovers,
    failing: b.failing.length === 0 ? a.failing : [...a.failing, ...b.failing].slice(0, REMEMBERED_FAILURES),
    ...(failedCode === undefined ? {} : { failedCode }),
  };
}

function summed<C extends Readonly<Record<string, number>> | Counts<string>>(a: C, b: C): C {
  const sums: Partial<Record<string, number>> = { ...a };
  for (const [key, n] of Object.entries(b)) add(sums, key, n);
  return sums as C;
}

/** What pass 2 did. */
export interface ExecuteResult extends Sums {
  readonly failure?: SourceFailure;
  /** The kill switch stopped it before the end. */
  readonly paused?: FristError;
  /** Whether the signal stopped it before the end. */
  readonly stopped: boolean;
}

/** The report of a policy of which nothing is known yet. */
export function blankReport(task: Task, status: PolicyReport['status']): PolicyReport {
  const { promise } = task.policy;
  const { policy, source, record } = task.view;
  return { policy, source, record: record.name, status, ...(promise === undefined ? {} : { promise }) };
}

/** The same report, failed. */
export function failedReport(
  report: PolicyReport,
  error: FristError,
  findings: readonly Finding[] = [],
): PolicyReport {
  const { code, message, remedy } = error;
  return {
    ...report,
    status: 'failed',
    error: { code, message, remedy },
    ...(findings.length === 0 ? {} : { findings }),
  };
}

/** The report with what was erased. */
export function resultReport(
  report: PolicyReport,
  result: ExecuteResult,
  error: FristError | undefined,
): PolicyReport {
  const done: PolicyReport = {
    ...report,
    status: result.stopped ? 'stopped' : 'done',
    outcomes: result.outcomes,
    erasedBy: result.erasedBy,
    dependents: result.dependents,
    ...(result.leftovers === 0 ? {} : { leftovers: result.leftovers }),
  };
  if (error !== undefined) return failedReport(done, error);
  return result.paused === undefined ? done : { ...failedReport(done, result.paused), status: 'stopped' };
}
