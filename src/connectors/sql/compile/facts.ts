/** A view as SQL: which records, what is read of each, and how a row of the answer becomes `Facts`. */
import { text } from '../../../database.ts';
import type { Condition, Facts, Raw, StartColumn, SubjectIdentifier, View } from '../../../policy/policy.ts';
import type { Context, Place } from './place.ts';
import { compileType, placeOf, refTo, relatedRows, tableNamed } from './place.ts';
import { ordering } from '../catalogue/catalogue.ts';
import type { Column } from '../catalogue/catalogue.ts';
import type { Ref } from '../dialect.ts';
import { asText, exact, readBy, readable } from '../dialect.ts';
import { unfit } from '../failure.ts';
import type { Sql } from '../sql.ts';
import { FALSE, TRUE, and, join, not, or, raw, sql } from '../sql.ts';
import { stageDone } from '../erase/anonymise/done.ts';
import type { Done } from '../erase/anonymise/done.ts';
import { compileCondition } from './condition.ts';
import { NULL_KEY } from './keys.ts';
import { anyUnreadable, unreadable } from './unreadable.ts';
import type { Unreadable } from './unreadable.ts';
import { literal } from './values.ts';

/** Everything that the statements about one view's records are made of. */
export interface Question {
  readonly context: Context;
  readonly view: View;
  readonly root: Place;
  readonly keys: readonly Ref[];
  /** The table in FROM where rows are wanted in the order of the keys. */
  readonly byKey: Sql;
  /** What makes a row a record of the type. */
  readonly scope: Sql;
  /** The policy's `where`. */
  readonly where: Sql;
  /** Nothing can be said of the record, see unreadable.ts. */
  readonly unreadable: Sql;
  /** Scope, `where`, none of the exemptions, and readable: what every statement that erases repeats. */
  readonly predicate: Sql;
  /** The select list of the facts; the keys come first. */
  readonly select: Sql;
  /** Cells that `select` asks for. */
  readonly width: number;
  /** The cell of each start's own column. */
  readonly startCells: readonly number[];
  /** Undefined for a row without a key, which no statement could name. */
  readonly decode: (row: readonly unknown[]) => Facts | undefined;
  /** Whether facts or predicate look at other tables than the record's own. */
  readonly looksAround: boolean;
}

const ALWAYS: Condition = { kind: 'all', of: [] };

type Decoder<T> = (row: readonly unknown[]) => T;

/** Collects the cells of a select list. */
class Cells {
  readonly list: Sql[] = [];

  add(cell: Sql): number {
    return this.list.push(cell) - 1;
  }

  /** A condition as a cell of 1 or 0; one that is plain is not asked for. */
  truth(condition: Sql): Part<boolean> {
    if (condition === TRUE || condition === FALSE) return { always: condition === TRUE };
    const at = this.add(sql`CASE WHEN ${condition} THEN 1 ELSE 0 END`);
    return { read: (row) => text(row[at]) === '1' };
  }
}

/** One entry of a list of facts: read from a row, or the same for all. */
type Part<T> = { readonly read: Decoder<T> } | { readonly always: T };

/** A list of facts. One that is the same for all rows is made once: a scan hands out millions. */
function together<T>(parts: readonly Part<T>[]): Decoder<readonly T[]> {
  const same = parts.flatMap((part) => ('always' in part ? [part.always] : []));
  if (same.length === parts.length) return () => same;
  const readers = parts.map((part) => ('always' in part ? () => part.always : part.read));
  const [first] = readers;
  return readers.length === 1 && first !== undefined
    ? (row) => [first(row)]
    : (row) => readers.map((read) => read(row));
}

