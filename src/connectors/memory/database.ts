/** Tables in memory. Trust: none; for tests and for learning the contract. */
import type { Raw, Related, Scalar, Scope } from '../../policy/policy.ts';
import { SourceFailure } from '../connector.ts';
import type { Meaning } from '../connector.ts';

export type { Meaning } from '../connector.ts';

/**
 * Values are text as in `Facts`: integers in decimal, booleans as `1` and `0`, datetimes as `YYYY-MM-DD HH:MM:SS`, dates as
 * `YYYY-MM-DD`.
 * Text compares byte by byte, integers as integers however large.
 */
export type MemoryColumnType = 'int' | 'text' | 'datetime' | 'date' | 'bool';

/** Never changed in place: a changed row is a new one, so that a copy of the maps is a snapshot. */
export type MemoryRow = Readonly<Record<string, Raw>>;

export interface MemoryTableData {
  readonly name: string;
  readonly columns: Readonly<Record<string, { readonly type: MemoryColumnType; readonly nullable: boolean }>>;
  readonly primaryKey: readonly string[];
  /** Rows referred to cannot be deleted (RESTRICT). */
  readonly foreignKeys: readonly {
    readonly columns: readonly string[];
    readonly table: string;
    readonly references: readonly string[];
  }[];
  readonly rows: readonly MemoryRow[];
}

export interface MemoryTable extends Omit<MemoryTableData, 'rows'> {
  /** By primary key, see `rowKey`. */
  rows: Map<string, MemoryRow>;
}

/** What several connectors on the same data share. */
export interface MemoryDatabase {
  readonly meaning: Meaning;
  readonly tables: ReadonlyMap<string, MemoryTable>;
  /** Advisory locks held, by name. */
  readonly locks: Set<string>;
}

export const rowKey = (table: Pick<MemoryTable, 'primaryKey'>, row: MemoryRow): string =>
  JSON.stringify(table.primaryKey.map((column) => row[column] ?? null));

/** A database with these tables; rows with the same primary key replace one another. */
export function createMemoryDatabase(tables: readonly MemoryTableData[], meaning: Meaning): MemoryDatabase {
  return { meaning, tables: new Map(tables.map((data) => [data.name, withRows(data)])), locks: new Set() };
}

/** The table with its rows by primary key. */
export function withRows(data: MemoryTableData): MemoryTable {
  return { ...data, rows: new Map(data.rows.map((row) => [rowKey(data, row), row])) };
}

/** The same tables, to be changed without anybody seeing it. */
export function copyOf(database: MemoryDatabase): MemoryDatabase {
  const tables = [...database.tables].map(
    ([name, table]) => [name, { ...table, rows: new Map(table.rows) }] as const,
  );
  return { ...database, tables: new Map(tables) };
}

/** Makes the copy's rows the rows: all tables at once. */
export function commit(database: MemoryDatabase, copy: MemoryDatabase): void {
  for (const [name, table] of copy.tables) tableOf(database, name).rows = table.rows;
}

export function tableOf(database: MemoryDatabase, name: string): MemoryTable {
  const table = database.tables.get(name);
  if (table === undefined) throw new SourceFailure('fatal', 'UNKNOWN_TABLE');
  return table;
}

/** A constant in the form in which a column would hold it. */
export function stored(value: Scalar): Raw {
  if (typeof value === 'boolean') return value ? '1' : '0';
  return value === null ? null : String(value);
}

/** Below, at or above zero as `left` is before, equal to or after `right` in a column of this type. */
export function order(type: MemoryColumnType, left: string, right: string): number {
  if (type === 'int') {
    const whole = /^-?\d+$/;
    const [a, b] =
      whole.test(left) && whole.test(right) ? [BigInt(left), BigInt(right)] : [Number(left), Number(right)];
    return a < b ? -1 : a > b ? 1 : 0;
  }
  return Buffer.compare(Buffer.from(left), Buffer.from(right));
}

export function typeOf(table: MemoryTable, column: string): MemoryColumnType {
  const found = table.columns[column];
  if (found === undefined) throw new SourceFailure('fatal', 'UNKNOWN_COLUMN');
  return found.type;
}

export const inScope = (scope: Scope, row: MemoryRow): boolean =>
  scope.every(({ column, value }) => row[column] === stored(value));

export function relationOf(related: readonly Related[], name: string): Related {
  const found = related.find((one) => one.name === name);
  if (found === undefined) throw new SourceFailure('fatal', 'UNKNOWN_RELATION');
  return found;
}

/** The largest (or smallest) of these values in the order of the type; null where there is none. */
export function extreme(type: MemoryColumnType, values: readonly Raw[], which: 'largest' | 'smallest'): Raw {
  let found: Raw = null;
  for (const value of values) {
    if (value === null) continue;
    const sign = found === null ? 0 : order(type, value, found);
    if (found === null || (which === 'largest' ? sign > 0 : sign < 0)) found = value;
  }
  return found;
}
