/**
 * Verification of a whole trail with nothing but a copy of it and the public key. It reads only, and shares no code
 * with the writer, whose mistakes it would repeat.
 *
 * In this order: the signature; every entry, framed and canonical; the tree built anew from the raw entries against
 * every tile and against the signed root; heads seen earlier; the append under way; what is left of objects that were
 * wider later; detached evidence against its name. Memory does not grow with the trail.
 *
 * What it shows: the trail is what the key signed, whole and in order, and begins with each of `heads`. What it does
 * not show without a head from out of the operator's reach: that he, who holds the key, never wrote another one.
 */
import { isUtf8 } from 'node:buffer';
import { hash } from 'node:crypto';
import { FristError } from '../errors.ts';
import type { ErrorCode } from '../errors.ts';
import { openCheckpoint, parseVkey } from './checkpoint.ts';
import type { Head, Verifier } from './checkpoint.ts';
import { checkAnyEntry } from './entry.ts';
import { parsePending } from './format/pending.ts';
import type { Pending } from './format/pending.ts';
import type { ReadStore } from './store/store.ts';
import {
  CHECKPOINT,
  EVIDENCE_PREFIX,
  parseTilePath,
  PENDING,
  TILE_PREFIX,
  tilePath,
  unframe,
  widthIn,
} from './tile.ts';
import type { TileName } from './tile.ts';
import { EMPTY_EDGE, extend, HASH_BYTES, leafHash, rootOf, TILE_WIDTH } from './tree.ts';
import type { Edge, TileData } from './tree.ts';

/** The first thing that is wrong, and where: the key of an object. */
export interface TrailProblem {
  readonly code: ErrorCode;
  readonly where: string;
  readonly what: string;
}

/** What was found. Size and root are those that were signed; size 0 and no root when no signature could be read. */
export interface Verification extends Head {
  readonly firstProblem?: TrailProblem;
}

export interface VerifyOptions {
  readonly store: ReadStore;
  /** The verifier key of the trail. */
  readonly vkey: string;
  /** Heads that were seen earlier, from elsewhere than the store. */
  readonly heads?: readonly Head[];
  /** Told how many entries are verified, now and then. */
  readonly onProgress?: (done: number, size: number) => void;
}

/** Carries the first problem out of the depths. */
class Found extends Error {
  readonly problem: TrailProblem;
  constructor(code: ErrorCode, where: string, what: string) {
    super(what);
    this.problem = { code, where, what };
  }
}

function corrupt(where: string, what: string): never {
  throw new Found('AUDIT_CORRUPT', where, what);
}

/** Turns an error that speaks of the trail into a finding; the others, such as a store that is down, go on. */
function problemOf(error: unknown): TrailProblem {
  if (error instanceof Found) return error.problem;
  if (!(error instanceof FristError) || error.code !== 'AUDIT_CORRUPT') throw error;
  return { code: error.code, where: String(error.params['where']), what: String(error.params['what']) };
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

class TrailVerifier {
  readonly #store: ReadStore;
  readonly #head: Head;
  #edge: Edge = EMPTY_EDGE;

  constructor(store: ReadStore, head: Head) {
    this.#store = store;
    this.#head = head;
  }

  /**
   * Reads every entry and builds the tree anew.
   * @returns the edge of the tree at each of the sizes `stops`.
   */
  async rebuild(
    stops: ReadonlySet<number>,
    progress: (done: number) => void,
  ): Promise<ReadonlyMap<number, Edge>> {
    const { size, root } = this.#head;
    const edges = new Map([[0, EMPTY_EDGE]]);
    let next = this.#bundle(0);
    for (let index = 0, start = 0; start < size; index++, start += TILE_WIDTH) {
      const entries = await next;
      next = this.#bundle(index + 1);
      // Read ahead while this one is hashed; should it fail, that is told when it is awaited.
      next.catch(() => undefined);
      const end = start + entries.length;
      const cuts = [...stops].filter((stop) => stop > start && stop < end).sort((a, b) => a - b);
      let from = start;
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
      const stored = await this.#store.get(key);
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

function checkHeads(heads: readonly Head[], head: Head, edges: ReadonlyMap<number, Edge>): void {
  for (const seen of heads) {
    const edge = edges.get(seen.size);
    if (edge === undefined) {
      throw new Found('AUDIT_ROLLBACK', CHECKPOINT, `it has ${head.size} entries, ${seen.size} were seen`);
    }
    if (rootOf(edge).toString('base64') !== seen.root) {
      throw new Found(
        'AUDIT_FORK',
        CHECKPOINT,
        `its first ${seen.size} entries are not those that were seen`,
      );
    }
  }
}

/** The append under way must lead from this trail to the head that it is signed for. */
function checkUnderway({ pending, next }: Underway, head: Head, edges: ReadonlyMap<number, Edge>): void {
  if (next.size < head.size) throw new Found('AUDIT_ROLLBACK', PENDING, 'it is older than the checkpoint');
  if (pending.base + pending.added.entries.length !== next.size) {
    corrupt(PENDING, 'its size is not the one that it is signed for');
  }
  // A writer who is at work went on since the checkpoint was read.
  if (pending.base > head.size) return;
  const edge = edges.get(pending.base);
  const after = edge && extend(edge, pending.added.entries).edge;
  if (after?.size !== next.size || rootOf(after).toString('base64') !== next.root) {
    corrupt(PENDING, 'its entries do not give the root that it is signed for');
  }
  if (next.size === head.size && next.root !== head.root) {
    throw new Found('AUDIT_FORK', PENDING, 'it is signed for another root than the checkpoint');
  }
}

async function checkEvidence(store: ReadStore): Promise<void> {
  for await (const key of store.list(EVIDENCE_PREFIX)) {
    const stored = await store.get(key);
    // Gone between the two: its life ended.
    if (stored === undefined) continue;
    if (hash('sha256', stored.bytes, 'hex') !== key.slice(EVIDENCE_PREFIX.length)) {
      corrupt(key, 'its bytes do not have the hash that it is named by');
    }
  }
}

async function verifyBelow(head: Head, verifier: Verifier, options: VerifyOptions): Promise<void> {
  const { store, heads = [], onProgress } = options;
  const underway = await readUnderway(store, verifier);
  const trail = new TrailVerifier(store, head);
  const stops = new Set(heads.map((seen) => seen.size));
  if (underway !== undefined) stops.add(underway.pending.base);
  const edges = await trail.rebuild(stops, (done) => onProgress?.(done, head.size));
  checkHeads(heads, head, edges);
  if (underway !== undefined) checkUnderway(underway, head, edges);
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
    return head;
  } catch (error) {
    return { ...head, firstProblem: problemOf(error) };
  }
}
