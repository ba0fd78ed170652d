/** What is asked of a source, and what it answers. The lists of `View` and `Facts` are aligned. */
import type { Action, Dependent, Files } from './action.ts';
import type { Condition, Raw } from './condition.ts';
import type { ElsewhereAnswer } from './elsewhere.ts';
import type { Key, RecordType, Scope } from './record.ts';
import type { Encoding, Rule, StartColumn } from './rule.ts';

/** What a connector reads of one record. The lists are aligned with those of the `View` that asked. */
export interface Facts {
  readonly key: Key;
  /** With a `timeColumn`: the date, one space and the time's text; the date alone where that is NULL or blank. */
  readonly starts: readonly Raw[];
  readonly truths: readonly boolean[];
  readonly subjects: readonly Raw[];
  /** Per stage of the view: everything it would change is already as it would leave it. */
  readonly done: readonly boolean[];
  /**
   * Columns that hold text which is not JSON where the view looks inside, in the record or in rows that it looks at.
   * Absent or empty: none. Such a record is kept and reported: its other facts mean nothing, so a scan never leaves it
   * out, and no statement erases it.
   */
  readonly unreadable?: readonly string[];
  /** `RecordType.repeats`: the other rows with this key. */
  readonly also?: readonly Facts[];
  /** What other sources said, aligned with `Task.elsewhere`. Added by the engine, never by a connector. */
  readonly elsewhere?: readonly ElsewhereAnswer[];
}

/** A stored value together with the encoding that the catalogue or the file gives it. */
export interface ResolvedStart extends StartColumn {
  readonly encoding: Encoding;
}

/** One thing that can be done to a record; a stage with `anonymise instead` is two of them. */
export interface ViewStage {
  readonly rule: Rule;
  readonly action: Action;
  readonly dependents: readonly Dependent[];
  /** Files that the record itself names. */
  readonly files?: Files;
  /** Only records that meet this; part of the predicate of every statement that erases in this stage. */
  readonly when?: Condition;
  /** Where the stage stands in the file, below its policy; absent: the policy itself is its only stage. */
  readonly at?: readonly (string | number)[];
}

/**
 * What is asked of a source for one erase policy: the record type, and all that any policy on that type needs to know,
 * because a record is judged by all of them together.
 */
export interface View {
  readonly policy: string;
  readonly source: string;
  readonly record: RecordType;
  readonly starts: readonly StartColumn[];
  readonly conditions: readonly Condition[];
  /**
   * The policy's own predicate is `where` and none of `exempt`, repeated verbatim in every statement that erases. A scan
   * goes by `where` alone: exempt records are counted.
   */
  readonly where: Condition;
  readonly exempt: readonly Condition[];
  readonly stages: readonly ViewStage[];
  /** How the policy's own starting point is built from `starts`, for the pre-filter. */
  readonly startTree: StartTree;
  readonly acknowledgedCascades: readonly string[];
  /** What no cascade of the database may take along; absent: nothing. */
  readonly guarded?: readonly Guarded[];
}

/** A table with rows that are judged in their own right: a `keep` policy protects them, or a hold on a person can. */
export interface Guarded {
  readonly table: string;
  readonly scope: Scope;
  /** The record type that they are, or are a part of. */
  readonly record: string;
  /** The `keep` policy; undefined: they have a `subject`. */
  readonly keptBy?: string;
}

/** A starting point with its leaves replaced by positions in `View.starts`. A leaf that another source knows is an empty `latest of`. */
export type StartTree =
  | { readonly kind: 'column'; readonly index: number }
  | { readonly kind: 'latest of' | 'first known of'; readonly of: readonly StartTree[] };

/**
 * Raw bounds for a pre-filter, one per leaf of the policy's own starting point (by index in `View.starts`; a leaf may have
 * none): a value in the open interval (dueBefore, aheadAfter) is plainly not due; NULL is not in it. A record is left out
 * where, in `startTree`, its one leaf is in its interval, any part of a `latest of` is, or all of a `first known of` are.
 * Widened by days: addition decides, never these.
 */
export interface Window {
  readonly index: number;
  readonly dueBefore: string;
  readonly aheadAfter: string;
}
