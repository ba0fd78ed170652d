/**
 * The audit report, version 1: what the entries of a trail say about one period. The same data are the document of
 * `--json` and, rendered, the page for people (html/).
 *
 * Every number follows from entries and from nothing else. A day is a UTC day of `at`; the period lasts from the first
 * moment of `from` to the last of `to`, and what was written after it counts for nothing. A policy is known by its
 * name and its controller, which entries name by their batch and its run.
 *
 * In the period, of one policy:
 *   erased       `record` entries with outcome `erased`; `deleted` and `anonymised` by their action
 *   inTime       of these, written on or before the day `promised`, as the calendar of the policy's `zone` has it
 *   late         of these, written after that day
 *   undated      of these, without such a day
 *   foundGone    `record` entries `absent-after-crash`: gone, but nobody saw when
 *   alreadyGone  outcomes `already-absent` of `batch-settled`: gone before frist came to them
 *   changed      outcomes `changed`: no longer due when they were about to be erased, and left alone
 *   failed       `record` entries `failed`: attempts, so that a record that fails every night counts every night
 *   again        records that a replay (a run whose trigger is `replay`) erased, or found gone: they had been erased
 *                before, and were back from a backup. They count for nothing else but `failed`, `changed` and `stillThere`
 *   dependents   rows that went with the records, by `batch-settled`
 *   seenGone     of the erased, those that a second look saw gone; `stillThere`: those that it found again
 *   due          erased + foundGone + alreadyGone + what is `left` at the end
 *
 * At the end of the period, of one policy:
 *   looked       the day of the last run that looked at the records (`run-finished` with a population or dispositions);
 *                population, kept (dispositions that kept a record) and failing (its outcome `failed`) are of that run
 *   left         due and still there: its disposition `erase` without what its batches and later ones dealt with;
 *                a carried-out approval takes all records of its plan away, also those no longer due
 *   overdue      of these, past their promised day: what that run left so, without those erased late since
 *   oldest       the earliest promised day among the overdue that that run found
 *   pendingProof erased by batches whose second look is still to come (`verification: pending`, and no `proof` since)
 *   open         batches that were opened and have no outcome, and their records
 */
import type { EvidenceRef } from '../entry.ts';
import type { Head } from '../checkpoint.ts';

/** From the first moment of one UTC day (`2026-06-01`) to the last of another. */
export interface Period {
  readonly from: string;
  readonly to: string;
}

export interface Report {
  /** Version of this format. */
  readonly report: 1;
  /** Version of frist that made it, and when. */
  readonly frist: string;
  readonly made: string;
  readonly period: Period;
  readonly trail: TrailFacts;
  /** Absent where the trail does not verify: nothing can be said then. */
  readonly findings?: Findings;
}

/** The trail, as it was verified for this report. */
export interface TrailFacts {
  readonly size: number;
  readonly root: string;
  /** The verifier key. Its first part names the trail. */
  readonly key: string;
  /** The signed checkpoint of this size: who keeps the report can hold the trail against it. */
  readonly checkpoint?: string;
  /** Heads from outside the trail that it begins with. */
  readonly heads: readonly Head[];
  /** All heads that it was held against: where they were found, in words, and how many. */
  readonly held: readonly { readonly where: string; readonly heads: number }[];
  /** Keys that somebody has deleted in a store that keeps versions; what they name was read all the same. */
  readonly hidden: readonly string[];
  readonly problem?: { readonly code: string; readonly where: string; readonly what: string };
}

export interface Findings {
  readonly entries: EntryNumbers;
  readonly versions: readonly string[];
  readonly policies: readonly PolicyFindings[];
  /** All policies together. */
  readonly months: readonly MonthNumbers[];
  readonly runs: RunNumbers;
  readonly approvals: readonly Approval[];
  readonly guards: readonly GuardTrip[];
  readonly pauses: readonly PauseAct[];
  readonly replays: readonly ReplayAct[];
  readonly adoptions: readonly Adoption[];
  readonly holds: HoldFindings;
  readonly verifications: readonly VerificationMade[];
  readonly keysDestroyed: readonly KeyDestroyed[];
  /** Pieces of evidence (texts of policies, reasons) erased in the period because their time had passed. */
  readonly evidenceErased: number;
}

export interface EntryNumbers {
  /** In the period, by kind. */
  readonly byKind: Readonly<Record<string, number>>;
  /** In the period, of a kind or a form that this version does not know: they count for nothing else. */
  readonly unknown: number;
  /** The first day of the trail. */
  readonly began?: string;
  /** Days of the period, since the trail began and until the report was made, on which nothing was written. */
  readonly silent: readonly Period[];
}

