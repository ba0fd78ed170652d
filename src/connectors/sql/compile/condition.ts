/**
 * Conditions of the policy file as SQL that is never NULL: NULL is a value like another there, and `NOT` of an unknown
 * would quietly leave a record out, or in.
 */
import type { Dialect } from '../../../database.ts';
import type { Condition, Scalar } from '../../../policy/policy.ts';
import type { Ref } from '../dialect.ts';
import { asText, exact, exactValue, textValue } from '../dialect.ts';
import { unfit } from '../failure.ts';
import type { Sql } from '../sql.ts';
import { FALSE, and, join, not, or, raw, sql } from '../sql.ts';
import { takesOthersForEqual } from './match.ts';
import type { Context, Place } from './place.ts';
import { refTo, relatedOnce, relatedRows } from './place.ts';
import { constantOf, decimal, literalOf } from './values.ts';

export function compileCondition(context: Context, place: Place, condition: Condition): Sql {
  switch (condition.kind) {
    case 'all':
      return and(...condition.of.map((one) => compileCondition(context, place, one)));
    case 'any':
      return or(...condition.of.map((one) => compileCondition(context, place, one)));
    case 'not':
      return not(compileCondition(context, place, condition.of));
    case 'is':
      return isOneOf(context, refTo(context, place, condition), condition);
    case 'compare':
      return compare(context, refTo(context, place, condition), condition);
    case 'related':
      return related(context, place, condition);
    case 'count': {
      const { place: theirs, where } = relatedOnce(context, place, condition.related, condition.where);
      const bound = raw(`${condition.op} ${String(condition.number)}`);
      return sql`(SELECT COUNT(*) FROM ${theirs.from} WHERE ${where}) ${bound}`;
    }
    case 'selected':
      return selected(context, place, condition.selection);
  }
}

type Is = Pick<Extract<Condition, { readonly kind: 'is' }>, 'values' | 'asRead'>;

function isOneOf(context: Context, ref: Ref, { values, asRead }: Is): Sql {
  const some = equalsSome(context, ref, values, asRead);
  if (values.includes(null)) return ref.column.nullable ? or(sql`${ref.text} IS NULL`, some) : some;
  return some === FALSE || ref.number !== undefined ? some : known(ref, some);
}

function equalsSome(context: Context, ref: Ref, values: readonly Scalar[], asRead?: true): Sql {
  const wanted = values.filter((value) => value !== null);
  if (ref.number !== undefined) return or(...wanted.map((one) => equalsInside(context, ref, one)));
  if (wanted.length === 0) return FALSE;
  const loosely = asRead === true ? amongRead(context, ref, wanted) : amongConstants(context, ref, wanted);
  if (!takesOthersForEqual(ref.column)) return loosely;
  const exactly = toTheByte(context, ref, wanted);
  // The column's own comparison is for its index; nothing else needs it.
  return ref.computed === true ? exactly : and(loosely, exactly);
}

/** The column's own comparison takes the value for one of these; the bytes do not. Never in JSON. */
export function spelledOtherwise(context: Context, ref: Ref, values: readonly Scalar[]): Sql {
  const wanted = values.filter((value) => value !== null);
  if (wanted.length === 0 || !takesOthersForEqual(ref.column)) return FALSE;
  return and(amongConstants(context, ref, wanted), not(toTheByte(context, ref, wanted)));
}

type Constants = readonly Exclude<Scalar, null>[];

const amongConstants = ({ dialect }: Context, { text, column }: Ref, wanted: Constants): Sql =>
  among(text, wanted.map((one) => constantOf(dialect, column, one))); // prettier-ignore

const amongRead = ({ dialect }: Context, { text, column }: Ref, wanted: Constants): Sql =>
  among(text, wanted.map((one) => literalOf(dialect, column, String(one)))); // prettier-ignore

