/** What can be read of one record in memory, as the contract's `Facts`. */
import type {
  Action,
  Dependent,
  Facts,
  Field,
  Key,
  Raw,
  RecordType,
  StartColumn,
  SubjectIdentifier,
  View,
  ViewStage,
  Window,
} from '../../policy/policy.ts';
import { columnsInside } from '../inside.ts';
import { aroundOf, belonging, isRecord, meets, partOf, relatedRows } from './around.ts';
import type { MemoryDatabase, MemoryRow } from './database.ts';
import { extreme, order, relationOf, tableOf, typeOf } from './database.ts';
import { replaced } from './replace.ts';
import { isOwned, isReleased } from './shared.ts';

export const keyOf = (record: RecordType, row: MemoryRow): Key =>
  record.key.map((column) => row[column] ?? '');

/** The row with this key within the scope of its record type. */
export function rowByKey(database: MemoryDatabase, record: RecordType, key: Key): MemoryRow | undefined {
  const table = tableOf(database, record.table);
  const byPrimaryKey = record.key.join('\0') === table.primaryKey.join('\0');
  const direct = byPrimaryKey ? table.rows.get(JSON.stringify(key)) : undefined;
  const rows = byPrimaryKey ? (direct === undefined ? [] : [direct]) : [...table.rows.values()];
  return rows.find(
    (row) => isRecord(database, record, row) && record.key.every((column, i) => row[column] === key[i]),
  );
}

const holds = (row: MemoryRow, values: MemoryRow): boolean =>
  Object.entries(values).every(([column, value]) => row[column] === value);

function actionDone(
  database: MemoryDatabase,
  record: RecordType,
  action: Action,
  row: MemoryRow,
  key: Key,
): boolean {
  if (action.kind !== 'anonymise') return false;
  return [undefined, ...(record.parts ?? [])].every((part) => {
    const set = action.set.filter((one) => one.part === part?.name);
    const there = part === undefined ? row : partOf(database, record, part.name, row);
    return there === undefined || holds(there, replaced(set, there, key));
  });
}

/** Anonymising would leave the row as it is. Where free text is looked through, nobody knows before. */
export function isAnonymised(dependent: Dependent, row: MemoryRow, key: Key): boolean {
  if (dependent.kind !== 'anonymise' || dependent.set.some((one) => one.with.kind === 'redact')) return false;
  return holds(row, replaced(dependent.set, row, key));
}

/** The related rows that a dependent means and that still have to be changed. */
export function leftOf(
  database: MemoryDatabase,
  record: RecordType,
  all: readonly Dependent[],
  dependent: Dependent,
  row: MemoryRow,
  key: Key,
): readonly MemoryRow[] {
  if (dependent.kind === 'keep') return [];
  const rows = meant(database, record, dependent, row).filter((one) =>
    isReleased(database, record, all, dependent, one),
  );
  if (dependent.kind === 'anonymise')
    return rows.filter((one) => !holds(one, replaced(dependent.set, one, key)));
  const owners = dependent.kind === 'delete' ? (dependent.unlessOwned ?? []) : [];
  return rows.filter(
    (one) => !owners.some((owner) => isOwned(database, record, dependent.related, owner, one)),
  );
}

/** The related rows that a dependent means. */
export function meant(
  database: MemoryDatabase,
  record: RecordType,
  { related, where }: Dependent,
  row: MemoryRow,
): readonly MemoryRow[] {
  const rows = relatedRows(database, record, related, row);
  return where === undefined ? rows : rows.filter((one) => meets(database, record, where, one, related));
}

function stageDone(
  database: MemoryDatabase,
  record: RecordType,
  { action, dependents }: ViewStage,
  row: MemoryRow,
  key: Key,
): boolean {
  const left = (one: Dependent): number => leftOf(database, record, dependents, one, row, key).length;
  return actionDone(database, record, action, row, key) && dependents.every((one) => left(one) === 0);
}

/** Dependents of a record that is gone can be looked for only where they refer to nothing but its key. */
export function leftovers(database: MemoryDatabase, record: RecordType, stage: ViewStage, key: Key): boolean {
  const gone: MemoryRow = Object.fromEntries(record.key.map((column, i) => [column, key[i] ?? null]));
  const byKey = (name: string): boolean => {
    const { of, match, orMatch = [] } = relationOf(record.related, name);
    if (of !== undefined) return byKey(of);
    return [match, ...orMatch]
      .flat()
      .every((pair) => pair.part === undefined && record.key.includes(pair.ours));
  };
  return stage.dependents.some(
    (one) => byKey(one.related) && leftOf(database, record, stage.dependents, one, gone, key).length > 0,
  );
}

