/**
 * The Merkle tree of the trail: RFC 6962, 2.1, over SHA-256, cut into tiles of 256 hashes (C2SP tlog-tiles).
 *
 *   hash of an entry  SHA-256(0x00 || entry)      of two subtrees  SHA-256(0x01 || left || right)
 *   root of no entries  SHA-256("")
 * The hash (level, index) is the root of the 2^level entries from index * 2^level on. A tile at tile level L and
 * index n holds the hashes (8L, 256n ...), each of 32 bytes, up to 256 of them; tile level L + 1 covers full tiles
 * of level L only. To append, the unfinished tile of each level is all that is needed: the *edge*.
 *
 * Prove and Check come in pairs: `prove…` reads hashes through an argument, `check…` is RFC 9162, 2.1.3.2 and
 * 2.1.4.2. Sizes go to 2^53 - 1, so nothing here shifts bits. Pure.
 */
import { hash } from 'node:crypto';
import { FristError } from '../errors.ts';

/** Hashes in a full tile. */
export const TILE_WIDTH = 256;
export const HASH_BYTES = 32;
const TILE_BYTES = TILE_WIDTH * HASH_BYTES;

/** Root of the empty tree. */
export const EMPTY_ROOT: Buffer = Buffer.from(hash('sha256', '', 'hex'), 'hex');

/** The right edge of a tree: `levels[L]` holds the hashes of the unfinished tile at level L, one after the other. */
export interface Edge {
  readonly size: number;
  readonly levels: readonly Buffer[];
}
export const EMPTY_EDGE: Edge = { size: 0, levels: [] };

/** A tile to write; its width is `bytes.length / 32`. */
export interface TileData {
  readonly level: number;
  readonly index: number;
  readonly bytes: Buffer;
}

/** Gives the hash (level, index) of a tree; rejects when there is none. */
export type HashReader = (level: number, index: number) => Promise<Buffer>;

// One-shot hashing into strings of bytes ('binary'), over one buffer, takes a third of the time of hash objects.
let leafInput = Buffer.alloc(20_000);
const nodeInput = Buffer.alloc(1 + 2 * HASH_BYTES, 1);

function leaf(entry: Uint8Array): string {
  if (entry.length >= leafInput.length) leafInput = Buffer.alloc(2 * entry.length);
  leafInput.set(entry, 1);
  return hash('sha256', leafInput.subarray(0, entry.length + 1), 'binary');
}

/** Hash of two neighbours that lie side by side in `pairs` at `offset`. */
function nodeAt(pairs: Buffer, offset: number): string {
  pairs.copy(nodeInput, 1, offset, offset + 2 * HASH_BYTES);
  return hash('sha256', nodeInput, 'binary');
}

/** Hash of an entry as a leaf. */
export function leafHash(entry: Uint8Array): Buffer {
  return Buffer.from(leaf(entry), 'binary');
}

/** Hash of two subtrees. */
export function nodeHash(left: Buffer, right: Buffer): Buffer {
  return Buffer.from(nodeAt(Buffer.concat([left, right]), 0), 'binary');
}

/** Root over the hashes that lie one after the other in `hashes`; their number is a power of two. */
export function foldHashes(hashes: Buffer): Buffer {
  const work = Buffer.from(hashes);
  for (let bytes = work.length; bytes > HASH_BYTES; bytes /= 2) {
    for (let i = 0; i < bytes; i += 2 * HASH_BYTES) work.write(nodeAt(work, i), i / 2, 'binary');
  }
  return work.subarray(0, HASH_BYTES);
}

/**
 * Appends entries to a tree: its new edge, and every tile that is new or wider than before. A function of the
 * entries alone: whoever appends the same ones to the same tree gets the same bytes.
 */
export function extend(
  edge: Edge,
  entries: readonly Uint8Array[],
): { readonly edge: Edge; readonly tiles: TileData[] } {
  const work: { bytes: Buffer; width: number; touched: boolean }[] = [];
  const tiles: TileData[] = [];
  let size = edge.size;
  const open = (level: number): { bytes: Buffer; width: number; touched: boolean } => {
    const old = edge.levels[level];
    const made = { bytes: Buffer.alloc(TILE_BYTES), width: (old?.length ?? 0) / HASH_BYTES, touched: false };
    old?.copy(made.bytes);
    return (work[level] = made);
  };
  const push = (level: number, value: string): void => {
    const tile = work[level] ?? open(level);
    tile.bytes.write(value, tile.width * HASH_BYTES, 'binary');
    tile.touched = true;
    if (++tile.width < TILE_WIDTH) return;
    const full = tile.bytes;
    tiles.push({ level, index: Math.floor(size / TILE_WIDTH ** (level + 1)) - 1, bytes: full });
    Object.assign(tile, { bytes: Buffer.alloc(TILE_BYTES), width: 0, touched: false });
    push(level + 1, foldHashes(full).toString('binary'));
  };
  edge.levels.forEach((_, level) => open(level));
  for (const entry of entries) {
    size++;
    push(0, leaf(entry));
  }
  const levels = work.map(({ bytes, width }) => bytes.subarray(0, width * HASH_BYTES));
  for (const [level, { touched }] of work.entries()) {
    const bytes = levels[level];
    if (!touched || bytes === undefined) continue;
    tiles.push({ level, index: Math.floor(size / TILE_WIDTH ** (level + 1)), bytes });
  }
  return { edge: { size, levels }, tiles };
}

