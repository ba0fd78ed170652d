/**
 * Columns that a view looks inside as JSON and that hold something else, in the record or in rows that it is judged by.
 * Nothing can be said of such a record, so that it is reported and never erased.
 */
import type { Field, View } from '../../../policy/policy.ts';
import { columnsInside } from '../../inside.ts';
import type { Sql } from '../sql.ts';
import { FALSE, and, or, sql } from '../sql.ts';
import { malformed } from './json.ts';
import type { Context, Place } from './place.ts';
import { refTo, relatedAtAll } from './place.ts';

export interface Unreadable {
  /** As reports name it: the column, with its part or relation. */
  readonly name: string;
  /** It holds no JSON, in one row at least. Never NULL. */
  readonly condition: Sql;
}

/** One for each column that can be unreadable: a column of type JSON cannot. */
export function unreadable(context: Context, root: Place, view: View): readonly Unreadable[] {
  return columnsInside(view)
    .map(({ name, field, related }) => ({ name, condition: isMalformed(context, root, field, related) }))
    .filter((one) => one.condition !== FALSE);
}

function isMalformed(context: Context, root: Place, field: Field, related: string | undefined): Sql {
  if (related === undefined) return malformed(context.dialect, refTo(context, root, field));
  const { place, where } = relatedAtAll(context, root, related);
  const wrong = malformed(context.dialect, refTo(context, place, field));
  return wrong === FALSE ? FALSE : sql`EXISTS (SELECT 1 FROM ${place.from} WHERE ${and(where, wrong)})`;
}

/** Any of them. */
export const anyUnreadable = (all: readonly Unreadable[]): Sql => or(...all.map((one) => one.condition));
