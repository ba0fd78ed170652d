/** Tables and columns where a statement uses them, and the rows that belong to a record. */
import type { Dialect } from '../../../database.ts';
import type { Condition, RecordType, Related, Scope } from '../../../policy/policy.ts';
import type { Catalogue, Column, Family, Table } from '../catalogue/catalogue.ts';
import type { Ref } from '../dialect.ts';
import { asText, exact, quote, textValue } from '../dialect.ts';
import { unfit } from '../failure.ts';
import type { Sql } from '../sql.ts';
import { TRUE, and, join, raw, sql } from '../sql.ts';
import { compileCondition } from './condition.ts';
import { constantOf } from './values.ts';

/** What compiling needs to know. */
export interface Context {
  readonly dialect: Dialect;
  readonly catalogue: Catalogue;
  readonly record: RecordType;
  /** Makes a name for a table of a subquery. */
  readonly nextAlias: (table: Table) => string;
  /** The names made so far, for LOCK TABLES, which must name them all. */
  readonly aliased: readonly { readonly table: Table; readonly alias: string }[];
}

/** A table in a FROM clause: `from` is what stands there, `name` what qualifies its columns. */
export interface Place {
  readonly table: Table;
  readonly from: Sql;
  readonly name: Sql;
}

export function newContext(dialect: Dialect, catalogue: Catalogue, record: RecordType): Context {
  const aliased: { readonly table: Table; readonly alias: string }[] = [];
  const nextAlias = (table: Table): string => {
    const alias = `frist_${String(aliased.length + 1)}`;
    aliased.push({ table, alias });
    return alias;
  };
  return { dialect, catalogue, record, nextAlias, aliased };
}

export function tableNamed(context: Context, name: string): Table {
  const table = context.catalogue.tables.get(name);
  if (table === undefined) throw unfit('UNKNOWN_TABLE');
  return table;
}

/** The table itself, under its own name: MySQL gives no other to the target of a DELETE. */
export function placeOf(dialect: Dialect, table: Table): Place {
  const parts = table.parts.map((part) => quote(dialect, part));
  return { table, from: join(parts, '.'), name: parts.at(-1) ?? TRUE };
}

export function refTo(context: Context, place: Place, name: string): Ref {
  const column = place.table.columns.get(name);
  if (column === undefined) throw unfit('UNKNOWN_COLUMN');
  return { text: sql`${place.name}.${quote(context.dialect, name)}`, column };
}

/** The constant columns of a scope. It is only ever demanded, never denied, so that NULL needs no care. */
export function compileScope(context: Context, place: Place, scope: Scope): Sql {
  return and(
    ...scope.map(({ column, value }) => {
      const ref = refTo(context, place, column);
      if (value === null) return sql`${ref.text} IS NULL`;
      return sql`${ref.text} = ${constantOf(context.dialect, ref.column, value)}`;
    }),
  );
}

export function relatedNamed(context: Context, name: string): Related {
  const related = context.record.related.find((one) => one.name === name);
  if (related === undefined) throw unfit('UNKNOWN_RELATED');
  return related;
}

/** The related rows of the record that `root` stands for, as the FROM and WHERE of a subquery. */
export function relatedRows(
  context: Context,
  root: Place,
  name: string,
  extra: Condition,
): { readonly place: Place; readonly where: Sql } {
  const related = relatedNamed(context, name);
  const own = placeOf(context.dialect, tableNamed(context, related.table));
  const alias = raw(context.nextAlias(own.table));
  const place: Place = { table: own.table, from: sql`${own.from} AS ${alias}`, name: alias };
  const pairs = related.match.map(({ theirs, ours }) =>
    equal(context.dialect, refTo(context, place, theirs), refTo(context, root, ours)),
  );
  const scope = compileScope(context, place, related.scope);
  const where = compileCondition(context, place, related.where);
  return { place, where: and(...pairs, scope, where, compileCondition(context, place, extra)) };
}

const NUMBERS: readonly Family[] = ['integer', 'decimal'];

