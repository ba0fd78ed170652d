/**
 * Verification of a whole trail with nothing but a copy of it and the public key. It reads only, and shares no code
 * with the writer, whose mistakes it would repeat.
 *
 * In this order: the signature; every entry, framed and canonical; the tree built anew from the raw entries against
 * every tile and against the signed root; heads seen earlier; the append under way; what is left of objects that were
 * wider later; detached evidence against its name. Memory does not grow with the trail.
 *
 * From a head that was verified before (`since`) only what came after it is read: the edge of the tree at that size must
 * give its root, and the rest is built on that edge.
 *
 * What it shows: the trail is what the key signed, whole and in order, and begins with each of `heads`. What it does
 * not show without a head from out of the operator's reach: that he, who holds the key, never wrote another one.
 */
import { hash } from 'node:crypto';
import { openCheckpoint, parseVkey } from './checkpoint.ts';
import type { Head, Verifier } from './checkpoint.ts';
import { parsePending } from './format/pending.ts';
import type { Pending } from './format/pending.ts';
import type { ReadStore } from './store/store.ts';
import { CHECKPOINT, EVIDENCE_PREFIX, PENDING } from './tile.ts';
import { extend, rootOf } from './tree.ts';
import type { Edge } from './tree.ts';
import { corrupt, forked, Found, problemOf } from './verify/found.ts';
import type { TrailProblem } from './verify/found.ts';
import { TrailVerifier } from './verify/rebuild.ts';

export type { TrailProblem } from './verify/found.ts';

/** What was found. Size and root are those that were signed; size 0 and no root when no signature could be read. */
export interface Verification extends Head {
  /** The signed checkpoint as it was read: whoever keeps it has a head to hold the trail against later. */
  readonly note?: string;
  readonly firstProblem?: TrailProblem;
}

export interface VerifyOptions {
  readonly store: ReadStore;
  /** The verifier key of the trail. */
  readonly vkey: string;
  /** Heads that were seen earlier, from elsewhere than the store. */
  readonly heads?: readonly Head[];
  /** The head of the last verification: entries before it are not read again, nor are evidence and leftovers. */
  readonly since?: Head;
  /** Told how many entries are verified, now and then. */
  readonly onProgress?: (done: number, size: number) => void;
}

/** The append under way, and the head that it is signed for. */
interface Underway {
  readonly pending: Pending;
  readonly next: Head;
}

async function readUnderway(store: ReadStore, verifier: Verifier): Promise<Underway | undefined> {
  const stored = await store.get(PENDING);
  if (stored === undefined) return undefined;
  const pending = parsePending(stored.bytes);
  return { pending, next: openCheckpoint(pending.note, verifier, PENDING) };
}

/** A trail that is shorter than one of these is an old copy. */
function checkSizes(heads: readonly Head[], head: Head): void {
  for (const { size } of heads) {
    if (size <= head.size) continue;
    throw new Found('AUDIT_ROLLBACK', CHECKPOINT, `it has ${head.size} entries, ${size} were seen`);
  }
}

async function checkHeads(
  heads: readonly Head[],
  trail: TrailVerifier,
  edges: ReadonlyMap<number, Edge>,
): Promise<void> {
  for (const seen of heads) {
    const edge = edges.get(seen.size);
    const same =
      edge === undefined ? await trail.beginsWith(seen) : rootOf(edge).toString('base64') === seen.root;
    if (!same) throw forked(seen.size);
  }
}

/** The append under way must lead from this trail to the head that it is signed for. */
function checkUnderway(
  { pending, next }: Underway,
  head: Head,
  since: number,
  edges: ReadonlyMap<number, Edge>,
): void {
  if (next.size < head.size) throw new Found('AUDIT_ROLLBACK', PENDING, 'it is older than the checkpoint');
  if (pending.base + pending.added.entries.length !== next.size) {
    corrupt(PENDING, 'its size is not the one that it is signed for');
  }
  // A writer who is at work went on since the checkpoint was read.
  if (pending.base > head.size) return;
  if (next.size === head.size && next.root !== head.root) {
    throw new Found('AUDIT_FORK', PENDING, 'it is signed for another root than the checkpoint');
  }
  // It was carried out before the head that this verification began at.
  if (pending.base < since) return;
  const edge = edges.get(pending.base);
  const after = edge && extend(edge, pending.added.entries).edge;
  if (after?.size !== next.size || rootOf(after).toString('base64') !== next.root) {
    corrupt(PENDING, 'its entries do not give the root that it is signed for');
  }
}

const EVIDENCE_KEY = /^evidence\/sha256\/[0-9a-f]{64}$/;

async function checkEvidence(store: ReadStore): Promise<void> {
  for await (const key of store.list(EVIDENCE_PREFIX)) {
    // What is not named by a hash is no evidence: a file of the system's, or of a program that makes copies.
    if (!EVIDENCE_KEY.test(key)) continue;
    const stored = await store.get(key);
    // Gone between the two: its life ended.
    if (stored === undefined) continue;
    if (hash('sha256', stored.bytes, 'hex') !== key.slice(EVIDENCE_PREFIX.length)) {
      corrupt(key, 'its bytes do not have the hash that it is named by');
    }
  }
}

async function verifyBelow(head: Head, verifier: Verifier, options: VerifyOptions): Promise<void> {
  const { store, heads = [], since, onProgress } = options;
  const underway = await readUnderway(store, verifier);
  const trail = new TrailVerifier(store, head);
  checkSizes(since === undefined ? heads : [since, ...heads], head);
  if (since !== undefined) await trail.startAt(since);
  const stops = new Set(heads.map((seen) => seen.size));
  if (underway !== undefined) stops.add(underway.pending.base);
  const edges = await trail.rebuild(stops, (done) => onProgress?.(done, head.size));
  await checkHeads(heads, trail, edges);
  if (underway !== undefined) checkUnderway(underway, head, since?.size ?? 0, edges);
  if (since !== undefined) return;
  await trail.checkRest();
  await checkEvidence(store);
}

/**
 * Verifies a whole trail.
 * @throws AUDIT_KEY_INVALID for a bad verifier key; AUDIT_STORE when the store cannot be read. What is wrong with the
 *   trail is no error but `firstProblem`.
 */
export async function verifyTrail(options: VerifyOptions): Promise<Verification> {
  const verifier = parseVkey(options.vkey);
  let head: Head = { size: 0, root: '' };
  try {
    const checkpoint = await options.store.get(CHECKPOINT);
    if (checkpoint === undefined) corrupt(CHECKPOINT, 'it is missing');
    head = openCheckpoint(checkpoint.bytes, verifier);
    await verifyBelow(head, verifier, options);
    return { ...head, note: checkpoint.bytes.toString() };
  } catch (error) {
    return { ...head, firstProblem: problemOf(error) };
  }
}
