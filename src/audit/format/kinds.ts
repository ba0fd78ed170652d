/**
 * The kinds of entry of the audit trail and their fields, version 1 (entry.ts has the format). Types of fields:
 *   id      1-128 of `A-Za-z0-9._:-`: ids that frist makes, and operator ids (no `@`, no space: not an address, not a name)
 *   name    1-200 characters without control characters: what the policy file calls something
 *   code    1-64 of `A-Za-z0-9._-`
 *   day     `2026-11-22`          digest  64 hex digits, SHA-256       count  an integer from 0
 *   counts  object of name → count
 *   ref     {bytes: count, sha256: digest}, detached evidence
 * `maybe` marks a field that may be absent. Pure.
 */
import { ULID } from './ulid.ts';

/** Age of a record when it was dealt with, from its starting point: a bucket, since an exact age points at a person. */
export const AGES = ['<30d', '<90d', '<1y', '<2y', '<5y', '<10y', '10y+', 'unknown'] as const;
export type Age = (typeof AGES)[number];

/** Detached evidence: SHA-256 and length of the object under `evidence/sha256/`. */
export interface EvidenceRef {
  readonly bytes: number;
  readonly sha256: string;
}

/**
 * What stands for one record: see commitment.ts. One `subject` for each declared identifier that has a value.
 * Given in this order (that of the alphabet) an entry is formatted in half the time.
 */
export interface Commitments {
  readonly incarnation: string;
  readonly record: string;
  readonly subject: readonly string[];
}

/** Whether a value is of the type of a field. */
export type Check<T> = (value: unknown) => value is T;
type Counts = Readonly<Record<string, number>>;
/** An object of JSON whose fields are not known yet. */
export type Fields = Readonly<Record<string, unknown>>;

const matches =
  (pattern: RegExp): Check<string> =>
  (value): value is string =>
    typeof value === 'string' && pattern.test(value);
const oneOf =
  <const T extends string>(...allowed: readonly T[]): Check<T> =>
  (value): value is T =>
    (allowed as readonly unknown[]).includes(value);

const id = matches(/^[A-Za-z0-9._:-]{1,128}$/);
const name = matches(/^\P{Cc}{1,200}$/u);
const code = matches(/^[A-Za-z0-9._-]{1,64}$/);
const digest = matches(/^[0-9a-f]{64}$/);
const moment = matches(/^\d{4}-\d\d-\d\dT([01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{3}Z$/);
const age = oneOf(...AGES);
/** Every day but 29 February. */
const DAY =
  /^\d{4}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12]\d|3[01])|(?:0[469]|11)-(?:0[1-9]|[12]\d|30)|02-(?:0[1-9]|1\d|2[0-8]))$/;
const flag = (value: unknown): value is boolean => typeof value === 'boolean';
const count = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
const digests = (value: unknown): value is readonly string[] => Array.isArray(value) && value.every(digest);

/** Whether a value is an object, and no array. */
export function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function day(value: unknown): value is string {
  if (typeof value !== 'string') return false;
  if (DAY.test(value)) return true;
  const year = /^(\d{4})-02-29$/.exec(value)?.[1];
  return (
    year !== undefined && Number(year) % 4 === 0 && (Number(year) % 100 !== 0 || Number(year) % 400 === 0)
  );
}

function counts(value: unknown): value is Counts {
  return isObject(value) && Object.entries(value).every(([key, n]) => name(key) && count(n));
}

function ref(value: unknown): value is EvidenceRef {
  return (
    isObject(value) && Object.keys(value).length === 2 && count(value['bytes']) && digest(value['sha256'])
  );
}

function commitments(value: unknown): value is Commitments {
  if (!isObject(value) || Object.keys(value).length !== 3) return false;
  return digest(value['incarnation']) && digest(value['record']) && digests(value['subject']);
}

/** A field that may be absent. */
export interface Optional<T> {
  readonly optional: Check<T>;
}
const maybe = <T>(check: Check<T>): Optional<T> => ({ optional: check });

