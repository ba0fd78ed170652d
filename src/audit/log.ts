/**
 * The writer of the trail. There is one at a time (the daemon's lease sees to it); two are safe, only slower.
 *
 * An append, in this order (see the comments for what a crash leaves after each step):
 *   1. `.state/pending` is swapped for all that the append writes, with the checkpoint of the log after it. This is
 *      the commit: from here on the entries are in the log.
 *   2. bundles and tiles are written, immutable.
 *   3. `checkpoint` is swapped.
 *   4. the caller is told.
 * Step 1 comes first because the key of a tile does not depend on what is in it: a tile written before its append is
 * committed would stand in the way of another one. Pending is never replaced before steps 2 and 3 are done for it.
 *
 * Opening reads `checkpoint` and then `.state/pending` (in the other order a writer between the two would look like a
 * rollback), finishes an append that is committed, and checks that the tiles give the signed root.
 *
 * A store's answer that says nothing (a timeout, a lost swap that may have been ours) is settled by reading back.
 * AUDIT_CONFLICT, AUDIT_CORRUPT, AUDIT_FORK and AUDIT_ROLLBACK stop the log for good.
 */
import { setTimeout as timer } from 'node:timers/promises';
import { FristError } from '../errors.ts';
import type { ErrorCode } from '../errors.ts';
import { openCheckpoint, parseVkey, rootBytes, signCheckpoint } from './checkpoint.ts';
import type { Head, Signer, Verifier } from './checkpoint.ts';
import { MAX_ENTRY_BYTES } from './entry.ts';
import { EMPTY_TIP, headOf, layOut } from './format/layout.ts';
import type { Layout, Tip } from './format/layout.ts';
import { formatPending, parsePending } from './format/pending.ts';
import { readEntries, readTile, readTip } from './store/read.ts';
import type { Store, Stored } from './store/store.ts';
import { CHECKPOINT, frame, PENDING, tileHashes } from './tile.ts';
import type { Framed } from './tile.ts';
import { checkConsistency, proveConsistency } from './tree.ts';

/** Where entries came to lie: `first` is the index of the first of them; the head is that of the log after them. */
export interface Appended extends Head {
  readonly first: number;
}

export interface Log {
  /** The log as this process knows it. */
  head(): Head;
  /**
   * Appends entries, made by `formatEntry`, in one piece. When this resolves they are in the signed log, durably.
   * When it rejects they may be in it all the same, now or later: try the same entries again, and they are not
   * doubled.
   * @throws AUDIT_OVERLAP when some of them were found in the log, with others or in another order: the caller looks
   *   which.
   * @throws AUDIT_ENTRY, AUDIT_STORE, AUDIT_SWAP_LOST, and the four that stop the log.
   */
  append(entries: readonly string[]): Promise<Appended>;
  /**
   * Reads the head anew and holds it against the last one seen.
   * @throws AUDIT_ROLLBACK when the log is shorter than `expected`, AUDIT_FORK when it does not begin with it.
   */
  refresh(expected?: Head): Promise<Head>;
  /** Entries from index `from` up to `to`, which is at most the size of `head()`. */
  readEntries(from: number, to: number): Promise<string[]>;
}

/** How to open a log. */
export interface LogOptions {
  readonly store: Store;
  /** Signs the checkpoints; the name of its key is the origin of the trail. */
  readonly signer: Signer;
  /** The last head that was seen, from the state database. */
  readonly expected?: Head | undefined;
  /** Waits between tries when another writer is at it; milliseconds. */
  readonly sleep?: (ms: number) => Promise<unknown>;
}

const ATTEMPTS = 20;
const FATAL: ReadonlySet<ErrorCode> = new Set([
  'AUDIT_CONFLICT',
  'AUDIT_CORRUPT',
  'AUDIT_FORK',
  'AUDIT_ROLLBACK',
]);

const isCode = (error: unknown, code: ErrorCode): boolean =>
  error instanceof FristError && error.code === code;
/** Short at first: another writer is mostly done within milliseconds. */
const backoff = (attempt: number): number => Math.min(5 * 2 ** attempt, 500);

interface State {
  readonly tip: Tip;
  readonly head: Head;
  readonly checkpoint: string | null;
  readonly pending: string | null;
}

