/** JSON whose values are found and changed where they stand, so that not one byte of the rest moves. Pure. */
import type { Scalar } from '../../../policy/policy.ts';

/** A value and where it stands. */
export interface Node {
  readonly start: number;
  readonly end: number;
  /** Of an object: where each member's name begins, and its value. */
  readonly members?: ReadonlyMap<string, { readonly start: number; readonly value: Node }>;
  readonly items?: readonly Node[];
}

/** More than these are not looked through: with its places each takes a hundred times the memory of its text. */
const MOST_VALUES = 500_000;
const LONGEST_NUMBER = 400;
const SPACES = ' \t\n\r';
const SIGNS = '{}[],:';

/**
 * The object that the text is; undefined for anything else, for one of too many values, and for one in which two members
 * of an object have the same name: nobody can tell which of the two a reader takes.
 */
export function readObject(text: string): Node | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
    return new Reader(text).value();
  } catch {
    return undefined;
  }
}

interface Token {
  readonly start: number;
  readonly end: number;
}

/** Reads what is known to be JSON. */
class Reader {
  readonly #text: string;
  #token: Token = { start: 0, end: 0 };
  #values = 0;

  constructor(text: string) {
    this.#text = text;
    this.#next();
  }

  value(): Node {
    const { start } = this.#token;
    const sign = this.#text[start];
    this.#values += 1;
    if (this.#values > MOST_VALUES) throw new RangeError('too many values');
    if (sign === '{') return this.#object(start);
    if (sign === '[') return this.#list(start);
    const { end } = this.#token;
    this.#next();
    return { start, end };
  }

  #object(start: number): Node {
    const members = new Map<string, { readonly start: number; readonly value: Node }>();
    this.#next();
    while (this.#text[this.#token.start] !== '}') {
      const at = this.#token;
      const name = JSON.parse(this.#text.slice(at.start, at.end)) as string;
      if (members.has(name)) throw new RangeError('a name stands twice');
      this.#next();
      this.#next();
      members.set(name, { start: at.start, value: this.value() });
      if (this.#text[this.#token.start] === ',') this.#next();
    }
    const { end } = this.#token;
    this.#next();
    return { start, end, members };
  }

  #list(start: number): Node {
    const items: Node[] = [];
    this.#next();
    while (this.#text[this.#token.start] !== ']') {
      items.push(this.value());
      if (this.#text[this.#token.start] === ',') this.#next();
    }
    const { end } = this.#token;
    this.#next();
    return { start, end, items };
  }

  #next(): void {
    let start = this.#token.end;
    while (isOneOf(SPACES, this.#text[start])) start += 1;
    this.#token = { start, end: endOf(this.#text, start) };
  }
}

/** Where the token ends that begins here. Without an expression: one that goes back runs out of room in a long text. */
function endOf(text: string, start: number): number {
  const first = text[start];
  if (first === '"') {
    let at = text.indexOf('"', start + 1);
    while (isEscaped(text, at)) at = text.indexOf('"', at + 1);
    return at + 1;
  }
  if (first === undefined) return start;
  let at = start + 1;
  if (!isOneOf(SIGNS, first))
    while (at < text.length && !isOneOf(SIGNS, text[at]) && !isOneOf(SPACES, text[at])) at += 1;
  return at;
}

function isEscaped(text: string, at: number): boolean {
  let before = at;
  while (text[before - 1] === '\\') before -= 1;
  return (at - before) % 2 === 1;
}

const isOneOf = (signs: string, sign: string | undefined): boolean =>
  sign !== undefined && signs.includes(sign);

/** The value at this place; undefined where there is none. */
export function nodeAt(root: Node, path: readonly string[]): Node | undefined {
  let here: Node | undefined = root;
  for (const name of path) {
    if (here?.items !== undefined)
      here = /^(?:0|[1-9]\d*)$/.test(name) ? here.items[Number(name)] : undefined;
    else here = here?.members?.get(name)?.value;
  }
  return here;
}

/** What stands there: whole numbers without loss, a list or object as JSON, a number of absurd length as text. */
export function scalarOf(text: string, { start, end, members, items }: Node): Scalar {
  const source = text.slice(start, end);
  if (members !== undefined || items !== undefined) return source;
  // To read millions of digits takes a minute, and nobody means them.
  if (source.length > LONGEST_NUMBER && !source.startsWith('"')) return source;
  const number = /^-?\d+$/.test(source) ? BigInt(source) : undefined;
  if (number === undefined) return JSON.parse(source) as Scalar;
  return Number.isSafeInteger(Number(number)) ? Number(number) : number;
}

/** The text without the member at this place; undefined where the place is not in an object. */
export function withoutMember(text: string, root: Node, path: readonly string[]): string | undefined {
  const members = nodeAt(root, path.slice(0, -1))?.members;
  if (members === undefined) return undefined;
  const all = [...members];
  const at = all.findIndex(([name]) => name === path.at(-1));
  const [here, before, behind] = [all[at]?.[1], all[at - 1]?.[1], all[at + 1]?.[1]];
  if (here === undefined) return undefined;
  const start = behind === undefined ? (before?.value.end ?? here.start) : here.start;
  return text.slice(0, start) + text.slice(behind?.start ?? here.value.end);
}
