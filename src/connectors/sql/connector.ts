/**
 * The connector for SQL databases: MySQL and MariaDB, PostgreSQL, SQLite. It reads on connections that refuse writes,
 * and writes on one connection, in an erasing session only.
 */
import { text } from '../../database.ts';
import type { Database, Dialect, Param } from '../../database.ts';
import type { Outline } from '../../policy/outline/outline.ts';
import type { Condition, Facts, Key, RecordType, SourceLimits, View, Window } from '../../policy/policy.ts';
import type {
  Account,
  Capabilities,
  CheckReport,
  Connector,
  ConnectorContext,
  Count,
  ErasingSession,
  Finding,
  Meaning,
  Page,
  Verification,
} from '../connector.ts';
import { openRoot } from '../files/files.ts';
import type { Catalogue } from './catalogue/catalogue.ts';
import { loadCatalogue, tablesLike, wholeCatalogue } from './catalogue/load.ts';
import { otherSchemas } from './catalogue/postgres.ts';
import type { Ask } from './catalogue/load.ts';
import { advise } from './check/advise.ts';
import { checkViews } from './check/check.ts';
import { Findings } from './check/findings.ts';
import { askAbout } from './compile/facts.ts';
import type { Question } from './compile/facts.ts';
import { newContext } from './compile/place.ts';
import { dialectOf } from './dialect.ts';
import { connectTo, heed, openSource, unfit } from './failure.ts';
import { grantsFor } from './grants/grants.ts';
import { outlineOf } from './outline.ts';
import { countSubjects, lookup } from './run/find.ts';
import type { OpenRoot } from '../files/root.ts';
import { advisoryLock } from './run/lock.ts';
import { count, countDependents, readByKey, verify } from './run/look.ts';
import { Scan } from './run/scan.ts';
import type { Reader } from './run/scan.ts';
import { SqlSession } from './run/session.ts';
import type { Sql } from './sql.ts';
import { sql } from './sql.ts';

/** Most records of one batch: so many keys fit into one statement of every dialect. */
const MAX_BATCH = 5000;
/** Most sessions at a time in one process: one a policy, and one a partition that it works at. */
const MAX_SESSIONS = 12;

export interface SqlOptions {
  /** Sees the text of every statement before it is sent. */
  readonly onStatement?: (text: string, params: readonly Param[]) => void;
  /** Opens the places that files of rows lie below, in place of the real ones. */
  readonly openRoot?: OpenRoot;
}

/** What conditions mean is the database's to say; `check` holds what is certain of them against the catalogue. */
export type SqlContext = Omit<ConnectorContext, 'meaning'> & {
  readonly meaning?: Pick<Meaning, 'certainty'>;
};

/** A connector for the database at `context.connection`; connects when it is first asked for something. */
export function createSqlConnector(context: SqlContext, options: SqlOptions = {}): Connector {
  return new SqlConnector(context, options);
}

class SqlConnector implements Connector {
  readonly kind = 'sql';
  readonly capabilities: Capabilities;
  readonly #context: SqlContext;
  readonly #options: SqlOptions;
  readonly #dialect: Dialect;
  readonly #sessions = new Set<SqlSession>();
  #reading: Database | undefined;
  #writing: Database | undefined;
  /** What is known of the database since the last `check`. */
  #catalogues = new WeakMap<RecordType, Promise<Catalogue>>();
  #questions = new WeakMap<View, Question>();

  constructor(context: SqlContext, options: SqlOptions) {
    this.#context = context;
    this.#options = options;
    this.#dialect = dialectOf(context.connection);
    this.capabilities = {
      transactional: true,
      readOnlyEnforced: true,
      // A scan in the order of the start meets a record again whose start moves on while it runs.
      scanRepeats: true,
      maxBatch: MAX_BATCH,
      ownClock: this.#dialect !== 'sqlite',
      locks: true,
      // SQLite has one writer at a time.
      sideBySide: this.#dialect !== 'sqlite',
    };
  }

