/**
 * Reading single entries of a trail, each held against the signature: what is told about a person must not rest on a
 * store that nobody has checked. (The whole trail is checked by verify.ts.)
 */
import { FristError } from '../../errors.ts';
import { openCheckpoint, parseVkey, rootBytes } from '../checkpoint.ts';
import type { Head } from '../checkpoint.ts';
import type { Proof } from '../format/proof.ts';
import { readBundle, readTile } from '../store/read.ts';
import type { ReadStore } from '../store/store.ts';
import { CHECKPOINT, tileHashes, tilePath, widthIn } from '../tile.ts';
import {
  checkConsistency,
  checkInclusion,
  HASH_BYTES,
  leafHash,
  proveConsistency,
  proveInclusion,
  TILE_WIDTH,
} from '../tree.ts';

/** Most objects kept in memory; a tile has 8 KiB, a bundle some 150. */
const KEPT = 64;

/** A trail as it stood when it was opened. */
export interface TrailReader {
  readonly store: ReadStore;
  readonly head: Head;
  /**
   * The text of an entry.
   * @throws AUDIT_RANGE when there is none of this number; AUDIT_CORRUPT when the store has not the one that was signed.
   */
  entry(index: number): Promise<string>;
  /** What shows, without the store, that an entry is in the trail. */
  prove(index: number): Promise<Proof>;
}

export interface ReaderOptions {
  readonly store: ReadStore;
  /** The verifier key of the trail. */
  readonly vkey: string;
  /** A head seen earlier, which the trail must go on from. */
  readonly known?: Head | undefined;
}

function corrupt(where: string, what: string): never {
  throw new FristError('AUDIT_CORRUPT', { where, what });
}

/** Reads objects that never change, the last ones from memory. */
function remembering(store: ReadStore): ReadStore {
  const known = new Map<string, ReturnType<ReadStore['get']>>();
  return {
    list: (prefix) => store.list(prefix),
    get: (key) => remembered(known, key, () => store.get(key)),
  };
}

/** What is known under a key, or is found out now; the least used is forgotten. */
function remembered<K, V>(known: Map<K, V>, key: K, find: () => V): V {
  const found = known.get(key) ?? find();
  known.delete(key);
  known.set(key, found);
  const [oldest = key] = known.keys();
  if (known.size > KEPT) known.delete(oldest);
  return found;
}

/** A bundle, and the hashes that its entries must have. */
interface Bundle {
  readonly entries: readonly Buffer[];
  readonly leaves: Buffer;
}

/**
 * Bundles with the hashes of their entries, which are held against the signed root; the last ones from memory. One proof
 * does for all the hashes of a tile: that of the first, whose siblings are made from the others.
 */
function bundlesOf(store: ReadStore, head: Head): (bundle: number) => Promise<Bundle> {
  const known = new Map<number, Promise<Bundle>>();
  const prove = async (index: number): Promise<Bundle> => {
    const width = widthIn(head.size, 'entries', index);
    const leaves = await readTile(store, { level: 0, index, width });
    const hashes = tileHashes(head.size, async (name) =>
      name.level === 0 && name.index === index ? leaves : await readTile(store, name),
    );
    const first = index * TILE_WIDTH;
    const path = await proveInclusion(hashes, first, head.size);
    if (!checkInclusion(path, leaves.subarray(0, HASH_BYTES), first, head.size, rootBytes(head)))
      corrupt(tilePath(0, index, width), 'its hashes are not those that were signed');
    return { leaves, entries: (await readBundle(store, index, width)).entries };
  };
  return (bundle) => remembered(known, bundle, () => prove(bundle));
}

/** The signed head, and the note that signs it. */
export async function readHead(
  store: ReadStore,
  vkey: string,
): Promise<{ readonly head: Head; readonly note: Buffer }> {
  const stored = (await store.get(CHECKPOINT)) ?? corrupt(CHECKPOINT, 'it is missing');
  return { head: openCheckpoint(stored.bytes, parseVkey(vkey)), note: stored.bytes };
}

/**
 * Opens a trail for reading.
 * @throws AUDIT_ROLLBACK, AUDIT_FORK when it does not go on from `known`; AUDIT_CORRUPT, AUDIT_STORE, AUDIT_KEY_INVALID.
 */
export async function openReader({ store: plain, vkey, known }: ReaderOptions): Promise<TrailReader> {
  const { head, note } = await readHead(plain, vkey);
  const store = remembering(plain);
  const hashes = tileHashes(head.size, (name) => readTile(store, name));
  const bundles = bundlesOf(store, head);
  if (known !== undefined && known.size > head.size)
    throw new FristError('AUDIT_ROLLBACK', { size: head.size, known: known.size });
  if (known !== undefined && known.size > 0) {
    const proof = await proveConsistency(hashes, known.size, head.size);
    if (!checkConsistency(proof, known.size, head.size, rootBytes(known), rootBytes(head)))
      throw new FristError('AUDIT_FORK', { size: head.size, known: known.size });
  }
  return {
    store,
    head,
    entry: async (index) => {
      if (!(index >= 0 && index < head.size))
        throw new FristError('AUDIT_RANGE', { asked: index, size: head.size });
      const [bundle, at] = [Math.floor(index / TILE_WIDTH), index % TILE_WIDTH];
      const { entries, leaves } = await bundles(bundle);
      const entry = entries[at];
      const leaf = leaves.subarray(at * HASH_BYTES, (at + 1) * HASH_BYTES);
      if (entry === undefined || !leafHash(entry).equals(leaf))
        corrupt(
          tilePath('entries', bundle, widthIn(head.size, 'entries', bundle)),
          `entry ${index} is not the one that was signed`,
        );
      return entry.toString();
    },
    prove: async (index) => {
      return { index, path: await proveInclusion(hashes, index, head.size), checkpoint: note.toString() };
    },
  };
}
