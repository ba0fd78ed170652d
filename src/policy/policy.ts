/**
 * What a policy file means, after parsing: plain, frozen data that every other part reads.
 * The words are those of ISO/IEC 27555 and the GDPR (ARCHITECTURE.md, "Words").
 */

/** A constant in the file. Integers beyond 2^53 arrive as bigint, so that a key or tenant id is never rounded. */
export type Scalar = string | number | bigint | boolean | null;

/** A value as the source holds it, as text (dates and integers too), so that nothing is lost on the way. */
export type Raw = string | null;

/** A record's key: one text per key column, in the order of `RecordType.key`. */
export type Key = readonly string[];

export interface Controller {
  readonly name: string;
  /** IANA zone in which calendar sums are done. */
  readonly timezone: string;
  /** Last day of the financial year, e.g. 12-31. */
  readonly financialYearEnd: { readonly month: number; readonly day: number };
}

/** Calendar period; at least one part is above zero. */
export interface Period {
  readonly years: number;
  readonly months: number;
  readonly weeks: number;
  readonly days: number;
}

/** How a stored value stands for a moment or a day. */
export type Encoding =
  | { readonly kind: 'instant' }
  /** Wall-clock time in `zone`. */
  | { readonly kind: 'local'; readonly zone: string }
  | { readonly kind: 'epoch seconds' }
  | { readonly kind: 'epoch milliseconds' }
  /** A whole day in the policy's zone. */
  | { readonly kind: 'date' };

/** A condition over one record, or (inside `related`) over one related row. Two-valued: NULL is a value like another. */
export type Condition =
  | { readonly kind: 'all'; readonly of: readonly Condition[] }
  | { readonly kind: 'any'; readonly of: readonly Condition[] }
  | { readonly kind: 'not'; readonly of: Condition }
  /** Equals one of `values`; null among them means IS NULL. */
  | { readonly kind: 'is'; readonly column: string; readonly values: readonly Scalar[] }
  /** Order comparison; false where the column is NULL. */
  | {
      readonly kind: 'compare';
      readonly column: string;
      readonly op: '<' | '<=' | '>' | '>=';
      readonly value: string | number | bigint;
    }
  | {
      readonly kind: 'related';
      readonly quantifier: 'exists' | 'none' | 'every';
      readonly related: string;
      readonly where: Condition;
    };

/** The condition that every record meets. */
export const ALWAYS: Condition = { kind: 'all', of: [] };

/** One stored value that can be a starting point, or a part of one. */
export interface StartColumn {
  readonly kind: 'column';
  readonly column: string;
  /** A text column with the time of day, where `column` holds a date alone; blank there means the whole day. */
  readonly timeColumn?: string;
  /** The largest value over these related rows instead of a column of the record itself. */
  readonly maxOf?: { readonly related: string; readonly where: Condition };
  /** Undefined: told by the column's type in the catalogue. */
  readonly encoding?: Encoding;
  /** What NULL means; undefined only where the catalogue says the column cannot be NULL. */
  readonly whenNull?: 'not yet' | 'unknown';
  /** Raw values that mean "not yet", e.g. `0` for "forever" in an end-date column. */
  readonly notYet: readonly string[];
  /** Raw values that mean "unknown", e.g. `0000-00-00`. */
  readonly unknown: readonly string[];
  /** Whether a start after asOf is normal (an agreement's end) or implausible. */
  readonly mayLieAhead: boolean;
  /** Day (YYYY-MM-DD) before which a start is implausible. */
  readonly earliest: string;
}

export type Start =
  | StartColumn
  | { readonly kind: 'latest of'; readonly of: readonly Start[] }
  | { readonly kind: 'first known of'; readonly of: readonly Start[] };

/** Deletion rule: starting point + period, as an upper bound, a lower bound, or a statutory minimum. */
export interface Rule {
  readonly bound: 'within' | 'after' | 'keep';
  readonly period: Period;
  /** `within`: how long before the promised end a record becomes due, hours. Undefined: 48, at most a quarter of the period. */
  readonly marginHours?: number;
  /** `after`: days from due until overdue. */
  readonly allowanceDays: number;
  /** The start is moved to the last day of its month, year or financial year before the period is added. */
  readonly roundUpTo?: 'month' | 'year' | 'financial year';
}

