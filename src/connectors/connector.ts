/**
 * The contract between frist and a system that holds personal data.
 *
 * A connector gives facts; it never decides what is due. A *source* is a configured instance, a *connector* the code
 * for a kind of system. Every kind passes the same suite, test/connectors/conformance.ts.
 */
import type { certainty } from '../policy/certainty.ts';
import type { holds, isReadable, valueOf } from '../policy/condition.ts';
import type { Outline } from '../policy/outline/outline.ts';
import type { Action, Dependent, Encoding, Facts, Key, RecordType, SourceLimits, View, Window } from '../policy/policy.ts'; // prettier-ignore
import type { normalise } from '../policy/subject.ts';

/** What a kind of system can and cannot do, as data, so that nobody asks which kind it is. */
export interface Capabilities {
  /** A batch is all or nothing; `check` warns of tables for which it is not. */
  readonly transactional: boolean;
  /** Whether the engine itself refuses a write during a dry run. */
  readonly readOnlyEnforced: boolean;
  /** Whether one record can come twice in one scan (paging over a moving set). */
  readonly scanRepeats: boolean;
  /** Most records that one `erase` may be given. */
  readonly maxBatch: number;
  /** Whether `now` can be asked. */
  readonly ownClock: boolean;
  /** Whether a session keeps out those of other processes, and not of this one alone. */
  readonly locks: boolean;
  /** Whether sessions of several partitions of one policy can erase at the same time. Left out: no. */
  readonly sideBySide?: boolean;
}

/** Something that `check` found; `path` points into the policy file. */
export interface Finding {
  readonly severity: 'error' | 'warning' | 'info';
  readonly code: string;
  readonly path: readonly (string | number)[];
  readonly message: string;
  readonly remedy: string;
}

export interface CheckReport {
  readonly findings: readonly Finding[];
  /** Per view, the encoding of each of its starts; undefined where a finding says why there is none. */
  readonly encodings: ReadonlyMap<View, readonly (Encoding | undefined)[]>;
  /** Digest of the catalogue facts that the views rest on; a plan is void when it changes. */
  readonly catalogue: string;
}

export interface Page {
  readonly facts: readonly Facts[];
  /** Opaque; scanning resumes behind this page. */
  readonly cursor: string;
}

export interface Count {
  /** Records of the type within its scope. */
  readonly population: number;
  /** Of these, the ones that the policy is about. */
  readonly matching: number;
}

/** What one call of `erase` did with each record, in the order of the batch's keys. */
export type RecordOutcome =
  /** Deleted or anonymised by this call, and seen so. */
  | 'erased'
  /** Was not there. */
  | 'already-absent'
  /** No longer due, or no longer what the plan saw; left alone. */
  | 'changed';

/** Left alone, because of something in it, or in the way of it alone: the system's code. The others of the batch went. */
export interface Refusal {
  readonly failed: string;
}

/** Rows of one related table that a batch touched. */
export interface DependentCount {
  readonly deleted: number;
  readonly anonymised: number;
  readonly detached: number;
  readonly kept: number;
  /** Files that the rows name. */
  readonly files?: FileCount;
}

/** Files that rows name and that were to go with them. */
export interface FileCount {
  readonly removed: number;
  /** Were not there. */
  readonly missing: number;
  /** Left, because other rows of the table name them too. */
  readonly shared: number;
  /** Left, because the path that the row gives is not one below the root, or not that of a plain file. */
  readonly refused: number;
}

export interface BatchResult {
  readonly outcomes: readonly (RecordOutcome | Refusal)[];
  /** Facts of the records as they were under the lock, by position; undefined where absent. */
  readonly facts: readonly (Facts | undefined)[];
  /** By related name; under the empty name, the files of the records themselves. */
  readonly dependents: ReadonlyMap<string, DependentCount>;
}

export interface Batch {
  readonly keys: readonly Key[];
  readonly action: Action;
  readonly dependents: readonly Dependent[];
  /** Position of the stage in `View.stages`. */
  readonly stage: number;
  /** Asked under the lock with what is true then: may each of these records still be erased? */
  readonly stillDue: (facts: readonly Facts[]) => readonly boolean[];
  /**
   * Asked when the advisory lock was lost and had to be taken anew: while nobody had it, another process may have looked at
   * the batch and settled it. Without `locks` it is asked before what cannot be taken back. What it throws comes out, and
   * nothing more is done.
   */
  readonly stillOurs?: () => Promise<void>;
}

/** What a later look found: `gone` (deleted), `done` (anonymised), or `present`. */
export type Verification = 'gone' | 'done' | 'present';

/**
 * How a failed call may be met.
 * `transient`: nothing was applied; try the same again (deadlock, lock wait, connection lost before the commit).
 * `data`: nothing was applied; a record in the batch is the reason (foreign key, trigger): split it.
 * `uncertain`: it may have been applied; look before anything else (connection lost during the commit).
 * `fatal`: no use to go on with this source in this run.
 * Where tables cannot roll back (`check` warns of them), "nothing was applied" means that no record is gone whose batch
 * cannot be sent again: dependents go first, and what went is found absent.
 */
export type FailureClass = 'transient' | 'data' | 'uncertain' | 'fatal';

/** Thrown by every method of a connector; carries no value of a record. */
export class SourceFailure extends Error {
  override readonly name = 'SourceFailure';
  readonly failure: FailureClass;
  /** The system's own code, e.g. `ER_ROW_IS_REFERENCED_2`. */
  readonly code: string;

  constructor(failure: FailureClass, code: string) {
    super(`${failure}: ${code}`);
    this.failure = failure;
    this.code = code;
  }
}

