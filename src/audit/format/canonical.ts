/**
 * Canonical JSON: the profile of RFC 8785 (JCS) that the audit trail is written in.
 *
 * Values: strings, booleans, null, integers from -(2^53 - 1) to 2^53 - 1, arrays, plain objects. No fractions, no
 * exponents, no `undefined`, no unpaired surrogates, nesting of at most 16.
 * Bytes: UTF-8, no white space, keys in ascending order of their UTF-16 code units, strings escaped as
 * `JSON.stringify` escapes them (which is what RFC 8785, 3.2.2.2 asks for). Equal values give equal bytes.
 *
 * Pure.
 */

const MAX_DEPTH = 16;

/** The value has no canonical form; `message` says why, without the value. */
export class NotCanonical extends Error {}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function checkText(text: string): void {
  if (!text.isWellFormed()) throw new NotCanonical('a string holds half of a surrogate pair');
}

/** Refuses what the profile has no form for; says whether every object has its keys in order already. */
function inOrder(value: unknown, depth: number): boolean {
  if (typeof value === 'object' && value !== null) {
    if (depth === MAX_DEPTH) throw new NotCanonical(`it is nested more than ${MAX_DEPTH} deep`);
    return Array.isArray(value) ? itemsInOrder(value, depth + 1) : membersInOrder(value, depth + 1);
  }
  if (typeof value === 'string') checkText(value);
  else if (typeof value === 'number') {
    if (!Number.isSafeInteger(value)) throw new NotCanonical('a number is not a safe integer');
  } else if (typeof value !== 'boolean' && value !== null) {
    throw new NotCanonical(`a value is ${typeof value}, which JSON lacks`);
  }
  return true;
}

function itemsInOrder(items: readonly unknown[], depth: number): boolean {
  let ordered = true;
  // By index: a hole in the array is `undefined` and must be refused like one.
  for (let i = 0; i < items.length; i++) ordered = inOrder(items[i], depth) && ordered;
  return ordered;
}

function membersInOrder(value: object, depth: number): boolean {
  if (!isPlain(value)) throw new NotCanonical('an object is not a plain one');
  const fields = value as Readonly<Record<string, unknown>>;
  let ordered = true;
  let before: string | undefined;
  for (const key of Object.keys(fields)) {
    checkText(key);
    ordered = inOrder(fields[key], depth) && (before === undefined || before < key) && ordered;
    before = key;
  }
  return ordered;
}

function writeSorted(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(writeSorted).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const fields = value as Readonly<Record<string, unknown>>;
  const members = Object.keys(fields)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${writeSorted(fields[key])}`);
  return `{${members.join(',')}}`;
}

/**
 * The canonical text of a value.
 * @throws {NotCanonical} for anything outside the profile above.
 */
export function canonical(value: unknown): string {
  // With every key in its place JSON.stringify writes the canonical text itself, several times quicker.
  return inOrder(value, 0) ? JSON.stringify(value) : writeSorted(value);
}

/**
 * The value of a canonical text. Text that is JSON but not in canonical form (white space, key order, a key twice,
 * `1e3`, an escape too many) is refused, so that one value has one text.
 * @throws {NotCanonical} when the text is not what `canonical` would write.
 */
export function parseCanonical(text: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // The message of JSON.parse quotes the text, which may be anybody's.
    throw new NotCanonical('it is not JSON');
  }
  if (canonical(value) !== text) throw new NotCanonical('its JSON is not in canonical form');
  return value;
}