  async check(views: readonly View[], signal: AbortSignal): Promise<CheckReport> {
    heed(signal);
    this.#catalogues = new WeakMap();
    this.#questions = new WeakMap();
    const names = views.flatMap((view) => tablesOf(view.record));
    const catalogue = await loadCatalogue(this.#dialect, this.#ask, names);
    for (const view of views) this.#catalogues.set(view.record, Promise.resolve(catalogue));
    heed(signal);
    const { certainty } = this.#context.meaning ?? {};
    return await checkViews(this.#dialect, catalogue, views, this.#ask, this.#openRoot, signal, certainty);
  }

  async advise(views: readonly View[], signal: AbortSignal): Promise<readonly Finding[]> {
    const findings = new Findings();
    for (const view of views)
      await this.#asking(view, signal, (question) => advise(question, findings, this.#ask));
    return findings.all;
  }

  async tablesLike(pattern: string, signal: AbortSignal): Promise<readonly string[]> {
    heed(signal);
    return await tablesLike(this.#dialect, this.#ask, pattern);
  }

  async now(): Promise<number | undefined> {
    if (this.#dialect === 'sqlite') return undefined;
    const clock =
      this.#dialect === 'mysql'
        ? sql`SELECT CAST(UNIX_TIMESTAMP(SYSDATE(3)) * 1000 AS UNSIGNED)`
        : sql`SELECT CAST(floor(extract(epoch FROM clock_timestamp()) * 1000) AS bigint)`;
    return Number(text((await this.#read(clock))[0]?.[0]));
  }

  async count(view: View, signal: AbortSignal): Promise<Count> {
    return await this.#asking(view, signal, (question) => count(question, this.#read));
  }

  async *scan(
    view: View,
    windows: readonly Window[] | undefined,
    signal: AbortSignal,
    cursor?: string,
  ): AsyncGenerator<Page> {
    const question = await this.#asking(view, signal, (one) => Promise.resolve(one));
    yield* new Scan(question, windows, this.#context.pageSize, this.#read).pages(signal, cursor);
  }

  async read(view: View, keys: readonly Key[], signal: AbortSignal): Promise<readonly Facts[]> {
    return await this.#asking(view, signal, (question) => readByKey(question, keys, this.#read, signal));
  }

  async dependents(
    view: View,
    stage: number,
    keys: readonly Key[],
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, number>> {
    return await this.#asking(view, signal, (question) => {
      const asked = view.stages[stage];
      if (asked === undefined) throw unfit('UNKNOWN_STAGE');
      return countDependents(question, asked, keys, this.#read, signal);
    });
  }

  async erasing(view: View, signal: AbortSignal, partition = 0): Promise<ErasingSession> {
    return await this.#asking(view, signal, async (question) => {
      const lock = advisoryLock(this.#dialect, this.#context.connection, view, partition);
      const session = await SqlSession.open({
        database: this.#writer(),
        question,
        lock,
        maxBatch: MAX_BATCH,
        openRoot: this.#openRoot,
        closed: (one) => this.#sessions.delete(one),
      });
      this.#sessions.add(session);
      return session;
    });
  }

  async verify(
    view: View,
    stage: number,
    keys: readonly Key[],
    signal: AbortSignal,
  ): Promise<readonly Verification[]> {
    return await this.#asking(view, signal, (question) => verify(question, stage, keys, this.#read, signal));
  }

  async grants(
    views: readonly View[],
    account: Account,
    limits: SourceLimits | undefined,
    signal: AbortSignal,
  ): Promise<readonly string[]> {
    heed(signal);
    return await grantsFor(this.#dialect, this.#ask, views, account, limits);
  }

  async outline(signal: AbortSignal): Promise<Outline> {
    heed(signal);
    const elsewhere = this.#dialect === 'postgres' ? await otherSchemas(this.#ask) : [];
    return { ...outlineOf(await wholeCatalogue(this.#dialect, this.#ask)), elsewhere };
  }

  async lookup(
    view: View,
    subject: number,
    values: readonly string[],
    signal: AbortSignal,
  ): Promise<readonly Facts[]> {
    return await this.#asking(view, signal, (question) =>
      lookup(question, subject, values, this.#read, signal),
    );
  }

  async find(record: RecordType, kind: string, value: string): Promise<number> {
    const view: View = { ...NOTHING_ELSE, record };
    const never = new AbortController().signal;
    return await this.#asking(view, never, (question) => countSubjects(question, kind, value, this.#read));
  }

  async close(): Promise<void> {
    for (const session of [...this.#sessions]) await session.release();
    const open = [this.#reading, this.#writing];
    this.#reading = undefined;
    this.#writing = undefined;
    for (const database of open) await database?.close();
  }

  /** Compiles the view, with the catalogue that it rests on, and does something with it. */
  async #asking<T>(view: View, signal: AbortSignal, work: (question: Question) => Promise<T>): Promise<T> {
    heed(signal);
    const context = newContext(this.#dialect, await this.#catalogueOf(view.record), view.record);
    const question = this.#questions.get(view) ?? askAbout(context, view);
    this.#questions.set(view, question);
    return await work(question);
  }

  async #catalogueOf(record: RecordType): Promise<Catalogue> {
    const known = this.#catalogues.get(record);
    if (known !== undefined) return await known;
    const loading = loadCatalogue(this.#dialect, this.#ask, tablesOf(record));
    this.#catalogues.set(record, loading);
    loading.catch(() => this.#catalogues.delete(record));
    return await loading;
  }

  readonly #read: Reader = async (statement) => {
    const options = { ...this.#options, readOnly: true };
    this.#reading ??= openSource(this.#context.connection, options);
    return await withConnection(this.#reading, statement);
  };

  get #openRoot(): OpenRoot {
    return this.#options.openRoot ?? openRoot;
  }

  readonly #ask: Ask = async (statement) => (await this.#read(statement)).map((row) => row.map(text));

  #writer(): Database {
    // What SQLite deletes is overwritten, not just unlinked.
    this.#writing ??= openSource(this.#context.connection, {
      ...this.#options,
      pragmas: { secure_delete: 'ON' },
      poolMax: MAX_SESSIONS,
    });
    return this.#writing;
  }
}

/** One statement on a connection of its own; a connection that failed is not used again. */
async function withConnection(database: Database, statement: Sql): Promise<readonly (readonly unknown[])[]> {
  const connection = await connectTo(database);
  try {
    const { rows } = await connection.query(statement);
    await connection.release();
    return rows;
  } catch (error) {
    await connection.destroy();
    throw error;
  }
}

function tablesOf(record: RecordType): readonly string[] {
  return [record, ...(record.parts ?? []), ...record.related].map((one) => one.table);
}

const ALWAYS: Condition = { kind: 'all', of: [] };

/** A view that asks for keys and subjects alone. */
const NOTHING_ELSE: Omit<View, 'record'> = {
  policy: '',
  source: '',
  starts: [],
  conditions: [],
  where: ALWAYS,
  exempt: [],
  stages: [],
  startTree: { kind: 'latest of', of: [] },
  acknowledgedCascades: [],
};