export interface PolicyFindings {
  readonly controller?: string;
  readonly policy: string;
  /** Record types that it is about, `source.record`. */
  readonly of: readonly string[];
  /** The wording in force when the period began, and those that followed in it. */
  readonly wordings: readonly Wording[];
  readonly period: PeriodNumbers;
  readonly end: EndNumbers;
  readonly months: readonly MonthNumbers[];
  /** Runs in the period, by result. */
  readonly runs: Readonly<Record<string, number>>;
  /** Why runs failed in the period: codes of errors. */
  readonly failures: Readonly<Record<string, number>>;
}

export interface Wording {
  readonly digest: string;
  /** When it was first seen. */
  readonly since: string;
  readonly evidence: EvidenceRef;
  /** While the evidence lives: the promise, its ground, and the policy in words. */
  readonly promise?: string;
  readonly because?: string;
  readonly words?: readonly string[];
}

export interface PeriodNumbers {
  readonly due: number;
  readonly erased: number;
  readonly deleted: number;
  readonly anonymised: number;
  readonly inTime: number;
  readonly late: number;
  readonly undated: number;
  readonly foundGone: number;
  readonly alreadyGone: number;
  readonly changed: number;
  readonly failed: number;
  readonly again: number;
  readonly seenGone: number;
  readonly stillThere: number;
  readonly batches: number;
  readonly dependents: Readonly<Record<string, number>>;
}

export interface EndNumbers {
  readonly looked?: string;
  readonly population?: number;
  readonly kept: Readonly<Record<string, number>>;
  readonly failing: number;
  readonly left: number;
  readonly overdue: number;
  readonly oldest?: string;
  readonly pendingProof: number;
  readonly open: { readonly batches: number; readonly records: number };
}

/** One month, `2026-06`. */
export interface MonthNumbers {
  readonly month: string;
  readonly inTime: number;
  readonly late: number;
  readonly undated: number;
  readonly foundGone: number;
  readonly failed: number;
}

export interface RunNumbers {
  /** Runs begun in the period. */
  readonly byTrigger: Readonly<Record<string, number>>;
  /** Of these, with a moment that was given by hand. */
  readonly setClock: number;
}

/** Somebody let a plan go. Times are of the entry. */
export interface Approval {
  readonly at: string;
  readonly controller?: string;
  readonly policy?: string;
  readonly plan: string;
  readonly who: string;
}

/** Somebody turned the kill switch on or off. */
export interface PauseAct {
  readonly at: string;
  readonly what: 'paused' | 'resumed';
  readonly who: string;
}

export interface GuardTrip {
  readonly at: string;
  readonly controller?: string;
  readonly policy: string;
  readonly guard: string;
  readonly limit: number;
  readonly observed: number;
  readonly population: number;
}

export interface HoldFindings {
  /** At the end of the period; and of these, those whose day of review has passed by then. */
  readonly standing: number;
  readonly pastReview: number;
  readonly placed: readonly HoldAct[];
  readonly released: readonly HoldAct[];
}

export interface HoldAct {
  readonly at: string;
  readonly hold: string;
  readonly who: string;
  /** `hold`, or `restriction` of processing. */
  readonly kind: string;
  /** Only in these; in all where empty. */
  readonly sources: readonly string[];
  /** On how many records it is by their keys, and on which policies; on a person where there is neither. */
  readonly records: number;
  readonly policies: readonly string[];
  /** Of one that was placed: the day on which somebody must look at it again. */
  readonly review?: string;
  /** Of one that was released: the day until which what it covered is kept all the same. */
  readonly until?: string;
}

/** A source was searched for records that were back from a backup. */
export interface ReplayAct {
  readonly at: string;
  readonly controller?: string;
  readonly policy: string;
  readonly source: string;
  /** Only what was erased from this day on was asked about. */
  readonly since?: string;
  readonly back: number;
  /** Of these, those that the policy let go again, unless the data forbade it. */
  readonly due: number;
  /** Of an erased key and person, with another starting point. */
  readonly changed: number;
  /** Their key was erased, and is that of another record now. */
  readonly anotherLife: number;
}

/** A state that was lost, or an old copy, was let go on from the end of the trail. */
export interface Adoption {
  readonly at: string;
  readonly who: string;
  /** What was lost with it. */
  readonly holds: number;
  readonly batches: number;
  readonly epochs: number;
}

/** A verification of the trail that was itself written into it. */
export interface VerificationMade {
  readonly at: string;
  readonly result: 'verified' | 'failed';
  readonly size: number;
  readonly heads: number;
  /** The first thing that was wrong. */
  readonly code?: string;
}

/** From the day `trueFrom` on nobody can tell whom the entries of these days are about. */
export interface KeyDestroyed {
  readonly at: string;
  readonly from: string;
  readonly to: string;
  readonly trueFrom: string;
}
