/**
 * Keeps the index of the trail up with the trail: reads what has been added since and puts it in, so that erasing never
 * pays for the index and looking up never reads the whole trail.
 *
 * The tree is built on while reading. The index goes on only from a place that the trail's own tiles confirm, and ends
 * at the signed root; otherwise it is dropped and made anew, and if that does not lead to the signed root either, the
 * trail is damaged.
 */
import { FristError } from '../../errors.ts';
import type { Head, IndexRow, TrailIndex } from '../../state/state.ts';
import { CHECKPOINT, widthIn } from '../tile.ts';
import { EMPTY_EDGE, extend, HASH_BYTES, rootOf, TILE_WIDTH } from '../tree.ts';
import type { Edge } from '../tree.ts';
import { readBundle, readTile } from '../store/read.ts';
import type { ReadStore } from '../store/store.ts';
import { fieldsOf, prefixesOf } from './names.ts';
import { readHead } from './reader.ts';

/** Bundles put in at once, each of 256 entries: meanwhile every other writer of the state waits, some tenths of a second. */
const BUNDLES_AT_ONCE = 16;

export interface CatchUpOptions {
  readonly store: ReadStore;
  /** The verifier key of the trail. */
  readonly vkey: string;
  readonly index: TrailIndex;
  /** Stops between two pieces; the next call goes on from there. */
  readonly signal?: AbortSignal;
}

/**
 * Brings the index up to the signed head.
 * @returns how far it goes now.
 * @throws AUDIT_CORRUPT when the entries do not give the signed root; AUDIT_STORE, STATE_*, AUDIT_KEY_INVALID.
 */
export async function catchUpIndex({
  store,
  vkey,
  index,
  signal,
}: CatchUpOptions): Promise<Head | undefined> {
  for (;;) {
    // In this order: the head is at least where the index ended a moment ago, whoever else is at it.
    const reach = await index.reach();
    const { head } = await readHead(store, vkey);
    if (sameHead(reach, head)) return reach;
    const edge = await edgeAt(store, reach, head);
    if (edge === undefined) {
      await index.drop();
      continue;
    }
    const end = await readOn(store, edge, reach, head, index, signal);
    if (end === 'stopped') return await index.reach();
    if (end === 'overtaken') continue;
    if (sameHead(end, head)) return end;
    await index.drop();
    throw new FristError('AUDIT_CORRUPT', {
      where: CHECKPOINT,
      what: 'its root is not that of the entries',
    });
  }
}

function sameHead(one: Head | undefined, other: Head): boolean {
  return one?.size === other.size && one.root === other.root;
}

/** The right edge of the tree where the index ends; undefined when this trail does not come by there. */
async function edgeAt(store: ReadStore, reach: Head | undefined, head: Head): Promise<Edge | undefined> {
  if (reach === undefined) return EMPTY_EDGE;
  if (reach.size >= head.size) return undefined;
  const levels: Buffer[] = [];
  for (let level = 0, items = reach.size; items > 0; level++, items = Math.floor(items / TILE_WIDTH)) {
    const [index, width] = [Math.floor(items / TILE_WIDTH), items % TILE_WIDTH];
    // At the width of today: there need not have been a head, and so a tile, of just this size.
    const tile = { level, index, width: widthIn(head.size, level, index) };
    levels.push(
      width === 0 ? Buffer.alloc(0) : (await readTile(store, tile)).subarray(0, width * HASH_BYTES),
    );
  }
  const edge = { size: reach.size, levels };
  return rootOf(edge).toString('base64') === reach.root ? edge : undefined;
}

/** Reads from the edge to the head, and puts it into the index piece by piece. */
async function readOn(
  store: ReadStore,
  start: Edge,
  reach: Head | undefined,
  head: Head,
  index: TrailIndex,
  signal: AbortSignal | undefined,
): Promise<Head | 'stopped' | 'overtaken'> {
  let [edge, from] = [start, reach];
  while (edge.size < head.size) {
    if (signal?.aborted === true) return 'stopped';
    const entries = await entriesFrom(store, edge.size, head.size);
    const rows = entries.flatMap((entry, i) => rowsOf(entry, edge.size + i));
    edge = extend(edge, entries).edge;
    const to = { size: edge.size, root: rootOf(edge).toString('base64') };
    if (!(await index.extend(from, to, rows))) return 'overtaken';
    from = to;
  }
  return from ?? { size: 0, root: '' };
}

/** The next entries: to the end of a bundle, as far as they are signed. The bundles are asked for at once. */
async function entriesFrom(store: ReadStore, from: number, size: number): Promise<readonly Buffer[]> {
  const first = Math.floor(from / TILE_WIDTH);
  const count = Math.min(BUNDLES_AT_ONCE, Math.ceil(size / TILE_WIDTH) - first);
  const bundles = Array.from({ length: count }, (_, i) =>
    readBundle(store, first + i, widthIn(size, 'entries', first + i)),
  );
  const entries = (await Promise.all(bundles)).flatMap((bundle) => bundle.entries);
  return entries.slice(from % TILE_WIDTH);
}

function rowsOf(text: Buffer, entry: number): readonly IndexRow[] {
  return prefixesOf(fieldsOf(text.toString(), entry)).map((prefix) => ({ prefix, entry }));
}
