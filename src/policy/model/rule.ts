/** When: starting points, periods, deletion rules. */
import type { Condition, Field } from './condition.ts';
import type { Elsewhere } from './elsewhere.ts';

/** Calendar period; at least one part is above zero. One under a day has hours alone. */
export interface Period {
  readonly years: number;
  readonly months: number;
  readonly weeks: number;
  readonly days: number;
  /** 1 to 23, by the clock; then all other parts are zero. */
  readonly hours?: number;
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

/** Some of the related rows of a record. */
export interface RelatedRows {
  readonly related: string;
  readonly where: Condition;
}

/** One stored value that can be a starting point, or a part of one. */
export interface StartColumn extends Field {
  readonly kind: 'column';
  /** A text column with the time of day, where `column` holds a date alone; blank there means the whole day. */
  readonly timeColumn?: string;
  /** The largest value over these related rows instead of a column of the record itself. */
  readonly maxOf?: RelatedRows;
  /** The smallest; never together with `maxOf`. */
  readonly minOf?: RelatedRows;
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

/** A starting point that another source knows. */
export interface ElsewhereStart extends Elsewhere {
  readonly kind: 'elsewhere';
  readonly start: StartColumn;
  /** No record of the person there: the record is kept and reported, or the start is unknown, so that another may be used. */
  readonly whenNone: 'keep' | 'unknown';
  /** Several records of the person there that start at different moments. */
  readonly whenSeveral: 'keep' | 'latest';
}

export type Start =
  | StartColumn
  | ElsewhereStart
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