export function askAbout(context: Context, view: View): Question {
  const { dialect } = context;
  const { record } = view;
  const root = placeOf(dialect, tableNamed(context, record.table));
  const keys = record.key.map((name) => refTo(context, root, name));
  const scope = compileType(context, root);
  const where = compileCondition(context, root, view.where);
  const exempt = or(...view.exempt.map((one) => compileCondition(context, root, one)));
  const fixed = record.scope.map((one) => one.column);
  const cells = new Cells();
  for (const key of keys) cells.add(readable(dialect, key));
  const starts = view.starts.map((start) => startCell(context, root, cells, start));
  const truths = together(view.conditions.map((one) => cells.truth(compileCondition(context, root, one))));
  const subjects = together(record.subjects.map((one) => subjectCell(context, root, cells, one)));
  const done = together(view.stages.map((_, i) => doneCell(cells, stageDone(context, root, keys, view, i))));
  const broken = unreadable(context, root, view);
  const names = unreadableNames(cells, broken);
  const moments = together(starts);
  const missing = record.repeats === true ? NULL_KEY : undefined;
  const decode: Decoder<Facts | undefined> = (row) => {
    const key: string[] = [];
    for (let i = 0; i < keys.length; i += 1) {
      const part = text(row[i]) ?? missing;
      if (part === undefined) return undefined;
      key.push(part);
    }
    const facts = {
      key,
      starts: moments(row),
      truths: truths(row),
      subjects: subjects(row),
      done: done(row),
    };
    const wrong = names?.(row);
    return wrong === undefined ? facts : { ...facts, unreadable: wrong };
  };
  // Compiled anew: one statement asks both, and a locked table cannot have one name twice there.
  const nothing = anyUnreadable(unreadable(context, root, view));
  const predicate = and(scope, where, not(exempt), not(nothing));
  return {
    context,
    view,
    root,
    keys,
    byKey: readBy(dialect, root.from, ordering(root.table, fixed, record.key)[0]),
    scope,
    where,
    unreadable: nothing,
    predicate,
    select: join(cells.list, ', '),
    width: cells.list.length,
    startCells: starts.map((start) => start.at),
    decode,
    looksAround: [...cells.list, predicate].some((piece) =>
      piece.parts.some((part) => part.includes('SELECT ')),
    ),
  };
}

function doneCell(cells: Cells, { holds, texts }: Done): Part<boolean> {
  const truth = cells.truth(holds);
  if (texts.length === 0) return truth;
  const free = texts.map(({ cell, isDone }) => ({ at: cells.add(cell), isDone }));
  const read = 'always' in truth ? (): boolean => truth.always : truth.read;
  return { read: (row) => read(row) && free.every(({ at, isDone }) => isDone(text(row[at]))) };
}

/** Which of the columns are unreadable in a row; undefined: none, and no function where none can be. */
function unreadableNames(
  cells: Cells,
  all: readonly Unreadable[],
): Decoder<readonly string[] | undefined> | undefined {
  if (all.length === 0) return undefined;
  const found = together(all.map((one) => cells.truth(one.condition)));
  return (row) => {
    const which = found(row);
    return which.includes(true) ? all.flatMap(({ name }, i) => (which[i] === true ? [name] : [])) : undefined;
  };
}

/** A start's cell, and how it is read together with its time of day. */
function startCell(
  context: Context,
  root: Place,
  cells: Cells,
  start: StartColumn,
): { readonly at: number; readonly read: Decoder<Raw> } {
  const { column, say } = startValue(context, root, start);
  const at = cells.add(readable(context.dialect, { text: say((value) => value), column }));
  if (start.timeColumn === undefined) return { at, read: (row) => text(row[at]) };
  const { part, timeColumn } = start;
  const clockField = part === undefined ? timeColumn : { column: timeColumn, part };
  const time = cells.add(readable(context.dialect, refTo(context, root, clockField)));
  const read = (row: readonly unknown[]): Raw => {
    const day = text(row[at]);
    const clock = (text(row[time]) ?? '').trim();
    return day === null || clock === '' ? day : `${day} ${clock}`;
  };
  return { at, read };
}

/** The value of a starting point, without its time of day from another column. */
export interface StartValue {
  readonly column: Column;
  /** SQL that says something about the value, such as a comparison; over related rows in one subquery. */
  readonly say: (about: (value: Sql) => Sql) => Sql;
}

export function startValue(context: Context, root: Place, start: StartColumn): StartValue {
  const rows = start.maxOf ?? start.minOf;
  if (rows === undefined) {
    const { column, text } = storedStart(context, root, start);
    return { column, say: (about) => about(text) };
  }
  if (start.timeColumn !== undefined) throw unfit('TIME_OF_MAX');
  const { place, where } = relatedRows(context, root, rows.related, rows.where);
  const theirs = storedStart(context, place, start);
  const value =
    start.maxOf === undefined ? smallest(context, theirs, start) : largest(context, theirs, start);
  return {
    column: theirs.column,
    say: (about) => sql`(SELECT ${about(value)} FROM ${place.from} WHERE ${where})`,
  };
}

