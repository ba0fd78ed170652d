/** One batch against tables in memory. Works on a copy; the caller makes the copy the data, or throws it away. */
import type { Dependent, Facts, Key, Related, View } from '../../policy/policy.ts';
import type { Batch, BatchResult, DependentCount, RecordOutcome } from '../connector.ts';
import { SourceFailure } from '../connector.ts';
import type { MemoryDatabase, MemoryRow, MemoryTable } from './database.ts';
import { meets, relatedRows } from './around.ts';
import { relationOf, rowKey, tableOf } from './database.ts';
import { factsOf, replaced, rowByKey } from './facts.ts';

/** Re-checks and erases in the copy. Throws `SourceFailure('data')` where a constraint forbids it. */
export function eraseIn(copy: MemoryDatabase, view: View, batch: Batch): BatchResult {
  const rows = batch.keys.map((key) => rowByKey(copy, view.record, key));
  const facts = rows.map((row) => (row === undefined ? undefined : factsOf(copy, view, row)));
  const due = stillDue(copy, view, batch, rows, facts);
  const roots = batch.keys.flatMap((key, i): Root[] => {
    const row = rows[i];
    return row !== undefined && due[i] === true ? [{ key, row }] : [];
  });
  const dependents = new Map<string, DependentCount>();
  for (const dependent of batch.dependents) {
    dependents.set(dependent.related, eraseDependent(copy, view, dependent, roots));
  }
  eraseRoots(copy, view, batch, roots);
  const outcomes = rows.map((row, i): RecordOutcome => {
    if (row === undefined) return 'already-absent';
    return due[i] === true ? 'erased' : 'changed';
  });
  return { outcomes, facts, dependents };
}

interface Root {
  readonly key: Key;
  readonly row: MemoryRow;
}

/** Per key: the policy is about the record, no exemption keeps it, and whoever decides says that it is due. */
function stillDue(
  copy: MemoryDatabase,
  view: View,
  batch: Batch,
  rows: readonly (MemoryRow | undefined)[],
  facts: readonly (Facts | undefined)[],
): boolean[] {
  const asked = rows.flatMap((row, i) => {
    const one = facts[i];
    if (row === undefined || one === undefined || !meets(copy, view.record, view.where, row)) return [];
    if (one.unreadable !== undefined) return [];
    return view.exempt.some((exemption) => meets(copy, view.record, exemption, row))
      ? []
      : [{ position: i, facts: one }];
  });
  const answers = batch.stillDue(asked.map((one) => one.facts));
  const due = rows.map(() => false);
  asked.forEach((one, i) => (due[one.position] = answers[i] === true));
  return due;
}

function eraseDependent(
  copy: MemoryDatabase,
  view: View,
  dependent: Dependent,
  roots: readonly Root[],
): DependentCount {
  const relation = relationOf(view.record.related, dependent.related);
  const table = tableOf(copy, relation.table);
  // A row that belongs to several of the records counts once.
  const touched = new Set<string>();
  const leaving: MemoryRow[] = [];
  for (const { key, row } of roots) {
    for (const theirs of relatedRows(copy, view.record, dependent.related, row)) {
      touched.add(rowKey(table, theirs));
      if (dependent.kind === 'delete') leaving.push(theirs);
      if (dependent.kind === 'anonymise') write(table, theirs, replaced(dependent.set, key));
      if (dependent.kind === 'detach') write(table, theirs, detached(relation));
    }
  }
  return {
    deleted: remove(copy, table, leaving),
    anonymised: dependent.kind === 'anonymise' ? touched.size : 0,
    detached: dependent.kind === 'detach' ? touched.size : 0,
    kept: dependent.kind === 'keep' ? touched.size : 0,
  };
}

const detached = (relation: Related): MemoryRow =>
  Object.fromEntries(relation.match.map(({ theirs }) => [theirs, null]));

function eraseRoots(copy: MemoryDatabase, view: View, batch: Batch, roots: readonly Root[]): void {
  const { action } = batch;
  const table = tableOf(copy, view.record.table);
  if (action.kind === 'delete') {
    remove(
      copy,
      table,
      roots.map(({ row }) => row),
    );
  } else {
    for (const { key, row } of roots) write(table, row, replaced(action.set, key));
  }
}

function write(table: MemoryTable, row: MemoryRow, set: MemoryRow): void {
  for (const [column, value] of Object.entries(set)) {
    const found = table.columns[column];
    if (found === undefined) throw new SourceFailure('fatal', 'UNKNOWN_COLUMN');
    if (value === null && !found.nullable) throw new SourceFailure('data', 'NOT_NULL');
    if (value !== null && found.type === 'int' && !/^-?\d+$/.test(value))
      throw new SourceFailure('data', 'NOT_INTEGER');
  }
  // As it is now: a dependent in the record's own table may have changed or deleted the row meanwhile.
  const current = table.rows.get(rowKey(table, row));
  if (current === undefined) return;
  const changed = { ...current, ...set };
  table.rows.delete(rowKey(table, row));
  table.rows.set(rowKey(table, changed), changed);
}

/** Deletes the rows, each once, and looks whether any row still refers to one of them. Answers how many went. */
function remove(copy: MemoryDatabase, table: MemoryTable, rows: readonly MemoryRow[]): number {
  const gone = new Map(rows.map((row) => [rowKey(table, row), row]));
  for (const key of gone.keys()) table.rows.delete(key);
  for (const other of copy.tables.values()) {
    for (const foreignKey of other.foreignKeys.filter((one) => one.table === table.name)) {
      const tuple = (row: MemoryRow, columns: readonly string[]): string =>
        JSON.stringify(columns.map((c) => row[c]));
      const referred = new Set([...gone.values()].map((row) => tuple(row, foreignKey.references)));
      const refers = [...other.rows.values()].some((row) => referred.has(tuple(row, foreignKey.columns)));
      if (refers) throw new SourceFailure('data', 'FOREIGN_KEY');
    }
  }
  return gone.size;
}
