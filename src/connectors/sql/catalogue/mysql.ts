/** MySQL's and MariaDB's catalogue: information_schema. */
import type { Raw } from '../../../policy/policy.ts';
import type { Sql } from '../sql.ts';
import { sql, value } from '../sql.ts';
import type { Column, Family, ForeignAction, ForeignKey, Index, Table, TableId } from './catalogue.ts';
import { grouped } from './load.ts';
import type { Ask, FoundTable, Reading, Resolve } from './load.ts';

const FAMILIES: Readonly<Record<string, Family>> = {
  tinyint: 'integer',
  smallint: 'integer',
  mediumint: 'integer',
  int: 'integer',
  bigint: 'integer',
  year: 'integer',
  bit: 'integer',
  decimal: 'decimal',
  float: 'float',
  double: 'float',
  char: 'text',
  varchar: 'text',
  tinytext: 'text',
  text: 'text',
  mediumtext: 'text',
  longtext: 'text',
  enum: 'text',
  set: 'text',
  uuid: 'uuid',
  binary: 'binary',
  varbinary: 'binary',
  tinyblob: 'binary',
  blob: 'binary',
  mediumblob: 'binary',
  longblob: 'binary',
  date: 'date',
  datetime: 'datetime',
  timestamp: 'instant',
  time: 'time',
  json: 'json',
};

const BYTES: Readonly<Record<string, number>> = { tinyint: 1, smallint: 2, mediumint: 3, int: 4, bigint: 8 };

/**
 * Every question names one schema, or one table, by `=`: only then does the server answer it without opening every
 * table and view of every database that it holds. So a foreign key is not seen from a schema that no policy names.
 */
export async function readMysql(ask: Ask, schemas: readonly string[], resolve: Resolve): Promise<Reading> {
  const settings = (await ask(sql`SELECT DATABASE(), @@log_bin, @@binlog_format, VERSION()`))[0] ?? [];
  const own = settings[0] ?? '';
  const places = [own, ...schemas.filter((schema) => schema !== own)];
  const found: FoundTable[] = [];
  const foreignKeys: ForeignKey[] = [];
  for (const place of places) {
    found.push(...(await readTables(ask, place)));
    foreignKeys.push(...(await readForeignKeys(ask, place)));
  }
  const wanted = new Set([...resolve(found).values()].filter((one) => one !== undefined));
  const columns = new Map<TableId, readonly Column[]>();
  const indexes = new Map<TableId, readonly Index[]>();
  for (const one of wanted) {
    columns.set(one.id, await readColumns(ask, one));
    indexes.set(one.id, await readIndexes(ask, one));
  }
  const primaryKeys = [...indexes].flatMap(([id, all]) => {
    const primary = all
      .find((index) => index.name === 'PRIMARY')
      ?.columns.filter((name) => name !== undefined);
    return primary === undefined ? [] : ([[id, primary]] as const);
  });
  const writesRefused = settings[1] === '1' && settings[2] === 'STATEMENT';
  const asksTarget = /mariadb/i.test(settings[3] ?? '');
  return {
    found,
    columns,
    primaryKeys: new Map(primaryKeys),
    indexes,
    foreignKeys,
    writesRefused,
    asksTarget,
  };
}

const named = ({ schema, name }: FoundTable): Sql =>
  sql`TABLE_SCHEMA = ${value(schema)} AND TABLE_NAME = ${value(name)}`;

const idOf = (row: readonly Raw[]): TableId => `${row[0] ?? ''}.${row[1] ?? ''}`;

async function readTables(ask: Ask, schema: string): Promise<readonly FoundTable[]> {
  const rows = await ask(sql`SELECT t.TABLE_SCHEMA, t.TABLE_NAME, t.TABLE_TYPE, t.ENGINE, e.TRANSACTIONS
    FROM information_schema.TABLES t LEFT JOIN information_schema.ENGINES e ON e.ENGINE = t.ENGINE
    WHERE t.TABLE_SCHEMA = ${value(schema)} ORDER BY t.TABLE_NAME`);
  const kinds: Readonly<Record<string, Table['kind']>> = {
    'BASE TABLE': 'table',
    VIEW: 'view',
    'SYSTEM VERSIONED': 'history',
  };
  return rows.map((row) => ({
    id: idOf(row),
    schema: row[0] ?? '',
    name: row[1] ?? '',
    kind: kinds[row[2] ?? ''] ?? 'other',
    transactional: row[4] === 'YES',
    ...(row[3] === null || row[3] === undefined ? {} : { engine: row[3] }),
  }));
}

