/** What other entries say about one that was found: why a record went, whether it was looked for again, how a hold ended. */
import { readEntry } from '../entry.ts';
import type { Entry } from '../entry.ts';
import { readEvidence } from '../evidence.ts';
import type { TrailIndex } from '../../state/state.ts';
import { findById } from './find.ts';
import type { Found } from './find.ts';
import type { Identified } from './names.ts';
import type { TrailReader } from './reader.ts';

export interface Context {
  /** Of a record: the promise that its policy quoted at the time, as long as its text is kept. */
  readonly promise?: string;
  /** Of a record: what looking again at its batch showed. */
  readonly verification?: string;
  /** Of a record: it had been erased before, and was back from a backup. */
  readonly replay?: true;
  /** Of a hold: when it ended (`at` of that entry). */
  readonly released?: string;
}

type Of<K extends Entry['type']> = Extract<Entry, { readonly type: K }>;

interface Numbered<T> {
  readonly number: number;
  readonly entry: T;
}

function isOf<K extends Entry['type']>(entry: Entry | undefined, kind: K): entry is Of<K> {
  return entry?.type === kind;
}

/** Looks contexts up; what many entries share is read once. */
export class Contexts {
  readonly #reader: TrailReader;
  readonly #index: TrailIndex;
  readonly #promises = new Map<string, Promise<string | undefined>>();
  readonly #entries = new Map<string, Promise<readonly Numbered<Entry | undefined>[]>>();

  constructor(reader: TrailReader, index: TrailIndex) {
    this.#reader = reader;
    this.#index = index;
  }

  async of({ index: number, text }: Pick<Found, 'index' | 'text'>): Promise<Context> {
    const entry = readEntry(text);
    if (entry?.type === 'record') {
      const [batch] = await this.#named('batch-settled', entry.batch);
      const promise = await this.#promiseOf(entry, number);
      return {
        ...(promise === undefined ? {} : { promise }),
        ...(batch === undefined ? {} : { verification: batch.entry.verification }),
        ...((await this.#isReplay(entry.batch)) ? { replay: true } : {}),
      };
    }
    if (entry?.type !== 'hold-placed') return {};
    const [end] = await this.#named('hold-released', entry.hold);
    return end === undefined ? {} : { released: end.entry.at };
  }

  async #isReplay(batch: string): Promise<boolean> {
    const [opened] = await this.#named('batch-opened', batch);
    if (opened === undefined) return false;
    const [run] = await this.#named('run-started', opened.entry.run);
    return run?.entry.trigger === 'replay';
  }

  /** What the policy promised when the entry `before` was written. */
  async #promiseOf(record: Of<'record'>, before: number): Promise<string | undefined> {
    const texts = (await this.#named('policy', record.policy)).filter(
      ({ number, entry }) =>
        number < before &&
        (entry.source ?? record.source) === record.source &&
        (entry.record ?? record.record) === record.record,
    );
    const text = texts.at(-1)?.entry.text;
    if (text === undefined) return undefined;
    const known = this.#promises.get(text.sha256) ?? readEvidence(this.#reader.store, text).then(promiseIn);
    this.#promises.set(text.sha256, known);
    return await known;
  }

  /** The entries of a kind about one policy, run, batch or hold. */
  async #named<K extends Identified>(kind: K, id: string): Promise<readonly Numbered<Of<K>>[]> {
    const name = `${kind} ${id}`;
    const known = this.#entries.get(name) ?? this.#read(kind, id);
    this.#entries.set(name, known);
    return (await known).flatMap(({ number, entry }) => (isOf(entry, kind) ? [{ number, entry }] : []));
  }

  async #read(kind: Identified, id: string): Promise<readonly Numbered<Entry | undefined>[]> {
    const all: Numbered<Entry | undefined>[] = [];
    for await (const { index: number, text } of findById(this.#reader, this.#index, kind, id))
      all.push({ number, entry: readEntry(text) });
    return all;
  }
}

/** The promise in the text of a policy, whose first line is JSON; undefined where it quotes none, or is erased. */
function promiseIn(text: string | undefined): string | undefined {
  try {
    const [first = ''] = text?.split('\n') ?? [];
    const { policy } = JSON.parse(first) as { readonly policy?: { readonly promise?: unknown } };
    return typeof policy?.promise === 'string' ? policy.promise : undefined;
  } catch {
    return undefined;
  }
}
