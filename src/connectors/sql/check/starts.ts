/** Starting points: how each is stored, what NULL means in it, and whether an index leads to the old ones. */
import type { Encoding, StartColumn, View } from '../../../policy/policy.ts';
import type { Column, Family } from '../catalogue/catalogue.ts';
import { indexOn, isOwnColumn } from '../compile/window.ts';
import { columnAt, tableOfRelated } from './check.ts';
import type { Examined } from './check.ts';
import { checkCondition } from './conditions.ts';
import { didYouMean, ofPolicy, ofStart } from './findings.ts';
import type { Path } from './findings.ts';

/** The types in which a declared encoding can stand. SQLite's columns without a type can hold anything. */
const HOLDS: Readonly<Record<Encoding['kind'], readonly Family[]>> = {
  instant: ['instant', 'datetime', 'text', 'other'],
  local: ['datetime', 'date', 'text', 'other'],
  date: ['date', 'datetime', 'text', 'other'],
  'epoch seconds': ['integer', 'decimal', 'float', 'other'],
  'epoch milliseconds': ['integer', 'decimal', 'float', 'other'],
};

export function checkStarts(one: Examined): readonly (Encoding | undefined)[] {
  const encodings = one.view.starts.map((start, i) => checkStart(one, start, ofStart(one.view, i)));
  checkIndex(one);
  return encodings;
}

function checkStart(one: Examined, start: StartColumn, path: Path): Encoding | undefined {
  const { view, findings } = one;
  const table = start.maxOf === undefined ? view.record.table : tableOfRelated(view, start.maxOf.related);
  if (table === undefined) {
    const names = view.record.related.map((each) => each.name);
    const name = start.maxOf?.related ?? '';
    findings.error(
      'unknown-related',
      path,
      `Record type ${view.record.name} has no relation "${name}"`,
      didYouMean(name, names, 'Name it under `related:` of the record.'),
    );
    return undefined;
  }
  if (start.maxOf !== undefined) checkCondition(one, table, start.maxOf.where, path, true);
  const column = columnAt(one, table, start.column, path);
  if (start.timeColumn !== undefined) checkTime(one, start, table, column, path);
  if (column === undefined) return undefined;
  if (start.maxOf === undefined && column.nullable && start.whenNull === undefined)
    findings.error(
      'start-null',
      path,
      `Column ${table}.${column.name} can be NULL, and the file does not say what that means`,
      'Write `null: not yet` (the period has not begun) or `null: unknown`.',
    );
  return start.encoding === undefined
    ? byType(one, table, column, start, path)
    : declared(one, table, column, start.encoding, path);
}

/** The time of day in a column of its own. */
function checkTime(
  one: Examined,
  start: StartColumn,
  table: string,
  day: Column | undefined,
  path: Path,
): void {
  const time = columnAt(one, table, start.timeColumn ?? '', path);
  if (start.maxOf !== undefined)
    one.findings.error(
      'start-time',
      path,
      'The largest of several dates has no one time of day',
      'Leave out `time:` beside `max:`.',
    );
  if (time !== undefined && time.family !== 'text' && time.family !== 'time')
    one.findings.error(
      'start-time',
      path,
      `Column ${table}.${time.name} is ${time.type}, no time of day`,
      'Name a column of text or time.',
    );
  if (day !== undefined && !['date', 'text', 'other'].includes(day.family))
    one.findings.error(
      'start-time',
      path,
      `Column ${table}.${day.name} is ${day.type}, not a date alone`,
      'Leave out `time:`.',
    );
}

function declared(
  { findings }: Examined,
  table: string,
  column: Column,
  encoding: Encoding,
  path: Path,
): Encoding | undefined {
  if (HOLDS[encoding.kind].includes(column.family)) return encoding;
  findings.error(
    'start-type',
    path,
    `Column ${table}.${column.name} is ${column.type}, which is not stored as "${encoding.kind}"`,
    column.family === 'instant'
      ? 'Leave out `as:`; the column is an instant by its type.'
      : remedyFor(column),
  );
  return undefined;
}

const remedyFor = (column: Column): string =>
  column.family === 'integer'
    ? 'Write `as: epoch seconds` or `as: epoch milliseconds`.'
    : 'Write the `as:` that fits the type of the column.';

/** The encoding that a column's own type tells, where the file is silent. A zone is never guessed. */
function byType(
  { view, findings }: Examined,
  table: string,
  column: Column,
  start: StartColumn,
  path: Path,
): Encoding | undefined {
  const wallClock =
    column.family === 'datetime' || (column.family === 'date' && start.timeColumn !== undefined);
  if (column.family === 'instant') return { kind: 'instant' };
  if (wallClock && view.record.datetimesIn !== undefined)
    return { kind: 'local', zone: view.record.datetimesIn };
  if (wallClock)
    findings.error(
      'start-zone',
      path,
      `Column ${table}.${column.name} is ${column.type}, a time without a zone`,
      'Say whose clock it is: `as: local Europe/Copenhagen`, or `datetimes in:` of the source; `as: instant` where it is UTC.',
    );
  else if (column.family === 'date') return { kind: 'date' };
  else
    findings.error(
      'start-type',
      path,
      `Column ${table}.${column.name} is ${column.type || 'of no type'}, from which no moment can be told`,
      'Say how it is stored: `as: epoch seconds`, `as: epoch milliseconds`, `as: date`, `as: instant` or `as: local <zone>`.',
    );
  return undefined;
}

/** A start of several parts is read through the whole table whatever the indexes are; nothing to say about it. */
function checkIndex({ catalogue, view, findings }: Examined): void {
  const start = view.startTree.kind === 'column' ? view.starts[view.startTree.index] : undefined;
  const table = catalogue.tables.get(view.record.table);
  if (start === undefined || !isOwnColumn(start) || table?.columns.has(start.column) !== true) return;
  if (table.kind !== 'table' || indexOn(table, scopeOf(view), start.column) !== undefined) return;
  findings.warning(
    'start-without-index',
    ofPolicy(view, 'start'),
    `No index of ${view.record.table} begins with ${start.column}: every sweep reads the whole table`,
    `CREATE INDEX … ON ${view.record.table} (${start.column}).`,
  );
}

const scopeOf = (view: View): readonly string[] => view.record.scope.map((one) => one.column);
