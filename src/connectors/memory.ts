/**
 * The hostile connector over tables in memory: it keeps the contract to the letter and is as unpleasant as the letter
 * allows, so that whoever relies on more is found out. Pages come in odd sizes and repeat records of earlier pages,
 * calls fail transiently, records change at the last moment, a batch can be refused or its fate be uncertain.
 * Trust: never registered for production; it holds no data of anybody.
 */
import type { Outline } from '../policy/outline/outline.ts';
import type { Facts, Key, RecordType, View, Window } from '../policy/policy.ts';
import type {
  Batch,
  BatchResult,
  Capabilities,
  CheckReport,
  Connector,
  Count,
  ErasingSession,
  Finding,
  Page,
  Verification,
} from './connector.ts';
import { NOTHING_ASKED, SourceFailure } from './connector.ts';
import { checkViews } from './memory/check.ts';
import type { MemoryDatabase, MemoryRow } from './memory/database.ts';
import { isRecord, meets } from './memory/around.ts';
import { commit, copyOf, order, tableOf } from './memory/database.ts';
import { outlineOf } from './memory/outline.ts';
import { starOf } from './table-name.ts';
import { eraseIn, foreseen } from './memory/erase.ts';
import { factsOf, keyOf, leftovers, plainlyNotDue, rowByKey, unreadableIn } from './memory/facts.ts';

/** How unpleasant to be. Absent: not at all. */
export interface Hostility {
  /** In [0, 1); seeded by the test, so that a failure can be repeated. */
  readonly random: () => number;
  /** Share of calls that fail transiently; never more than two in a row. */
  readonly transient: number;
  /** Share of page places that repeat a record of an earlier page. */
  readonly repeat: number;
}

export interface MemoryOptions {
  readonly pageSize?: number;
  readonly maxBatch?: number;
  readonly now?: () => number;
  readonly hostility?: Hostility;
  /** Somebody else at work: called between the plan and the lock of each batch, and between pages. */
  readonly meddle?: (when: 'before batch' | 'between pages') => void;
  /** A record that the data forbid to erase, whatever the policy: every batch with it fails as `data`. */
  readonly refuses?: (key: Key) => boolean;
  /** Asked once per batch that would commit: the answer is lost, after or before it was applied. */
  readonly losesAnswer?: () => 'applied' | 'not applied' | undefined;
}

/** A connector over `database`; several on the same one are several processes on the same source. */
export function createMemoryConnector(database: MemoryDatabase, options: MemoryOptions = {}): Connector {
  return new MemoryConnector(database, options);
}

class MemoryConnector implements Connector {
  readonly kind = 'memory';
  readonly capabilities: Capabilities;
  readonly #database: MemoryDatabase;
  readonly #options: MemoryOptions;
  readonly #sessions = new Set<ErasingSession>();
  #failuresInARow = 0;

  constructor(database: MemoryDatabase, options: MemoryOptions) {
    this.#database = database;
    this.#options = options;
    this.capabilities = {
      transactional: true,
      readOnlyEnforced: false,
      scanRepeats: (options.hostility?.repeat ?? 0) > 0,
      maxBatch: options.maxBatch ?? 1000,
      ownClock: options.now !== undefined,
      locks: true,
      sideBySide: true,
    };
  }

