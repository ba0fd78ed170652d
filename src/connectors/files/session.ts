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

export const MAX_BATCH = 5000;
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
  readonly #unlock: () => void;
  readonly #released: (session: ErasingSession) => void;
  #held = true;

  constructor(unlock: () => void, released: (session: ErasingSession) => void) {
    this.#unlock = unlock;
    this.#released = released;
  }

  async erase(batch: Batch, signal: AbortSignal): Promise<BatchResult> {
    if (!this.#held) throw new SourceFailure('fatal', 'RELEASED');
    if (signal.aborted) throw new SourceFailure('transient', 'ABORTED');
    if (batch.keys.length > MAX_BATCH) throw new SourceFailure('fatal', 'BATCH_TOO_LARGE');
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
    super(unlock, released);
    this.#place = place;
    this.#pattern = pattern;
    this.#asked = asked;
  }

  protected async eraseBatch({ keys, action, stage, stillDue }: Batch): Promise<BatchResult> {
    if (action.kind !== 'delete') throw new SourceFailure('fatal', 'DELETE_ONLY');
    const read: (ReadFile | undefined)[] = [];
    for (const [path = ''] of keys) read.push(await readFile(this.#place, this.#pattern, this.#asked, path));
    const there = read.filter((one) => one !== undefined);
    const due = stillDue(there.map((one) => one.facts));
    const goes = new Set(there.filter((one, i) => due[i] === true && this.#asked.mayGo(one.item, stage)));
    const outcomes: RecordOutcome[] = [];
    for (const [i, key] of keys.entries()) {
      const one = read[i];
      if (one === undefined)
        outcomes.push(this.erased.has(JSON.stringify(key)) ? 'erased' : 'already-absent');
      else outcomes.push(goes.has(one) ? await this.#remove(one) : 'changed');
    }
    const facts = keys.map((key, i) => read[i]?.facts ?? this.erased.get(JSON.stringify(key)));
    return { outcomes, facts, dependents: new Map() };
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

/** The file with this path as it is now; undefined where there is no such record. */
export async function readFile(
  place: Place,
  pattern: Pattern,
  asked: Asked,
  path: string,
): Promise<ReadFile | undefined> {
  const names = namesOf(path);
  if (names === undefined || pattern.read(names) === undefined) return undefined;
  const state = await place.at(names);
  if (state === undefined) return undefined;
  const found = { names, state };
  const item = fileItem(pattern, found);
  return asked.isRecord(item) ? { found, item, facts: asked.facts(item) } : undefined;
}
