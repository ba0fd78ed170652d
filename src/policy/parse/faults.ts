/**
 * What can be wrong with the text of a file before anybody asks what it means.
 */
import type { ProblemCode } from './report.ts';

export interface Fault {
  readonly code: ProblemCode;
  readonly message: string;
  readonly remedy: string;
}

export const MAX_CHARACTERS = 1_000_000;
export const MAX_DEPTH = 64;

export const FAULTS = {
  large: {
    code: 'too-large',
    message: 'The file is too large or too deeply nested',
    remedy: `Keep it below ${String(MAX_CHARACTERS)} characters and ${String(MAX_DEPTH)} levels.`,
  },
  mark: {
    code: 'byte-order-mark',
    message: 'The file begins with a byte order mark',
    remedy: 'Save it as UTF-8 without a byte order mark.',
  },
  binary: {
    code: 'not-text',
    message: 'The file is not UTF-8 text',
    remedy: 'Save it as UTF-8; check that this is the right file.',
  },
  empty: {
    code: 'empty-file',
    message: 'The file is empty',
    remedy: 'Write the configuration, or leave the file out.',
  },
  directive: {
    code: 'yaml-directive',
    message: 'YAML directives (lines that begin with %) are not allowed',
    remedy: 'Remove the line; the file is YAML 1.2.',
  },
  alias: {
    code: 'alias',
    message: 'Aliases and anchors (* and &) are not allowed',
    remedy: 'Write the value out where it is needed; put text that begins with * or & in quotes.',
  },
  tag: { code: 'tag', message: 'Tags (!) are not allowed', remedy: 'Remove it; put text in quotes.' },
  key: {
    code: 'bad-key',
    message: 'A key must be plain text',
    remedy: 'Write a name, in quotes if need be; `__proto__` cannot be one.',
  },
  number: {
    code: 'bad-number',
    message: 'This is not a number that can be compared',
    remedy: 'Write a finite number, or put text in quotes.',
  },
  nothing: {
    code: 'empty-value',
    message: 'There is no value here',
    remedy: 'Write one, or `null` if NULL is meant, or remove the key.',
  },
  tab: {
    code: 'tab-indent',
    message: 'A tab indents this line',
    remedy: 'Indent with spaces; YAML allows no tabs there.',
  },
  documents: {
    code: 'several-documents',
    message: 'The file holds more than one document',
    remedy: 'Keep one; put another controller in a file of its own.',
  },
} as const satisfies Record<string, Fault>;

/** A key that stands twice in one mapping. */
export function duplicateKey(key: string): Fault {
  return {
    code: 'duplicate-key',
    message: `The key "${key}" stands here twice`,
    remedy: 'Remove or rename one of them; only one could be obeyed.',
  };
}

/** What the YAML library complained about, by its code. */
export function syntaxFault(code: string, message: string): Fault {
  if (code === 'TAB_AS_INDENT') return FAULTS.tab;
  if (code === 'MULTIPLE_DOCS') return FAULTS.documents;
  if (code === 'TAG_RESOLVE_FAILED') return FAULTS.tag;
  return {
    code: 'not-yaml',
    message: `This is not YAML: ${message}`,
    remedy: 'Mend the place; often a quote, a colon or the indentation is wrong.',
  };
}

/**
 * Faults that must be found before the YAML library sees the text: its composer calls itself for each level, and a
 * text of many open brackets ends the process instead of throwing.
 */
export function textFault(text: string): { readonly fault: Fault; readonly offset: number } | undefined {
  if (text.startsWith('\uFEFF')) return { fault: FAULTS.mark, offset: 0 };
  const binary = text.search(/[\0\uFFFD]/);
  if (binary >= 0) return { fault: FAULTS.binary, offset: binary };
  if (text.trim() === '') return { fault: FAULTS.empty, offset: 0 };
  if (text.length > MAX_CHARACTERS) return { fault: FAULTS.large, offset: 0 };
  let depth = 0;
  for (let offset = 0; offset < text.length; offset += 1) {
    const letter = text[offset];
    if (letter === '[' || letter === '{') depth += 1;
    if ((letter === ']' || letter === '}') && depth > 0) depth -= 1;
    if (depth > MAX_DEPTH) return { fault: FAULTS.large, offset };
  }
  // Every level of block nesting takes at least one more column of indentation, dash or question mark.
  const indented = new RegExp(`^[ \\t\\-?:]{${String(4 * MAX_DEPTH)}}`, 'm').exec(text);
  return indented === null ? undefined : { fault: FAULTS.large, offset: indented.index };
}
