/**
 * A quick look at whether a text is an entry in canonical form: one pass over its characters, nothing built. It knows
 * the plain case (ASCII without escapes, integers from 0 of at most 15 digits), which is nearly every entry of a trail;
 * of any other text it says "not known", and the parser of entry.ts decides. What it calls canonical that parser
 * accepts: test/audit/format/scan.test.ts holds the two against each other. Pure.
 */

/** Values of the members of the outermost object, as they stand in the text: `"record"`, `1`. */
export type Members = ReadonlyMap<string, string>;

const QUOTE = 0x22;
const COMMA = 0x2c;
const ZERO = 0x30;
const NINE = 0x39;
const COLON = 0x3a;
const BACKSLASH = 0x5c;
const MOST_DIGITS = 15;
const MOST_DEPTH = 16;
const UNKNOWN = -1;

class Scanner {
  readonly members = new Map<string, string>();
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  /** Where the value that begins at `start` ends; UNKNOWN when it is not plain. */
  value(start: number, depth: number): number {
    switch (this.#text[start]) {
      case '"':
        return this.#string(start);
      case '{':
        return depth === MOST_DEPTH ? UNKNOWN : this.#object(start, depth);
      case '[':
        return depth === MOST_DEPTH ? UNKNOWN : this.#array(start, depth);
      case 't':
        return this.#word(start, 'true');
      case 'f':
        return this.#word(start, 'false');
      case 'n':
        return this.#word(start, 'null');
      default:
        return this.#integer(start);
    }
  }

  #object(start: number, depth: number): number {
    const text = this.#text;
    let at = start + 1;
    if (text[at] === '}') return at + 1;
    for (let before: string | undefined; ;) {
      const end = text.charCodeAt(at) === QUOTE ? this.#string(at) : UNKNOWN;
      if (end === UNKNOWN || text.charCodeAt(end) !== COLON) return UNKNOWN;
      const key = text.slice(at + 1, end - 1);
      if (before !== undefined && before >= key) return UNKNOWN;
      at = this.value(end + 1, depth + 1);
      if (at === UNKNOWN) return UNKNOWN;
      if (depth === 0) this.members.set(key, text.slice(end + 1, at));
      if (text[at] === '}') return at + 1;
      if (text.charCodeAt(at) !== COMMA) return UNKNOWN;
      before = key;
      at++;
    }
  }

  #array(start: number, depth: number): number {
    const text = this.#text;
    let at = start + 1;
    if (text[at] === ']') return at + 1;
    for (;;) {
      at = this.value(at, depth + 1);
      if (at === UNKNOWN) return UNKNOWN;
      if (text[at] === ']') return at + 1;
      if (text.charCodeAt(at) !== COMMA) return UNKNOWN;
      at++;
    }
  }

  #string(start: number): number {
    const text = this.#text;
    for (let at = start + 1; at < text.length; at++) {
      const code = text.charCodeAt(at);
      if (code === QUOTE) return at + 1;
      if (code < 0x20 || code > 0x7e || code === BACKSLASH) return UNKNOWN;
    }
    return UNKNOWN;
  }

  #integer(start: number): number {
    const text = this.#text;
    let at = start;
    while (text.charCodeAt(at) >= ZERO && text.charCodeAt(at) <= NINE) at++;
    const digits = at - start;
    if (digits === 0 || digits > MOST_DIGITS) return UNKNOWN;
    return digits > 1 && text.charCodeAt(start) === ZERO ? UNKNOWN : at;
  }

  #word(start: number, word: string): number {
    return this.#text.startsWith(word, start) ? start + word.length : UNKNOWN;
  }
}

/** The members of a text that is, for certain, a canonical object; undefined when that is not known. */
export function scanCanonical(text: string): Members | undefined {
  if (!text.startsWith('{')) return undefined;
  const scanner = new Scanner(text);
  return scanner.value(0, 0) === text.length ? scanner.members : undefined;
}