const toTheByte = ({ dialect }: Context, { text }: Ref, wanted: Constants): Sql =>
  among(exact(dialect, text), wanted.map((one) => exactValue(dialect, textValue(dialect, String(one))))); // prettier-ignore

const among = (text: Sql, values: readonly Sql[]): Sql =>
  values.length === 1 ? sql`${text} = ${join(values, '')}` : sql`${text} IN (${join(values, ', ')})`;

function compare(
  context: Context,
  ref: Ref,
  { op, value }: Extract<Condition, { readonly kind: 'compare' }>,
): Sql {
  const sign = raw(op);
  if (ref.number === undefined)
    return known(ref, sql`${ref.text} ${sign} ${constantOf(context.dialect, ref.column, value)}`);
  const { dialect } = context;
  return typeof value === 'string'
    ? known(ref, sql`${exact(dialect, ref.text)} ${sign} ${exactValue(dialect, textValue(dialect, value))}`)
    : known(ref, sql`${ref.number} ${sign} ${decimal(dialect, value)}`);
}

/** A value inside JSON is what it reads as: text by its bytes, a number by its size, true and false by their names. */
function equalsInside({ dialect }: Context, ref: Ref, wanted: Exclude<Scalar, null>): Sql {
  if (typeof wanted === 'number' || typeof wanted === 'bigint')
    return known(ref, sql`${ref.number ?? ref.text} = ${decimal(dialect, wanted)}`);
  const texts = wanted === true ? ['true', 't', '1'] : wanted === false ? ['false', 'f', '0'] : [wanted];
  const list = texts.map((one) => exactValue(dialect, textValue(dialect, one)));
  return known(ref, sql`${exact(dialect, ref.text)} IN (${join(list, ', ')})`);
}

/** A comparison with the column, false where the column is NULL. */
function known(ref: Ref, comparison: Sql): Sql {
  if (ref.computed === true) return sql`COALESCE(${comparison}, ${FALSE})`;
  return ref.column.nullable ? and(sql`${ref.text} IS NOT NULL`, comparison) : comparison;
}

function related(context: Context, place: Place, condition: Extract<Condition, { kind: 'related' }>): Sql {
  const { quantifier } = condition;
  const where: Condition = quantifier === 'every' ? { kind: 'not', of: condition.where } : condition.where;
  const rows = relatedRows(context, place, condition.related, where);
  const exists = sql`EXISTS (SELECT 1 FROM ${rows.place.from} WHERE ${rows.where})`;
  return quantifier === 'exists' ? exists : not(exists);
}

/**
 * The record's key is among those of the selection. Compared as text, because nothing is known of the types of a SELECT
 * that somebody wrote; a key that it gives as NULL is none.
 */
function selected(context: Context, place: Place, name: string): Sql {
  const { dialect, record } = context;
  const selection = record.selections?.find((one) => one.name === name);
  if (selection === undefined) throw unfit('UNKNOWN_SELECTION');
  const names = record.key.map((_, i) => raw(`k${String(i)}`));
  const keys = record.key.map((column) => exact(dialect, asText(dialect, refTo(context, place, column))));
  const cells = names.map((one) => exactValue(dialect, textFrom(dialect, one)));
  const given = and(...names.map((one) => sql`${one} IS NOT NULL`));
  const answer = sql`WITH frist_selection (${join(names, ', ')}) AS (\n${bare(selection.sql)}\n) SELECT ${join(cells, ', ')} FROM frist_selection WHERE ${given}`;
  return sql`(${join(keys, ', ')}) IN (${answer})`;
}

/** A SELECT without the `;` at its end, so that it can stand in a statement, on lines of its own. */
export const bare = (select: string): Sql => raw(select.replace(/;\s*$/, ''));

const textFrom = (dialect: Dialect, cell: Sql): Sql =>
  sql`CAST(${cell} AS ${raw(dialect === 'mysql' ? 'CHAR' : dialect === 'postgres' ? 'text' : 'TEXT')})`;
