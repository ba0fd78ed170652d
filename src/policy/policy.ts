/**
 * What a policy file means, after parsing: plain, frozen data that every other part reads. Its parts are in model/.
 * The words are those of ISO/IEC 27555 and the GDPR (ARCHITECTURE.md, "Words").
 */
import type { Action, Dependent, Files, Replacements } from './model/action.ts';
import type { Condition } from './model/condition.ts';
import type { ElsewhereExemption } from './model/elsewhere.ts';
import type { Source } from './model/record.ts';
import type { Rule, Start } from './model/rule.ts';

export type * from './model/action.ts';
export { ALWAYS } from './model/condition.ts';
export type * from './model/condition.ts';
export type * from './model/elsewhere.ts';
export type * from './model/record.ts';
export type * from './model/rule.ts';
export type * from './model/view.ts';

export interface Controller {
  readonly name: string;
  /** For places that differ by controller; it never changes. */
  readonly id?: string;
  /** IANA zone in which calendar sums are done. */
  readonly timezone: string;
  /** Last day of the financial year, e.g. 12-31. */
  readonly financialYearEnd: { readonly month: number; readonly day: number };
}

/** What is done instead of deleting, while something keeps the record from being deleted. */
export interface Instead {
  /** The record is anonymised while this holds, and deleted once it does not. */
  readonly when: Condition;
  readonly set: Replacements;
  readonly dependents: readonly Dependent[];
  readonly files?: Files;
}

/** One step of an erasure rule; a policy with two (anonymise, later delete) is still one rule. */
export interface Stage {
  readonly rule: Rule;
  readonly action: Action;
  readonly dependents: readonly Dependent[];
  /** Files that the record itself names. */
  readonly files?: Files;
  /** Only with `delete`. */
  readonly instead?: Instead;
}

/** What keeps a record from one policy, by a name that reports use. */
export type Exemption =
  | { readonly name: string; readonly condition: Condition }
  | { readonly name: string; readonly elsewhere: ElsewhereExemption };

export interface Guards {
  /** Most records of one policy in one run. 0 means none. */
  readonly maxRecords: number;
  /** Largest share of the population, percent. Ignored where the population is under 100 records. */
  readonly maxPercent: number;
}

interface PolicyBase {
  readonly name: string;
  /** The promise this policy keeps, quoted. */
  readonly promise?: string;
  /** Legal basis or reason, for the report. */
  readonly because?: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly source: string;
  readonly record: string;
  /** False where the policy names the whole source (`crm.*`): a rule that names the record beats it. */
  readonly specific: boolean;
  readonly start: Start;
  /** Which records of the type the policy is about. */
  readonly where: Condition;
  /** A record that meets one of these is kept by this policy, and reports say by which. */
  readonly exemptions: readonly Exemption[];
}

export interface ErasePolicy extends PolicyBase {
  readonly kind: 'erase';
  readonly stages: readonly Stage[];
  readonly guards: Guards;
  /** Guards while the policy is new or changed. */
  readonly firstGuards: Guards;
  /** A plan of more records than this waits for a person though no guard stops it; undefined: none does. */
  readonly approveAbove?: number;
  /** Cron expression; undefined: the daemon's own. */
  readonly schedule?: string;
  /** Tables that the database itself deletes from or empties columns of (ON DELETE CASCADE, SET NULL), acknowledged. */
  readonly acknowledgedCascades: readonly string[];
}

export interface KeepPolicy extends PolicyBase {
  readonly kind: 'keep';
  readonly rule: Rule;
}

export type Policy = ErasePolicy | KeepPolicy;

/** What goes for holds; no part of any policy's meaning. */
export interface HoldRules {
  /** How long a released hold goes on keeping what it covered. */
  readonly graceHours: number;
  /** Whether every hold must name a day of review. */
  readonly reviewRequired: boolean;
}

export interface PolicyFile {
  readonly file: string;
  readonly controller: Controller;
  readonly sources: readonly Source[];
  /** In the order of the file, which is the order of a run. */
  readonly policies: readonly Policy[];
  readonly holds: HoldRules;
}
