/** The tree of a trail, built anew from its raw entries; memory does not grow with the trail. */
import { isUtf8 } from 'node:buffer';
import { FristError } from '../../errors.ts';
import { rootBytes } from '../checkpoint.ts';
import type { Head } from '../checkpoint.ts';
import { checkAnyEntry } from '../entry.ts';
import type { ReadStore, Stored } from '../store/store.ts';
import { CHECKPOINT, parseTilePath, TILE_PREFIX, tileHashes, tilePath, unframe, widthIn } from '../tile.ts';
import type { TileName } from '../tile.ts';
import {
  checkConsistency,
  EMPTY_EDGE,
  extend,
  HASH_BYTES,
  leafHash,
  proveConsistency,
  rootOf,
  TILE_WIDTH,
} from '../tree.ts';
import type { Edge, TileData } from '../tree.ts';
import { corrupt, forked } from './found.ts';

/** Bundles that are asked for before they are needed: a store may be far away. */
const AHEAD = 16;

/** Builds the tree of a trail anew from its entries, and holds every tile against it. */
export class TrailVerifier {
  readonly #store: ReadStore;
  readonly #head: Head;
  readonly #asked = new Map<string, Promise<Stored | undefined>>();
  #edge: Edge = EMPTY_EDGE;

  constructor(store: ReadStore, head: Head) {
    this.#store = store;
    this.#head = head;
  }

