/**
 * Whole files of a local folder as records: logs, exports, chat transcripts. `connection: file:/srv/exports`.
 *
 * The key is the path below the folder. Nothing but deletion is possible, each file on its own: a crash leaves every file
 * either whole or gone. A folder that varies by the pattern (`{email}/`) goes with its last file; a crash between the two
 * leaves it empty.
 */
import type { Outline } from '../../policy/outline/outline.ts';
import type { Facts, Key, RecordType, View } from '../../policy/policy.ts';
import type {
  Capabilities,
  CheckReport,
  Connector,
  ConnectorContext,
  Count,
  ErasingSession,
  Finding,
  Page,
  Verification,
} from '../connector.ts';
import { NOTHING_ASKED, SourceFailure } from '../connector.ts';
import { checkFiles, folderOf } from './check.ts';
import { factsOf, isMeant, isRecord, readFile } from './facts.ts';
import type { Asked } from './facts.ts';
import { lockFolder } from './lock.ts';
import { patternOf } from './pattern.ts';
import type { Pattern } from './pattern.ts';
import { FilesSession, MAX_BATCH } from './session.ts';
import { topOf, walk } from './walk.ts';
import type { Found } from './walk.ts';

const CAPABILITIES: Capabilities = {
  transactional: false,
  readOnlyEnforced: false,
  scanRepeats: false,
  maxBatch: MAX_BATCH,
  ownClock: false,
};

/** A connector over the folder that the connection names. */
export function createFilesConnector(context: ConnectorContext): Connector {
  return new FilesConnector(context);
}

class FilesConnector implements Connector {
  readonly kind = 'files';
  readonly capabilities = CAPABILITIES;
  readonly #context: ConnectorContext;
  readonly #patterns = new Map<string, Pattern>();
  readonly #sessions = new Set<ErasingSession>();

  constructor(context: ConnectorContext) {
    this.#context = context;
  }

  async check(views: readonly View[], signal: AbortSignal): Promise<CheckReport> {
    const finds = async (pattern: Pattern): Promise<boolean> => {
      for await (const _found of walk(await this.#top(), pattern, [], signal)) return true;
      return false;
    };
    return await checkFiles(this.#context, views, finds);
  }

  advise(): Promise<readonly Finding[]> {
    return Promise.resolve([]);
  }

  tablesLike(): Promise<readonly string[]> {
    return Promise.resolve([]);
  }

  now(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  outline(): Promise<Outline> {
    return Promise.resolve({ tables: [], references: [] });
  }

  dependents(): Promise<ReadonlyMap<string, number>> {
    return Promise.resolve(new Map());
  }

  async count(view: View, signal: AbortSignal): Promise<Count> {
    let [population, matching] = [0, 0];
    for await (const found of this.#records(view.record, signal)) {
      population += 1;
      if (isMeant(this.#context.meaning, this.#pattern(view.record), view, found)) matching += 1;
    }
    return { population, matching };
  }

  /** Windows are left to the judge: a file is read by its name alone, so there is nothing to save. */
  async *scan(view: View, _windows: unknown, signal: AbortSignal, cursor = ''): AsyncGenerator<Page> {
    const pattern = this.#pattern(view.record);
    let facts: Facts[] = [];
    let last = cursor;
    for await (const found of this.#records(view.record, signal, cursor)) {
      if (!isMeant(this.#context.meaning, pattern, view, found)) continue;
      facts.push(factsOf(this.#context.meaning, pattern, view, found));
      if (facts.length < this.#context.pageSize) continue;
      last = found.names.join('/');
      yield { facts, cursor: last };
      facts = [];
    }
    if (facts.length > 0) yield { facts, cursor: facts.at(-1)?.key[0] ?? last };
  }

  async read(view: View, keys: readonly Key[], signal: AbortSignal): Promise<readonly Facts[]> {
    const asked = await this.#ask(view);
    const facts: Facts[] = [];
    for (const key of keys) {
      if (signal.aborted) throw new SourceFailure('transient', 'ABORTED');
      const one = await readFile(asked, key);
      if (one !== undefined) facts.push(one.facts);
    }
    return facts;
  }

  async erasing(view: View): Promise<ErasingSession> {
    const asked = await this.#ask(view);
    const unlock = lockFolder(asked.top, view.policy);
    const session = new FilesSession(asked, unlock, () => this.#sessions.delete(session));
    this.#sessions.add(session);
    return session;
  }

  async verify(view: View, _stage: number, keys: readonly Key[]): Promise<readonly Verification[]> {
    const asked = await this.#ask(view);
    const seen: Verification[] = [];
    for (const key of keys) seen.push((await readFile(asked, key)) === undefined ? 'gone' : 'present');
    return seen;
  }

  async lookup(
    view: View,
    subject: number,
    values: readonly string[],
    signal: AbortSignal,
  ): Promise<readonly Facts[]> {
    const { meaning } = this.#context;
    const how = view.record.subjects[subject]?.normalise ?? 'exact';
    const found: Facts[] = [];
    for await (const one of this.#records(view.record, signal)) {
      const facts = factsOf(meaning, this.#pattern(view.record), view, one);
      const value = meaning.normalise(facts.subjects[subject] ?? '', how);
      if (value !== '' && values.includes(value)) found.push(facts);
    }
    return found;
  }

  async find(record: RecordType, kind: string, value: string): Promise<number> {
    const { meaning } = this.#context;
    const asked: View = { ...NOTHING_ASKED, record };
    let number = 0;
    for await (const found of this.#records(record, new AbortController().signal)) {
      const { subjects } = factsOf(meaning, this.#pattern(record), asked, found);
      const meets = record.subjects.some((subject, i) => {
        const wanted = meaning.normalise(value, subject.normalise);
        const stored = meaning.normalise(subjects[i] ?? '', subject.normalise);
        return subject.kind === kind && wanted !== '' && stored === wanted;
      });
      if (meets) number += 1;
    }
    return number;
  }

  async close(): Promise<void> {
    for (const session of [...this.#sessions]) await session.release();
  }

  async #top(): Promise<string> {
    const folder = folderOf(this.#context.connection);
    if (folder === undefined) throw new SourceFailure('fatal', 'NO_FOLDER');
    return await topOf(folder);
  }

  async #ask(view: View): Promise<Asked> {
    return {
      meaning: this.#context.meaning,
      top: await this.#top(),
      pattern: this.#pattern(view.record),
      view,
    };
  }

  #pattern({ table }: RecordType): Pattern {
    const known = this.#patterns.get(table) ?? patternOf(table);
    this.#patterns.set(table, known);
    return known;
  }

  /** All files that are records of the type, behind a path. */
  async *#records(record: RecordType, signal: AbortSignal, after = ''): AsyncGenerator<Found> {
    const pattern = this.#pattern(record);
    const names = after === '' ? [] : after.split('/');
    for await (const found of walk(await this.#top(), pattern, names, signal))
      if (isRecord(this.#context.meaning, pattern, record, found)) yield found;
  }
}
