/** The rows that go with a set of records, and which of them are to be changed. */
import type { Dependent } from '../../../policy/policy.ts';
import type { Sql } from '../sql.ts';
import { TRUE, and, not, or, sql } from '../sql.ts';
import { unfit } from '../failure.ts';
import type { Anonymising } from './change.ts';
import { compileAnonymising } from './change.ts';
import { compileCondition } from '../compile/condition.ts';
import { keyInDependent } from './done.ts';
import type { Question } from '../compile/facts.ts';
import { alternatives } from './listed.ts';
import type { Values } from './listed.ts';
import type { Context, Place } from '../compile/place.ts';
import { aliasOf, belongs, ownOf, relatedNamed } from '../compile/place.ts';
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
  /** The rows to be changed that are still as they were (`keep`: that belong to the records). */
  readonly left: (found: Found) => Sql;
  /** The same, and the way to the record is still there: what a statement that changes them demands. */
  readonly where: (found: Found) => Sql;
  /** Detaching: the columns that become NULL, for each of the relation's matches that is met. */
  readonly detaching: readonly { readonly columns: readonly string[]; readonly met: (found: Found) => Sql }[];
  readonly anonymising: Anonymising | undefined;
  /** Owners that have to be gone before (`unless owned`): names of related rows. */
  readonly owners: readonly string[];
}

export function compileDependent(question: Question, dependent: Dependent): DependentSql {
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
  const wanted = and(
    dependent.where === undefined ? TRUE : compileCondition(context, place, dependent.where),
    not(or(...owners.map((owner) => owned(context, place, dependent.related, owner)))),
  );
  const left = (found: Found): Sql =>
    and(rows.matched(found.values), wanted, anonymising?.unfinished ?? TRUE);
  return {
    dependent,
    rows,
    left,
    // Once the links are gone that lead to a shared row, that nobody owns it is what is demanded.
    where: (found) => (owners.length > 0 ? left(found) : and(left(found), rows.reached(found.roots))),
    detaching: dependent.kind === 'detach' ? detaching(question, rows) : [],
    anonymising,
    owners,
  };
}

/** Some row of `owner`, whosever it is, still refers to the row: one that it is `of`, or one that is `of` it. */
export function owned(context: Context, place: Place, name: string, owner: string): Sql {
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
  return sql`EXISTS (SELECT 1 FROM ${there.from} WHERE ${and(refers, ownOf(context, other, there))})`;
}

function detaching({ context }: Question, rows: RowsSql): DependentSql['detaching'] {
  const { linked, columns, place } = rows;
  return [linked.match, ...(linked.orMatch ?? [])].map((match, i) => ({
    columns: match.map((pair) => pair.theirs),
    met: (found) => alternatives(context, linked, place, columns, found.values)[i] ?? TRUE,
  }));
}
