/**
 * Entries of the audit trail, version 1.
 *
 * An entry is one canonical JSON object (format/canonical.ts) of at most 16,384 bytes, with no byte before or after
 * it. Every entry has
 *   v     1
 *   type  one of the kinds below
 *   eid   ULID (format/ulid.ts): two entries with one eid are one entry, written twice
 *   at    when frist wrote it, `2026-11-22T03:40:00.000Z`
 * and exactly the fields of its kind; `?` marks one that may be absent. A later version adds kinds and fields under
 * v 1 only where a reader of today may ignore them.
 *
 * An entry can never be removed, so no entry holds personal data: people, records and their keys appear only as
 * commitments (commitment.ts), free text only as the hash of detached evidence (evidence.ts), staff only as operator
 * ids, times that belong to a record only by day. Types of fields:
 *   id      1-128 of `A-Za-z0-9._:-`: ids that frist makes, and operator ids (no `@`, no space: not an address, not a name)
 *   name    1-200 characters without control characters: what the policy file calls something
 *   code    1-64 of `A-Za-z0-9._-`
 *   day     `2026-11-22`          digest  64 hex digits, SHA-256       count  an integer from 0
 *   counts  object of name → count
 *   ref     {bytes: count, sha256: digest}, detached evidence
 */
import { FristError } from '../errors.ts';
import { canonical, NotCanonical, parseCanonical } from './format/canonical.ts';
import { ULID } from './format/ulid.ts';

export { canonical } from './format/canonical.ts';

/** Most bytes of one entry. Longer things go into evidence. */
export const MAX_ENTRY_BYTES = 16_384;

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

type Check<T> = (value: unknown) => value is T;
type Counts = Readonly<Record<string, number>>;
type Fields = Readonly<Record<string, unknown>>;

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