class LogWriter implements Log {
  readonly #store: Store;
  readonly #signer: Signer;
  readonly #verifier: Verifier;
  readonly #sleep: (ms: number) => Promise<unknown>;
  #state: State = { tip: EMPTY_TIP, head: headOf(EMPTY_TIP), checkpoint: null, pending: null };
  /** The store may have moved on from `#state`. */
  #stale = true;
  /** Beyond this size there may be entries of an append that failed here. */
  #known = 0;
  #stopped: FristError | undefined;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(options: LogOptions) {
    this.#store = options.store;
    this.#signer = options.signer;
    this.#verifier = parseVkey(options.signer.vkey);
    this.#sleep = options.sleep ?? timer;
  }

  head(): Head {
    return this.#state.head;
  }

  append(entries: readonly string[]): Promise<Appended> {
    return this.#alone(() => this.#append(frame(entries, MAX_ENTRY_BYTES)));
  }

  refresh(expected?: Head): Promise<Head> {
    return this.#alone(async () => {
      this.#stale = true;
      await this.#reload();
      if (expected !== undefined) await this.#hold(expected);
      this.#known = this.#state.head.size;
      return this.#state.head;
    });
  }

  async readEntries(from: number, to: number): Promise<string[]> {
    const texts: string[] = [];
    for await (const entry of readEntries(this.#store, this.#state.head.size, from, to))
      texts.push(entry.toString());
    return texts;
  }

  /** One thing at a time, and nothing more once the log has stopped. */
  #alone<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(async () => {
      if (this.#stopped !== undefined) throw this.#stopped;
      try {
        return await work();
      } catch (error) {
        if (error instanceof FristError && FATAL.has(error.code)) this.#stopped = error;
        throw error;
      }
    });
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  async #append(added: Framed): Promise<Appended> {
    if (added.entries.length === 0) return { first: this.#state.head.size, ...this.#state.head };
    for (let attempt = 0; ; attempt++) {
      if (this.#stale) await this.#reload();
      const known = this.#known;
      if (await this.#holds(added, known)) return { first: known, ...this.#state.head };
      const first = this.#state.head.size;
      try {
        await this.#commit(added);
        return { first, ...this.#state.head };
      } catch (error) {
        this.#stale = true;
        if (!isCode(error, 'AUDIT_SWAP_LOST') || attempt === ATTEMPTS) throw error;
      }
      await this.#sleep(backoff(attempt));
    }
  }

  /**
   * Whether exactly these entries lie in the log from `from` on: from an earlier try of ours that looked like a failure.
   * Answered once: should the reading fail, the next append asks again.
   */
  async #holds(added: Framed, from: number): Promise<boolean> {
    const to = this.#state.head.size;
    if (from === to) return false;
    const ours = new Map(added.entries.map((entry, i) => [entry.toString(), from + i]));
    let [index, inPlace, found] = [from, 0, 0];
    for await (const entry of readEntries(this.#store, to, from, to)) {
      const place = ours.get(entry.toString());
      if (place !== undefined) found++;
      if (place === index++) inPlace++;
    }
    this.#known = to;
    if (found === 0) return false;
    if (inPlace === added.entries.length && to === from + inPlace) return true;
    throw new FristError('AUDIT_OVERLAP');
  }

  async #commit(added: Framed): Promise<void> {
    const { tip, head, checkpoint, pending } = this.#state;
    const layout = layOut(tip, added);
    const note = Buffer.from(await signCheckpoint(this.#verifier.name, layout.head, this.#signer));
    openCheckpoint(note, this.#verifier, 'the signature made just now');
    const bytes = formatPending({ base: head.size, note, added });
    // A crash before this leaves nothing: the entries are in the outbox of the caller only.
    const pendingTag = await this.#swap(PENDING, bytes, pending);
    // A crash here leaves a committed append, which the next one to open the log finishes.
    const checkpointTag = await this.#publish(layout, note, checkpoint);
    if (checkpointTag === undefined) this.#stale = true;
    this.#state = {
      tip: layout.tip,
      head: layout.head,
      checkpoint: checkpointTag ?? null,
      pending: pendingTag,
    };
    this.#known = layout.head.size;
  }

  /**
   * Writes what a committed append writes. Anyone may do it, any number of times.
   * @returns the tag of the checkpoint, or undefined when another writer has published it, or a later one, for us.
   */
  async #publish(layout: Layout, note: Buffer, expected: string | null): Promise<string | undefined> {
    await this.#store.putImmutable(layout.objects);
    // A crash before or here leaves tiles beyond the signed size, with the bytes that they will have.
    try {
      return await this.#swap(CHECKPOINT, note, expected);
      // A crash here leaves everything done, and a caller who does not know it yet.
    } catch (error) {
      if (!isCode(error, 'AUDIT_SWAP_LOST')) throw error;
      const current = this.#open(await this.#store.get(CHECKPOINT));
      if (current.size < layout.head.size) throw error;
      if (current.size === layout.head.size && current.root !== layout.head.root)
        throw forked(current, layout.head);
      return undefined;
    }
  }

  /** Swaps; where the answer leaves it open, what stands there now tells whether it was carried out. */
  async #swap(key: string, bytes: Buffer, expected: string | null): Promise<string> {
    try {
      return await this.#store.replace(key, bytes, expected);
    } catch (error) {
      const current = await this.#store.get(key).catch(() => undefined);
      if (current?.bytes.equals(bytes) === true) return current.tag;
      throw error;
    }
  }

  #open(checkpoint: Stored | undefined): Head {
    return checkpoint === undefined ? headOf(EMPTY_TIP) : openCheckpoint(checkpoint.bytes, this.#verifier);
  }

  async #reload(): Promise<void> {
    for (let attempt = 0; ; attempt++) {
      try {
        const state = await this.#read(attempt === ATTEMPTS);
        if (state !== undefined) {
          this.#state = state;
          this.#stale = false;
          return;
        }
      } catch (error) {
        // Another writer is finishing the same append, or is ahead of us.
        if (!isCode(error, 'AUDIT_SWAP_LOST') || attempt >= ATTEMPTS) throw error;
      }
      await this.#sleep(backoff(attempt));
    }
  }

  /**
   * Reads the log, and finishes an append that is committed.
   * @param last no patience is left for another writer who is in the middle of something.
   * @returns undefined when it must be read again.
   */
  async #read(last: boolean): Promise<State | undefined> {
    const checkpoint = await this.#store.get(CHECKPOINT);
    const pending = await this.#store.get(PENDING);
    const head = this.#open(checkpoint);
    const state = { head, checkpoint: checkpoint?.tag ?? null, pending: pending?.tag ?? null };
    if (pending === undefined) return { ...state, tip: await readTip(this.#store, head) };
    const { base, note, added } = parsePending(pending.bytes);
    const next = openCheckpoint(note, this.#verifier, PENDING);
    if (base + added.entries.length !== next.size) {
      throw new FristError('AUDIT_CORRUPT', {
        where: PENDING,
        what: 'its size is not the one signed for it',
      });
    }
    if (next.size < head.size) throw rolledBack(next.size, head.size);
    if (next.size === head.size) {
      if (next.root !== head.root) throw forked(next, head);
      return { ...state, tip: await readTip(this.#store, head) };
    }
    if (base !== head.size) {
      // Another writer went on between the two reads. If it stays so, the checkpoint is an old one.
      if (last) throw rolledBack(head.size, base);
      return undefined;
    }
    const layout = layOut(await readTip(this.#store, head), added);
    if (layout.head.size !== next.size || layout.head.root !== next.root) {
      throw new FristError('AUDIT_CORRUPT', {
        where: PENDING,
        what: 'its entries do not give the root signed for it',
      });
    }
    await this.#publish(layout, note, state.checkpoint);
    return undefined;
  }

  /** Holds the log against a head seen before. */
  async #hold(expected: Head): Promise<void> {
    const { head } = this.#state;
    if (head.size < expected.size) throw rolledBack(head.size, expected.size);
    if (expected.size === 0) return;
    const hashes = tileHashes(head.size, (name) => readTile(this.#store, name));
    const proof = await proveConsistency(hashes, expected.size, head.size);
    if (!checkConsistency(proof, expected.size, head.size, rootBytes(expected), rootBytes(head)))
      throw forked(head, expected);
  }
}

function forked(found: Head, known: Head): FristError {
  return new FristError('AUDIT_FORK', { size: found.size, known: known.size });
}

function rolledBack(size: number, known: number): FristError {
  return new FristError('AUDIT_ROLLBACK', { size, known });
}

/**
 * Opens the log in a store, an empty one included, and finishes what a crash left.
 * @throws AUDIT_ROLLBACK, AUDIT_FORK against `expected`; AUDIT_CORRUPT, AUDIT_CONFLICT, AUDIT_STORE, AUDIT_SWAP_LOST.
 */
export async function openLog(options: LogOptions): Promise<Log> {
  const log = new LogWriter(options);
  await log.refresh(options.expected);
  return log;
}
