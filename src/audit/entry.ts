/**
 * Entries of the audit trail, version 1.
 *
 * An entry is one canonical JSON object (format/canonical.ts) of at most 16,384 bytes, with no byte before or after
 * it. Every entry has
 *   v     1
 *   type  one of the kinds of format/kinds.ts
 *   eid   ULID (format/ulid.ts): two entries with one eid are one entry, written twice
 *   at    when frist wrote it, `2026-11-22T03:40:00.000Z`
 * and exactly the fields of its kind. A later version adds kinds and fields under
 * v 1 only where a reader of today may ignore them.
 *
 * An entry can never be removed, so no entry holds personal data: people, records and their keys appear only as
 * commitments (commitment.ts), free text only as the hash of detached evidence (evidence.ts), staff only as operator
 * ids, times that belong to a record only by day.
 */
import { FristError } from '../errors.ts';
import { canonical, NotCanonical, parseCanonical } from './format/canonical.ts';
import { BASE, isObject, KINDS } from './format/kinds.ts';
import type { Age, Check, Fields, Optional } from './format/kinds.ts';
import { scanCanonical } from './format/scan.ts';

export { canonical } from './format/canonical.ts';
export { AGES } from './format/kinds.ts';
export type { Age, Commitments, EvidenceRef } from './format/kinds.ts';

/** Most bytes of one entry. Longer things go into evidence. */
export const MAX_ENTRY_BYTES = 16_384;

/** The kinds of entry. */
export type EntryType = keyof typeof KINDS;
/** Every kind. */
export const ENTRY_TYPES = Object.keys(KINDS) as readonly EntryType[];
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

/** `"…"` without its quotes; undefined for what is no string. Only for texts in which nothing is escaped. */
const unquoted = (json: string | undefined): string | undefined =>
  json?.startsWith('"') === true ? json.slice(1, -1) : undefined;

/**
 * Holds a text against all that `parseAnyEntry` asks, in half the time: for who reads a whole trail and needs no values.
 * @throws AUDIT_ENTRY
 */
export function checkAnyEntry(text: string): void {
  const members = scanCanonical(text);
  const plain =
    members?.get('v') === '1' &&
    BASE.type(unquoted(members.get('type'))) &&
    BASE.eid(unquoted(members.get('eid'))) &&
    BASE.at(unquoted(members.get('at'))) &&
    text.length <= MAX_ENTRY_BYTES;
  if (!plain) parseAnyEntry(text);
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

/**
 * Reads an entry as far as it is known here, for who reports on trails that a newer frist may have gone on with: fields
 * that its kind does not have here are left out. Of a text that has been verified; whether it is canonical is not looked at.
 * @returns undefined when its kind is not known here, or a field is missing or not of its type.
 */
export function readEntry(text: string): Entry | undefined {
  try {
    const value: unknown = JSON.parse(text);
    const rules = isObject(value) ? RULES.get(value['type']) : undefined;
    return rules === undefined ? undefined : (checked(value as Fields, rules) as unknown as Entry);
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof FristError) return undefined;
    throw error;
  }
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
