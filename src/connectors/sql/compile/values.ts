/**
 * Values in the type of the column they meet. A loose comparison erases the wrong rows (in MySQL every text that is no
 * number equals 0), so a number meets a number, a text a text, and what no value of the column can equal is left out.
 */
import type { Dialect } from '../../../database.ts';
import type { Key, Scalar } from '../../../policy/policy.ts';
import type { Column } from '../catalogue/catalogue.ts';
import type { Ref } from '../dialect.ts';
import { unfit } from '../failure.ts';
import type { Sql } from '../sql.ts';
import { FALSE, and, join, or, raw, sql, value } from '../sql.ts';

const INTEGER = /^(?:0|-?[1-9]\d*)$/;
const DECIMAL = /^-?\d+(?:\.\d+)?$/;
const FLOAT = /^-?\d+(?:\.\d+)?(?:e[+-]?\d+)?$/i;
const UUID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/;
const HEX = /^(?:[0-9a-f]{2})*$/;
const DATE = /^\d{4,6}-\d\d-\d\d/;

const WIDEST: Readonly<Record<Dialect, readonly [bigint, bigint]>> = {
  mysql: [-(1n << 63n), (1n << 64n) - 1n],
  postgres: [-(1n << 63n), (1n << 63n) - 1n],
  sqlite: [-(1n << 63n), (1n << 63n) - 1n],
};

/** A key as one text, the same for equal keys of one record type only. */
export function idOf(key: Key): string {
  return key.length === 1 ? (key[0] ?? '') : JSON.stringify(key);
}

/** Whether some value of the column could read as `text`. Only the one canonical spelling of an integer does. */
export function canEqual(dialect: Dialect, column: Column, text: string): boolean {
  switch (column.family) {
    case 'integer': {
      if (!INTEGER.test(text)) return false;
      const [least, most] = WIDEST[dialect];
      return BigInt(text) >= least && BigInt(text) <= most;
    }
    case 'decimal':
      return DECIMAL.test(text);
    case 'float':
      return FLOAT.test(text);
    case 'uuid':
      return UUID.test(text);
    case 'binary':
      return HEX.test(text);
    case 'boolean':
      return text === 't' || text === 'f';
    case 'date':
    case 'datetime':
    case 'instant':
      return dialect === 'sqlite' || DATE.test(text) || (dialect === 'postgres' && /^-?infinity$/.test(text));
    case 'json':
      return false;
    case 'text':
    case 'time':
    case 'other':
      return true;
  }
}

/** A stored value, read as text before, as SQL in the column's own type; undefined where `canEqual` says no. */
export function literal(dialect: Dialect, column: Column, text: string): Sql | undefined {
  if (!canEqual(dialect, column, text)) return undefined;
  if (dialect === 'postgres') return typed(column, value(wire(column, text)));
  if (column.family === 'integer' || column.family === 'decimal' || column.family === 'float')
    return raw(text);
  return column.family === 'binary' ? raw(`X'${text}'`) : value(text);
}

/** PostgreSQL: how the text of a value is sent. */
function wire(column: Column, text: string): string {
  return column.family === 'binary' ? `\\x${text}` : text;
}

function typed(column: Column, param: Sql, array = ''): Sql {
  return sql`CAST(${param} AS ${raw((column.cast ?? 'text') + array)})`;
}

/** A constant of the policy file in the column's type; undefined where it cannot be of that type. */
export function constant(dialect: Dialect, column: Column, scalar: Exclude<Scalar, null>): Sql | undefined {
  switch (column.family) {
    case 'text':
      return typeof scalar === 'boolean' ? undefined : value(String(scalar));
    case 'boolean':
      return truth(scalar);
    case 'integer':
      return numeric(dialect, column, typeof scalar === 'boolean' ? String(Number(scalar)) : String(scalar));
    case 'decimal':
    case 'float':
      return numeric(dialect, column, String(scalar));
    case 'uuid':
      return typeof scalar === 'string' ? literal(dialect, column, scalar.toLowerCase()) : undefined;
    case 'date':
    case 'datetime':
    case 'instant':
      return typeof scalar === 'string' && DATE.test(scalar) ? literal(dialect, column, scalar) : undefined;
    case 'time':
      return typeof scalar === 'string' ? literal(dialect, column, scalar) : undefined;
    case 'other':
      if (typeof scalar === 'boolean') return undefined;
      return dialect === 'sqlite' ? value(scalar) : literal(dialect, column, String(scalar));
    // Nothing but its absence can be written of a value that is no text.
    case 'binary':
      return scalar === '' ? literal(dialect, column, scalar) : undefined;
    case 'json':
      return undefined;
  }
}

function truth(scalar: Exclude<Scalar, null>): Sql | undefined {
  const number = Number(scalar);
  return number === 1 ? raw('TRUE') : number === 0 && scalar !== '' ? raw('FALSE') : undefined;
}