/** The column of a start. Numbers that stand in JSON are compared as numbers. */
function storedStart(context: Context, place: Place, start: StartColumn): Ref {
  const { column, part, path, encoding } = start;
  const ref = refTo(context, place, { column, ...(part === undefined ? {} : { part }), ...(path === undefined ? {} : { path }) }); // prettier-ignore
  const isNumber = encoding?.kind === 'epoch seconds' || encoding?.kind === 'epoch milliseconds';
  if (ref.number === undefined || !isNumber) return ref;
  return { ...ref, text: ref.number, column: { ...ref.column, family: 'decimal', cast: 'numeric' } };
}

/** The largest value; but one row that is "not yet" outweighs all others: an agreement that still runs. */
function largest(context: Context, ref: Ref, start: StartColumn): Sql {
  const max = sql`MAX(${ref.text})`;
  const open = openValues(context, ref, start);
  const running = sql`MAX(CASE WHEN ${ref.text} IN (${join(open, ', ')}) THEN ${ref.text} END)`;
  const known = open.length === 0 ? max : sql`COALESCE(${running}, ${max})`;
  if (start.whenNull !== 'not yet' || !ref.column.nullable) return known;
  return sql`CASE WHEN COUNT(*) = COUNT(${ref.text}) THEN ${known} END`;
}

/** The smallest value; one that is "not yet" comes after all others. */
function smallest(context: Context, ref: Ref, start: StartColumn): Sql {
  const min = sql`MIN(${ref.text})`;
  const open = openValues(context, ref, start);
  if (open.length === 0) return min;
  return sql`COALESCE(MIN(CASE WHEN ${ref.text} NOT IN (${join(open, ', ')}) THEN ${ref.text} END), ${min})`;
}

/** The values that mean "not yet", as the column can hold them. */
const openValues = (context: Context, ref: Ref, start: StartColumn): readonly Sql[] =>
  start.notYet.flatMap((one) => storedAs(context, ref.column, one));

/**
 * A raw value of the policy file as the column can hold it: none, one, or in text several spellings of one. Equal is
 * what the policy takes for equal: a date at midnight is that date, the zero date is 0.
 */
export function storedAs(context: Context, column: Column, rawValue: string): readonly Sql[] {
  const { dialect } = context;
  const { family } = column;
  const day = rawValue.trim().replace(/^(.{10})[ T]00:00:00(?:\.0*)?$/, '$1');
  const zero = day === '0' || day === '0000-00-00';
  const dates = family === 'date' || family === 'datetime' || family === 'instant';
  const known = (texts: readonly string[]): readonly Sql[] =>
    texts.map((one) => literal(dialect, column, one)).filter((one) => one !== undefined);
  if (dates && dialect !== 'sqlite') {
    if (!zero) return known([day]);
    return dialect === 'mysql' ? [raw("'0000-00-00 00:00:00'")] : [];
  }
  if (!dates && family !== 'text' && family !== 'other') return known([zero ? '0' : day]);
  const dated = zero ? '0000-00-00' : day;
  const times = /^\d{4}-\d\d-\d\d$/.test(dated) ? [`${dated} 00:00:00`, `${dated}T00:00:00`] : [];
  return known([...new Set([rawValue, ...(zero ? ['0'] : []), dated, ...times])]);
}

function subjectCell(context: Context, root: Place, cells: Cells, subject: SubjectIdentifier): Part<Raw> {
  const at = cells.add(subjectExpression(context, root, subject));
  return { read: (row) => text(row[at]) };
}

export function subjectExpression(context: Context, root: Place, subject: SubjectIdentifier): Sql {
  const { dialect } = context;
  if (subject.related === undefined) return readable(dialect, refTo(context, root, subject));
  const { place, where } = relatedRows(context, root, subject.related, ALWAYS);
  const ref = refTo(context, place, subject.column);
  const value = dialect === 'postgres' ? asText(dialect, ref) : readable(dialect, ref);
  // One value, the same to the byte in every row; otherwise nobody can say whose record it is.
  const compared = ref.column.family === 'text' ? exact(dialect, ref.text) : value;
  return sql`(SELECT CASE WHEN COUNT(*) = COUNT(${compared}) AND COUNT(DISTINCT ${compared}) = 1 THEN MIN(${value}) END FROM ${place.from} WHERE ${where})`;
}
