/**
 * The pre-filter of a scan: leaves out what is plainly not due, and only that. It may let through too much, never too
 * little; addition decides, in the policy.
 */
import type { StartColumn, StartTree, Window } from '../../../policy/policy.ts';
import { ordering } from '../catalogue/catalogue.ts';
import type { Column, Family, Index, Table } from '../catalogue/catalogue.ts';
import { readBy } from '../dialect.ts';
import type { Sql } from '../sql.ts';
import { FALSE, TRUE, and, join, not, or, sql, value } from '../sql.ts';
import { startValue, storedAs } from './facts.ts';
import type { Question, StartValue } from './facts.ts';
import { literal } from './values.ts';

const DAY_MS = 86_400_000;
/** How far beyond `earliest` a value is still let through: it is judged in another zone than it is compared in. */
const SLACK_DAYS = 3;

/** A leaf's value and its bounds, as SQL. */
interface Bounded {
  readonly value: StartValue;
  readonly dueBefore: Sql;
  readonly aheadAfter: Sql;
}

/** The window of one leaf; undefined where there is none, or its bounds are not of the column's type. */
function boundsOf(question: Question, windows: readonly Window[], index: number): Bounded | undefined {
  const window = windows.find((one) => one.index === index);
  const start = question.view.starts[index];
  // What stands in JSON is text, in no order of its own.
  if (window === undefined || start === undefined || start.path !== undefined) return undefined;
  const value = startValue(question.context, question.root, start);
  const { dialect } = question.context;
  const dueBefore = literal(dialect, value.column, window.dueBefore);
  const aheadAfter = literal(dialect, value.column, window.aheadAfter);
  if (dueBefore === undefined || aheadAfter === undefined) return undefined;
  return { value, dueBefore, aheadAfter };
}

/** Every record that may be due, unknown or implausible meets this. */
export function mayMatter(question: Question, windows: readonly Window[]): Sql {
  const { startTree } = question.view;
  if (startTree.kind === 'column') {
    const bounds = boundsOf(question, windows, startTree.index);
    return bounds === undefined ? TRUE : not(inside(bounds, () => TRUE));
  }
  return not(plainlyNotDue(question, windows, startTree));
}

/** Between the bounds, and `besides`; never NULL. */
function inside({ value, dueBefore, aheadAfter }: Bounded, besides: (text: Sql) => Sql): Sql {
  return definitely(
    value.say((text) => and(sql`${text} > ${dueBefore}`, sql`${text} < ${aheadAfter}`, besides(text))),
  );
}

/** What is not known to be true is false. */
function definitely(condition: Sql): Sql {
  return sql`COALESCE(${condition}, ${FALSE})`;
}

/** The start is known for certain, and too young. Never NULL. */
function plainlyNotDue(question: Question, windows: readonly Window[], tree: StartTree): Sql {
  if (tree.kind === 'column') return plainLeaf(question, windows, tree.index);
  const parts = tree.of.map((part) => plainlyNotDue(question, windows, part));
  if (tree.kind === 'latest of') {
    // The latest is not before any part; but an implausible part is to be seen and counted.
    const odd = leaves(tree).map((index) => mayBeOdd(question, windows, index));
    return and(or(...parts), not(or(...odd)));
  }
  // The first known part decides: a part counts only where all before it are NULL.
  return tree.of.reduceRight<Sql>(
    (later, part, i) => or(parts[i] ?? FALSE, and(allNull(question, part), later)),
    FALSE,
  );
}

/**
 * Beside other parts, a value that cannot be read, or that means "not yet", gives way to them: it is not plain. Where
 * the column itself cannot hold only dates, nothing is plain.
 */
function plainLeaf(question: Question, windows: readonly Window[], index: number): Sql {
  const bounds = boundsOf(question, windows, index);
  const start = question.view.starts[index];
  if (bounds === undefined || start === undefined) return FALSE;
  const { dialect } = question.context;
  const { family } = bounds.value.column;
  const dates = family === 'date' || family === 'datetime' || family === 'instant';
  if (!(family === 'integer' || (dates && dialect !== 'sqlite'))) return FALSE;
  const open = notListed(question, bounds.value.column, start);
  return inside(bounds, (text) => and(dates && dialect === 'mysql' ? realDate(text) : TRUE, open(text)));
}

