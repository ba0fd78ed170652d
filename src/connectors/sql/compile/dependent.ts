/** The statements about the rows that go with a set of records, matched by values that were read under the lock. */
import type { Dependent, Raw } from '../../../policy/policy.ts';
import type { Column, Table } from '../catalogue/catalogue.ts';
import type { Ref } from '../dialect.ts';
import { exact, exactValue, readable, textValue } from '../dialect.ts';
import { unfit } from '../failure.ts';
import type { Sql } from '../sql.ts';
import { FALSE, TRUE, and, join, not, sql } from '../sql.ts';
import { assignments } from './change.ts';
import { compileCondition } from './condition.ts';
import { dependentInPlace, keyInDependent } from './facts.ts';
import type { Question } from './facts.ts';
import type { Place } from './place.ts';
import { matchable, needsExact } from './match.ts';
import { compileScope, placeOf, refTo, relatedNamed, tableNamed } from './place.ts';
import { oneOf } from './values.ts';

/** The matching columns of some records, one row per record; null matches nothing. */
export type Ours = readonly (readonly Raw[])[];

export interface DependentSql {
  readonly dependent: Dependent;
  readonly table: Table;
  /** The records' columns that the rows refer to. */
  readonly ours: readonly Ref[];
  /** Whether an index begins with a column that the statements name. */
  readonly indexed: boolean;
  /** Counts the rows that would be, or still are to be, changed (`keep`: that belong to the records). */
  readonly count: (ours: Ours) => Sql;
  /** Finds whether there is any such row. */
  readonly any: (ours: Ours) => Sql;
  /** Changes them; undefined for `keep`. */
  readonly change: ((ours: Ours) => Sql) | undefined;
}

export function compileDependent(question: Question, dependent: Dependent): DependentSql {
  const { context, root } = question;
  const { dialect } = context;
  const related = relatedNamed(context, dependent.related);
  const place = placeOf(dialect, tableNamed(context, related.table));
  const theirs = related.match.map((pair) => refTo(context, place, pair.theirs));
  const ours = related.match.map((pair) => refTo(context, root, pair.ours));
  if (!theirs.every((ref, i) => ours[i] !== undefined && matchable(ref.column, ours[i].column)))
    throw unfit('MATCH_TYPES');
  const scope = compileScope(context, place, related.scope);
  const fixed = and(
    scope,
    compileCondition(context, place, related.where),
    unfinished(question, place, dependent),
  );
  const where = (values: Ours): Sql => and(matching(question, theirs, ours, values), fixed);
  const named = [...related.match.map((pair) => pair.theirs), ...related.scope.map((one) => one.column)];
  const change = changing(question, place, dependent, named.slice(0, related.match.length));
  return {
    dependent,
    table: place.table,
    ours,
    indexed: place.table.indexes.some(
      (index) => index.columns[0] !== undefined && named.includes(index.columns[0]),
    ),
    count: (values) => sql`SELECT COUNT(*) FROM ${place.from} WHERE ${where(values)}`,
    any: (values) => sql`SELECT 1 FROM ${place.from} WHERE ${where(values)} LIMIT 1`,
    change: change === undefined ? undefined : (values) => sql`${change} WHERE ${where(values)}`,
  };
}

/** What the records' select list needs besides the facts. */
export function oursCells(question: Question, dependents: readonly DependentSql[]): readonly Sql[] {
  return dependents.flatMap((one) => one.ours.map((ref) => readable(question.context.dialect, ref)));
}

function unfinished(question: Question, place: Place, dependent: Dependent): Sql {
  if (dependent.kind !== 'anonymise') return TRUE;
  return not(dependentInPlace(question.context, place, question.view, dependent.related, dependent.set));
}

function changing(
  question: Question,
  place: Place,
  dependent: Dependent,
  theirs: readonly string[],
): Sql | undefined {
  const { context, view } = question;
  switch (dependent.kind) {
    case 'keep':
      return undefined;
    case 'delete':
      return sql`DELETE FROM ${place.from}`;
    case 'anonymise': {
      const key = keyInDependent(context, place, view, dependent.related);
      if (key === undefined && dependent.set.some((one) => one.with.kind === 'placeholder'))
        throw unfit('PLACEHOLDER_KEY');
      return sql`UPDATE ${place.from} SET ${assignments(context, place, dependent.set, key)}`;
    }
    case 'detach': {
      const set = theirs.map((column) => ({ column, with: { kind: 'constant', value: null } as const }));
      return sql`UPDATE ${place.from} SET ${assignments(context, place, set, undefined)}`;
    }
  }
}

/** Their columns equal those of one of the records. */
function matching(question: Question, theirs: readonly Ref[], ours: readonly Ref[], values: Ours): Sql {
  const { dialect } = question.context;
  const rows = values.filter((row): row is readonly string[] => row.every((cell) => cell !== null));
  const converted = rows.map((row) =>
    row.map((cell, i) => inTheirs(theirs[i]?.column, ours[i]?.column, cell)),
  );
  const list = oneOf(dialect, theirs, converted);
  // Where their collation would call different values of ours equal, the bytes decide.
  const bytes = theirs.map((ref, i) => {
    const column = ours[i]?.column;
    if (list === FALSE || column === undefined || !needsExact(ref.column, column)) return TRUE;
    const wanted = [...new Set(converted.map((row) => row[i] ?? ''))];
    const exactly = wanted.map((cell) => exactValue(dialect, textValue(dialect, cell)));
    return sql`${exact(dialect, ref.text)} IN (${join(exactly, ', ')})`;
  });
  return and(list, ...bytes);
}

/** A value of ours as theirs would write it: a whole number kept as decimal is that number. */
function inTheirs(theirs: Column | undefined, ours: Column | undefined, cell: string): string {
  return ours?.family === 'decimal' && theirs?.family === 'integer' ? cell.replace(/\.0+$/, '') : cell;
}
