/** Tables of the demo's four systems, as SQLite, MySQL/MariaDB and PostgreSQL write them. */
import type { Dialect } from '../database.ts';
import type { DatabaseName } from './types.ts';

type Type = 'id' | 'uuid' | 'number' | 'flag' | 'short' | 'text' | 'moment' | 'epoch' | 'date';

interface TableSchema {
  readonly name: string;
  /** Type of each column; `?` behind it where the column may be NULL. */
  readonly columns: Readonly<Record<string, Type | `${Type}?`>>;
  readonly key: readonly string[];
  readonly refers?: readonly {
    readonly columns: readonly string[];
    readonly to: string;
    readonly theirs: readonly string[];
  }[];
  readonly indexes?: readonly (readonly string[])[];
}

const TYPES: Readonly<Record<Dialect, Readonly<Record<Type, string>>>> = {
  sqlite: {
    id: 'INTEGER',
    uuid: 'TEXT',
    number: 'INTEGER',
    flag: 'INTEGER',
    short: 'TEXT',
    text: 'TEXT',
    moment: 'TEXT',
    epoch: 'INTEGER',
    date: 'TEXT',
  },
  mysql: {
    id: 'BIGINT',
    uuid: 'CHAR(36)',
    number: 'INT',
    flag: 'TINYINT',
    short: 'VARCHAR(190)',
    text: 'TEXT',
    moment: 'DATETIME',
    epoch: 'BIGINT',
    date: 'DATE',
  },
  postgres: {
    id: 'bigint',
    uuid: 'uuid',
    number: 'integer',
    flag: 'smallint',
    short: 'varchar(190)',
    text: 'text',
    moment: 'timestamp',
    epoch: 'bigint',
    date: 'date',
  },
};

/**
 * Two companies share the CRM, and both number their rows from 1: whoever forgets the company in one statement meets
 * the other's rows.
 */
const CONTACT = {
  columns: ['company_id', 'contact_id'],
  to: 'contacts',
  theirs: ['company_id', 'id'],
} as const;

const SCHEMA: Readonly<Record<DatabaseName, readonly TableSchema[]>> = {
  crm: [
    {
      name: 'contacts',
      columns: {
        company_id: 'number',
        id: 'id',
        name: 'short',
        email: 'short?',
        phone: 'short?',
        customer_number: 'short?',
        created_at: 'moment',
        last_contacted_at: 'moment?',
        note: 'text?',
      },
      key: ['company_id', 'id'],
      indexes: [['company_id', 'last_contacted_at'], ['email']],
    },
    {
      name: 'activities',
      columns: {
        company_id: 'number',
        id: 'id',
        contact_id: 'id',
        kind: 'short',
        happened_at: 'moment',
        note: 'text?',
      },
      key: ['company_id', 'id'],
      refers: [CONTACT],
      indexes: [['company_id', 'contact_id', 'happened_at']],
    },
    {
      name: 'deals',
      columns: {
        company_id: 'number',
        id: 'id',
        contact_id: 'id?',
        title: 'short',
        status: 'short',
        amount: 'number',
      },
      key: ['company_id', 'id'],
      refers: [CONTACT],
      indexes: [['company_id', 'contact_id', 'status']],
    },
    {
      name: 'invoices',
      columns: {
        company_id: 'number',
        id: 'id',
        contact_id: 'id',
        billing_email: 'short?',
        issued_on: 'date',
        amount: 'number',
      },
      key: ['company_id', 'id'],
      refers: [CONTACT],
      indexes: [['company_id', 'contact_id'], ['company_id', 'issued_on'], ['billing_email']],
    },
  ],
  newsletter: [
    {
      name: 'subscribers',
      columns: { id: 'id', email: 'short', name: 'short?', signed_up_at: 'epoch', unsubscribed_at: 'epoch?' },
      key: ['id'],
      indexes: [['unsubscribed_at'], ['email']],
    },
    {
      name: 'opens',
      columns: { id: 'id', subscriber_id: 'id', opened_at: 'epoch', client: 'short' },
      key: ['id'],
      refers: [{ columns: ['subscriber_id'], to: 'subscribers', theirs: ['id'] }],
      indexes: [['subscriber_id']],
    },
  ],
  ats: [
    {
      name: 'applications',
      columns: {
        id: 'id',
        name: 'short',
        email: 'short',
        phone: 'short?',
        position: 'short',
        letter: 'text',
        status: 'short',
        in_dialogue: 'flag',
        applied_at: 'moment',
        rejected_at: 'moment?',
      },
      key: ['id'],
      indexes: [['rejected_at'], ['email']],
    },
    {
      name: 'interview_notes',
      columns: { id: 'id', application_id: 'id', written_at: 'moment', note: 'text' },
      key: ['id'],
      refers: [{ columns: ['application_id'], to: 'applications', theirs: ['id'] }],
      indexes: [['application_id']],
    },
  ],
  chat: [
    {
      name: 'conversations',
      columns: {
        id: 'uuid',
        visitor_name: 'short?',
        visitor_email: 'short?',
        page: 'short',
        started_at: 'moment?',
      },
      key: ['id'],
      indexes: [['started_at'], ['visitor_email']],
    },
    {
      name: 'messages',
      columns: { id: 'id', conversation_id: 'uuid', sender: 'short', sent_at: 'moment', body: 'text' },
      key: ['id'],
      refers: [{ columns: ['conversation_id'], to: 'conversations', theirs: ['id'] }],
      indexes: [['conversation_id', 'sent_at']],
    },
  ],
};

function schemaOf(database: DatabaseName, table: string): TableSchema {
  const found = SCHEMA[database].find((one) => one.name === table);
  if (found === undefined) throw new RangeError(`the demo has no table ${table}`);
  return found;
}

/** Names of a table's columns, in the order of its rows. */
export function columnsOf(database: DatabaseName, table: string): readonly string[] {
  return Object.keys(schemaOf(database, table).columns);
}

/** Names of a table's key columns. */
export function keyOf(database: DatabaseName, table: string): readonly string[] {
  return schemaOf(database, table).key;
}

function createTable(dialect: Dialect, table: TableSchema): string {
  const columns = Object.entries(table.columns).map(([name, type]) => {
    const nullable = type.endsWith('?');
    const plain = (nullable ? type.slice(0, -1) : type) as Type;
    return `${name} ${TYPES[dialect][plain]}${nullable ? '' : ' NOT NULL'}`;
  });
  const foreign = (table.refers ?? []).map(
    (one) => `FOREIGN KEY (${one.columns.join(', ')}) REFERENCES ${one.to} (${one.theirs.join(', ')})`,
  );
  const lines = [...columns, `PRIMARY KEY (${table.key.join(', ')})`, ...foreign];
  return `CREATE TABLE ${table.name} (${lines.join(', ')})${dialect === 'mysql' ? ' ENGINE = InnoDB' : ''}`;
}

/** Statements that make the tables of one system in an empty database. */
export function ddl(dialect: Dialect, database: DatabaseName): readonly string[] {
  return SCHEMA[database].flatMap((table) => [
    createTable(dialect, table),
    ...(table.indexes ?? []).map(
      (columns) => `CREATE INDEX ${table.name}_${columns.join('_')} ON ${table.name} (${columns.join(', ')})`,
    ),
  ]);
}
