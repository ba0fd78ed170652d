/**
 * Conditions of the policy file as SQL that is never NULL: NULL is a value like another there, and `NOT` of an unknown
 * would quietly leave a record out, or in.
 */
import type { Condition, Scalar } from '../../../policy/policy.ts';
import type { Ref } from '../dialect.ts';
import { unfit } from '../failure.ts';
import type { Sql } from '../sql.ts';
import { FALSE, and, join, not, or, raw, sql } from '../sql.ts';
import type { Context, Place } from './place.ts';
import { refTo, relatedRows } from './place.ts';
import { constantOf } from './values.ts';

export function compileCondition(context: Context, place: Place, condition: Condition): Sql {
  switch (condition.kind) {
    case 'all':
      return and(...condition.of.map((one) => compileCondition(context, place, one)));
    case 'any':
      return or(...condition.of.map((one) => compileCondition(context, place, one)));
    case 'not':
      return not(compileCondition(context, place, condition.of));
    case 'is':
      return isOneOf(context, refTo(context, place, condition.column), condition.values);
    case 'compare': {
      const ref = refTo(context, place, condition.column);
      const bound = constantOf(context.dialect, ref.column, condition.value);
      return known(ref, sql`${ref.text} ${raw(condition.op)} ${bound}`);
    }
    case 'related':
      return related(context, place, condition);
  }
}

function isOneOf(context: Context, ref: Ref, values: readonly Scalar[]): Sql {
  const wanted = values
    .filter((value) => value !== null)
    .map((one) => constantOf(context.dialect, ref.column, one));
  const equal =
    wanted.length === 1
      ? sql`${ref.text} = ${join(wanted, '')}`
      : sql`${ref.text} IN (${join(wanted, ', ')})`;
  const some = wanted.length === 0 ? FALSE : equal;
  if (values.includes(null)) return ref.column.nullable ? or(sql`${ref.text} IS NULL`, some) : some;
  return some === FALSE ? FALSE : known(ref, some);
}

/** A comparison with the column, false where the column is NULL. */
function known(ref: Ref, comparison: Sql): Sql {
  return ref.column.nullable ? and(sql`${ref.text} IS NOT NULL`, comparison) : comparison;
}

function related(context: Context, place: Place, condition: Extract<Condition, { kind: 'related' }>): Sql {
  // Related rows of related rows are not in the language; `record` has relations of its own rows only.
  if (place.table !== context.catalogue.tables.get(context.record.table)) throw unfit('NESTED_RELATED');
  const { quantifier } = condition;
  const where: Condition = quantifier === 'every' ? { kind: 'not', of: condition.where } : condition.where;
  const rows = relatedRows(context, place, condition.related, where);
  const exists = sql`EXISTS (SELECT 1 FROM ${rows.place.from} WHERE ${rows.where})`;
  return quantifier === 'exists' ? exists : not(exists);
}