function isObject(value: unknown): value is Fields {
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

interface Optional<T> {
  readonly optional: Check<T>;
}
const maybe = <T>(check: Check<T>): Optional<T> => ({ optional: check });

/** The kinds of entry and their fields. */
const KINDS = {
  /** The first entry of a trail; the same installation id stands in the state database. */
  installation: { installation: id, origin: name, version: name },
  /** A daemon started, with this version of frist. */
  daemon: { version: name },
  /** A policy was seen for the first time or with another text: digest of its meaning, its text as evidence. */
  policy: { policy: name, digest, text: ref },
  /** A run began. `setClock`: its as-of moment was given by hand and not read from the clock. */
  'run-started': { run: id, policy: maybe(name), trigger: code, asOf: day, setClock: maybe(flag) },
  /** A run ended: records by disposition, and what was done by outcome. */
  'run-finished': { run: id, policy: maybe(name), result: code, dispositions: counts, outcomes: counts },
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
   * it, by the name of the relation. `code`: why it failed or was left.
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
  /** A batch ended. `verification`: what looking again showed; `leftovers`: how many were still there. */
  'batch-settled': {
    batch: id,
    policy: maybe(name),
    outcomes: counts,
    dependents: counts,
    verification: oneOf('verified', 'leftovers', 'pending', 'failed'),
    leftovers: maybe(count),
  },
  /** A person placed a hold on someone; `source` where it is for one source only. */
  'hold-placed': { hold: id, subject: digests, epoch: id, source: maybe(name), who: id, why: ref },
  'hold-released': { hold: id, who: id, why: ref },
  /** A policy failed as a whole, with the code of the error. */
  'policy-failed': { run: maybe(id), policy: name, code },
  /** Nothing was due: silence would be an alarm. */
  heartbeat: { run: maybe(id) },
} as const;

/** The kinds of entry. */
export type EntryType = keyof typeof KINDS;
type Required<S> = {
  readonly [K in keyof S as S[K] extends Check<unknown> ? K : never]: S[K] extends Check<infer T> ? T : never;
};
type Possible<S> = {
  readonly [K in keyof S as S[K] extends Optional<unknown> ? K : never]?: S[K] extends Optional<infer T>
    ? T
    : never;
};
interface Base<K> {
  readonly v: 1;
  readonly type: K;
  readonly eid: string;
  readonly at: string;
}
/** An entry of one kind: `EntryOf<'record'>`. */
export type EntryOf<K extends EntryType> = Base<K> &
  Required<(typeof KINDS)[K]> &
  Possible<(typeof KINDS)[K]>;
/** An entry of any kind. */
export type Entry = { readonly [K in EntryType]: EntryOf<K> }[EntryType];
/** The four fields that every entry has, of kinds known here or not. */
export type AnyEntry = Base<string> & Fields;

interface Rule {
  readonly field: string;
  readonly check: Check<unknown>;
  readonly optional: boolean;
}

const isMoment = (value: unknown): value is string => moment(value) && day(value.slice(0, 10));
const isOne = (value: unknown): value is 1 => value === 1;
const BASE = { v: isOne, type: code, eid: matches(ULID), at: isMoment } as const;

/** The rules of a kind in canonical order, so that what is copied by them is in order. */
function compile(fields: Readonly<Record<string, Check<unknown> | Optional<unknown>>>): readonly Rule[] {
  const all: [string, Check<unknown> | Optional<unknown>][] = Object.entries({ ...fields, ...BASE });
  const rules = all.map(([field, check]) =>
    typeof check === 'function'
      ? { field, check, optional: false }
      : { field, check: check.optional, optional: true },
  );
  return rules.sort((a, b) => (a.field < b.field ? -1 : 1));
}

const ANY_KIND = compile({});
const RULES: ReadonlyMap<unknown, readonly Rule[]> = new Map(
  Object.entries(KINDS).map(([type, fields]) => [type, compile(fields)]),
);

/** Copies the fields of the rules, checked, in canonical order. */
function checked(entry: Fields, rules: readonly Rule[]): Fields {
  const out: Record<string, unknown> = {};
  for (const { field, check, optional } of rules) {
    const value = entry[field];
    if (value === undefined && optional) continue;
    if (!check(value)) refuse(`field ${field} is missing or not valid`);
    out[field] = value;
  }
  return out;
}

function checkedKind(entry: Fields): Fields {
  const rules = RULES.get(entry['type']) ?? refuse('its type is not known');
  const out = checked(entry, rules);
  // A field that the kind does not have was not copied. One given as `undefined` counts as given, and is refused.
  if (Object.keys(out).length !== Object.keys(entry).length)
    refuse('it has a field that its type does not have');
  return out;
}

/** What is wrong never quotes a value: the caller may have put personal data where they do not belong. */
function refuse(what: string): never {
  throw new FristError('AUDIT_ENTRY', { what });
}

function refusing<T>(convert: () => T): T {
  try {
    return convert();
  } catch (error) {
    if (error instanceof NotCanonical) refuse(error.message);
    throw error;
  }
}

function checkSize(text: string): void {
  // No character takes more than three bytes, so a short text need not be measured.
  if (text.length * 3 <= MAX_ENTRY_BYTES) return;
  if (Buffer.byteLength(text) > MAX_ENTRY_BYTES) refuse(`it is over ${MAX_ENTRY_BYTES} bytes`);
}

/**
 * The bytes of an entry, as text.
 * @throws AUDIT_ENTRY when a field is missing, unknown or not of its type, or the entry is over 16 KiB.
 */
export function formatEntry(entry: Entry): string {
  const text = refusing(() => canonical(checkedKind({ ...entry })));
  checkSize(text);
  return text;
}

/**
 * Reads an entry whose kind may be unknown here (a newer frist wrote it): canonical, within the cap, with the four
 * fields that every entry has.
 * @throws AUDIT_ENTRY
 */
export function parseAnyEntry(text: string): AnyEntry {
  checkSize(text);
  const value = refusing(() => parseCanonical(text));
  if (!isObject(value)) refuse('it is not an object');
  checked(value, ANY_KIND);
  return value as AnyEntry;
}

/**
 * Reads an entry of a kind known here, every field checked. `parseEntry(formatEntry(e))` equals `e`.
 * @throws AUDIT_ENTRY
 */
export function parseEntry(text: string): Entry {
  const entry = parseAnyEntry(text);
  checkedKind(entry);
  return entry as unknown as Entry;
}

const AGE_LIMITS: readonly (readonly [Age, number])[] = [
  ['<30d', 30],
  ['<90d', 90],
  ['<1y', 365],
  ['<2y', 730],
  ['<5y', 1826],
  ['<10y', 3652],
];

/** The bucket of an age in whole days; `undefined` where the starting point is not known. */
export function ageBucket(days: number | undefined): Age {
  if (days === undefined) return 'unknown';
  return AGE_LIMITS.find(([, limit]) => days < limit)?.[0] ?? '10y+';
}