/** Roots of the power-of-two runs of a tile that is not full, from left to right. */
function runs(tile: Buffer): Buffer[] {
  const out: Buffer[] = [];
  let from = 0;
  for (let run = TILE_BYTES / 2; run >= HASH_BYTES; run /= 2) {
    if (tile.length - from < run) continue;
    out.push(foldHashes(tile.subarray(from, from + run)));
    from += run;
  }
  return out;
}

/** Root of a tree of which only the edge is known. */
export function rootOf(edge: Edge): Buffer {
  let root: Buffer | undefined;
  // From right to left: the low levels hold the right-most entries.
  for (const tile of edge.levels) {
    for (const run of runs(tile).reverse()) root = root === undefined ? run : nodeHash(run, root);
  }
  return root ?? EMPTY_ROOT;
}

const half = (n: number): number => Math.floor(n / 2);
const isOdd = (n: number): boolean => n % 2 === 1;

/** The largest power of two below n (n > 1). */
function split(n: number): number {
  let k = 1;
  while (k * 2 < n) k *= 2;
  return k;
}

/** Root of the entries from `from` up to `to`, a subtree of a tree cut as RFC 6962 cuts. */
async function rangeRoot(read: HashReader, from: number, to: number): Promise<Buffer> {
  const n = to - from;
  if (n === 0) return EMPTY_ROOT;
  const level = Math.round(Math.log2(n));
  if (2 ** level === n && from % n === 0) return read(level, from / n);
  const middle = from + split(n);
  return nodeHash(await rangeRoot(read, from, middle), await rangeRoot(read, middle, to));
}

/** Root of the first `size` entries. */
export function treeRoot(read: HashReader, size: number): Promise<Buffer> {
  return rangeRoot(read, 0, size);
}

/**
 * Proves that the entry `index` is in the tree of `size` entries (RFC 6962, 2.1.1): sibling hashes, lowest first.
 * @throws AUDIT_RANGE when there is no such entry.
 */
export async function proveInclusion(read: HashReader, index: number, size: number): Promise<Buffer[]> {
  if (!(index >= 0 && index < size)) throw new FristError('AUDIT_RANGE', { asked: index, size });
  const path: Buffer[] = [];
  let [from, to] = [0, size];
  while (to - from > 1) {
    const middle = from + split(to - from);
    const left = index < middle;
    path.push(left ? await rangeRoot(read, middle, to) : await rangeRoot(read, from, middle));
    if (left) to = middle;
    else from = middle;
  }
  return path.reverse();
}

/** Whether a proof shows that `leaf` is the hash of entry `index` of the tree with this size and root. */
export function checkInclusion(
  proof: readonly Buffer[],
  leaf: Buffer,
  index: number,
  size: number,
  root: Buffer,
): boolean {
  if (!(index >= 0 && index < size)) return false;
  let [node, last, value] = [index, size - 1, leaf];
  for (const sibling of proof) {
    if (last === 0) return false;
    if (isOdd(node) || node === last) {
      value = nodeHash(sibling, value);
      while (!isOdd(node) && node !== 0) [node, last] = [half(node), half(last)];
    } else value = nodeHash(value, sibling);
    [node, last] = [half(node), half(last)];
  }
  return last === 0 && value.equals(root);
}

/**
 * Proves that the tree of `size` entries begins with the tree of `old` entries (RFC 6962, 2.1.2).
 * @throws AUDIT_RANGE when `old` is over `size`.
 */
export async function proveConsistency(read: HashReader, old: number, size: number): Promise<Buffer[]> {
  if (!(old >= 0 && old <= size)) throw new FristError('AUDIT_RANGE', { asked: old, size });
  if (old === 0 || old === size) return [];
  const path: Buffer[] = [];
  let [from, to] = [0, size];
  while (to > old) {
    const middle = from + split(to - from);
    const left = old <= middle;
    path.push(left ? await rangeRoot(read, middle, to) : await rangeRoot(read, from, middle));
    if (left) to = middle;
    else from = middle;
  }
  // Where the old tree is itself a subtree the verifier knows its root already.
  if (from > 0) path.push(await rangeRoot(read, from, to));
  return path.reverse();
}

/** Whether a proof shows that the tree (size, root) begins with the tree (old, oldRoot). */
export function checkConsistency(
  proof: readonly Buffer[],
  old: number,
  size: number,
  oldRoot: Buffer,
  root: Buffer,
): boolean {
  if (!(old >= 0 && old <= size)) return false;
  if (old === size) return proof.length === 0 && oldRoot.equals(root);
  if (old === 0) return proof.length === 0 && oldRoot.equals(EMPTY_ROOT);
  // Where the old tree is a subtree of the new one its root is not in the proof.
  const path = split(old + 1) === old ? [oldRoot, ...proof] : proof;
  const roots = climb(path, old - 1, size - 1);
  return roots !== undefined && roots.before.equals(oldRoot) && roots.after.equals(root);
}

/** The two roots that a consistency proof leads to, from the last entries of both trees up. */
function climb(
  path: readonly Buffer[],
  node: number,
  last: number,
): { before: Buffer; after: Buffer } | undefined {
  const first = path[0];
  if (first === undefined) return undefined;
  while (isOdd(node)) [node, last] = [half(node), half(last)];
  let [before, after] = [first, first];
  for (const sibling of path.slice(1)) {
    if (last === 0) return undefined;
    if (isOdd(node) || node === last) {
      before = nodeHash(sibling, before);
      after = nodeHash(sibling, after);
      while (!isOdd(node) && node !== 0) [node, last] = [half(node), half(last)];
    } else after = nodeHash(after, sibling);
    [node, last] = [half(node), half(last)];
  }
  return last === 0 ? { before, after } : undefined;
}
