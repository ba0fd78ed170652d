/**
 * Files of a folder or a bucket as records, or rows inside files of a folder: logs, exports, chat transcripts.
 * `connection: file:/srv/exports`, or `s3://bucket/prefix`.
 *
 * The key of a file is its path below the root; that of a row is the path and the SHA-256 of its bytes, so that rows with
 * the same bytes are one record. A file is deleted on its own: a crash leaves it whole or gone. Its rows go together, as
 * rows/rewrite.ts says. A folder that varies by the pattern (`{email}/`) goes with its last file; a crash between the
 * two leaves it empty.
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
import { adviseFiles, checkFiles } from './check.ts';
import { Asked } from './item.ts';
import { patternOf } from './pattern.ts';
import { Bucket } from './place/bucket.ts';
import { Folder } from './place/folder.ts';
import type { Place } from './place/place.ts';
import { readerOf } from './reader.ts';
import type { Reader } from './reader.ts';

const CAPABILITIES: Omit<Capabilities, 'locks' | 'maxBatch'> = {
  transactional: false,
  readOnlyEnforced: false,
  // Of very many different rows, one that stands in its file several times comes several times.
  scanRepeats: true,
  ownClock: false,
};

/** A connector over the folder or bucket that the connection names, or over a place of one's own. */
export function createFilesConnector(
  context: ConnectorContext,
  place: Place = placeOf(context.connection),
): Connector {
  return new FilesConnector(context, place);
}

function placeOf(connection: string): Place {
  return connection.startsWith('s3://') ? new Bucket(connection) : new Folder(connection);
}

class FilesConnector implements Connector {
  readonly kind = 'files';
  readonly capabilities: Capabilities;
  readonly #context: ConnectorContext;
  readonly #place: Place;
  readonly #sessions = new Set<ErasingSession>();

  constructor(context: ConnectorContext, place: Place) {
    this.#context = context;
    this.#place = place;
    this.capabilities = { ...CAPABILITIES, locks: place.locks, maxBatch: place.maxBatch };
  }

  async check(views: readonly View[], signal: AbortSignal): Promise<CheckReport> {
    stopIf(signal);
    return await checkFiles(this.#context.source, this.#place, views, signal);
  }

  async advise(views: readonly View[], signal: AbortSignal): Promise<readonly Finding[]> {
    stopIf(signal);
    return await adviseFiles(this.#place, views, signal);
  }

  tablesLike(): Promise<readonly string[]> {
    return Promise.resolve([]);
  }

  now(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  grants(): Promise<readonly string[]> {
    const needs = this.#context.connection.startsWith('s3://')
      ? 's3:ListBucketVersions on the bucket, and s3:DeleteObjectVersion below the prefix'
      : 'The user of the process must be able to read the folder, to write to it, and to remove files from it';
    return Promise.resolve([`-- No SQL. ${needs}.`]);
  }

  outline(): Promise<Outline> {
    return Promise.resolve({ tables: [], references: [] });
  }

  async dependents(
    _view: View,
    _stage: number,
    _keys: readonly Key[],
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, number>> {
    stopIf(signal);
    return await Promise.resolve(new Map());
  }

  async count(view: View, signal: AbortSignal): Promise<Count> {
    let [population, matching] = [0, 0];
    const { asked, reader } = this.#read(view);
    for await (const { item } of reader.items(signal)) {
      if (!asked.isRecord(item)) continue;
      population += 1;
      if (asked.isMeant(item)) matching += 1;
    }
    return { population, matching };
  }

  /** Windows are left to the judge: a file has to be read anyhow. */
  async *scan(view: View, _windows: unknown, signal: AbortSignal, cursor?: string): AsyncGenerator<Page> {
    const { asked, reader } = this.#read(view);
    let facts: Facts[] = [];
    let last = '';
    for await (const { item, cursor: here } of reader.items(signal, cursor)) {
      if (!asked.isRecord(item) || !asked.isMeant(item)) continue;
      facts.push(asked.facts(item));
      last = here;
      if (facts.length < this.#context.pageSize) continue;
      yield { facts, cursor: last };
      stopIf(signal);
      facts = [];
    }
    if (facts.length > 0) yield { facts, cursor: last };
  }

  async read(view: View, keys: readonly Key[], signal: AbortSignal): Promise<readonly Facts[]> {
    const { asked, reader } = this.#read(view);
    return await reader.byKey(keys, signal, (item) => (asked.isRecord(item) ? asked.facts(item) : undefined));
  }

  async erasing(view: View, signal: AbortSignal): Promise<ErasingSession> {
    stopIf(signal);
    const { reader } = this.#read(view);
    const unlock = await this.#place.lock(view.policy);
    try {
      const session = await reader.session(unlock, (one) => this.#sessions.delete(one));
      this.#sessions.add(session);
      return session;
    } catch (error) {
      unlock();
      throw error;
    }
  }

  async verify(
    view: View,
    stage: number,
    keys: readonly Key[],
    signal: AbortSignal,
  ): Promise<readonly Verification[]> {
    const seen = new Map((await this.read(view, keys, signal)).map((one) => [JSON.stringify(one.key), one]));
    return keys.map((key) => {
      const facts = seen.get(JSON.stringify(key));
      if (facts === undefined) return 'gone';
      return facts.done[stage] === true ? 'done' : 'present';
    });
  }

  async lookup(
    view: View,
    subject: number,
    values: readonly string[],
    signal: AbortSignal,
  ): Promise<readonly Facts[]> {
    const how = view.record.subjects[subject]?.normalise ?? 'exact';
    const found: Facts[] = [];
    for await (const facts of this.#all(view, signal)) {
      const value = this.#context.meaning.normalise(facts.subjects[subject] ?? '', how);
      if (value !== '' && values.includes(value)) found.push(facts);
    }
    return found;
  }

  async find(record: RecordType, kind: string, value: string): Promise<number> {
    const { normalise } = this.#context.meaning;
    let number = 0;
    for await (const { subjects } of this.#all({ ...NOTHING_ASKED, record }, new AbortController().signal)) {
      const meets = record.subjects.some((subject, i) => {
        const wanted = normalise(value, subject.normalise);
        const stored = normalise(subjects[i] ?? '', subject.normalise);
        return subject.kind === kind && wanted !== '' && stored === wanted;
      });
      if (meets) number += 1;
    }
    return number;
  }

  async close(): Promise<void> {
    for (const session of [...this.#sessions]) await session.release();
    this.#place.close();
  }

  /** Every record of the type. */
  async *#all(view: View, signal: AbortSignal): AsyncGenerator<Facts> {
    const { asked, reader } = this.#read(view);
    for await (const { item } of reader.items(signal)) if (asked.isRecord(item)) yield asked.facts(item);
  }

  #read(view: View): { readonly asked: Asked; readonly reader: Reader } {
    const asked = new Asked(this.#context.meaning, view);
    return { asked, reader: readerOf(this.#place, patternOf(view.record.table), asked) };
  }
}

function stopIf(signal: AbortSignal): void {
  if (signal.aborted) throw new SourceFailure('transient', 'ABORTED');
}
