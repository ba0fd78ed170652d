/**
 * YAML 1.2 text -> plain values with their places. Strict where YAML is generous, because a file that erases people's
 * data must say one thing only: no aliases, anchors, tags, directives, duplicate keys or silently empty values.
 *
 * Keys are always text, as they are written (`null: unknown` has the key "null"). Integers beyond 2^53 are bigint.
 */
import { isAlias, isMap, isScalar, isSeq, parseDocument } from 'yaml';
import type { Document, Node, Pair, Scalar } from 'yaml';
import type { Problem } from '../../errors.ts';
import { duplicateKey, FAULTS, syntaxFault, textFault } from './faults.ts';
import type { Fault } from './faults.ts';
import { createLocator } from './position.ts';
import type { Locator, Path, Place, Position } from './position.ts';

/** A mapping of the document; it has no prototype, so that no key can mean more than it says. */
export type Mapping = Readonly<Record<string, unknown>>;

export interface ReadText {
  /** Undefined where the text cannot be read at all. */
  readonly value: unknown;
  readonly locator: Locator;
  readonly problems: readonly Problem[];
  /** Paths whose value could not be taken over; their problem is already among `problems`. */
  readonly broken: readonly Path[];
}

/** Whether `value` is a mapping of the document. */
export function isMapping(value: unknown): value is Mapping {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

interface Found {
  readonly fault: Fault;
  readonly path: Path;
  readonly offset: number;
  /** Whether there is no value to go on with. */
  readonly fatal: boolean;
}

interface Read {
  readonly value: unknown;
  readonly place: Place;
}

/** A key as it is written; undefined where it is no plain text. */
function keyText(node: Node | null): string | undefined {
  if (node === null || !isScalar(node)) return undefined;
  const text = typeof node.value === 'string' ? node.value : (node.source ?? '');
  return text === '' || text === '__proto__' ? undefined : text;
}

function readScalar(node: Scalar, path: Path, place: Place, found: Found[]): Read {
  const { value } = node;
  const refuse = (fault: Fault, offset: number): Read => {
    found.push({ fault, path, offset, fatal: true });
    return { value: undefined, place };
  };
  if (value === null && (node.source ?? '') === '') return refuse(FAULTS.nothing, place.key ?? place.value);
  if (typeof value === 'number' && !Number.isFinite(value)) return refuse(FAULTS.number, place.value);
  const narrowed =
    typeof value === 'bigint' && value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER
      ? Number(value)
      : value;
  return { value: narrowed, place: { ...place, text: String(value) } };
}

function readMap(pairs: readonly Pair[], path: Path, place: Place, found: Found[]): Read {
  const children = new Map<string | number, Place>();
  const value = Object.create(null) as Record<string, unknown>;
  for (const pair of pairs) {
    const node = pair.key as Node | null;
    const offset = node?.range?.[0] ?? place.value;
    const key = keyText(node);
    const below = key === undefined ? path : [...path, key];
    if (node?.tag !== undefined) found.push({ fault: FAULTS.tag, path: below, offset, fatal: true });
    const aliased = isAlias(node) || node?.anchor !== undefined;
    if (aliased) found.push({ fault: FAULTS.alias, path: below, offset, fatal: true });
    if (key === undefined) {
      if (!aliased) found.push({ fault: FAULTS.key, path: below, offset, fatal: true });
    } else if (children.has(key)) {
      found.push({ fault: duplicateKey(key), path: below, offset, fatal: false });
    } else {
      const read = readNode(pair.value as Node | null, below, offset, found);
      children.set(key, read.place);
      value[key] = read.value;
    }
  }
  return { value, place: { ...place, children } };
}

function readList(items: readonly (Node | null)[], path: Path, place: Place, found: Found[]): Read {
  const read = items.map((item, index) => readNode(item, [...path, index], undefined, found));
  return {
    value: read.map((one) => one.value),
    place: { ...place, children: new Map(read.map((one, index) => [index, one.place])) },
  };
}

/** The value of a node and its place; the value is undefined where it is refused. */
function readNode(node: Node | null, path: Path, key: number | undefined, found: Found[]): Read {
  const offset = node?.range?.[0] ?? key ?? 0;
  const block = (isMap(node) || isSeq(node)) && node.flow !== true;
  const place: Place = { value: offset, block, children: new Map(), ...(key === undefined ? {} : { key }) };
  const refuse = (fault: Fault): Read => {
    found.push({ fault, path, offset, fatal: true });
    return { value: undefined, place };
  };
  if (node === null) return refuse(FAULTS.nothing);
  if (isAlias(node) || node.anchor !== undefined) return refuse(FAULTS.alias);
  if (node.tag !== undefined) return refuse(FAULTS.tag);
  if (isMap(node)) return readMap(node.items, path, place, found);
  if (isSeq(node)) return readList(node.items as (Node | null)[], path, place, found);
  return isScalar(node) ? readScalar(node, path, place, found) : refuse(FAULTS.key);
}

/** Function from offset to position; lines end with a line feed. */
function positions(text: string): (offset: number) => Position {
  return (offset) => {
    const before = text.slice(0, offset);
    return { line: before.split('\n').length, column: offset - before.lastIndexOf('\n') };
  };
}

function parse(text: string): Document.Parsed | undefined {
  try {
    return parseDocument(text, { uniqueKeys: false, intAsBigInt: true, prettyErrors: false });
  } catch {
    // The library has no errors of its own to throw here; whatever it is, the text is not YAML that can be used.
    return undefined;
  }
}

const NOWHERE: Place = { value: 0, block: false, children: new Map() };

/**
 * Reads one YAML document. Never throws: what is wrong is in `problems`, with file, line and column.
 * `value` is undefined where the text is not YAML at all.
 */
export function readYaml(text: string, file: string): ReadText {
  const at = positions(text);
  const problem = ({ fault, path, offset }: Omit<Found, 'fatal'>): Problem => {
    return { ...fault, path, severity: 'error', file, ...at(offset) };
  };
  const unread = (...faults: readonly Omit<Found, 'fatal' | 'path'>[]): ReadText => ({
    value: undefined,
    locator: createLocator(NOWHERE, at),
    problems: faults.map((one) => problem({ ...one, path: [] })),
    broken: [[]],
  });

  const early = textFault(text);
  if (early !== undefined) return unread(early);
  const document = parse(text);
  if (document === undefined)
    return unread({ fault: syntaxFault('', 'it cannot be taken apart'), offset: 0 });
  const complaints = [
    ...document.errors,
    ...document.warnings.filter((one) => one.code !== 'TAG_RESOLVE_FAILED'),
  ];
  if (complaints.length > 0) {
    const faults = complaints.map((one) => ({
      fault: syntaxFault(one.code, one.message),
      offset: one.pos[0],
    }));
    // Behind its first fault the YAML library guesses, and reports what follows from the guess. Tabs stand for themselves.
    const tabs = faults.filter((one) => one.fault === FAULTS.tab);
    return unread(...(tabs.length > 0 ? tabs : faults.slice(0, 1)));
  }
  if (document.directives.yaml.explicit === true || /^%/m.test(text.split(/^---/m)[0] ?? '')) {
    return unread({ fault: FAULTS.directive, offset: Math.max(0, text.search(/^%/m)) });
  }
  if (document.contents === null) return unread({ fault: FAULTS.empty, offset: 0 });

  const found: Found[] = [];
  const { value, place } = readNode(document.contents, [], undefined, found);
  return {
    value,
    locator: createLocator(place, at),
    problems: found.map(problem),
    broken: found.filter((one) => one.fatal).map((one) => one.path),
  };
}