/** What a column becomes when a row is anonymised. */
export type Replacement =
  | { readonly kind: 'constant'; readonly value: Scalar }
  /** Text with `{key}` in it: unique because the key is. */
  | { readonly kind: 'placeholder'; readonly template: string };

export type Replacements = readonly { readonly column: string; readonly with: Replacement }[];

export type Action = { readonly kind: 'delete' } | { readonly kind: 'anonymise'; readonly set: Replacements };

/** What happens to related rows before their root, in this order. */
export type Dependent =
  | { readonly related: string; readonly kind: 'delete' }
  | { readonly related: string; readonly kind: 'anonymise'; readonly set: Replacements }
  /** Sets the referring columns to NULL. */
  | { readonly related: string; readonly kind: 'detach' }
  /** Declared to stay, and proven untouched. */
  | { readonly related: string; readonly kind: 'keep' };

/** One step of an erasure rule; a policy with two (anonymise, later delete) is still one rule. */
export interface Stage {
  readonly rule: Rule;
  readonly action: Action;
  readonly dependents: readonly Dependent[];
}

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
  readonly exemptions: readonly { readonly name: string; readonly condition: Condition }[];
}

export interface ErasePolicy extends PolicyBase {
  readonly kind: 'erase';
  readonly stages: readonly Stage[];
  readonly guards: Guards;
  /** Guards while the policy is new or changed. */
  readonly firstGuards: Guards;
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

/** Constant columns that every statement repeats, e.g. the tenant. */
export type Scope = readonly { readonly column: string; readonly value: Scalar }[];

/** Rows of another table that belong to a record. */
export interface Related {
  readonly name: string;
  readonly table: string;
  /** Their column = the record's column; all pairs must be equal. */
  readonly match: readonly { readonly theirs: string; readonly ours: string }[];
  readonly scope: Scope;
  /** Only these rows of the table. */
  readonly where: Condition;
}

/** How two spellings of one identifier are made equal before they are compared. */
export type Normalisation = 'exact' | 'lowercase' | 'digits';

export interface SubjectIdentifier {
  /** Kind of identifier, e.g. `email`; holds and requests name the same kinds. */
  readonly kind: string;
  readonly column: string;
  /** Read the column of this related row instead of the record's own. Several different values there, or none in one of them: unknown. */
  readonly related?: string;
  readonly normalise: Normalisation;
}

export interface RecordType {
  readonly name: string;
  readonly table: string;
  readonly key: readonly string[];
  readonly scope: Scope;
  /** Empty only with `subject: none`: rows that are about nobody. */
  readonly subjects: readonly SubjectIdentifier[];
  readonly related: readonly Related[];
  /** Zone of DATETIME-like columns without one of their own. */
  readonly datetimesIn?: string;
}

export interface Source {
  readonly name: string;
  readonly kind: string;
  /** Where it is: a URL, secrets already filled in. Never printed, never part of a digest. */
  readonly connection: string;
  readonly records: readonly RecordType[];
}

export interface PolicyFile {
  readonly file: string;
  readonly controller: Controller;
  readonly sources: readonly Source[];
  /** In the order of the file, which is the order of a run. */
  readonly policies: readonly Policy[];
}

/** What a connector reads of one record. The lists are aligned with those of the `View` that asked. */
export interface Facts {
  readonly key: Key;
  /** With a `timeColumn`: the date, one space and the time's text; the date alone where that is NULL or blank. */
  readonly starts: readonly Raw[];
  readonly truths: readonly boolean[];
  readonly subjects: readonly Raw[];
  /** Per stage of the view: everything it would change is already as it would leave it. */
  readonly done: readonly boolean[];
}

/** A stored value together with the encoding that the catalogue or the file gives it. */
export interface ResolvedStart extends StartColumn {
  readonly encoding: Encoding;
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
  readonly stages: readonly Stage[];
  /** How the policy's own starting point is built from `starts`, for the pre-filter. */
  readonly startTree: StartTree;
  readonly acknowledgedCascades: readonly string[];
}

/** A starting point with its leaves replaced by positions in `View.starts`. */
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
