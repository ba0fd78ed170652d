/** Which rows go with a batch, asked before anything has gone: for a dry run, and for the files of rows that are shared. */
import type { Dependent, Key, ViewStage } from '../../../policy/policy.ts';
import { compileCondition } from '../compile/condition.ts';
import type { Question } from '../compile/facts.ts';
import { keyIn } from '../compile/keys.ts';
import { ownOf, refTo, relatedNamed, tableNamed } from '../compile/place.ts';
import type { Place } from '../compile/place.ts';
import type { Sql } from '../sql.ts';
import { FALSE, TRUE, and, or } from '../sql.ts';
import { listed } from './listed.ts';
import type { Values } from './listed.ts';
import { compileRows } from './rows.ts';

/** What a batch takes with it. */
export interface Going {
  readonly keys: readonly Key[];
  /** The values by which the rows of a dependent are found (`Found.values`). */
  readonly valuesOf: (one: Dependent) => Values;
}

/**
 * The row of this place is a record that is deleted, or goes with one whoever owns it. All names for tables are made
 * here, once: what is compiled for each batch could not be locked.
 */
export function compileGoing(question: Question, stage: ViewStage, place: Place): (going: Going) => Sql {
  const { context, root, view } = question;
  const records =
    stage.action.kind === 'delete' && place.table === root.table
      ? { ...question, keys: view.record.key.map((name) => refTo(context, place, name)) }
      : undefined;
  const theirs = stage.dependents.flatMap((one) => {
    const related = relatedNamed(context, one.related);
    const goes = one.kind === 'delete' && one.unlessOwned === undefined;
    if (!goes || tableNamed(context, related.table) !== place.table) return [];
    const there: Place = { ...place, related: one.related };
    const some = one.where === undefined ? TRUE : compileCondition(context, there, one.where);
    const own = and(ownOf(context, related, there), some);
    const { columns } = compileRows(question, one.related);
    const meets = (values: Values): Sql => and(listed(context, related, there, columns, values), own);
    return [{ one, meets }];
  });
  return ({ keys, valuesOf }) =>
    or(
      records === undefined ? FALSE : keyIn(records, keys),
      ...theirs.map(({ one, meets }) => meets(valuesOf(one))),
    );
}
