/** A small CRM in a database of its own, and connectors on it, for the tests of the SQL connector. */
import type { Param } from '../../../src/database.ts';
import type { Connector } from '../../../src/connectors/connector.ts';
import { createSqlConnector } from '../../../src/connectors/sql/connector.ts';
import type { RecordType, Related, View } from '../../../src/policy/policy.ts';
import { freshDatabase } from '../../support/servers/index.ts';
import type { Engine, Row, TestDatabase } from '../../support/servers/index.ts';
import { ALL, DELETE, startAt } from '../conformance/views.ts';

/** The names of types that differ. */
export interface Types {
  readonly big: string;
  readonly time: string;
  readonly now: string;
}

const TYPES: Readonly<Record<Engine, Types>> = {
  mariadb: { big: 'BIGINT', time: 'DATETIME', now: 'CURRENT_TIMESTAMP' },
  postgres: { big: 'BIGINT', time: 'TIMESTAMP', now: 'CURRENT_TIMESTAMP' },
  sqlite: { big: 'INTEGER', time: 'DATETIME', now: 'CURRENT_TIMESTAMP' },
};

export interface Sent {
  readonly text: string;
  readonly params: readonly Param[];
}

export interface ConnectOptions {
  readonly pageSize?: number;
  /** By another way than the database's own address. */
  readonly url?: string;
  /** Told of every statement just before it is sent. */
  readonly onStatement?: (text: string) => void;
}

export interface Bed {
  readonly engine: Engine;
  readonly database: TestDatabase;
  /** A connector of its own, as another process would have one. */
  connect(options?: ConnectOptions): Connector;
  /** What connectors sent since the last call; the questions to the catalogue are left out. */
  sent(): readonly Sent[];
  query(text: string): Promise<Row[]>;
  /** The rows of a table by the order of their text, as plain values. */
  rows(table: string): Promise<readonly string[]>;
  close(): Promise<void>;
}

/** `create` makes the connectors; a test of the tests hands in one that is not right. */
export async function makeBed(
  engine: Engine,
  tables: (types: Types) => readonly string[],
  create: typeof createSqlConnector = createSqlConnector,
): Promise<Bed> {
  const database = await freshDatabase(engine);
  const statements = tables(TYPES[engine]);
  if (engine === 'sqlite') await database.query(['BEGIN', ...statements, 'COMMIT'].join(';\n'));
  else for (const statement of statements) await database.query(statement);
  const connectors: Connector[] = [];
  let sent: Sent[] = [];
  return {
    engine,
    database,
    connect(options = {}) {
      const context = {
        source: 'bed',
        connection: options.url ?? database.url,
        pageSize: options.pageSize ?? 100,
      };
      const onStatement = (text: string, params: readonly Param[]): void => {
        options.onStatement?.(text);
        if (!/information_schema|pg_class|pragma_|sqlite_schema|@@log_bin/.test(text))
          sent.push({ text, params });
      };
      const connector = create(context, { onStatement });
      connectors.push(connector);
      return connector;
    },
    sent() {
      const all = sent;
      sent = [];
      return all;
    },
    query: async (text) => await database.query(text),
    rows: async (table) =>
      // A native driver makes its arrays in the realm of the first test file of the process: one of our own is compared.
      Array.from(await database.query(`SELECT * FROM ${table}`), (row) =>
        Object.values(row).map(String).join('|'),
      ).sort(),
    close: async () => {
      for (const connector of connectors) await connector.close();
      await database.drop();
    },
  };
}

export const relation = (
  name: string,
  match: Readonly<Record<string, string>>,
  more: Partial<Related> = {},
): Related => ({
  name,
  table: name,
  match: Object.entries(match).map(([theirs, ours]) => ({ theirs, ours })),
  scope: [],
  where: ALL,
  ...more,
});

export const recordOf = (
  table: string,
  key: readonly string[],
  more: Partial<RecordType> = {},
): RecordType => ({
  name: table,
  table,
  key,
  scope: [],
  subjects: [],
  related: [],
  ...more,
});

export const viewOf = (record: RecordType, more: Partial<View> = {}): View => ({
  policy: 'test',
  source: 'bed',
  record,
  starts: [startAt('started_at')],
  conditions: [],
  where: ALL,
  exempt: [],
  stages: [DELETE],
  startTree: { kind: 'column', index: 0 },
  acknowledgedCascades: [],
  ...more,
});
