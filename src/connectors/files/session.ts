/** The one that removes files: each is looked at again, asked about, looked at once more, and removed. */
import type { Facts } from '../../policy/policy.ts';
import type { Batch, BatchResult, ErasingSession, RecordOutcome, Refusal } from '../connector.ts';
import { SourceFailure } from '../connector.ts';
import { fileItem } from './item.ts';
import type { Asked, Item } from './item.ts';
import type { Pattern } from './pattern.ts';
import type { Found, Place } from './place/place.ts';
import { namesOf } from './place/walk.ts';
import { FileTrouble } from './root.ts';

/** How many files are asked about, or removed, at a time: in a bucket each is a request. */
const TOGETHER = 8;
/**
 * Where no lock keeps others out, whoever slept through the end of his lease must not go on. No lease ends within so short
 * a time without being renewed.
 */
const ASK_MS = 5000;
const nothing = (): Promise<void> => Promise.resolve();

/** What stands in the way of this one file, and not of the others. */
const OF_THIS_FILE: ReadonlySet<string> = new Set(['EACCES', 'EPERM', 'EROFS', 'EBUSY', 'ETXTBSY', 'AccessDenied', 'InvalidObjectState']); // prettier-ignore

/**
 * Why a file could not be removed or written anew, where that stands in the way of this file alone. Of everything else
 * nobody knows whether it was carried out before it failed. @throws SourceFailure `uncertain`
 */
export function reasonOf(error: unknown): string {
  if (error instanceof FileTrouble && OF_THIS_FILE.has(error.code)) return error.code;
  throw error instanceof FileTrouble ? new SourceFailure('uncertain', error.code) : error;
}

/** What keeps a session from being used wrongly, whatever it erases. */
export abstract class Session implements ErasingSession {
  /** How much the batch has erased so far. */
  protected applied = 0;
  readonly #maxBatch: number;
  readonly #unlock: () => void;
  readonly #released: (session: ErasingSession) => void;
  #held = true;

  constructor(maxBatch: number, unlock: () => void, released: (session: ErasingSession) => void) {
    this.#maxBatch = maxBatch;
    this.#unlock = unlock;
    this.#released = released;
  }

  async erase(batch: Batch, signal: AbortSignal): Promise<BatchResult> {
    if (!this.#held) throw new SourceFailure('fatal', 'RELEASED');
    if (signal.aborted) throw new SourceFailure('transient', 'ABORTED');
    if (batch.keys.length > this.#maxBatch) throw new SourceFailure('fatal', 'BATCH_TOO_LARGE');
    this.applied = 0;
    try {
      return await this.eraseBatch(batch);
    } catch (error) {
      // What is erased cannot be taken back: somebody has to look.
      if (error instanceof SourceFailure && this.applied > 0)
        throw new SourceFailure('uncertain', error.code);
      throw error;
    }
  }

  async release(): Promise<void> {
    if (this.#held) this.#unlock();
    this.#held = false;
    this.#released(this);
    await Promise.resolve();
  }

  protected abstract eraseBatch(batch: Batch): Promise<BatchResult>;
}

interface ReadFile {
  readonly found: Found;
  readonly item: Item;
  readonly facts: Facts;
}

export class FilesSession extends Session {
  readonly #place: Place;
  readonly #pattern: Pattern;
  readonly #asked: Asked;

  constructor(
    { place, pattern, asked }: { readonly place: Place; readonly pattern: Pattern; readonly asked: Asked },
    unlock: () => void,
    released: (session: ErasingSession) => void,
  ) {
    super(place.maxBatch, unlock, released);
    this.#place = place;
    this.#pattern = pattern;
    this.#asked = asked;
  }

  protected async eraseBatch({ keys, action, stage, stillDue, stillOurs }: Batch): Promise<BatchResult> {
    if (action.kind !== 'delete') throw new SourceFailure('fatal', 'DELETE_ONLY');
    const read = await inGroups(keys, ([path = '']) => this.#read(path));
    const there = read.filter((one) => one !== undefined);
    const due = stillDue(there.map((one) => one.facts));
    const heed = this.#place.locks ? nothing : seldom(stillOurs ?? nothing);
    const goes = new Set(there.filter((one, i) => due[i] === true && this.#asked.mayGo(one.item, stage)));
    const outcomes = await inGroups(keys, async (_, i): Promise<RecordOutcome | Refusal> => {
      const one = read[i];
      if (one === undefined) return 'already-absent';
      if (!goes.has(one)) return 'changed';
      await heed();
      return await this.#remove(one);
    });
    return { outcomes, facts: read.map((one) => one?.facts), dependents: new Map() };
  }

  /** The file with this path as it is now; undefined where there is no such record. */
  async #read(path: string): Promise<ReadFile | undefined> {
    const names = namesOf(path);
    if (names === undefined || this.#pattern.read(names) === undefined) return undefined;
    const state = await this.#place.at(names);
    if (state === undefined) return undefined;
    const found = { names, state };
    const item = fileItem(this.#pattern, found);
    return this.#asked.isRecord(item) ? { found, item, facts: this.#asked.facts(item) } : undefined;
  }

  async #remove({ found }: ReadFile): Promise<RecordOutcome | Refusal> {
    try {
      const removal = await this.#place.remove(found, this.#pattern);
      if (removal !== 'removed') return removal === 'missing' ? 'already-absent' : 'changed';
      this.applied += 1;
      return 'erased';
    } catch (error) {
      const failed = reasonOf(error);
      return { failed };
    }
  }
}

/** Asks at once, and again whenever that is some time ago. */
function seldom(ask: () => Promise<void>): () => Promise<void> {
  let asked = Number.NEGATIVE_INFINITY;
  let answer = Promise.resolve();
  return () => {
    const now = performance.now();
    if (now - asked >= ASK_MS) [asked, answer] = [now, ask()];
    return answer;
  };
}

/** The answers in order. All of a group are waited for, so that nothing goes on behind the back of who has failed. */
export async function inGroups<T, R>(
  items: readonly T[],
  work: (item: T, index: number) => Promise<R>,
): Promise<R[]> {
  const answers: R[] = [];
  for (let at = 0; at < items.length; at += TOGETHER) {
    const group = items.slice(at, at + TOGETHER).map((item, i) => work(item, at + i));
    for (const one of await Promise.allSettled(group)) {
      if (one.status === 'rejected') throw one.reason;
      answers.push(one.value);
    }
  }
  return answers;
}
