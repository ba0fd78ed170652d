/** What is asked and decided for one erase policy and record type: the clauses of all policies that have a say. */
import type { Condition } from './condition.ts';
import type { ElsewhereExemption } from './elsewhere.ts';
import type { SubjectIdentifier } from './record.ts';
import type { ElsewhereStart, Rule } from './rule.ts';
import type { ResolvedStart, View } from './view.ts';
import type { Controller, ErasePolicy, KeepPolicy, Policy, PolicyFile } from '../policy.ts';

/** Position of a condition in `View.conditions`, or one that every record meets and no source is asked for. */
export type ConditionIndex = number | 'always';

/** A starting point with its leaves replaced by positions: in `View.starts`, or in `Task.inquiries`. */
export type ClauseStart =
  | { readonly kind: 'column'; readonly index: number }
  | { readonly kind: 'elsewhere'; readonly index: number }
  | { readonly kind: 'latest of' | 'first known of'; readonly of: readonly ClauseStart[] };

/** One thing that a policy does to records that meet `when`. */
export interface ClauseStage {
  readonly rule: Rule;
  readonly deletes: boolean;
  readonly when: ConditionIndex;
}

/** What one policy says about a record, in positions of the view. */
export interface Clause {
  readonly policy: string;
  readonly where: ConditionIndex;
  readonly exempt: readonly { readonly name: string; readonly condition: ConditionIndex }[];
  /** Exemptions that other sources know, by position in `Task.inquiries`. */
  readonly exemptElsewhere: readonly { readonly name: string; readonly inquiry: number }[];
  readonly start: ClauseStart;
  /** Aligned with `View.stages` where the clause is the task's own. */
  readonly stages: readonly ClauseStage[];
}

/** A statutory minimum on the record type. */
export interface KeepClause extends Clause {
  readonly rule: KeepPolicy['rule'];
}

/** Another erase policy that deletes records of the type, and goes first where it is due earlier. */
export interface RivalClause extends Clause {
  /** Whether it stands before the task's own policy in the file: it wins a tie. */
  readonly before: boolean;
}

/**
 * Dependents that are records of a type with people of its own: a hold on one of them protects the root that they
 * would go with. Their identifiers follow the record's own in the view, read through the relation.
 */
export interface SharedDependent {
  readonly related: string;
  /** Whether the record has such rows at all. */
  readonly exists: ConditionIndex;
  readonly identifiers: readonly SubjectIdentifier[];
  /** Position of the first of them among the view's subjects. */
  readonly from: number;
}

/** What another source is asked about the person of each record; answered by `Facts.elsewhere`. */
export interface Inquiry {
  readonly about: ElsewhereExemption | ElsewhereStart;
  /**
   * How the other source is asked: its record type, in `conditions` what the records found must meet (none: nothing), in
   * `starts` the start that is wanted (none for an exemption).
   */
  readonly view: View;
  /** Position of the identifier among the subjects of the task's view: what is looked up. */
  readonly ours: number;
  /** Position of the same identifier among the subjects of `view`. */
  readonly theirs: number;
  /** The start with its encoding; undefined for an exemption, until `withEncodings`, and where the source cannot be reached. */
  readonly start: ResolvedStart | undefined;
}

/** A statutory minimum on the record type, or a policy that names the record where the task's own is a default. */
export type Limit = Pick<Policy, 'name' | 'where'> &
  Partial<Pick<KeepPolicy, 'exemptions' | 'start' | 'rule'>>;

/** What a record meets that has a held record of another type in it; see policy/held.ts. */
export interface HeldInside {
  readonly hold: string;
  readonly condition: Condition;
  /** Position of the condition in the view. */
  readonly at: number;
}

export interface Task {
  /** The file that it was made from. */
  readonly file: PolicyFile;
  readonly policy: ErasePolicy;
  readonly controller: Controller;
  readonly view: View;
  readonly own: Clause;
  readonly keeps: readonly KeepClause[];
  readonly rivals: readonly RivalClause[];
  /** Where the policy is a default (`crm.*`): policies that name the record type, which it yields to. */
  readonly overridden: readonly { readonly policy: string; readonly where: ConditionIndex }[];
  /** How many of the view's subjects are the record's own. */
  readonly ownSubjects: number;
  /** How many say whose the record is when holds are asked: its own and those of its parts. Shared dependents' follow. */
  readonly personSubjects: number;
  readonly shared: readonly SharedDependent[];
  /** Absent until `withHeldRecords`, and where no held record concerns the task. */
  readonly held?: readonly HeldInside[];
  readonly inquiries: readonly Inquiry[];
  /** What other policies keep from this one, by their names: without it, it would erase more. */
  readonly limits: readonly Limit[];
  /** Names of all policies that have a say, the task's own first. */
  readonly policies: readonly string[];
  /** The encodings of `view.starts`; empty until `withEncodings`. */
  readonly starts: readonly ResolvedStart[];
}