async function readColumns(ask: Ask, table: FoundTable): Promise<readonly Column[]> {
  const rows =
    await ask(sql`SELECT COLUMN_NAME, DATA_TYPE, COLUMN_TYPE, IS_NULLABLE, CHARACTER_MAXIMUM_LENGTH,
    CHARACTER_SET_NAME, COLLATION_NAME, EXTRA
    FROM information_schema.COLUMNS WHERE ${named(table)} ORDER BY ORDINAL_POSITION`);
  return rows.map((row) => column(row));
}

function column(row: readonly Raw[]): Column {
  const [name, dataType, type, nullable, length, charset, collation, extra] = row.map((cell) => cell ?? '');
  const family = FAMILIES[dataType ?? ''] ?? 'other';
  const range = rangeOf(dataType ?? '', type ?? '');
  const sized = (family === 'text' || family === 'binary') && length !== '';
  return {
    name: name ?? '',
    family,
    type: type ?? '',
    nullable: nullable === 'YES',
    generated: /\b(?:VIRTUAL|STORED|PERSISTENT)\b/.test(extra ?? ''),
    onUpdate: /\bon update\b/i.test(extra ?? ''),
    bits: dataType === 'bit',
    ...(sized ? { maxLength: Number(length) } : {}),
    ...(range === undefined ? {} : { range }),
    ...(dataType === 'enum' ? { enumValues: enumValues(type ?? '') } : {}),
    ...(charset === '' || charset === undefined ? {} : { charset }),
    ...(collation === '' || collation === undefined ? {} : { collation }),
  };
}

function rangeOf(dataType: string, type: string): readonly [bigint, bigint] | undefined {
  const bytes = BYTES[dataType];
  if (bytes === undefined) return undefined;
  const span = 1n << BigInt(8 * bytes);
  return type.includes('unsigned') ? [0n, span - 1n] : [-span / 2n, span / 2n - 1n];
}

/** `enum('a','it''s')` taken apart. */
function enumValues(type: string): readonly string[] {
  return [...type.matchAll(/'((?:[^']|'')*)'/g)].map((match) => (match[1] ?? '').replaceAll("''", "'"));
}

async function readIndexes(ask: Ask, table: FoundTable): Promise<readonly Index[]> {
  // A prefix index orders by the beginning of a text only: no search or order by the whole column can rest on it.
  const rows = await ask(sql`SELECT INDEX_NAME, NON_UNIQUE, CASE WHEN SUB_PART IS NULL THEN COLUMN_NAME END
    FROM information_schema.STATISTICS WHERE ${named(table)} AND INDEX_TYPE = 'BTREE'
    ORDER BY INDEX_NAME, SEQ_IN_INDEX`);
  const all = grouped(
    rows,
    (row) => row[0] ?? '',
    (row) => row,
  );
  return [...all].map(([name, parts]) => ({
    name,
    columns: parts.map((row) => row[2] ?? undefined),
    unique: parts[0]?.[1] === '0',
    whole: true,
  }));
}

async function readForeignKeys(ask: Ask, schema: string): Promise<readonly ForeignKey[]> {
  const rows = await ask(sql`SELECT k.TABLE_SCHEMA, k.TABLE_NAME, k.CONSTRAINT_NAME, k.COLUMN_NAME,
    k.REFERENCED_TABLE_SCHEMA, k.REFERENCED_TABLE_NAME, k.REFERENCED_COLUMN_NAME, r.DELETE_RULE, r.UPDATE_RULE
    FROM information_schema.KEY_COLUMN_USAGE k JOIN information_schema.REFERENTIAL_CONSTRAINTS r
    ON r.CONSTRAINT_NAME = k.CONSTRAINT_NAME AND r.TABLE_NAME = k.TABLE_NAME
    WHERE k.TABLE_SCHEMA = ${value(schema)} AND r.CONSTRAINT_SCHEMA = ${value(schema)}
    AND k.REFERENCED_TABLE_NAME IS NOT NULL
    ORDER BY k.TABLE_NAME, k.CONSTRAINT_NAME, k.ORDINAL_POSITION`);
  const all = grouped(
    rows,
    (row) => JSON.stringify(row.slice(0, 3)),
    (row) => row,
  );
  return [...all.values()].map((parts) => {
    const first = parts[0] ?? [];
    return {
      from: idOf(first),
      columns: parts.map((row) => row[3] ?? ''),
      to: idOf(first.slice(4)),
      references: parts.map((row) => row[6] ?? ''),
      onDelete: action(first[7]),
      onUpdate: action(first[8]),
    };
  });
}

function action(rule: Raw | undefined): ForeignAction {
  const text = (rule ?? '').toLowerCase();
  return text === 'cascade' || text === 'set null' || text === 'set default' ? text : 'restrict';
}
