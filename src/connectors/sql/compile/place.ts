/** Tables and columns where a statement uses them, and the rows that belong to a record. */
import type { Dialect } from '../../../database.ts';
import type { Condition, Field, Part, RecordType, Related, Scope } from '../../../policy/policy.ts';
import type { Catalogue, Table } from '../catalogue/catalogue.ts';
import type { Ref } from '../dialect.ts';
import { quote } from '../dialect.ts';
import { unfit } from '../failure.ts';
import type { Sql } from '../sql.ts';
import { TRUE, and, join, or, raw, sql } from '../sql.ts';
import { compileCondition } from './condition.ts';
import { insideJson } from './json.ts';
import { compileMatch, equalToTheByte, takesOthersForEqual } from './match.ts';
import { constantOf } from './values.ts';

/** What compiling needs to know. */
export interface Context {
  readonly dialect: Dialect;
  readonly catalogue: Catalogue;
  readonly record: RecordType;
  /** Makes a name for a table of a subquery. */
  readonly nextAlias: (table: Table) => string;
  /**
   * Names for the table of a part that cannot roll back, one after the other, over and over: while it is locked, no
   * statement may use a name of it twice.
   */
  readonly aliasesOfPart: (part: string, table: Table) => () => string;
  /** The names made so far, for LOCK TABLES, which must name them all. */
  readonly aliased: readonly { readonly table: Table; readonly alias: string }[];
}

/** A table in a FROM clause: `from` is what stands there, with what it is joined to; `name` qualifies its columns. */
export interface Place {
  readonly table: Table;
  readonly from: Sql;
  readonly name: Sql;
  /** The related rows that it stands for; undefined: the record itself. */
  readonly related?: string;
}

/** Most uses of one part in one statement. */
const USES_OF_PART = 64;

