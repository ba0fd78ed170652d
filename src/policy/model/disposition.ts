/** What is decided for one record, and why: data that reports, the trail and people read (explain.ts puts it in words). */

/** In the order in which they are reported where several hold: the first keeps the record. */
export type Verdict =
  /** The policy is not about this record. */
  | 'out of scope'
  /** Text that should be JSON is not: nothing that was read of it means anything. */
  | 'unreadable'
  /** Its start cannot be true; never due. */
  | 'implausible'
  /** Its start is not known; never due. */
  | 'undated'
  /** Not due, or its start has not come yet. */
  | 'pending'
  /** Already anonymised, and nothing else is due. */
  | 'done'
  | 'held'
  /** A hold cannot be compared with it. */
  | 'subject unknown'
  /** A statutory minimum has not run out. */
  | 'protected'
  | 'exempt'
  /** Another source does not tell what the policy asks it about the person. */
  | 'unknown elsewhere'
  /** Another erase policy goes first. */
  | 'other rule'
  | 'erase';

/** Why a start is not known: the column is NULL, holds a value that means "unknown", or does not read as a date. */
export type UnknownBecause = 'null' | 'listed' | 'unreadable';

/** Why another source does not tell: it cannot be reached, has no record of the person, or several that differ. */
export type SilentBecause = 'unreachable' | 'none' | 'several';

/** Instants are ms since the epoch; columns are named as in the file, a related one with its relation. */
export type Reason =
  | { readonly kind: 'out of scope' }
  | { readonly kind: 'unreadable'; readonly columns: readonly string[] }
  | { readonly kind: 'implausible'; readonly column: string; readonly why: 'before earliest' | 'ahead' }
  | {
      readonly kind: 'undated';
      readonly columns: readonly { readonly column: string; readonly why: UnknownBecause }[];
    }
  | { readonly kind: 'not yet'; readonly columns: readonly string[] }
  | { readonly kind: 'not due'; readonly due: number }
  | { readonly kind: 'done'; readonly stage: number }
  /** `until`: the hold was released, and its grace ends then. */
  | { readonly kind: 'held'; readonly hold: string; readonly restriction: boolean; readonly until?: number }
  | { readonly kind: 'subject unknown'; readonly holds: readonly string[] }
  /** `until` undefined: without end, because the start of the minimum is not known. */
  | { readonly kind: 'protected'; readonly policy: string; readonly until: number | undefined }
  | { readonly kind: 'exempt'; readonly exemption: string }
  /** `what` is the exemption, or the starting point as reports name it. */
  | {
      readonly kind: 'unknown elsewhere';
      readonly what: string;
      readonly source: string;
      readonly why: SilentBecause;
    }
  | { readonly kind: 'other rule'; readonly policy: string; readonly why: 'names the record' | 'goes first' }
  | { readonly kind: 'due'; readonly stage: number; readonly due: number };

/** The decision with all that led to it. */
export interface Disposition {
  readonly verdict: Verdict;
  /** The stage that is due, or would be but for what keeps the record. */
  readonly stage: number | undefined;
  /** From when it is due; where nothing is due, when the next stage will be. */
  readonly due: number | undefined;
  /** Whether the promise is broken while the record is still there. */
  readonly overdue: boolean;
  readonly overdueSince: number | undefined;
  /** All that apply, those that decided first. */
  readonly reasons: readonly Reason[];
}

/** The decision alone. */
export type Ruling =
  | { readonly verdict: 'erase'; readonly stage: number; readonly overdue: boolean }
  | { readonly verdict: Exclude<Verdict, 'erase'> };
