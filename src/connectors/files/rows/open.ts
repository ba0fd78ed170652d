/** A file whose rows are records, opened once: what is read, judged and written anew is one and the same file. */
import type { BigIntStats } from 'node:fs';
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import type { Field, FileRows } from '../../../policy/policy.ts';
import { SourceFailure } from '../../connector.ts';
import { fileItem } from '../item.ts';
import type { Item } from '../item.ts';
import type { Pattern } from '../pattern.ts';
import { stateOf } from '../place/folder.ts';
import type { Found } from '../place/place.ts';
import { fileAt } from '../place/walk.ts';
import { codeOf } from '../root.ts';
import { headerOf, rowReader } from './row.ts';
import type { Header, RowItem } from './row.ts';
import { rowsOf } from './split.ts';
import type { RawRow } from './split.ts';

const TRIES = 3;

export interface Wanted {
  readonly top: string;
  readonly pattern: Pattern;
  readonly rows: FileRows;
  /** All fields that somebody will ask of a row. */
  readonly fields: readonly Field[];
}

interface Reading {
  readonly read: (raw: RawRow) => RowItem;
  readonly first: RawRow | undefined;
  readonly header: Header;
}

export class RowFile {
  readonly handle: FileHandle;
  readonly found: Found;
  readonly stats: BigIntStats;
  readonly path: string;
  /** What the file's name tells. */
  readonly item: Item;
  readonly #wanted: Wanted;

  private constructor(handle: FileHandle, names: readonly string[], stats: BigIntStats, wanted: Wanted) {
    this.handle = handle;
    this.stats = stats;
    this.found = { names, state: stateOf(stats) };
    this.path = join(wanted.top, ...names);
    this.item = fileItem(wanted.pattern, this.found);
    this.#wanted = wanted;
  }

  /** The file with these names; undefined where there is none. @throws SourceFailure */
  static async open(wanted: Wanted, names: readonly string[]): Promise<RowFile | undefined> {
    for (let tries = 0; tries < TRIES; tries += 1) {
      const seen = await fileAt(wanted.top, names);
      if (seen === undefined) return undefined;
      const handle = await openPlain(join(wanted.top, ...names));
      const stats = await handle?.stat({ bigint: true });
      if (handle !== undefined && stats?.ino === seen.ino && stats.dev === seen.dev)
        return new RowFile(handle, names, stats, wanted);
      await handle?.close();
    }
    throw new SourceFailure('transient', 'CHANGING');
  }

  /** What tells this file from another of its name. */
  get identity(): string {
    return `${String(this.stats.dev)} ${String(this.stats.ino)}`;
  }

  /** The rows from an offset on at which one ends; some at a time. Blank lines, and the header of CSV, are none. */
  async *items(signal: AbortSignal, from = 0): AsyncGenerator<readonly RowItem[]> {
    const { rows } = this.#wanted;
    const { read, first, header } = await this.reading();
    const separator = rows.format === 'csv' ? rows.separator : undefined;
    // A header that nobody can read is shown as a row that nobody can read.
    const begin = header === 'broken' ? from : Math.max(from, first?.end ?? 0);
    for await (const some of rowsOf(this.handle, begin, separator)) {
      if (signal.aborted) throw new SourceFailure('transient', 'ABORTED');
      yield some.filter((one) => !isBlank(one)).map(read);
    }
  }

  /** How its rows are read, and the head of CSV. */
  async reading(): Promise<Reading> {
    const { rows, fields } = this.#wanted;
    const first = rows.format === 'csv' ? await this.#firstRow() : undefined;
    const header: Header = first && headerOf(rows, first);
    return { read: rowReader(rows, header, this.item, fields), first, header };
  }

  /** The names that the columns of CSV have here; undefined where it has no usable header. */
  async columns(): Promise<readonly string[] | undefined> {
    const first = await this.#firstRow();
    const header = first && headerOf(this.#wanted.rows, first);
    return header === 'broken' ? undefined : header;
  }

  async close(): Promise<void> {
    await this.handle.close();
  }

  async #firstRow(): Promise<RawRow | undefined> {
    for await (const [first] of rowsOf(this.handle, 0, this.#wanted.rows.separator)) return first;
    return undefined;
  }
}

/** Follows no link, and waits for nobody at the other end of a pipe. Undefined: it went, or became something else. */
async function openPlain(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    const code = codeOf(error);
    if (['ENOENT', 'ENOTDIR', 'ELOOP', 'ENXIO'].includes(code)) return undefined;
    throw new SourceFailure('fatal', code);
  }
}

const isBlank = ({ bytes, fault }: RawRow): boolean =>
  fault === undefined && bytes.every((byte) => byte === 0x20 || byte === 0x09 || byte === 0x0d);
