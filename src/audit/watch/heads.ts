/**
 * Heads: copies of the signed checkpoint that are never replaced. Whoever holds the signing key and the store can write
 * another history; a head out of his reach (in a second account, or under a lock) shows it.
 *
 *   heads/<size in 20 digits>   the bytes of `checkpoint` when the trail had that many entries
 *
 * Twenty digits, so that the order of the names is that of the trail. The same head is the same bytes: written again,
 * by whichever process, it is a success; another head of the same size is a fork, and is refused.
 */
import { FristError } from '../../errors.ts';
import { openCheckpoint, parseVkey } from '../checkpoint.ts';
import type { Head } from '../checkpoint.ts';
import type { ReadStore, Store } from '../store/store.ts';
import { CHECKPOINT } from '../tile.ts';

export const HEADS_PREFIX = 'heads/';
const HEAD_KEY = /^heads\/\d{20}$/;

/** The key of the head of a trail of `size` entries. */
export function headKey(size: number): string {
  return `${HEADS_PREFIX}${String(size).padStart(20, '0')}`;
}

/**
 * Copies the head of a trail to every place; undefined where the trail has none yet.
 * @throws AUDIT_CORRUPT when it is not signed by this key; AUDIT_CONFLICT when a place holds another head of its size;
 *   AUDIT_STORE. A place that fails does not keep the others from it.
 */
export async function keepHead(
  trail: ReadStore,
  vkey: string,
  places: readonly Store[],
): Promise<Head | undefined> {
  const checkpoint = await trail.get(CHECKPOINT);
  if (checkpoint === undefined) return undefined;
  const head = openCheckpoint(checkpoint.bytes, parseVkey(vkey));
  const object = new Map([[headKey(head.size), checkpoint.bytes]]);
  const done = await Promise.allSettled(places.map((place) => place.putImmutable(object)));
  for (const one of done) if (one.status === 'rejected') throw one.reason;
  return head;
}

/**
 * The head of the longest trail that a place holds; undefined where there is none.
 * @throws AUDIT_CORRUPT when it is not signed by this key; AUDIT_STORE.
 */
export async function newestHead(place: ReadStore, vkey: string): Promise<Head | undefined> {
  let newest: string | undefined;
  for await (const key of place.list(HEADS_PREFIX))
    if (HEAD_KEY.test(key) && (newest === undefined || key > newest)) newest = key;
  const stored = newest === undefined ? undefined : await place.get(newest);
  return stored === undefined ? undefined : openCheckpoint(stored.bytes, parseVkey(vkey), newest);
}

/** Whether a place holds heads of some trail. */
export async function hasHeads(place: ReadStore): Promise<boolean> {
  for await (const key of place.list(HEADS_PREFIX)) if (HEAD_KEY.test(key)) return true;
  return false;
}

/**
 * The heads that a place holds, in the order of the trail. What is not named like a head (a file of the system's, or of
 * a program that makes copies) is none; to hide one so is no more than to delete it.
 * @throws AUDIT_CORRUPT for one that is not signed by this key, or lies under another size than its own; AUDIT_STORE.
 */
export async function readHeads(place: ReadStore, vkey: string): Promise<Head[]> {
  const verifier = parseVkey(vkey);
  const heads: Head[] = [];
  for await (const key of place.list(HEADS_PREFIX)) {
    if (!HEAD_KEY.test(key)) continue;
    const stored = await place.get(key);
    // Gone between the two: whoever may delete it has.
    if (stored === undefined) continue;
    const head = openCheckpoint(stored.bytes, verifier, key);
    if (headKey(head.size) !== key)
      throw new FristError('AUDIT_CORRUPT', { where: key, what: 'it lies under another size than its own' });
    heads.push(head);
  }
  return heads.sort((a, b) => a.size - b.size);
}
