/**
 * Reading a log of a known size out of its store. A tile or bundle that is not full may be gone once the full one is
 * there: its beginning is the same. What is missing or of the wrong length is AUDIT_CORRUPT.
 */
import { FristError } from '../../errors.ts';
import { FRAME_BYTES, tilePath, unframe, widthIn } from '../tile.ts';
import type { Framed, TileName } from '../tile.ts';
import { HASH_BYTES, leafHash, TILE_WIDTH } from '../tree.ts';
import { EMPTY_TIP, headOf } from '../format/layout.ts';
import type { Tip } from '../format/layout.ts';
import type { Head } from '../checkpoint.ts';
import type { ReadStore } from './store.ts';

function corrupt(where: string, what: string): never {
  throw new FristError('AUDIT_CORRUPT', { where, what });
}

/** An object of a tree, or the full one that begins with it. */
async function readWidest(store: ReadStore, { level, index, width }: TileName): Promise<[Buffer, number]> {
  const own = await store.get(tilePath(level, index, width));
  if (own !== undefined) return [own.bytes, width];
  const full = width < TILE_WIDTH ? await store.get(tilePath(level, index)) : undefined;
  return full === undefined
    ? corrupt(tilePath(level, index, width), 'it is missing')
    : [full.bytes, TILE_WIDTH];
}

/** The hashes of a tile, `width` of them. */
export async function readTile(store: ReadStore, name: TileName): Promise<Buffer> {
  const [bytes, width] = await readWidest(store, name);
  if (bytes.length !== width * HASH_BYTES)
    corrupt(tilePath(name.level, name.index, width), 'its length is wrong');
  return bytes.subarray(0, name.width * HASH_BYTES);
}

/** The entries of a bundle, `width` of them, with their frames. */
export async function readBundle(store: ReadStore, index: number, width: number): Promise<Framed> {
  const [bytes, found] = await readWidest(store, { level: 'entries', index, width });
  const entries = unframe(bytes, found, tilePath('entries', index, found)).slice(0, width);
  const length = entries.reduce((sum, entry) => sum + FRAME_BYTES + entry.length, 0);
  return { bytes: bytes.subarray(0, length), entries };
}

/**
 * The entries from `from` up to `to` of a log of `size`.
 * @throws AUDIT_RANGE, AUDIT_CORRUPT
 */
export async function* readEntries(
  store: ReadStore,
  size: number,
  from: number,
  to: number,
): AsyncGenerator<Buffer> {
  if (!(from >= 0 && from <= to && to <= size)) throw new FristError('AUDIT_RANGE', { asked: to, size });
  for (let next = from; next < to;) {
    const index = Math.floor(next / TILE_WIDTH);
    const start = index * TILE_WIDTH;
    const { entries } = await readBundle(store, index, widthIn(size, 'entries', index));
    const end = Math.min(to, start + TILE_WIDTH);
    yield* entries.slice(next - start, end - start);
    next = end;
  }
}

/** The frames of the last bundle, checked against the tile over it. */
async function readLastBundle(store: ReadStore, size: number, leaves: Buffer): Promise<Buffer> {
  const [index, width] = [Math.floor(size / TILE_WIDTH), size % TILE_WIDTH];
  const { bytes, entries } = await readBundle(store, index, width);
  if (!Buffer.concat(entries.map(leafHash)).equals(leaves)) {
    corrupt(tilePath('entries', index, width), 'its entries are not those of its tile');
  }
  return bytes;
}

/**
 * What is needed to append to the log with this head.
 * @throws AUDIT_CORRUPT when the store does not give the tree that was signed.
 */
export async function readTip(store: ReadStore, head: Head): Promise<Tip> {
  if (head.size === 0) return EMPTY_TIP;
  const levels: Buffer[] = [];
  for (let level = 0, items = head.size; items > 0; level++, items = Math.floor(items / TILE_WIDTH)) {
    const [index, width] = [Math.floor(items / TILE_WIDTH), items % TILE_WIDTH];
    levels.push(width === 0 ? Buffer.alloc(0) : await readTile(store, { level, index, width }));
  }
  const leaves = levels[0] ?? Buffer.alloc(0);
  const bundle = leaves.length === 0 ? leaves : await readLastBundle(store, head.size, leaves);
  const tip = { edge: { size: head.size, levels }, bundle };
  if (headOf(tip).root !== head.root) corrupt('tile/', 'its right edge does not give the signed root');
  return tip;
}