/** Whether values of two columns can be matched with one another. */
export function matchable(theirs: Column, ours: Column): boolean {
  if (theirs.family === ours.family) return theirs.family !== 'json' && theirs.family !== 'float';
  if (NUMBERS.includes(theirs.family) && NUMBERS.includes(ours.family)) return true;
  const families = [theirs.family, ours.family];
  return families.includes('text') && families.some((one) => one === 'integer' || one === 'uuid');
}

/** Whether two text columns would call different spellings equal: one row could be taken for two others. */
export function needsExact(theirs: Column, ours: Column): boolean {
  return theirs.family === 'text' && ours.family === 'text' && theirs.collation !== ours.collation;
}

/** Their column equals ours. Never by a conversion that makes different values equal: an id kept as text is text. */
export function equal(dialect: Dialect, theirs: Ref, ours: Ref): Sql {
  if (!matchable(theirs.column, ours.column)) throw unfit('MATCH_TYPES');
  if (theirs.column.family !== ours.column.family) {
    if (theirs.column.family === 'text') return sql`${theirs.text} = ${textLike(dialect, ours, theirs)}`;
    if (ours.column.family === 'text') return equalsText(dialect, theirs, ours);
  }
  const enums =
    dialect === 'postgres' && theirs.column.cast !== ours.column.cast && theirs.column.family === 'text';
  if (enums) return sql`${asText(dialect, theirs)} = ${asText(dialect, ours)}`;
  if (!needsExact(theirs.column, ours.column)) return sql`${theirs.text} = ${ours.text}`;
  // Their index serves the first half; the second takes back what their collation calls equal and is not.
  const loose = sql`${theirs.text} = CONVERT(${ours.text} USING ${charset(theirs)}) COLLATE ${collation(theirs)}`;
  return and(loose, sql`${exact(dialect, theirs.text)} = ${exact(dialect, ours.text)}`);
}

/** A value of ours as text that is compared with theirs; in MySQL with their character set, so that their index can serve. */
function textLike(dialect: Dialect, ours: Ref, theirs: Ref): Sql {
  const text = asText(dialect, ours);
  return dialect === 'mysql'
    ? sql`CONVERT(${text} USING ${charset(theirs)}) COLLATE ${collation(theirs)}`
    : text;
}

/** How the one spelling of a number or uuid that its column gives it looks. */
const CANONICAL: Readonly<Partial<Record<Family, string>>> = {
  integer: '^(0|-?[1-9][0-9]{0,19})$',
  uuid: '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$',
};

/** Their number or uuid equals our text. Our text is what is converted, so that their index can serve. */
function equalsText(dialect: Dialect, theirs: Ref, ours: Ref): Sql {
  // SQLite converts our text by itself, and too much of it: the digits decide.
  if (dialect === 'sqlite')
    return and(sql`${theirs.text} = ${ours.text}`, sql`${asText(dialect, theirs)} = ${ours.text}`);
  const pattern = textValue(dialect, CANONICAL[theirs.column.family] ?? '');
  if (dialect === 'mysql') {
    const type = theirs.column.family === 'uuid' ? 'UUID' : 'DECIMAL(20)';
    return sql`${theirs.text} = CASE WHEN ${ours.text} REGEXP ${pattern} THEN CAST(${ours.text} AS ${raw(type)}) END`;
  }
  const text = asText(dialect, ours);
  const fits = sql`CASE WHEN ${text} ~ ${pattern} THEN ${
    theirs.column.family === 'uuid'
      ? sql`CAST(${text} AS uuid)`
      : sql`CASE WHEN CAST(${text} AS numeric) BETWEEN ${raw(LEAST)} AND ${raw(MOST)} THEN CAST(${text} AS int8) END`
  } END`;
  return sql`${theirs.text} = ${fits}`;
}

const LEAST = String(-(1n << 63n));
const MOST = String((1n << 63n) - 1n);

const word = (text: string | undefined): Sql => {
  if (text === undefined || !/^\w+$/.test(text)) throw unfit('COLLATION');
  return raw(text);
};
const charset = (ref: Ref): Sql => word(ref.column.charset);
const collation = (ref: Ref): Sql => word(ref.column.collation);
