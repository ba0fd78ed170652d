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
    get: (key) => {
      const found = known.get(key) ?? store.get(key);
      known.delete(key);
      known.set(key, found);
      const [oldest = key] = known.keys();
      if (known.size > KEPT) known.delete(oldest);
      return found;
    },
  };
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
      const path = await proveInclusion(hashes, index, head.size);
      const bundle = Math.floor(index / TILE_WIDTH);
      const width = widthIn(head.size, 'entries', bundle);
      const entry = (await readBundle(store, bundle, width)).entries[index % TILE_WIDTH];
      if (entry === undefined || !checkInclusion(path, leafHash(entry), index, head.size, rootBytes(head)))
        corrupt(tilePath('entries', bundle, width), `entry ${index} is not the one that was signed`);
      return entry.toString();
    },
    prove: async (index) => {
      return { index, path: await proveInclusion(hashes, index, head.size), checkpoint: note.toString() };
    },
  };
}
