/** The two kinds of records: whole files, and rows inside them. */
import type { Key } from '../../policy/policy.ts';
import type { ErasingSession } from '../connector.ts';
import { SourceFailure } from '../connector.ts';
import { fileItem } from './item.ts';
import type { Asked, Item } from './item.ts';
import type { Pattern } from './pattern.ts';
import { Folder } from './place/folder.ts';
import type { Place } from './place/place.ts';
import { namesOf } from './place/walk.ts';
import { RowsReader } from './rows/reader.ts';
import { FilesSession, inGroups } from './session.ts';

export interface Placed {
  readonly item: Item;
  /** Reading goes on behind it. */
  readonly cursor: string;
}

export interface Reader {
  /** Everything that may be a record, from the beginning or behind a cursor. */
  items(signal: AbortSignal, cursor?: string): AsyncIterable<Placed>;
  /** What `use` makes of what stands under these keys now, each once; nothing of undefined. It may be large: keep no item. */
  byKey<T>(
    keys: readonly Key[],
    signal: AbortSignal,
    use: (item: Item) => T | undefined,
  ): Promise<readonly T[]>;
  session(unlock: () => void, released: (session: ErasingSession) => void): Promise<ErasingSession>;
}

/** The reader of the records that the view is about. */
export function readerOf(place: Place, pattern: Pattern, asked: Asked): Reader {
  const { rows } = asked.view.record;
  if (rows === undefined) return new FilesReader(place, pattern, asked);
  if (place instanceof Folder) return new RowsReader(place, pattern, rows, asked);
  throw new SourceFailure('fatal', 'ROWS_IN_BUCKET');
}

class FilesReader implements Reader {
  readonly #place: Place;
  readonly #pattern: Pattern;
  readonly #asked: Asked;

  constructor(place: Place, pattern: Pattern, asked: Asked) {
    this.#place = place;
    this.#pattern = pattern;
    this.#asked = asked;
  }

  async *items(signal: AbortSignal, cursor = ''): AsyncGenerator<Placed> {
    const after = cursor === '' ? [] : cursor.split('/');
    for await (const found of this.#place.walk(this.#pattern, after, signal))
      yield { item: fileItem(this.#pattern, found), cursor: found.names.join('/') };
  }

  async byKey<T>(
    keys: readonly Key[],
    signal: AbortSignal,
    use: (item: Item) => T | undefined,
  ): Promise<readonly T[]> {
    await this.#place.reach();
    const used = await inGroups(keys, async ([path = '']): Promise<T | undefined> => {
      if (signal.aborted) throw new SourceFailure('transient', 'ABORTED');
      const names = namesOf(path);
      if (names === undefined || this.#pattern.read(names) === undefined) return undefined;
      const state = await this.#place.at(names);
      return state === undefined ? undefined : use(fileItem(this.#pattern, { names, state }));
    });
    return used.filter((one) => one !== undefined);
  }

  session(unlock: () => void, released: (session: ErasingSession) => void): Promise<ErasingSession> {
    const those = { place: this.#place, pattern: this.#pattern, asked: this.#asked };
    return Promise.resolve(new FilesSession(those, unlock, released));
  }
}