  async check(views: readonly View[], signal: AbortSignal): Promise<CheckReport> {
    await this.#turn(signal);
    return checkViews(this.#database, views);
  }

  async advise(_views: readonly View[], signal: AbortSignal): Promise<readonly Finding[]> {
    await this.#turn(signal);
    return [];
  }

  async tablesLike(pattern: string, signal: AbortSignal): Promise<readonly string[]> {
    await this.#turn(signal);
    return [...this.#database.tables.keys()].filter((name) => starOf(pattern, name) !== undefined);
  }

  async now(): Promise<number | undefined> {
    await this.#turn();
    return this.#options.now?.();
  }

  async count(view: View, signal: AbortSignal): Promise<Count> {
    await this.#turn(signal);
    const rows = this.#rowsOf(view.record);
    return {
      population: rows.length,
      matching: rows.filter((row) => this.#isMeant(view, row)).length,
    };
  }

  async *scan(
    view: View,
    windows: readonly Window[] | undefined,
    signal: AbortSignal,
    cursor = '',
  ): AsyncGenerator<Page> {
    let last = cursor;
    for (let rest = true; rest;) {
      await this.#turn(signal);
      const page = this.#page(view, windows ?? [], last);
      rest = page.rest;
      last = page.cursor;
      yield { facts: page.facts, cursor: last };
      this.#options.meddle?.('between pages');
    }
  }

  async read(view: View, keys: readonly Key[], signal: AbortSignal): Promise<readonly Facts[]> {
    await this.#turn(signal);
    const rows = this.#rowsByKey(view, keys);
    return rows.map((row) => factsOf(this.#database, view, row));
  }

  async dependents(
    view: View,
    stage: number,
    keys: readonly Key[],
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, number>> {
    await this.#turn(signal);
    return foreseen(this.#database, view, stage, this.#rowsByKey(view, keys));
  }

  async erasing(view: View, signal: AbortSignal, partition = 0): Promise<ErasingSession> {
    await this.#turn(signal);
    const { locks } = this.#database;
    const lock = JSON.stringify([view.source, view.policy, partition]);
    if (locks.has(lock)) throw new SourceFailure('fatal', 'BUSY');
    locks.add(lock);
    let held = true;
    const session: ErasingSession = {
      erase: async (batch, stop) => {
        if (!held) throw new SourceFailure('fatal', 'RELEASED');
        return await this.#erase(view, batch, stop);
      },
      release: async () => {
        if (held) locks.delete(lock);
        held = false;
        this.#sessions.delete(session);
        await Promise.resolve();
      },
    };
    this.#sessions.add(session);
    return session;
  }

  async verify(
    view: View,
    stage: number,
    keys: readonly Key[],
    signal: AbortSignal,
  ): Promise<readonly Verification[]> {
    await this.#turn(signal);
    const asked = view.stages[stage];
    if (asked === undefined) throw new SourceFailure('fatal', 'UNKNOWN_STAGE');
    return keys.map((key) => {
      const row = rowByKey(this.#database, view.record, key);
      if (row === undefined) return leftovers(this.#database, view.record, asked, key) ? 'present' : 'gone';
      return factsOf(this.#database, view, row).done[stage] === true ? 'done' : 'present';
    });
  }

  async grants(...asked: Parameters<Connector['grants']>): Promise<readonly string[]> {
    await this.#turn(asked[3]);
    return [];
  }

  async outline(signal: AbortSignal): Promise<Outline> {
    await this.#turn(signal);
    return outlineOf(this.#database);
  }

  async lookup(
    view: View,
    subject: number,
    values: readonly string[],
    signal: AbortSignal,
  ): Promise<readonly Facts[]> {
    await this.#turn(signal);
    const how = view.record.subjects[subject]?.normalise ?? 'exact';
    const facts = this.#rowsOf(view.record).map((row) => factsOf(this.#database, view, row));
    return facts.filter((one) => {
      const value = this.#database.meaning.normalise(one.subjects[subject] ?? '', how);
      return value !== '' && values.includes(value);
    });
  }

  async find(record: RecordType, kind: string, value: string): Promise<number> {
    await this.#turn();
    const { normalise } = this.#database.meaning;
    const view: View = { ...NOTHING_ASKED, record };
    const matches = (row: MemoryRow): boolean => {
      const { subjects } = factsOf(this.#database, view, row);
      return record.subjects.some((subject, i) => {
        const wanted = normalise(value, subject.normalise);
        return (
          subject.kind === kind && wanted !== '' && normalise(subjects[i] ?? '', subject.normalise) === wanted
        );
      });
    };
    return this.#rowsOf(record).filter(matches).length;
  }

  async close(): Promise<void> {
    for (const session of [...this.#sessions]) await session.release();
  }

  /** One call to the outside: takes time, can be stopped, can fail before anything is done. */
  async #turn(signal?: AbortSignal): Promise<void> {
    await Promise.resolve();
    if (signal?.aborted === true) throw new SourceFailure('transient', 'ABORTED');
    const { hostility } = this.#options;
    if (hostility === undefined) return;
    if (this.#failuresInARow < 2 && hostility.random() < hostility.transient) {
      this.#failuresInARow += 1;
      throw new SourceFailure('transient', 'HOSTILE');
    }
    this.#failuresInARow = 0;
  }

  /** Rows of the type within its scope, in the order of the key. */
  #rowsOf(record: RecordType): MemoryRow[] {
    const rows = [...tableOf(this.#database, record.table).rows.values()];
    return rows
      .filter((row) => isRecord(this.#database, record, row))
      .sort((a, b) => this.#orderOfKeys(record, keyOf(record, a), keyOf(record, b)));
  }

  /** The policy is about it, or nobody can say whether it is. */
  #isMeant(view: View, row: MemoryRow): boolean {
    if (meets(this.#database, view.record, view.where, row)) return true;
    return unreadableIn(this.#database, view, row).length > 0;
  }

  #rowsByKey(view: View, keys: readonly Key[]): MemoryRow[] {
    return keys.map((key) => rowByKey(this.#database, view.record, key)).filter((row) => row !== undefined);
  }

  #orderOfKeys(record: RecordType, a: Key, b: Key): number {
    const { columns } = tableOf(this.#database, record.table);
    for (const [i, column] of record.key.entries()) {
      const found = order(columns[column]?.type ?? 'text', a[i] ?? '', b[i] ?? '');
      if (found !== 0) return found;
    }
    return 0;
  }

  #page(view: View, windows: readonly Window[], cursor: string): Page & { readonly rest: boolean } {
    const all = this.#rowsOf(view.record).filter((row) => this.#isMeant(view, row));
    const after = cursor === '' ? undefined : (JSON.parse(cursor) as Key);
    const isBehind = (row: MemoryRow): boolean =>
      after === undefined || this.#orderOfKeys(view.record, keyOf(view.record, row), after) > 0;
    const ahead = all.filter(isBehind);
    const earlier = all.filter((row) => !isBehind(row));
    const fresh = ahead.slice(0, this.#sizeOfPage());
    const last = fresh.at(-1);
    const repeated =
      earlier.length === 0 ? [] : this.#repeats(earlier, (this.#options.pageSize ?? 100) - fresh.length);
    const facts = [...repeated, ...fresh].map((row) => factsOf(this.#database, view, row));
    return {
      facts: facts.filter(
        (one) => one.unreadable !== undefined || !plainlyNotDue(this.#database, view, windows, one),
      ),
      cursor: last === undefined ? cursor : JSON.stringify(keyOf(view.record, last)),
      rest: ahead.length > fresh.length,
    };
  }

  /** From none (a page can be empty) to a whole page. */
  #sizeOfPage(): number {
    const { hostility, pageSize = 100 } = this.#options;
    return hostility === undefined ? pageSize : Math.floor(hostility.random() * (pageSize + 1));
  }

  #repeats(earlier: readonly MemoryRow[], places: number): MemoryRow[] {
    const { hostility } = this.#options;
    if (hostility === undefined) return [];
    const { random, repeat } = hostility;
    return Array.from({ length: places }).flatMap(() => {
      const row = earlier[Math.floor(random() * earlier.length)];
      return row !== undefined && random() < repeat ? [row] : [];
    });
  }

  async #erase(view: View, batch: Batch, signal: AbortSignal): Promise<BatchResult> {
    await this.#turn(signal);
    if (batch.keys.length > this.capabilities.maxBatch) throw new SourceFailure('fatal', 'BATCH_TOO_LARGE');
    this.#options.meddle?.('before batch');
    const copy = copyOf(this.#database);
    const result = eraseIn(copy, view, batch);
    const { refuses } = this.#options;
    const refused = batch.keys.some((key, i) => result.outcomes[i] === 'erased' && refuses?.(key) === true);
    if (refused) throw new SourceFailure('data', 'REFUSED');
    // The commit is a call of its own; here it fails before it is applied.
    await this.#turn(signal);
    const lost = this.#options.losesAnswer?.();
    if (lost !== 'not applied') commit(this.#database, copy);
    if (lost !== undefined) throw new SourceFailure('uncertain', 'ANSWER_LOST');
    return result;
  }
}