function numeric(dialect: Dialect, column: Column, text: string): Sql | undefined {
  if (!DECIMAL.test(text)) return undefined;
  const whole = INTEGER.test(text);
  // PostgreSQL searches the index of an integer column only for integers.
  if (dialect === 'postgres') {
    const integer = column.family === 'integer' && whole && canEqual(dialect, column, text);
    return sql`CAST(${value(text)} AS ${raw(integer ? 'int8' : 'numeric')})`;
  }
  return whole ? value(BigInt(text)) : raw(text);
}

/** A number to compare a number with that came out of a text. */
export function decimal(dialect: Dialect, number: number | bigint): Sql {
  const text = String(number);
  if (!DECIMAL.test(text)) throw unfit('CONSTANT_TYPE');
  return dialect === 'postgres' ? sql`CAST(${value(text)} AS numeric)` : raw(text);
}

/** As `constant`, for a column that may well be compared with nothing else: `check` has looked before. */
export function constantOf(dialect: Dialect, column: Column, scalar: Exclude<Scalar, null>): Sql {
  const found = constant(dialect, column, scalar);
  if (found === undefined) throw unfit('CONSTANT_TYPE');
  return found;
}

/** As `literal`, for a value that `check` has looked at before. */
export function literalOf(dialect: Dialect, column: Column, text: string): Sql {
  const found = literal(dialect, column, text);
  if (found === undefined) throw unfit('KEY_TYPE');
  return found;
}

/** The columns together equal one of the rows of texts. Rows that nothing can equal are left out. */
export function oneOf(dialect: Dialect, refs: readonly Ref[], rows: readonly (readonly string[])[]): Sql {
  const possible = rows.filter((row) => refs.every((ref, i) => canEqual(dialect, ref.column, row[i] ?? '')));
  if (possible.length === 0) return FALSE;
  const names = join(
    refs.map((ref) => ref.text),
    ', ',
  );
  if (dialect === 'postgres') {
    const lists = refs.map(({ column }, i) =>
      typed(column, value(possible.map((row) => wire(column, row[i] ?? ''))), '[]'),
    );
    return refs.length === 1
      ? sql`${names} = ANY (${join(lists, '')})`
      : sql`(${names}) IN (SELECT * FROM unnest(${join(lists, ', ')}))`;
  }
  if (refs.length === 1) return sql`${names} IN (${listed(dialect, refs, possible)})`;
  if (dialect === 'sqlite') return sql`(${names}) IN (VALUES ${listed(dialect, refs, possible)})`;
  return oneOfMysql(refs, possible);
}

function listed(dialect: Dialect, refs: readonly Ref[], rows: readonly (readonly string[])[]): Sql {
  const [only] = refs;
  // Integers are the common case and checked above: one text instead of thousands of pieces.
  if (refs.length === 1 && only?.column.family === 'integer')
    return raw(rows.map((row) => row[0]).join(', '));
  const pieces = rows.map((row) => {
    const cells = refs.map(({ column }, i) => literal(dialect, column, row[i] ?? '') ?? FALSE);
    return refs.length === 1 ? (cells[0] ?? FALSE) : sql`(${join(cells, ', ')})`;
  });
  return join(pieces, ', ');
}

/** MySQL searches an index by `a = 1 AND b IN (…)`, not by a list of pairs. */
function oneOfMysql(refs: readonly Ref[], rows: readonly (readonly string[])[]): Sql {
  const last = refs.length - 1;
  const lastRef = refs[last];
  if (lastRef === undefined) return FALSE;
  const groups = new Map<string, (readonly string[])[]>();
  for (const row of rows) {
    const prefix = JSON.stringify(row.slice(0, last));
    const group = groups.get(prefix);
    if (group === undefined) groups.set(prefix, [row]);
    else group.push(row);
  }
  const arms = [...groups.values()].map((group) => {
    const first = group[0] ?? [];
    const fixed = refs
      .slice(0, last)
      .map((ref, i) => sql`${ref.text} = ${literal('mysql', ref.column, first[i] ?? '') ?? FALSE}`);
    const rest = group.map((row) => [row[last] ?? '']);
    return and(...fixed, sql`${lastRef.text} IN (${listed('mysql', [lastRef], rest)})`);
  });
  return or(...arms);
}

/** The columns together come after the row of texts, in the order of the columns. */
export function after(dialect: Dialect, refs: readonly Ref[], row: readonly string[]): Sql {
  const values = refs.map(({ column }, i) => {
    const found = literal(dialect, column, row[i] ?? '');
    if (found === undefined) throw unfit('KEY_TYPE');
    return found;
  });
  if (dialect !== 'mysql' && refs.length > 1)
    return sql`(${join(
      refs.map((ref) => ref.text),
      ', ',
    )}) > (${join(values, ', ')})`;
  const arms = refs.map((ref, i) => {
    const equal = refs.slice(0, i).map((earlier, n) => sql`${earlier.text} = ${values[n] ?? FALSE}`);
    return and(...equal, sql`${ref.text} > ${values[i] ?? FALSE}`);
  });
  return or(...arms);
}
