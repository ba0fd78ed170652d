/**
 * What an append writes, as a function of the log before and of the entries: whoever finishes a committed append, now
 * or after a crash, writes the same bytes under the same keys. Pure.
 */
import { EMPTY_EDGE, extend, HASH_BYTES, rootOf, TILE_WIDTH } from '../tree.ts';
import type { Edge } from '../tree.ts';
import { FRAME_BYTES, tilePath } from '../tile.ts';
import type { Framed } from '../tile.ts';
import type { Head } from '../checkpoint.ts';

/** All that is needed of a log to append to it. */
export interface Tip {
  readonly edge: Edge;
  /** The frames of the bundle that is not full yet. */
  readonly bundle: Buffer;
}

export const EMPTY_TIP: Tip = { edge: EMPTY_EDGE, bundle: Buffer.alloc(0) };

/** The objects of an append, by key, and the log after it. */
export interface Layout {
  readonly tip: Tip;
  readonly head: Head;
  readonly objects: ReadonlyMap<string, Buffer>;
}

/** Size and root of a log. */
export function headOf(tip: Tip): Head {
  return { size: tip.edge.size, root: rootOf(tip.edge).toString('base64') };
}

/** Lays out entries on top of a log. */
export function layOut(tip: Tip, added: Framed): Layout {
  const objects = new Map<string, Buffer>();
  let index = Math.floor(tip.edge.size / TILE_WIDTH);
  let width = tip.edge.size % TILE_WIDTH;
  let carried: Buffer = tip.bundle;
  let [from, to] = [0, 0];
  const cut = (): Buffer => Buffer.concat([carried, added.bytes.subarray(from, to)]);
  for (const entry of added.entries) {
    to += FRAME_BYTES + entry.length;
    if (++width < TILE_WIDTH) continue;
    objects.set(tilePath('entries', index), cut());
    [carried, from, width] = [Buffer.alloc(0), to, 0];
    index++;
  }
  const bundle = cut();
  if (width > 0) objects.set(tilePath('entries', index, width), bundle);
  const { edge, tiles } = extend(tip.edge, added.entries);
  for (const tile of tiles)
    objects.set(tilePath(tile.level, tile.index, tile.bytes.length / HASH_BYTES), tile.bytes);
  const next = { edge, bundle };
  return { tip: next, head: headOf(next), objects };
}
