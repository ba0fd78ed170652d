/**
 * Rows that several records share (`unless owned`): who else owns them, and the rows that are `of` them. Those go with
 * the shared row and stay with it: a meeting that stays for another guest keeps its minutes.
 */
import type { Dependent, ViewStage } from '../../../policy/policy.ts';
import { compileCondition } from '../compile/condition.ts';
import type { Question } from '../compile/facts.ts';
import { oursOf } from '../compile/match.ts';
import { aliasOf, belongs, ownOf, refTo, relatedNamed } from '../compile/place.ts';
import type { Context, Place } from '../compile/place.ts';
import { unfit } from '../failure.ts';
import type { Sql } from '../sql.ts';
import { FALSE, TRUE, and, not, or, sql } from '../sql.ts';
import { compileGoing } from './going.ts';
import type { Going } from './going.ts';
import { listed, pairsOf } from './listed.ts';
import type { Values } from './listed.ts';

/** Asked before anything has gone, of what the batch takes with it. */
export type Foreseen = (roots: Values, going: Going) => Sql;

type Deleting = Extract<Dependent, { readonly kind: 'delete' }>;

/** What the stage says of rows of this name, where it shares them with rows of other names than `owner`. */
function sharing(dependents: readonly Dependent[], name: string, owner: string): readonly Deleting[] {
  const all = dependents.filter((one): one is Deleting => one.kind === 'delete' && one.related === name);
  return all.some(({ unlessOwned = [] }) => unlessOwned.some((each) => each !== owner)) ? all : [];
}

/** The owners of the shared rows that rows of this name are `of`, at any distance; none: they are of no such rows. */
export function ownersAbove(
  context: Context,
  dependents: readonly Dependent[],
  name: string,
): readonly string[] {
  const { of } = relatedNamed(context, name);
  if (of === undefined) return [];
  const owners = sharing(dependents, of, name).flatMap((one) => one.unlessOwned ?? []);
  return [...owners, ...ownersAbove(context, dependents, of)];
}

/** The shared rows that the row of this place is `of` have no owner any more. */
export function releasedNow(
  context: Context,
  dependents: readonly Dependent[],
  place: Place,
  name: string,
): Sql {
  const released = compileReleased(context, dependents, place, name, (there, above, owner) => {
    const is = owned(context, there, above, owner);
    return () => is;
  });
  return released([], { keys: [], valuesOf: () => [] });
}

/** The same, once the records of the batch are gone. */
export function releasedThen(question: Question, stage: ViewStage, place: Place, name: string): Foreseen {
  return compileReleased(question.context, stage.dependents, place, name, (there, above, owner) =>
    ownedByOthers(question, stage, there, above, owner),
  );
}

function compileReleased(
  context: Context,
  dependents: readonly Dependent[],
  place: Place,
  name: string,
  ownedBy: (there: Place, name: string, owner: string) => Foreseen,
): Foreseen {
  const related = relatedNamed(context, name);
  if (related.of === undefined || ownersAbove(context, dependents, name).length === 0) return () => TRUE;
  const above = relatedNamed(context, related.of);
  const there: Place = { ...aliasOf(context, above.table), related: above.name };
  const link = and(belongs(context, related, place, there), ownOf(context, above, there));
  const going = sharing(dependents, above.name, name).map(({ where, unlessOwned = [] }) => ({
    chosen: where === undefined ? TRUE : compileCondition(context, there, where),
    owners: unlessOwned.map((owner) => ownedBy(there, above.name, owner)),
  }));
  const further = compileReleased(context, dependents, there, above.name, ownedBy);
  return (...then) => {
    const ways = going.map(({ chosen, owners }) =>
      and(chosen, not(or(...owners.map((one) => one(...then))))),
    );
    const goes = going.length === 0 ? TRUE : or(...ways);
    return sql`EXISTS (SELECT 1 FROM ${there.from} WHERE ${and(link, goes, further(...then))})`;
  };
}

/** Some row of `owner`, whosever it is, still refers to the row: one that it is `of`, or one that is `of` it. */
export function owned(context: Context, place: Place, name: string, owner: string): Sql {
  return ownerOf(context, place, name, owner).is(TRUE);
}

/** An owner that is no row of the records themselves, and does not go with them. */
export function ownedByOthers(
  question: Question,
  stage: ViewStage,
  place: Place,
  name: string,
  owner: string,
): Foreseen {
  const { context, root } = question;
  const { there, is } = ownerOf(context, place, name, owner);
  const links = relatedNamed(context, owner);
  const columns =
    links.of === undefined ? pairsOf(links).map((pair) => refTo(context, root, oursOf(pair)).column) : [];
  // Rows of shared rows may stay with those.
  const certain = stage.dependents.filter(
    (one) => ownersAbove(context, stage.dependents, one.related).length === 0,
  );
  const goes = compileGoing(question, { ...stage, dependents: certain }, there);
  return (roots, going) => {
    const own = links.of === undefined ? listed(context, links, there, columns, roots) : FALSE;
    return is(sql`CASE WHEN ${or(own, goes(going))} THEN 0 ELSE 1 END = 1`);
  };
}

/** The owners of a row, in a subquery that can ask more of them. */
function ownerOf(
  context: Context,
  place: Place,
  name: string,
  owner: string,
): { readonly there: Place; readonly is: (more: Sql) => Sql } {
  const related = relatedNamed(context, name);
  const other = relatedNamed(context, owner);
  const there: Place = { ...aliasOf(context, other.table), related: owner };
  const refers =
    related.of === owner
      ? belongs(context, related, place, there)
      : other.of === name
        ? belongs(context, other, there, place)
        : undefined;
  if (refers === undefined) throw unfit('UNLESS_OWNED');
  const own = ownOf(context, other, there);
  return { there, is: (more) => sql`EXISTS (SELECT 1 FROM ${there.from} WHERE ${and(refers, own, more)})` };
}