  /** Begins at a head that was verified before. Its edge lies in tiles that may have grown since. */
  async startAt(since: Head): Promise<void> {
    const levels: Buffer[] = [];
    for (let level = 0, items = since.size; items > 0; level++, items = Math.floor(items / TILE_WIDTH)) {
      const [index, width] = [Math.floor(items / TILE_WIDTH), items % TILE_WIDTH];
      const now = { level, index, width: widthIn(this.#head.size, level, index) };
      const bytes = width === 0 ? Buffer.alloc(0) : (await this.#object(now)).bytes;
      levels.push(bytes.subarray(0, width * HASH_BYTES));
    }
    this.#edge = { size: since.size, levels };
    if (rootOf(this.#edge).toString('base64') !== since.root) throw forked(since.size);
  }

  /**
   * Reads every entry from where it begins and builds the tree anew.
   * @returns the edge of the tree at each of the sizes `stops`.
   */
  async rebuild(
    stops: ReadonlySet<number>,
    progress: (done: number) => void,
  ): Promise<ReadonlyMap<number, Edge>> {
    const { size, root } = this.#head;
    const edges = new Map([[this.#edge.size, this.#edge]]);
    const first = Math.floor(this.#edge.size / TILE_WIDTH);
    for (let ahead = first; ahead < first + AHEAD; ahead++) this.#ask(ahead);
    for (let index = first; index * TILE_WIDTH < size; index++) {
      this.#ask(index + AHEAD);
      const start = index * TILE_WIDTH;
      const entries = await this.#bundle(index);
      const end = start + entries.length;
      let from = this.#edge.size;
      const cuts = [...stops].filter((stop) => stop > from && stop < end).sort((a, b) => a - b);
      for (const to of [...cuts, end]) {
        await this.#extend(entries.slice(from - start, to - start));
        if (stops.has(to)) edges.set(to, this.#edge);
        from = to;
      }
      progress(end);
    }
    if (rootOf(this.#edge).toString('base64') !== root)
      corrupt(CHECKPOINT, 'its root is not that of the entries');
    return edges;
  }

  /** Objects that stayed from when the trail was shorter, or from an append under way: each begins like the others. */
  async checkRest(): Promise<void> {
    let last: { readonly name: TileName; readonly bytes: Buffer } | undefined;
    for await (const key of this.#store.list(TILE_PREFIX)) {
      const name = parseTilePath(key);
      const signed = name === undefined ? 0 : widthIn(this.#head.size, name.level, name.index);
      if (name === undefined || signed === 0 || name.width === signed) continue;
      if (last?.name.level !== name.level || last.name.index !== name.index) {
        last = { name, bytes: (await this.#object({ ...name, width: signed })).bytes };
      }
      const bytes = (await this.#store.get(key))?.bytes;
      if (bytes === undefined) continue;
      const [short, long] = name.width < signed ? [bytes, last.bytes] : [last.bytes, bytes];
      const whole =
        name.level === 'entries' ? unframe(bytes, name.width, key).length : bytes.length / HASH_BYTES;
      if (whole !== name.width || !long.subarray(0, short.length).equals(short)) {
        corrupt(key, 'it is not like the wider one of its place');
      }
    }
  }

  /** Whether the trail goes on from a head older than where it begins, by proof (RFC 6962, 2.1.2). */
  async beginsWith(seen: Head): Promise<boolean> {
    const { size } = this.#head;
    const hashes = tileHashes(size, async (name) => (await this.#object(name)).bytes);
    const proof = await proveConsistency(hashes, seen.size, size);
    return checkConsistency(proof, seen.size, size, rootBytes(seen), rootBytes(this.#head));
  }

  /** Asks for what the bundle at `index` is verified with. */
  #ask(index: number): void {
    for (const level of ['entries', 0] as const) {
      const width = widthIn(this.#head.size, level, index);
      if (width === 0) continue;
      const key = tilePath(level, index, width);
      const asked = this.#store.get(key);
      // Should it fail, that is told when it is awaited.
      asked.catch(() => undefined);
      this.#asked.set(key, asked);
    }
  }

  #get(key: string): Promise<Stored | undefined> {
    const asked = this.#asked.get(key);
    this.#asked.delete(key);
    return asked ?? this.#store.get(key);
  }

  async #extend(entries: readonly Buffer[]): Promise<void> {
    const start = this.#edge.size;
    const { edge, tiles } = extend(this.#edge, entries);
    this.#edge = edge;
    for (const tile of tiles) {
      // A tile that goes on growing is compared when it has the width that was signed.
      const width = widthIn(this.#head.size, tile.level, tile.index);
      if (tile.bytes.length === width * HASH_BYTES) await this.#compare(tile, start, entries);
    }
  }

  async #compare(tile: TileData, start: number, entries: readonly Buffer[]): Promise<void> {
    const width = tile.bytes.length / HASH_BYTES;
    const { key, bytes } = await this.#object({ level: tile.level, index: tile.index, width });
    const stored = bytes.subarray(0, tile.bytes.length);
    if (stored.equals(tile.bytes)) return;
    if (tile.level > 0) corrupt(key, 'its hashes are not those of the tiles below');
    const first = start % TILE_WIDTH;
    const hashAt = (i: number): Buffer =>
      stored.subarray((first + i) * HASH_BYTES, (first + i + 1) * HASH_BYTES);
    const other = entries.findIndex((entry, i) => !leafHash(entry).equals(hashAt(i)));
    corrupt(
      tilePath('entries', tile.index, width),
      `entry ${start + Math.max(0, other)} is not the one in ${key}`,
    );
  }

  /** The entries of a bundle, as far as they are signed; each one canonical. */
  async #bundle(index: number): Promise<Buffer[]> {
    const width = widthIn(this.#head.size, 'entries', index);
    if (width === 0) return [];
    const { key, bytes, width: found } = await this.#object({ level: 'entries', index, width });
    const entries = unframe(bytes, found, key).slice(0, width);
    for (const [i, entry] of entries.entries()) {
      const fault = entryFault(entry);
      if (fault !== undefined) corrupt(key, `entry ${index * TILE_WIDTH + i}: ${fault}`);
    }
    return entries;
  }

  /** An object, or the full one that begins with it. */
  async #object(name: TileName): Promise<{ key: string; bytes: Buffer; width: number }> {
    for (const width of new Set([name.width, TILE_WIDTH])) {
      const key = tilePath(name.level, name.index, width);
      const stored = await this.#get(key);
      if (stored === undefined) continue;
      if (name.level !== 'entries' && stored.bytes.length !== width * HASH_BYTES)
        corrupt(key, 'its length is wrong');
      return { key, bytes: stored.bytes, width };
    }
    return corrupt(tilePath(name.level, name.index, name.width), 'it is missing');
  }
}

/** What is wrong with the bytes of one entry. */
function entryFault(entry: Buffer): string | undefined {
  // Bytes that are no UTF-8 would be read as other ones, and found canonical.
  if (!isUtf8(entry)) return 'it is not UTF-8';
  try {
    checkAnyEntry(entry.toString());
    return undefined;
  } catch (error) {
    if (error instanceof FristError) return String(error.params['what']);
    throw error;
  }
}
