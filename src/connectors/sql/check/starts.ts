/** Starting points: how each is stored, what NULL means in it, and whether an index leads to the old ones. */
import type { Encoding, StartColumn, View } from '../../../policy/policy.ts';
import type { Column, Family } from '../catalogue/catalogue.ts';
import { indexOn, isOwnColumn } from '../compile/window.ts';
import { fieldAt, tableOfRelated } from './check.ts';
import type { Examined, FoundField } from './check.ts';
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
  const rows = start.maxOf ?? start.minOf;
  const table = rows === undefined ? view.record.table : tableOfRelated(view, rows.related);
  if (table === undefined) {
    const names = view.record.related.map((each) => each.name);
    const name = rows?.related ?? '';
    findings.error(
      'unknown-related',
      path,
      `Record type ${view.record.name} has no relation "${name}"`,
      didYouMean(name, names, 'Name it under `related:` of the record.'),
    );
    return undefined;
  }
  if (rows !== undefined) checkCondition(one, table, rows.where, path, rows.related);
  const found = fieldAt(one, table, start, path);
  if (start.timeColumn !== undefined) checkTime(one, start, table, found, path);
  if (found === undefined) return undefined;
  const canBeNull = rows === undefined && (found.column.nullable || start.path !== undefined);
  if (canBeNull && start.whenNull === undefined)
    findings.error(
      'start-null',
      path,
      `${start.path === undefined ? 'Column' : 'What stands in'} ${found.label} can be NULL, and the file does not say what that means`,
      'Write `null: not yet` (the period has not begun) or `null: unknown`.',
    );
  return start.encoding === undefined ? byType(one, found, start, path) : declared(one, found, start, path);
}

/** The time of day in a column of its own. */
function checkTime(
  one: Examined,
  start: StartColumn,
  table: string,
  day: FoundField | undefined,
  path: Path,
): void {
  const { path: _path, ...place } = start;
  const clock = fieldAt(one, table, { ...place, column: start.timeColumn ?? '' }, path);
  const time = clock?.column;
  if ((start.maxOf ?? start.minOf) !== undefined)
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
      `Column ${clock?.label ?? ''} is ${time.type}, no time of day`,
      'Name a column of text or time.',
    );
  if (day !== undefined && start.path === undefined && !['date', 'text', 'other'].includes(day.column.family))
    one.findings.error(
      'start-time',
      path,
      `Column ${day.label} is ${day.column.type}, not a date alone`,
      'Leave out `time:`.',
    );
}

function declared(
  { findings }: Examined,
  { column, label }: FoundField,
  { encoding, path: inside }: StartColumn,
  path: Path,
): Encoding | undefined {
  // In JSON a date is text and a number a number, whatever the type of the column.
  if (encoding === undefined || inside !== undefined || HOLDS[encoding.kind].includes(column.family))
    return encoding;
  findings.error(
    'start-type',
    path,
    `Column ${label} is ${column.type}, which is not stored as "${encoding.kind}"`,
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
  { column, label }: FoundField,
  start: StartColumn,
  path: Path,
): Encoding | undefined {
  if (start.path !== undefined) {
    findings.error('start-type', path, `What stands in ${label} has no type of its own`, SAY_HOW);
    return undefined;
  }
  const wallClock =
    column.family === 'datetime' || (column.family === 'date' && start.timeColumn !== undefined);
  if (column.family === 'instant') return { kind: 'instant' };
  if (wallClock && view.record.datetimesIn !== undefined)
    return { kind: 'local', zone: view.record.datetimesIn };
  if (wallClock)
    findings.error(
      'start-zone',
      path,
      `Column ${label} is ${column.type}, a time without a zone`,
      'Say whose clock it is: `as: local Europe/Copenhagen`, or `datetimes in:` of the source; `as: instant` where it is UTC.',
    );
  else if (column.family === 'date') return { kind: 'date' };
  else
    findings.error(
      'start-type',
      path,
      `Column ${label} is ${column.type || 'of no type'}, from which no moment can be told`,
      SAY_HOW,
    );
  return undefined;
}

const SAY_HOW =
  'Say how it is stored: `as: epoch seconds`, `as: epoch milliseconds`, `as: date`, `as: instant` or `as: local <zone>`.';

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