/** The kinds of entry and their fields. */
export const KINDS = {
  /** The first entry of a trail; the same installation id stands in the state database. */
  installation: { installation: id, origin: name, version: name },
  /** A daemon started, with this version of frist. */
  daemon: { version: name },
  /**
   * A policy was seen for the first time or with another text: digest of its meaning, its text as evidence. `zone`: the
   * time zone (IANA) in which its days, such as those of `promised`, are meant; UTC where it is absent.
   */
  policy: {
    policy: name,
    digest,
    text: ref,
    controller: maybe(name),
    source: maybe(name),
    record: maybe(name),
    zone: maybe(name),
  },
  /**
   * A run began. `setClock`: its as-of moment was given by hand and not read from the clock. `controller` tells apart
   * the policies of one name that two controllers have: what happens in a run is under its controller's policy.
   */
  'run-started': {
    run: id,
    policy: maybe(name),
    trigger: code,
    asOf: day,
    setClock: maybe(flag),
    controller: maybe(name),
  },
  /**
   * A run ended: records by disposition (and, as `overdue`, how many it left past their promised day), and what was
   * done by outcome. `population`: how many records it looked at; absent where it did not look. `oldestOverdue`: the
   * earliest promised day among those found overdue, where some are left.
   */
  'run-finished': {
    run: id,
    policy: maybe(name),
    result: code,
    dispositions: counts,
    outcomes: counts,
    population: maybe(count),
    oldestOverdue: maybe(day),
  },
  /** What a sweep would do: `population` records were looked at. */
  plan: {
    plan: id,
    run: maybe(id),
    policy: name,
    digest,
    asOf: day,
    population: count,
    dispositions: counts,
  },
  /** A guard stopped a policy: it allows `limit` records (a share: of this population), the plan has `observed`. */
  'guard-tripped': {
    plan: maybe(id),
    run: maybe(id),
    policy: name,
    guard: code,
    limit: count,
    observed: count,
    population: count,
  },
  /** No guard stopped the plan, but its policy lets no more than `above` records go without a person; it has `records`. */
  'approval-required': { plan: id, run: maybe(id), policy: name, above: count, records: count },
  /** A person let a plan go. */
  approval: { plan: id, policy: maybe(name), who: id, why: ref },
  /**
   * Before the first statement of a batch: `count` records, `digest` over their commitments in order. `epoch` is the
   * key under which these and those of the batch's records are made.
   */
  'batch-opened': {
    batch: id,
    run: id,
    plan: maybe(id),
    policy: name,
    source: name,
    count,
    digest,
    epoch: id,
  },
  /**
   * What became of one record. `promised`: the day by whose end the promise is kept. `dependents`: how many went with
   * it, by the name of the relation. `code`: why it failed or was left;
   * `FOUND_AGAIN` of one `erased`: a second look found it, or what should have gone with it.
   */
  record: {
    batch: id,
    policy: name,
    source: name,
    record: name,
    action: code,
    outcome: code,
    commitments,
    promised: maybe(day),
    age,
    dependents: maybe(counts),
    code: maybe(code),
  },
  /**
   * A batch ended. `verification`: what looking again showed; `leftovers`: how many were still there. `looked`: at how
   * many of the erased somebody looked, where it was not all of them.
   */
  'batch-settled': {
    batch: id,
    policy: maybe(name),
    outcomes: counts,
    dependents: counts,
    verification: oneOf('verified', 'leftovers', 'pending', 'failed'),
    leftovers: maybe(count),
    looked: maybe(count),
  },
  /** The look at the erased of a batch whose verification was `pending`: at `looked` of them; `leftovers` were there. */
  proof: { run: id, batch: id, policy: name, looked: count, leftovers: maybe(count) },
  /**
   * A source was searched for records that are back from a backup, in a run whose trigger is `replay`: how many, by what
   * the policy says of them now; how many have a key and a person that were erased, but another starting point; and how
   * many a key that was erased, but another life. `since`: only what was erased from that day on was asked about. What was
   * erased again stands in the batches of the run.
   */
  replay: {
    run: id,
    policy: name,
    source: name,
    back: counts,
    changed: count,
    anotherLife: count,
    since: maybe(day),
  },
  /**
   * A person placed a hold, on a person (`subject`; `source` where it is for one source only), on `records`, or on a
   * `policy`: an entry for each source, record and policy. `kind`: `restriction` (GDPR Art. 18), else a hold. `review`:
   * the day on which somebody must look at it again.
   */
  'hold-placed': {
    hold: id,
    subject: digests,
    records: maybe(digests),
    policy: maybe(name),
    controller: maybe(name),
    epoch: id,
    source: maybe(name),
    kind: maybe(code),
    review: maybe(day),
    who: id,
    why: ref,
  },
  /** A person ended a hold. `until`: the day until which what it covered is kept all the same. */
  'hold-released': { hold: id, until: maybe(day), who: id, why: ref },
  /**
   * A person let a state that was lost, or restored from an old copy, go on from the end of the trail, which had `size`
   * entries (the copy knew `from`; absent: there was no copy). Lost with it: what `holds` holds were about, which records
   * `batches` batches without an outcome were about, the keys of `epochs` epochs.
   */
  'state-adopted': {
    who: id,
    why: ref,
    size: count,
    from: maybe(count),
    holds: count,
    batches: count,
    epochs: count,
  },
  /** A person turned the kill switch on: nothing is erased until the next `resumed`. */
  paused: { who: id, why: ref },
  resumed: { who: id, why: ref },
  /** An epoch of the commitments began on that day, with a key of its own. */
  'key-created': { epoch: id, from: day },
  /**
   * The key of an epoch (`from` its first day, `to` the day on which the next one began) was destroyed: from the day
   * `trueFrom` on no copy of it is left in a backup of the state, and nobody can tell whom its commitments name.
   */
  'key-destroyed': { epoch: id, from: day, to: day, trueFrom: day },
  /** Evidence whose time had passed by the day `before`, or that no entry points to, was erased: `count` objects. */
  'evidence-erased': { before: day, count },
  /** A policy failed as a whole, with the code of the error. */
  'policy-failed': { run: maybe(id), policy: name, code },
  /** In the 24 hours before, no run found a record due, and none failed: silence would be an alarm. */
  heartbeat: { run: maybe(id) },
  /**
   * The daemon held the trail against its signature and against `heads` heads that are kept: it had `size` entries.
   * `since`: those before were verified earlier. `code`: the first thing that was wrong.
   */
  verification: {
    result: oneOf('verified', 'failed'),
    size: count,
    root: maybe(digest),
    heads: count,
    since: maybe(count),
    code: maybe(code),
  },
} as const;

const isMoment = (value: unknown): value is string => moment(value) && day(value.slice(0, 10));
const isOne = (value: unknown): value is 1 => value === 1;
/** The fields that every entry has. */
export const BASE = { v: isOne, type: code, eid: matches(ULID), at: isMoment } as const;
