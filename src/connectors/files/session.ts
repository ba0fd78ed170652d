/** The one that removes files: each is looked at again, asked about, looked at once more, and removed. */
import type { Facts } from '../../policy/policy.ts';
import type { Batch, BatchResult, ErasingSession, RecordOutcome } from '../connector.ts';
import { SourceFailure } from '../connector.ts';
import { fileItem } from './item.ts';
import type { Asked, Item } from './item.ts';
import type { Pattern } from './pattern.ts';
import type { Found, Place } from './place/place.ts';
import { namesOf } from './place/walk.ts';
import { FileTrouble } from './root.ts';

/** How many files are asked about, or removed, at a time: in a bucket each is a request. */
const TOGETHER = 8;
/** What stands in the way of this one file, and not of the others. */
const OF_THIS_FILE: ReadonlySet<string> = new Set(['EACCES', 'EPERM', 'EROFS', 'EBUSY', 'ETXTBSY', 'AccessDenied', 'InvalidObjectState']); // prettier-ignore

/** How a file that could not be removed or written anew fails. */
export function failureOf(error: unknown): unknown {
  if (!(error instanceof FileTrouble)) return error;
  return new SourceFailure(OF_THIS_FILE.has(error.code) ? 'data' : 'uncertain', error.code);
}

/** What keeps a session from being used wrongly, whatever it erases. */
export abstract class Session implements ErasingSession {
  /** By key. Erased in a call that then failed over another record: the next call says so, for nobody else did it. */
  protected readonly erased = new Map<string, Facts>();
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
    const result = await this.eraseBatch(batch);
    for (const key of batch.keys) this.erased.delete(JSON.stringify(key));
    return result;
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

  protected async eraseBatch({ keys, action, stage, stillDue }: Batch): Promise<BatchResult> {
    if (action.kind !== 'delete') throw new SourceFailure('fatal', 'DELETE_ONLY');
    const read = await inGroups(keys, ([path = '']) => this.#read(path));
    const there = read.filter((one) => one !== undefined);
    const due = stillDue(there.map((one) => one.facts));
    const goes = new Set(there.filter((one, i) => due[i] === true && this.#asked.mayGo(one.item, stage)));
    const outcomes = await inGroups(keys, async (key, i): Promise<RecordOutcome> => {
      const one = read[i];
      if (one === undefined) return this.erased.has(JSON.stringify(key)) ? 'erased' : 'already-absent';
      return goes.has(one) ? await this.#remove(one) : 'changed';
    });
    const facts = keys.map((key, i) => read[i]?.facts ?? this.erased.get(JSON.stringify(key)));
    return { outcomes, facts, dependents: new Map() };
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

  async #remove({ found, facts }: ReadFile): Promise<RecordOutcome> {
    try {
      const removal = await this.#place.remove(found, this.#pattern);
      if (removal !== 'removed') return removal === 'missing' ? 'already-absent' : 'changed';
    } catch (error) {
      throw failureOf(error);
    }
    this.erased.set(JSON.stringify(facts.key), facts);
    return 'erased';
  }
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
