/** The one that erases rows: file by file, each read, asked about and written anew while it stays open. */
import type { Facts, Key } from '../../../policy/policy.ts';
import type { Batch, BatchResult, ErasingSession, RecordOutcome, Refusal } from '../../connector.ts';
import type { Asked } from '../item.ts';
import { removeFolders } from '../place/folder.ts';
import { namesOf } from '../place/walk.ts';
import { Session, reasonOf } from '../session.ts';
import { RowFile } from './open.ts';
import type { Wanted } from './open.ts';
import { Unfit } from './replace.ts';
import { rewrite } from './rewrite.ts';
import type { Cut } from './rewrite.ts';
import type { RowItem } from './row.ts';

/** A row of the batch, with all places where its bytes stand in the file. Its bytes are not kept: there may be many. */
interface Seen {
  readonly facts: Facts;
  readonly mayGo: boolean;
  /** Why it cannot be anonymised. */
  readonly unfit: string | undefined;
  readonly places: { readonly start: number; readonly stop: number; readonly end: number }[];
}

interface Outcome {
  readonly outcome: RecordOutcome | Refusal;
  readonly facts: Facts | undefined;
}

interface Means {
  readonly wanted: Wanted;
  readonly asked: Asked;
  readonly mark: string;
  readonly maxBatch: number;
}

export class RowsSession extends Session {
  /** A file is written anew once for each batch, however many of its rows go. */
  readonly leastBatch: number;
  readonly #wanted: Wanted;
  readonly #asked: Asked;
  readonly #mark: string;
  constructor(
    { wanted, asked, mark, maxBatch }: Means,
    unlock: () => void,
    released: (session: ErasingSession) => void,
  ) {
    super(maxBatch, unlock, released);
    this.leastBatch = maxBatch;
    this.#wanted = wanted;
    this.#asked = asked;
    this.#mark = mark;
  }

  protected async eraseBatch(batch: Batch): Promise<BatchResult> {
    const found = new Map<string, Outcome>();
    for (const [path, keys] of byPath(batch.keys))
      for (const [text, outcome] of await this.#eraseIn(path, keys, batch)) found.set(text, outcome);
    const outcomes = batch.keys.map((key) => found.get(JSON.stringify(key)));
    return {
      outcomes: outcomes.map((one) => one?.outcome ?? 'already-absent'),
      facts: outcomes.map((one) => one?.facts),
      dependents: new Map(),
    };
  }

  /** What became of each of the rows of one file, by key. */
  async #eraseIn(path: string, keys: readonly Key[], batch: Batch): Promise<ReadonlyMap<string, Outcome>> {
    const names = namesOf(path);
    const fits = names !== undefined && this.#wanted.pattern.read(names) !== undefined;
    const file = fits ? await RowFile.open(this.#wanted, names) : undefined;
    try {
      const { seen, others } = file === undefined ? NOTHING : await readRows(file, this.#asked, keys, batch);
      const there = [...seen.values()];
      const due = batch.stillDue(there.map((one) => one.facts));
      const chosen = there.filter((one, i) => due[i] === true && one.mayGo);
      const goes = chosen.filter((one) => one.unfit === undefined);
      const empty = batch.action.kind === 'delete' && goes.length === there.length && others === 0;
      const wrote = file === undefined || goes.length === 0 ? 'changed' : await this.#write(file, goes, batch, empty); // prettier-ignore
      const outcomes = new Map<Seen, RecordOutcome | Refusal>(goes.map((one) => [one, wrote]));
      for (const one of chosen) if (one.unfit !== undefined) outcomes.set(one, { failed: one.unfit });
      return new Map(
        keys.map((key): [string, Outcome] => {
          const one = seen.get(key[1] ?? '');
          const outcome = one === undefined ? 'already-absent' : (outcomes.get(one) ?? 'changed');
          return [JSON.stringify(key), { outcome, facts: one?.facts }];
        }),
      );
    } finally {
      await file?.close();
    }
  }

  /** `empty`: no row is left. A file whose name is more than constant text goes then: it may be that of a person. */
  async #write(
    file: RowFile,
    goes: readonly Seen[],
    batch: Batch,
    empty: boolean,
  ): Promise<RecordOutcome | Refusal> {
    const { top, pattern, rows } = this.#wanted;
    const { names } = file.found;
    const whole = empty && pattern.varies(names.length - 1);
    const how = { mark: this.#mark, untouchedMinutes: rows.untouchedMinutes };
    try {
      const written = await rewrite(file, whole ? 'whole' : await cutsOf(file, goes, batch), how);
      if (!written) return 'changed';
      this.applied += 1;
      if (whole) await removeFolders(top, names, pattern);
      return 'erased';
    } catch (error) {
      const failed = reasonOf(error);
      return { failed };
    }
  }
}

const NOTHING: Rows = { seen: new Map(), others: 0 };

interface Rows {
  readonly seen: ReadonlyMap<string, Seen>;
  /** How many other rows the file has. */
  readonly others: number;
}

/** The rows with these keys, as far as they are records, and how many others there are. */
async function readRows(file: RowFile, asked: Asked, keys: readonly Key[], batch: Batch): Promise<Rows> {
  const wanted = new Set(keys.map(([, row = '']) => row));
  const seen = new Map<string, Seen>();
  let others = 0;
  for await (const items of file.items(new AbortController().signal)) {
    for (const item of items) {
      const row = item.key[1] ?? '';
      const { start, stop, end } = item.raw;
      const known = seen.get(row);
      if (known !== undefined) known.places.push({ start, stop, end });
      else if (wanted.has(row) && asked.isRecord(item)) {
        const mayGo = asked.mayGo(item, batch.stage);
        const unfit = mayGo ? unfitOf(item, batch) : undefined;
        seen.set(row, { facts: asked.facts(item), mayGo, unfit, places: [{ start, stop, end }] });
      } else others += 1;
    }
  }
  return { seen, others };
}

function unfitOf(item: RowItem, { action }: Batch): string | undefined {
  if (action.kind === 'delete') return undefined;
  try {
    item.anonymised(action.set);
    return undefined;
  } catch (error) {
    if (error instanceof Unfit) return error.code;
    throw error;
  }
}

/** In the order of the file. What takes the place of a row is made once more when it is written. */
async function cutsOf(file: RowFile, goes: readonly Seen[], { action }: Batch): Promise<readonly Cut[]> {
  const places = goes.flatMap((one) => one.places).sort((a, b) => a.start - b.start);
  if (action.kind === 'delete') return places.map(({ start, end }) => ({ start, end }));
  const { read } = await file.reading();
  return places.map(({ start, stop, end }) => ({
    start,
    end: stop,
    by: (bytes) => read({ bytes, start, stop, end }).anonymised(action.set),
  }));
}

/** The keys by the file that they are of. */
export function byPath(keys: readonly Key[]): ReadonlyMap<string, readonly Key[]> {
  const paths = new Map<string, Key[]>();
  for (const key of keys) {
    const [path = ''] = key;
    const known = paths.get(path);
    if (known === undefined) paths.set(path, [key]);
    else known.push(key);
  }
  return paths;
}
