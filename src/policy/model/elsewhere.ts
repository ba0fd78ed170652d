/**
 * Facts from another source, found there by the person that a record is about: the customer relationship stands in the
 * CRM, the chats of the customer elsewhere.
 *
 * They are read twice: with the page that is judged, and again before the batch, outside the erasing transaction (no
 * lock spans two systems). Until they are read again for a record, it is not erased.
 */
import type { Condition, Raw } from './condition.ts';

/** Records of another type that are about the same person. */
export interface Elsewhere {
  readonly source: string;
  readonly record: string;
  /** Kind of identifier that both record types declare. */
  readonly by: string;
  /** Only these of the person's records there. */
  readonly where: Condition;
}

/** An exemption that another source knows: it keeps a record whose person has such a record there. */
export interface ElsewhereExemption extends Elsewhere {
  /** No record of the person there at all, `where` or not: kept and reported, or simply not exempt. */
  readonly whenNone: 'keep' | 'not met';
}

/** One record that the other source has about the person. */
export interface FoundElsewhere {
  /** Whether it meets `where`. */
  readonly met: boolean;
  /** The raw starting value; NULL where none is asked for. */
  readonly start: Raw;
}

/**
 * What the other source said about the person of one record. A person who is not known here (no identifier of the kind)
 * has no records there either.
 */
export type ElsewhereAnswer = 'unreachable' | readonly FoundElsewhere[];
