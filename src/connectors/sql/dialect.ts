/** Where the dialects differ, as small functions; everything else of this connector is the same for all. */
import type { Dialect } from '../../database.ts';
import type { Column, Index } from './catalogue/catalogue.ts';
import { unfit } from './failure.ts';
import type { Sql } from './sql.ts';
import { join, raw, sql, value } from './sql.ts';

/** A column where a statement can use it: `text` is its qualified name or an expression of its type. */
export interface Ref {
  readonly text: Sql;
  readonly column: Column;
  /** It is more than a name, and not to be written twice without need. */
  readonly computed?: boolean;
  /** A value inside JSON: the number that it is or writes plainly, else NULL. */
  readonly number?: Sql;
}

/** Which kind of database a URL leads to. */
export function dialectOf(url: string): Dialect {
  if (/^(?:mysql|mariadb):/.test(url)) return 'mysql';
  return url.startsWith('sqlite:') ? 'sqlite' : 'postgres';
}

/** Quotes an identifier. */
export function quote(dialect: Dialect, name: string): Sql {
  if (name.includes('\0')) throw unfit('IDENTIFIER');
  return raw(dialect === 'mysql' ? `\`${name.replaceAll('`', '``')}\`` : `"${name.replaceAll('"', '""')}"`);
}

/** How a batch begins. SQLite takes the write lock at once, so that nothing it has read can change before it writes. */
export const BEGIN: Readonly<Record<Dialect, string>> = {
  mysql: 'START TRANSACTION',
  postgres: 'BEGIN ISOLATION LEVEL READ COMMITTED',
  sqlite: 'BEGIN IMMEDIATE',
};

/** Locks the rows that a SELECT finds until the transaction ends. In SQLite BEGIN IMMEDIATE did. */
export const LOCKING: Readonly<Record<Dialect, string>> = {
  mysql: ' FOR UPDATE',
  postgres: ' FOR UPDATE',
  sqlite: '',
};

/** A value as text inside a statement. */
export function asText(dialect: Dialect, { text, column }: Ref): Sql {
  if (column.family === 'binary') return hex(dialect, text);
  if (dialect === 'mysql') {
    return column.family === 'text' ? text : sql`CAST(${column.bits ? sql`${text} + 0` : text} AS CHAR)`;
  }
  return sql`CAST(${text} AS ${raw(dialect === 'postgres' ? 'text' : 'TEXT')})`;
}

/** A value as the driver shall read it: without loss, bytes as hexadecimal digits. */
export function readable(dialect: Dialect, { text, column }: Ref): Sql {
  if (column.family === 'binary') return hex(dialect, text);
  // The blanks that fill a CHAR up are no part of its value.
  if (column.cast === 'bpchar') return sql`CAST(${text} AS text)`;
  return column.bits ? sql`${text} + 0` : text;
}

function hex(dialect: Dialect, text: Sql): Sql {
  return dialect === 'postgres' ? sql`encode(${text}, 'hex')` : sql`LOWER(HEX(${text}))`;
}

/** A text column so that it compares byte by byte, whatever its collation. Its counterpart is `exactValue`. */
export function exact(dialect: Dialect, text: Sql): Sql {
  if (dialect === 'mysql') return sql`CAST(CONVERT(${text} USING utf8mb4) AS BINARY)`;
  return dialect === 'postgres' ? sql`CAST(${text} AS text) COLLATE "C"` : sql`${text} COLLATE BINARY`;
}

/** A text value or expression to be compared with `exact`. */
export function exactValue(dialect: Dialect, text: Sql): Sql {
  if (dialect === 'mysql') return exact(dialect, text);
  return dialect === 'postgres' ? sql`CAST(${text} AS text)` : text;
}

/** A text without regard to capital letters, to be compared with another one of this function, to the byte. */
export function folded(dialect: Dialect, text: Sql): Sql {
  if (dialect === 'mysql') return exact(dialect, sql`LOWER(${text})`);
  return dialect === 'postgres' ? sql`LOWER(${text})` : sql`frist_lower(${text})`;
}

/** Texts behind one another. */
export function concat(dialect: Dialect, parts: readonly Sql[]): Sql {
  const [only] = parts;
  if (parts.length === 1 && only !== undefined) return only;
  return dialect === 'mysql' ? sql`CONCAT(${join(parts, ', ')})` : join(parts, ' || ');
}

/** A bound text inside an expression, where PostgreSQL cannot tell its type by itself. */
export function textValue(dialect: Dialect, text: string): Sql {
  return dialect === 'postgres' ? sql`CAST(${value(text)} AS text)` : value(text);
}

/**
 * A table in FROM, read by this index. Only MySQL needs telling: it would rather begin at the start of another index,
 * page after page, and the time of a scan would grow with the square of the table.
 */
export function readBy(dialect: Dialect, from: Sql, index: Index | undefined): Sql {
  return dialect === 'mysql' && index !== undefined
    ? sql`${from} FORCE INDEX (${quote(dialect, index.name)})`
    : from;
}