/** MySQL keeps dates such as 2024-00-00, which say nothing. */
const realDate = (text: Sql): Sql => sql`MONTH(${text}) > 0 AND DAYOFMONTH(${text}) > 0`;

/** None of the values that mean "not yet". */
function notListed(question: Question, column: Column, start: StartColumn): (text: Sql) => Sql {
  const listed = start.notYet.flatMap((one) => storedAs(question.context, column, one));
  return (text) => (listed.length === 0 ? TRUE : sql`${text} NOT IN (${join(listed, ', ')})`);
}

/** The value may be implausible. Never NULL. */
function mayBeOdd(question: Question, windows: readonly Window[], index: number): Sql {
  const bounds = boundsOf(question, windows, index);
  const start = question.view.starts[index];
  if (bounds === undefined || start === undefined) return TRUE;
  const first = earliestBound(question, bounds.value.column, start);
  if (first === undefined) return TRUE;
  const { value, aheadAfter } = bounds;
  return definitely(value.say((text) => or(sql`${text} >= ${aheadAfter}`, sql`${text} < ${first}`)));
}

function earliestBound(question: Question, column: Column, start: StartColumn): Sql | undefined {
  const at = Date.parse(`${start.earliest}T00:00:00Z`) + SLACK_DAYS * DAY_MS;
  if (Number.isNaN(at)) return undefined;
  if (start.encoding?.kind === 'epoch seconds') return value(BigInt(at / 1000));
  if (start.encoding?.kind === 'epoch milliseconds') return value(BigInt(at));
  return literal(question.context.dialect, column, new Date(at).toISOString().slice(0, 10));
}

function allNull(question: Question, tree: StartTree): Sql {
  const parts = leaves(tree).map((index) => {
    const start = question.view.starts[index];
    if (start === undefined) return FALSE;
    return startValue(question.context, question.root, start).say((text) => sql`${text} IS NULL`);
  });
  return and(...parts);
}

function leaves(tree: StartTree): readonly number[] {
  return tree.kind === 'column' ? [tree.index] : tree.of.flatMap(leaves);
}

/** A run of records by which a scan goes through the ones that matter, in the order of an index on their start. */
export interface Segment {
  /** The order begins with the start's column; otherwise it is that of the keys alone. */
  readonly byStart: boolean;
  readonly from: Sql;
  readonly where: Sql;
  /** Whatever the policy's `where` says of them: they are unreadable. */
  readonly whatever?: true;
}

/**
 * Whether the policy's start is one column with an index, so that a scan can go by it: the time of a scan then grows
 * with what is due and not with the table. Undefined: go by the key.
 */
export function segmentsByStart(
  question: Question,
  windows: readonly Window[],
): readonly Segment[] | undefined {
  const { view } = question;
  if (view.startTree.kind !== 'column') return undefined;
  const start = view.starts[view.startTree.index];
  const bounds = boundsOf(question, windows, view.startTree.index);
  if (start === undefined || bounds === undefined || !isOwnColumn(start)) return undefined;
  const scope = view.record.scope.map((one) => one.column);
  const index = indexOn(question.root.table, scope, start.column);
  if (index === undefined) return undefined;
  const from = readBy(question.context.dialect, question.root.from, index);
  const { value, dueBefore, aheadAfter } = bounds;
  const open = notListed(question, value.column, start);
  const old = value.say((text) => and(sql`${text} <= ${dueBefore}`, open(text)));
  const ahead = value.say((text) => and(sql`${text} >= ${aheadAfter}`, open(text)));
  const known: readonly Segment[] = [
    { byStart: true, from, where: old },
    { byStart: true, from, where: ahead },
  ];
  if (!value.column.nullable || start.whenNull === 'not yet') return known;
  return [{ byStart: false, from, where: value.say((text) => sql`${text} IS NULL`) }, ...known];
}

/** Whether the start is a column of the record's own table. */
export function isOwnColumn(start: StartColumn): boolean {
  return [start.maxOf, start.minOf, start.part, start.path].every((one) => one === undefined);
}

/** An index that begins with the column, or with columns that the scope fixes and then the column. */
export function indexOn(table: Table, scope: readonly string[], name: string): Index | undefined {
  const family = table.columns.get(name)?.family;
  if (family === undefined || !SEARCHABLE.includes(family)) return undefined;
  return ordering(table, scope, [name])[0];
}

const SEARCHABLE: readonly Family[] = ['date', 'datetime', 'instant', 'integer', 'text'];