export function newContext(dialect: Dialect, catalogue: Catalogue, record: RecordType): Context {
  const aliased: { readonly table: Table; readonly alias: string }[] = [];
  const nextAlias = (table: Table): string => {
    const alias = `frist_${String(aliased.length + 1)}`;
    aliased.push({ table, alias });
    return alias;
  };
  const parts = new Map<string, () => string>();
  const aliasesOfPart = (part: string, table: Table): (() => string) => {
    const known = parts.get(part);
    if (known !== undefined) return known;
    const names = Array.from({ length: USES_OF_PART }, () => nextAlias(table));
    let used = 0;
    const next = (): string => names[(used += 1) % USES_OF_PART] ?? '';
    parts.set(part, next);
    return next;
  };
  return { dialect, catalogue, record, nextAlias, aliasesOfPart, aliased };
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

/** The table in a subquery, under a name that nothing else has. */
export function aliasOf(context: Context, name: string): Place {
  const table = tableNamed(context, name);
  return underAlias(context, table, context.nextAlias(table));
}

function underAlias({ dialect }: Context, table: Table, name: string): Place {
  const alias = raw(name);
  return { table, from: sql`${placeOf(dialect, table).from} AS ${alias}`, name: alias };
}

/** A column of the place, of a part of the record that the place stands for, or a value inside either. */
export function refTo(context: Context, place: Place, field: Field | string): Ref {
  if (typeof field === 'string') return ownColumn(context, place, field);
  return field.part === undefined
    ? ownValue(context, place, field)
    : inPart(context, place, field.part, field);
}

function ownValue(context: Context, place: Place, { column, path }: Field): Ref {
  const whole = ownColumn(context, place, column);
  return path === undefined ? whole : insideJson(context.dialect, whole, path);
}

function ownColumn(context: Context, place: Place, name: string): Ref {
  const column = place.table.columns.get(name);
  if (column === undefined) throw unfit('UNKNOWN_COLUMN');
  return { text: sql`${place.name}.${quote(context.dialect, name)}`, column };
}

/**
 * A part is at most one row, which `check` has seen to: its column is a value, NULL where there is no such row. What stands
 * in JSON is taken out inside the subquery, which would be repeated at every step otherwise.
 */
function inPart(context: Context, place: Place, name: string, field: Field): Ref {
  const part = partNamed(context, name);
  const table = tableNamed(context, part.table);
  const same = table.transactional ? aliasOf(context, part.table) : undefined;
  const there = (): Place => same ?? underAlias(context, table, context.aliasesOfPart(name, table)());
  const select = (value: (own: Ref) => Sql): Sql => {
    const from = there();
    const what = value(ownValue(context, from, field));
    return sql`(SELECT ${what} FROM ${from.from} WHERE ${ofPart(context, place, part, from)})`;
  };
  const { column } = ownValue(context, placeOf(context.dialect, table), field);
  const ref = { column: { ...column, nullable: true }, computed: true };
  if (field.path === undefined)
    return {
      ...ref,
      get text() {
        return select((own) => own.text);
      },
    };
  return {
    ...ref,
    get text() {
      return select((own) => own.text);
    },
    get number() {
      return select((own) => own.number ?? own.text);
    },
  };
}

function ofPart(context: Context, place: Place, part: Part, there: Place): Sql {
  return and(compileMatch(context, part.match, there, place), compileScope(context, there, part.scope));
}

/** There is a row of the part. Never NULL. */
export function hasPart(context: Context, place: Place, name: string): Sql {
  const part = partNamed(context, name);
  const table = tableNamed(context, part.table);
  const there = table.transactional
    ? aliasOf(context, part.table)
    : underAlias(context, table, context.aliasesOfPart(name, table)());
  return sql`EXISTS (SELECT 1 FROM ${there.from} WHERE ${ofPart(context, place, part, there)})`;
}

export function partNamed(context: Context, name: string): Part {
  const part = context.record.parts?.find((one) => one.name === name);
  if (part === undefined) throw unfit('UNKNOWN_PART');
  return part;
}

/** The constant columns of a scope. It is only ever demanded, never denied, so that NULL needs no care. */
export function compileScope(context: Context, place: Place, scope: Scope): Sql {
  return and(
    ...scope.map(({ column, value }) => {
      const ref = refTo(context, place, column);
      if (value === null) return sql`${ref.text} IS NULL`;
      const same = sql`${ref.text} = ${constantOf(context.dialect, ref.column, value)}`;
      return takesOthersForEqual(ref.column) ? and(same, equalToTheByte(context.dialect, ref, String(value))) : same; // prettier-ignore
    }),
  );
}

/** What makes a row of the table a record of the type: its scope and its own `where`. */
export function compileType(context: Context, place: Place): Sql {
  const { scope, where } = context.record;
  const own = where === undefined ? TRUE : compileCondition(context, place, where);
  return and(compileScope(context, place, scope), own);
}

export function relatedNamed(context: Context, name: string): Related {
  const related = context.record.related.find((one) => one.name === name);
  if (related === undefined) throw unfit('UNKNOWN_RELATED');
  return related;
}

/** What is asked of the rows of a relation whosever they are: scope and `where`. */
export function ownOf(context: Context, related: Related, theirs: Place): Sql {
  const scope = compileScope(context, theirs, related.scope);
  return and(scope, compileCondition(context, theirs, related.where));
}

/** FROM and WHERE of a subquery over related rows. */
export interface Rows {
  readonly place: Place;
  readonly where: Sql;
}

/**
 * The related rows, of the record or of the related rows that `base` stands for. A row that belongs in several ways can
 * come several times; for a sum see `relatedOnce`.
 */
export function relatedRows(context: Context, base: Place, name: string, extra: Condition): Rows {
  const { place, where } = chained(context, base, name);
  const own = ownOf(context, relatedNamed(context, name), place);
  return { place, where: and(where, own, compileCondition(context, place, extra)) };
}

/** All rows that belong by match and scope to the record, without the relation's own `where`. */
export function relatedAtAll(context: Context, base: Place, name: string): Rows {
  const { place, where } = chained(context, base, name);
  return { place, where: and(where, compileScope(context, place, relatedNamed(context, name).scope)) };
}

/** The rows joined to those that they are `of`, as far as `base`; without scope and `where` of their own. */
function chained(context: Context, base: Place, name: string): Rows {
  const related = relatedNamed(context, name);
  const own = { ...aliasOf(context, related.table), related: name };
  if (related.of === base.related) return { place: own, where: belongs(context, related, own, base) };
  // Nothing leads from there to these rows.
  if (related.of === undefined) throw unfit('NESTED_RELATED');
  const above = relatedRows(context, base, related.of, ALWAYS);
  const place = { ...own, from: sql`${above.place.from}, ${own.from}` };
  return { place, where: and(above.where, belongs(context, related, own, above.place)) };
}

/** The same rows, each once. */
export function relatedOnce(context: Context, base: Place, name: string, extra: Condition): Rows {
  const related = relatedNamed(context, name);
  if (related.of === base.related || related.of === undefined) return relatedRows(context, base, name, extra);
  const place = { ...aliasOf(context, related.table), related: name };
  const above = relatedRows(context, base, related.of, ALWAYS);
  const link = and(above.where, belongs(context, related, place, above.place));
  const found = sql`EXISTS (SELECT 1 FROM ${above.place.from} WHERE ${link})`;
  return {
    place,
    where: and(found, ownOf(context, related, place), compileCondition(context, place, extra)),
  };
}

/** A row of theirs belongs to a row of ours, by any of the relation's matches. */
export function belongs(context: Context, related: Related, theirs: Place, ours: Place): Sql {
  const matches = [related.match, ...(related.orMatch ?? [])];
  return or(...matches.map((match) => compileMatch(context, match, theirs, ours, related.ignoreCase)));
}

const ALWAYS: Condition = { kind: 'all', of: [] };