/** A system is busier than it may be while frist erases in it. */
export interface Strain {
  readonly name: 'threads running' | 'replica lag';
  /** Threads, or seconds. */
  readonly limit: number;
  /** Absent where it cannot be told: a replica that does not replicate. */
  readonly observed?: number;
}

/** How a system is; asked between batches where the policy file sets limits. */
export interface Pulse {
  /** The first limit that is passed; undefined where all is well. */
  strain(): Promise<Strain | undefined>;
  close(): Promise<void>;
}

/** Whom rights in a source are given to. */
export interface Account {
  readonly user: string;
  /** From where they may connect, as MySQL writes it; `%`: from anywhere. */
  readonly host: string;
}

/**
 * The one that erases in a source: holds the source's advisory lock for this policy, or for one partition of what it erases,
 * from `erasing` to `release`.
 */
export interface ErasingSession {
  /** Fewer records than these are no cheaper to erase at once: what is written anew is written whole. Absent: 1. */
  readonly leastBatch?: number;
  /** One batch, all or nothing where the system has transactions: lock, re-check, dependents, root, look again, commit. */
  erase(batch: Batch, signal: AbortSignal): Promise<BatchResult>;
  /**
   * Whether a batch of this stage that breaks off leaves every record that stands as it was. False where rows or files
   * that go with it may be gone already: tables without transactions, files that rows name. Left out: true.
   */
  undoes?(stage: number): boolean;
  release(): Promise<void>;
}

export interface Connector {
  readonly kind: string;
  readonly capabilities: Capabilities;
  /** Holds every view against the system's own catalogue; reports all that is wrong at once. Reads only. */
  check(views: readonly View[], signal: AbortSignal): Promise<CheckReport>;
  /**
   * What a person should look at before the first run, as warnings: scans that cost much, steps that are less than they
   * seem. Asked by `frist check` alone, for views in which `check` found no error.
   */
  advise(views: readonly View[], signal: AbortSignal): Promise<readonly Finding[]>;
  /** Names of the tables that fit a pattern: one `*` for one character or more, or `#`s for one digit or more each. */
  tablesLike(pattern: string, signal: AbortSignal): Promise<readonly string[]>;
  /** The system's own clock, ms since the epoch; undefined where it has none. */
  now(): Promise<number | undefined>;
  count(view: View, signal: AbortSignal): Promise<Count>;
  /**
   * The records that the policy is about, as pages of facts, from the beginning or behind `cursor`. With `windows`,
   * records that are plainly not due are left out. Each page is read in a read-only transaction of its own.
   */
  scan(
    view: View,
    windows: readonly Window[] | undefined,
    signal: AbortSignal,
    cursor?: string,
  ): AsyncIterable<Page>;
  /** The same facts by key, read anew; a record that is not there is not in the answer. */
  read(view: View, keys: readonly Key[], signal: AbortSignal): Promise<readonly Facts[]>;
  /** How many rows of each dependent of the stage belong to these records, by related name; for the dry run. What one deletes, no later one counts. */
  dependents(
    view: View,
    stage: number,
    keys: readonly Key[],
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, number>>;
  /**
   * Takes the advisory lock; a `SourceFailure` with code `BUSY` when another session holds it. Where sessions can be side by
   * side each partition (from 1 on) has a lock of its own, elsewhere all are the policy's.
   */
  erasing(view: View, signal: AbortSignal, partition?: number): Promise<ErasingSession>;
  /** Looks at each record again, dependents included, outside the erasing transaction. */
  verify(
    view: View,
    stage: number,
    keys: readonly Key[],
    signal: AbortSignal,
  ): Promise<readonly Verification[]>;
  /**
   * A script for whoever administers the system, line by line: it makes this account, and gives it what it takes to keep
   * these views, and no more. `limits`: those that the policy file sets. For views in which `check` found no error.
   */
  grants(
    views: readonly View[],
    account: Account,
    limits: SourceLimits | undefined,
    signal: AbortSignal,
  ): Promise<readonly string[]>;
  /** What stands where: every table with its columns, keys and references. Reads no row. */
  outline(signal: AbortSignal): Promise<Outline>;
  /**
   * The records of the view's type that are about one of these people: whose identifier, at this position of the type's
   * subjects, is among `values` once normalised, as these are. The view's `where` has no say. Complete or a failure.
   */
  lookup(
    view: View,
    subject: number,
    values: readonly string[],
    signal: AbortSignal,
  ): Promise<readonly Facts[]>;
  /** How many records of the type have this identifier. */
  find(record: RecordType, kind: string, value: string): Promise<number>;
  close(): Promise<void>;
}

/** What conditions and identifiers mean: the policy core's own word, for systems without a query language of their own. */
export interface Meaning {
  readonly holds: typeof holds;
  readonly valueOf: typeof valueOf;
  readonly isReadable: typeof isReadable;
  readonly normalise: typeof normalise;
  /** For a connector that knows what its columns can hold. */
  readonly certainty: typeof certainty;
}

/** How a connector is made. Everything external is in `ConnectorContext`. */
export interface ConnectorContext {
  readonly source: string;
  readonly connection: string;
  /** Records per page of a scan. */
  readonly pageSize: number;
  /** Passed in, because a connector knows the policy's types only. */
  readonly meaning: Meaning;
}

export type ConnectorFactory = (context: ConnectorContext) => Connector;

/** What a view asks besides its record type where it asks for the subjects alone. */
export const NOTHING_ASKED: Omit<View, 'record'> = {
  policy: '',
  source: '',
  starts: [],
  conditions: [],
  where: { kind: 'all', of: [] },
  exempt: [],
  stages: [],
  startTree: { kind: 'latest of', of: [] },
  acknowledgedCascades: [],
};
