/** Rows inside a file as items: what they tell, and what anonymising makes of them. */
import { hash } from 'node:crypto';
import type { Field, FileRows, Replacements, Scalar } from '../../../policy/policy.ts';
import type { Item } from '../item.ts';
import { cellsOf, withCell } from './csv.ts';
import { nodeAt, readObject, scalarOf, withoutMember } from './json.ts';
import type { Node } from './json.ts';
import { Unfit, becomes } from './replace.ts';
import type { RawRow } from './split.ts';

export interface RowItem extends Item {
  readonly raw: RawRow;
  /** The bytes that take the place of the row's. @throws Unfit */
  anonymised(set: Replacements): Buffer;
}

/** A row that can be read. */
interface Content {
  readonly valueOf: (field: Field) => Scalar | undefined;
  /** Answers the same text where nothing is to be changed. @throws Unfit */
  readonly anonymised: (set: Replacements) => string;
}

/** What a file says before its first row: of CSV, the names of the columns; of lines of JSON, nothing. */
export type Header = readonly string[] | 'broken' | undefined;

/** More columns than these are no table, and each would take memory in each row. */
const MOST_COLUMNS = 10_000;

/** The header that the first row of a CSV file is. */
export function headerOf({ separator }: FileRows, raw: RawRow): Header {
  const text = textOf(raw);
  if (text === undefined) return 'broken';
  const names = cellsOf(text, separator, MOST_COLUMNS).map((cell) => cell.value.trim());
  return names.length > MOST_COLUMNS || new Set(names).size < names.length ? 'broken' : names;
}

/** What the rows of one file have in common. */
interface Shared {
  readonly rows: FileRows;
  readonly header: Header;
  /** The file itself. */
  readonly file: Item;
  /** Fields that somebody will ask for and that no row here has. */
  readonly missing: readonly string[];
}

/** Makes items of the rows of one file. `asked` are the fields that somebody will ask for. */
export function rowReader(
  rows: FileRows,
  header: Header,
  file: Item,
  asked: readonly Field[],
): (raw: RawRow) => RowItem {
  const shared: Shared = { rows, header, file, missing: lackingIn(header, asked) };
  return (raw) => new Row(shared, raw);
}

/** Read only when it is asked for more than its key. */
class Row implements RowItem {
  readonly key: readonly string[];
  readonly raw: RawRow;
  readonly #shared: Shared;
  #read: { readonly text: string | undefined; readonly content: Content | undefined } | undefined;

  constructor(shared: Shared, raw: RawRow) {
    const [path = ''] = shared.file.key;
    const { bytes, fault, start } = raw;
    this.key = [path, fault === undefined ? hash('sha256', bytes) : `from byte ${String(start)}`]; // prettier-ignore
    this.raw = raw;
    this.#shared = shared;
  }

  get unreadable(): readonly string[] | undefined {
    const { file, missing } = this.#shared;
    if (file.unreadable !== undefined) return file.unreadable;
    if (this.#contents().content === undefined) return ['row'];
    return missing.length === 0 ? undefined : missing;
  }

  valueOf(field: Field): Scalar | undefined {
    const { part, ...own } = field;
    if (part !== undefined) return this.#shared.file.valueOf(own);
    return this.#contents().content?.valueOf(own);
  }

  isDone(set: Replacements): boolean {
    const { text, content } = this.#contents();
    try {
      return content?.anonymised(set) === text;
    } catch (error) {
      if (error instanceof Unfit) return false;
      throw error;
    }
  }

  anonymised(set: Replacements): Buffer {
    const { content } = this.#contents();
    if (content === undefined) throw new Unfit('NOT_TEXT');
    return Buffer.from(content.anonymised(set));
  }

  #contents(): { readonly text: string | undefined; readonly content: Content | undefined } {
    return (this.#read ??= this.#readNow());
  }

  #readNow(): { readonly text: string | undefined; readonly content: Content | undefined } {
    const { rows, header } = this.#shared;
    const text = textOf(this.raw);
    if (text === undefined || header === 'broken') return { text, content: undefined };
    const content =
      rows.format === 'ndjson' ? jsonContent(text) : csvContent(text, header ?? [], rows.separator);
    return { text, content };
  }
}

/** The fields that no row of the file has: a condition on one of them would be met, or not, for want of data. */
function lackingIn(header: Header, asked: readonly Field[]): readonly string[] {
  if (header === undefined || header === 'broken') return [];
  const names = asked.filter((one) => one.part === undefined).map((one) => one.column);
  return [...new Set(names)].filter((name) => !header.includes(name));
}

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Undefined where the bytes are no UTF-8, or are not to be had. */
function textOf({ bytes, fault }: RawRow): string | undefined {
  if (fault !== undefined) return undefined;
  try {
    return UTF8.decode(bytes);
  } catch {
    return undefined;
  }
}

function jsonContent(text: string): Content | undefined {
  const root = readObject(text);
  if (root === undefined) return undefined;
  return {
    valueOf: ({ column, path = [] }) => {
      const node = nodeAt(root, [column, ...path]);
      return node === undefined ? null : scalarOf(text, node);
    },
    anonymised: (set) => {
      let [now, tree]: [string, Node | undefined] = [text, root];
      for (const { column, path = [], with: by } of set) {
        const next: string = tree === undefined ? now : jsonWith(now, tree, [column, ...path], by);
        if (next !== now) [now, tree] = [next, readObject(next)];
      }
      return now;
    },
  };
}

/** Members are changed where they are; nothing is added. */
function jsonWith(
  text: string,
  root: Node,
  path: readonly string[],
  by: Replacements[number]['with'],
): string {
  const node = nodeAt(root, path);
  if (node === undefined) return text;
  if (by.kind === 'remove') {
    const without = withoutMember(text, root, path);
    if (without === undefined) throw new Unfit('NOT_A_MEMBER');
    return without;
  }
  if (by.kind !== 'constant' && (node.members ?? node.items) !== undefined) throw new Unfit('NOT_TEXT');
  const value = scalarOf(text, node);
  const next = becomes(by, value);
  if (by.kind !== 'constant' && next === value) return text;
  return text.slice(0, node.start) + literal(next) + text.slice(node.end);
}

const literal = (value: Scalar): string =>
  typeof value === 'bigint' ? String(value) : JSON.stringify(value);

function csvContent(text: string, header: readonly string[], separator: string): Content | undefined {
  const cells = cellsOf(text, separator, header.length);
  if (cells.length !== header.length) return undefined;
  return {
    valueOf: ({ column, path }) => {
      const value = path === undefined ? cells[header.indexOf(column)]?.value : undefined;
      return value === '' ? null : value;
    },
    anonymised: (set) => {
      let now = text;
      for (const { column, with: by } of set) {
        const cell = cellsOf(now, separator)[header.indexOf(column)];
        if (cell === undefined) throw new Unfit('NOT_A_MEMBER');
        const next = becomes(by, cell.value === '' ? null : cell.value);
        const written = next === null ? '' : String(next);
        if (written !== cell.value) now = withCell(now, cell, written, separator);
      }
      return now;
    },
  };
}
