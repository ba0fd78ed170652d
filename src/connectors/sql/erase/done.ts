/** Whether a stage has nothing left to do for a record: it was anonymised before, with all that goes with it. */
import type { Dependent, View } from '../../../policy/policy.ts';
import type { Ref } from '../dialect.ts';
import type { Sql } from '../sql.ts';
import { FALSE, and, not, or, sql } from '../sql.ts';
import { inPlace, keyText } from './change.ts';
import { owned } from './dependent.ts';
import type { Context, Place } from '../compile/place.ts';
import { refTo, relatedNamed, relatedRows } from '../compile/place.ts';

/** Everything that the stage would change is as it would leave it. Never NULL. */
export function stageDone(
  context: Context,
  root: Place,
  keys: readonly Ref[],
  view: View,
  position: number,
): Sql {
  const stage = view.stages[position];
  if (stage?.action.kind !== 'anonymise') return FALSE;
  const own = inPlace(context, root, stage.action.set, keyText(context.dialect, keys));
  return and(own, ...stage.dependents.map((one) => not(leftOf(context, root, view, one))));
}

/** Some related row of the record still has to be changed. */
function leftOf(context: Context, root: Place, view: View, dependent: Dependent): Sql {
  if (dependent.kind === 'keep') return FALSE;
  const { place, where } = relatedRows(
    context,
    root,
    dependent.related,
    dependent.where ?? { kind: 'all', of: [] },
  );
  const owners = dependent.kind === 'delete' ? (dependent.unlessOwned ?? []) : [];
  const wrong =
    dependent.kind === 'anonymise'
      ? not(inPlace(context, place, dependent.set, keyInDependent(context, place, view, dependent.related)))
      : not(or(...owners.map((owner) => owned(context, place, dependent.related, owner))));
  return sql`EXISTS (SELECT 1 FROM ${place.from} WHERE ${and(where, wrong)})`;
}

/** The record's key in the columns by which a related row refers to it; undefined where it refers otherwise. */
export function keyInDependent(context: Context, place: Place, view: View, name: string): Sql | undefined {
  const { match, of, orMatch = [] } = relatedNamed(context, name);
  if (of !== undefined || orMatch.length > 0) return undefined;
  const refs = view.record.key.map(
    (column) =>
      match.find((pair) => pair.ours === column && pair.part === undefined && pair.inText === undefined)
        ?.theirs,
  );
  if (!refs.every((one) => one !== undefined)) return undefined;
  return keyText(context.dialect, refs.map((one) => refTo(context, place, one))); // prettier-ignore
}
