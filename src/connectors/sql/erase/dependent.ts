/** The rows that go with a set of records, and which of them are to be changed. */
import type { Dependent, Key, ViewStage } from '../../../policy/policy.ts';
import type { Sql } from '../sql.ts';
import { FALSE, TRUE, and, not, or, sql } from '../sql.ts';
import { unfit } from '../failure.ts';
import type { Anonymising } from './change.ts';
import { compileAnonymising } from './change.ts';
import { compileCondition } from '../compile/condition.ts';
import { keyInDependent } from './done.ts';
import { compileGoing } from './going.ts';
import type { Going } from './going.ts';
import type { Question } from '../compile/facts.ts';
import { oursOf } from '../compile/match.ts';
import { alternatives, listed, pairsOf } from './listed.ts';
import type { Values } from './listed.ts';
import type { Context, Place } from '../compile/place.ts';
import { aliasOf, belongs, ownOf, refTo, relatedNamed } from '../compile/place.ts';
import { compileRows } from './rows.ts';
import type { RowsSql } from './rows.ts';

/** The values by which rows are found: of the records, and of the last rows on the way (see rows.ts). */
export interface Found {
  readonly roots: Values;
  readonly values: Values;
}

export interface DependentSql {
  readonly dependent: Dependent;
  readonly rows: RowsSql;
  /** The rows that the policy means, changed or not. */
  readonly meant: (found: Found) => Sql;
  /** Those to be changed that are still as they were, but for free text. */
  readonly left: (found: Found) => Sql;
  /** Asked before anything has gone: those that will go, the owners that go with the batch left out. */
  readonly foreseen: (found: Found, going: Going) => Sql;
  /** The way to the record is still there: what a statement that changes the rows demands besides. */
  readonly reached: (found: Found) => Sql;
  /** Detaching: the columns that become NULL, for each of the relation's matches that is met. */
  readonly detaching: readonly { readonly columns: readonly string[]; readonly met: (found: Found) => Sql }[];
  readonly anonymising: Anonymising | undefined;
  /** Owners that have to be gone before (`unless owned`): names of related rows. */
  readonly owners: readonly string[];
}

export function compileDependent(question: Question, stage: ViewStage, dependent: Dependent): DependentSql {
  const { context, view } = question;
  const rows = compileRows(question, dependent.related);
  const { place } = rows;
  const owners = dependent.kind === 'delete' ? (dependent.unlessOwned ?? []) : [];
  const anonymising =
    dependent.kind === 'anonymise'
      ? compileAnonymising(
          context,
          place,
          dependent.set,
          keyInDependent(context, place, view, dependent.related),
        )
      : undefined;
  const chosen = dependent.where === undefined ? TRUE : compileCondition(context, place, dependent.where);
  const ownership = not(or(...owners.map((owner) => owned(context, place, dependent.related, owner))));
  const others = owners.map((owner) => ownedByOthers(question, stage, place, dependent.related, owner));
  const meant = (found: Found): Sql => and(rows.matched(found.values), chosen, ownership);
  const left = (found: Found): Sql => and(meant(found), anonymising?.unfinished ?? TRUE);
  const foreseen = (found: Found, going: Going): Sql =>
    and(rows.matched(found.values), chosen, not(or(...others.map((one) => one(found.roots, going)))));
  const hasTexts = anonymising !== undefined && anonymising.texts.length > 0;
  return {
    dependent,
    rows,
    meant,
    left,
    foreseen: owners.length > 0 ? foreseen : hasTexts ? meant : left,
    // Once the links are gone that lead to a shared row, that nobody owns it is what is demanded.
    reached: ({ roots }) => (owners.length > 0 ? TRUE : rows.reached(roots)),
    detaching: dependent.kind === 'detach' ? detaching(question, rows) : [],
    anonymising,
    owners,
  };
}

/** What the records with these keys take with them. */
export function goingOf(
  keys: readonly Key[],
  all: readonly DependentSql[],
  foundOf: (one: DependentSql) => Found,
): Going {
  const byDependent = new Map(all.map((one) => [one.dependent, one]));
  const valuesOf: Going['valuesOf'] = (dependent) => {
    const one = byDependent.get(dependent);
    return one === undefined ? [] : foundOf(one).values;
  };
  return { keys, valuesOf };
}

/** Some row of `owner`, whosever it is, still refers to the row: one that it is `of`, or one that is `of` it. */
export function owned(context: Context, place: Place, name: string, owner: string): Sql {
  return ownerOf(context, place, name, owner).is(TRUE);
}

/** An owner that is no row of the records themselves, and does not go with them. */
function ownedByOthers(
  question: Question,
  stage: ViewStage,
  place: Place,
  name: string,
  owner: string,
): (roots: Values, going: Going) => Sql {
  const { context, root } = question;
  const { there, is } = ownerOf(context, place, name, owner);
  const links = relatedNamed(context, owner);
  const columns =
    links.of === undefined ? pairsOf(links).map((pair) => refTo(context, root, oursOf(pair)).column) : [];
  const goes = compileGoing(question, stage, there);
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

function detaching({ context }: Question, rows: RowsSql): DependentSql['detaching'] {
  const { linked, columns, place } = rows;
  return [linked.match, ...(linked.orMatch ?? [])].map((match, i) => ({
    columns: match.map((pair) => pair.theirs),
    met: (found) => alternatives(context, linked, place, columns, found.values)[i] ?? TRUE,
  }));
}