function startOf(database: MemoryDatabase, record: RecordType, start: StartColumn, row: MemoryRow): Raw {
  const rows = start.maxOf ?? start.minOf;
  if (rows === undefined) {
    const value = textAt(database, record, start, row);
    const { timeColumn, part } = start;
    const clock = timeColumn === undefined ? null : textAt(database, record, { column: timeColumn, ...(part === undefined ? {} : { part }) }, row); // prettier-ignore
    const time = (clock ?? '').trim();
    return value === null || time === '' ? value : `${value} ${time}`;
  }
  const { related, where } = rows;
  const type = typeOf(tableOf(database, relationOf(record.related, related).table), start.column);
  const values = relatedRows(database, record, related, row)
    .filter((one) => meets(database, record, where, one, related))
    .map((one) => textAt(database, record, start, one));
  const open = (value: Raw): boolean =>
    value === null ? start.whenNull === 'not yet' : start.notYet.includes(value);
  if (start.maxOf !== undefined) {
    // One row that is "not yet" outweighs all known ones: an agreement that still runs, beside others that have ended.
    const running = values.filter(open);
    if (running.includes(null)) return null;
    return extreme(type, running.length === 0 ? values : running, 'largest');
  }
  const known = extreme(type, values.filter((value) => !open(value)), 'smallest'); // prettier-ignore
  return known ?? extreme(type, values, 'smallest');
}

/** The value of a field as a text. */
function textAt(database: MemoryDatabase, record: RecordType, field: Field, row: MemoryRow): Raw {
  const value = database.meaning.valueOf(field, row, aroundOf(database, record));
  return value === null ? null : String(value);
}

function subjectOf(
  database: MemoryDatabase,
  record: RecordType,
  subject: SubjectIdentifier,
  row: MemoryRow,
): Raw {
  if (subject.related === undefined) return textAt(database, record, subject, row);
  const rows = relatedRows(database, record, subject.related, row);
  // A row without a value is about somebody unknown, whoever the others are about.
  const [only, ...others] = new Set(rows.map((one) => one[subject.column] ?? null));
  return only === undefined || others.length > 0 ? null : only;
}

/** Everything the view asks about one row. */
export function factsOf(database: MemoryDatabase, view: View, row: MemoryRow): Facts {
  const { record } = view;
  const key = keyOf(record, row);
  const facts = {
    key,
    starts: view.starts.map((start) => startOf(database, record, start, row)),
    truths: view.conditions.map((condition) => meets(database, record, condition, row)),
    subjects: record.subjects.map((subject) => subjectOf(database, record, subject, row)),
    done: view.stages.map((stage) => stageDone(database, record, stage, row, key)),
  };
  const unreadable = unreadableIn(database, view, row);
  return unreadable.length === 0 ? facts : { ...facts, unreadable };
}

/** The columns that should hold JSON and do not. */
export function unreadableIn(database: MemoryDatabase, view: View, row: MemoryRow): readonly string[] {
  const { record } = view;
  const around = aroundOf(database, record);
  const broken = columnsInside(view).filter(({ field, related }) => {
    const rows =
      related === undefined ? [row] : belonging(database, record, relationOf(record.related, related), row);
    return !rows.every((one) => database.meaning.isReadable({ ...field, path: [''] }, one, around));
  });
  return broken.map((one) => one.name);
}

/** Whether the windows show that the record is plainly not due; when in doubt, it is not plain. */
export function plainlyNotDue(
  database: MemoryDatabase,
  view: View,
  windows: readonly Window[],
  facts: Facts,
): boolean {
  const leaf = (index: number): boolean => {
    const window = windows.find((one) => one.index === index);
    const value = facts.starts[index] ?? null;
    const start = view.starts[index];
    if (window === undefined || value === null || start === undefined) return false;
    // What stands in JSON, or in another row, is judged where it is read.
    if (start.path !== undefined || start.part !== undefined) return false;
    const rows = start.maxOf ?? start.minOf;
    const name = rows === undefined ? view.record.table : relationOf(view.record.related, rows.related).table;
    const type = tableOf(database, name).columns[start.column]?.type ?? 'text';
    return order(type, value, window.dueBefore) > 0 && order(type, value, window.aheadAfter) < 0;
  };
  const plain = (tree: View['startTree']): boolean => {
    if (tree.kind === 'column') return leaf(tree.index);
    return tree.kind === 'latest of' ? tree.of.some(plain) : tree.of.every(plain);
  };
  return plain(view.startTree);
}
