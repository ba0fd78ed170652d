/** Rows inside the files of a folder. */
import type { FileRows, Key } from '../../../policy/policy.ts';
import type { ErasingSession } from '../../connector.ts';
import { SourceFailure } from '../../connector.ts';
import { fileItem } from '../item.ts';
import type { Asked, Item } from '../item.ts';
import type { Pattern } from '../pattern.ts';
import type { Folder } from '../place/folder.ts';
import { markOf } from '../place/lock.ts';
import type { Found } from '../place/place.ts';
import { namesOf } from '../place/walk.ts';
import type { Placed, Reader } from '../reader.ts';
import { RowFile } from './open.ts';
import type { Wanted } from './open.ts';
import { removeTemporaries } from './rewrite.ts';
import { RowsSession, byPath } from './session.ts';

/** How many rows of one file are remembered, so that one that stands there twice is counted once. */
const REMEMBERED = 100_000;

/** Where a scan goes on: path, offset behind the last row, and which file it was then. */
type Cursor = readonly [path: string, offset: number, identity: string];

export class RowsReader implements Reader {
  readonly #folder: Folder;
  readonly #pattern: Pattern;
  readonly #rows: FileRows;
  readonly #asked: Asked;

  constructor(folder: Folder, pattern: Pattern, rows: FileRows, asked: Asked) {
    this.#folder = folder;
    this.#pattern = pattern;
    this.#rows = rows;
    this.#asked = asked;
  }

  async *items(signal: AbortSignal, cursor?: string): AsyncGenerator<Placed> {
    const wanted = await this.#wanted();
    const begin = cursor === undefined ? undefined : (JSON.parse(cursor) as Cursor);
    const names = begin?.[0].split('/') ?? [];
    if (begin !== undefined) yield* this.#itemsIn(wanted, names, signal, begin);
    for await (const found of this.#folder.walk(this.#pattern, names, signal)) {
      if (isReadable(this.#pattern, found)) yield* this.#itemsIn(wanted, found.names, signal);
      else yield unreadable(this.#pattern, found);
    }
  }

  async byKey<T>(
    keys: readonly Key[],
    signal: AbortSignal,
    use: (item: Item) => T | undefined,
  ): Promise<readonly T[]> {
    const wanted = await this.#wanted();
    const used: T[] = [];
    for (const [path, rows] of byPath(keys)) {
      const names = namesOf(path);
      if (names === undefined || this.#pattern.read(names) === undefined) continue;
      const file = await RowFile.open(wanted, names);
      const left = new Set(rows.map(([, row = '']) => row));
      try {
        for await (const items of file?.items(signal) ?? []) {
          const found = items.filter((item) => left.delete(item.key[1] ?? ''));
          used.push(...found.map(use).filter((one) => one !== undefined));
        }
      } finally {
        await file?.close();
      }
    }
    if (signal.aborted) throw new SourceFailure('transient', 'ABORTED');
    return used;
  }

  async session(unlock: () => void, released: (session: ErasingSession) => void): Promise<ErasingSession> {
    const wanted = await this.#wanted();
    const mark = markOf(this.#asked.view.policy);
    await removeTemporaries(wanted.top, this.#pattern, mark);
    return new RowsSession(
      { wanted, asked: this.#asked, mark, maxBatch: this.#folder.maxBatch },
      unlock,
      released,
    );
  }

  async #wanted(): Promise<Wanted> {
    const top = await this.#folder.top();
    return { top, pattern: this.#pattern, rows: this.#rows, fields: this.#asked.fields };
  }

  async *#itemsIn(
    wanted: Wanted,
    names: readonly string[],
    signal: AbortSignal,
    from?: Cursor,
  ): AsyncGenerator<Placed> {
    const file = await RowFile.open(wanted, names);
    if (file === undefined) return;
    try {
      const path = names.join('/');
      const seen = new Set<string>();
      // A file that was written anew meanwhile is read from its beginning: rows may come twice, and none is missed.
      const offset = from?.[2] === file.identity && from[1] <= file.stats.size ? from[1] : 0;
      for await (const items of file.items(signal, offset)) {
        for (const item of items) {
          const row = item.key[1] ?? '';
          if (seen.has(row)) continue;
          if (seen.size < REMEMBERED) seen.add(row);
          const cursor: Cursor = [path, item.raw.end, file.identity];
          yield { item, cursor: JSON.stringify(cursor) };
        }
      }
    } finally {
      await file.close();
    }
  }
}

function isReadable(pattern: Pattern, { names, state }: Found): boolean {
  return state !== undefined && pattern.read(names) !== 'ambiguous';
}

/** A file that cannot be opened by its name is shown as one row that cannot be read. */
function unreadable(pattern: Pattern, found: Found): Placed {
  const item = fileItem(pattern, found);
  const cursor: Cursor = [found.names.join('/'), 0, ''];
  return { item: { ...item, key: [...item.key, ''] }, cursor: JSON.stringify(cursor) };
}
