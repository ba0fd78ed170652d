/** The rows that go with a set of records, and which of them are to be changed. */
import type { Dependent, Key, ViewStage } from '../../../policy/policy.ts';
import type { Sql } from '../sql.ts';
import { TRUE, and, not, or } from '../sql.ts';
import type { Anonymising } from './anonymise/change.ts';
import { compileAnonymising } from './anonymise/change.ts';
import { compileCondition } from '../compile/condition.ts';
import { keyInDependent } from './anonymise/done.ts';
import type { Going } from './going.ts';
import type { Question } from '../compile/facts.ts';
import { alternatives } from './listed.ts';
import type { Values } from './listed.ts';
import { compileRows } from './rows.ts';
import type { RowsSql } from './rows.ts';
import { owned, ownedByOthers, ownersAbove, releasedNow, releasedThen } from './shared.ts';
import type { Foreseen } from './shared.ts';

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
  /** Owners that have to be gone before (`unless owned`, its own and those of rows above it): names of related rows. */
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
  const above = dependent.kind === 'keep' ? [] : ownersAbove(context, stage.dependents, dependent.related);
  const released =
    above.length === 0 ? TRUE : releasedNow(context, stage.dependents, place, dependent.related);
  const then: Foreseen =
    above.length === 0 ? () => TRUE : releasedThen(question, stage, place, dependent.related);
  const shared = owners.length + above.length > 0;
  const hasTexts = anonymising !== undefined && anonymising.texts.length > 0;
  const meant = (found: Found): Sql => and(rows.matched(found.values), chosen, ownership, released);
  const left = (found: Found): Sql => and(meant(found), anonymising?.unfinished ?? TRUE);
  const foreseen = (found: Found, going: Going): Sql =>
    and(
      rows.matched(found.values),
      chosen,
      not(or(...others.map((one) => one(found.roots, going)))),
      then(found.roots, going),
      hasTexts ? TRUE : (anonymising?.unfinished ?? TRUE),
    );
  return {
    dependent,
    rows,
    meant,
    left,
    foreseen: shared ? foreseen : hasTexts ? meant : left,
    // Once the links are gone that lead to a shared row, that nobody owns it is what is demanded.
    reached: ({ roots }) => (shared ? TRUE : rows.reached(roots)),
    detaching: dependent.kind === 'detach' ? detaching(question, rows) : [],
    anonymising,
    owners: [...owners, ...above],
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

function detaching({ context }: Question, rows: RowsSql): DependentSql['detaching'] {
  const { linked, columns, place } = rows;
  return [linked.match, ...(linked.orMatch ?? [])].map((match, i) => ({
    columns: match.map((pair) => pair.theirs),
    met: (found) => alternatives(context, linked, place, columns, found.values)[i] ?? TRUE,
  }));
}
