/** One batch against tables in memory. Works on a copy; the caller makes the copy the data, or throws it away. */
import type {
  Action,
  Dependent,
  Facts,
  Key,
  Part,
  RecordType,
  Related,
  Replacements,
  Scalar,
  View,
} from '../../policy/policy.ts';
import type { Batch, BatchResult, DependentCount, RecordOutcome } from '../connector.ts';
import { SourceFailure } from '../connector.ts';
import type { MemoryDatabase, MemoryRow, MemoryTable } from './database.ts';
import { isMatch, meets, partOf, relatedRows } from './around.ts';
import { copyOf, relationOf, rowKey, tableOf } from './database.ts';
import { factsOf, isAnonymised, keyOf, meant, rowByKey } from './facts.ts';
import { replaced } from './replace.ts';
import { isOwned, isReleased, ownersAbove } from './shared.ts';

/** Re-checks and erases in the copy. Throws `SourceFailure('data')` where a constraint forbids it. */
export function eraseIn(copy: MemoryDatabase, view: View, batch: Batch): BatchResult {
  const rows = batch.keys.map((key) => rowByKey(copy, view.record, key));
  const facts = rows.map((row) => (row === undefined ? undefined : factsOf(copy, view, row)));
  const due = stillDue(copy, view, batch, rows, facts);
  const roots = batch.keys.flatMap((key, i): Root[] => {
    const row = rows[i];
    return row !== undefined && due[i] === true ? [{ key, row }] : [];
  });
  const stage = view.stages[batch.stage];
  if (stage === undefined) throw new SourceFailure('fatal', 'UNKNOWN_STAGE');
  const dependents = new Map<string, DependentCount>();
  const erase = (dependent: Dependent, rowsOf: RowsOf): void => {
    const counted = eraseDependent(copy, view, dependent, roots, rowsOf);
    dependents.set(dependent.related, sum(dependents.get(dependent.related), counted));
  };
  // Shared rows, and rows that are `of` those, are found as they are now, and go behind their owners.
  const later = (one: Dependent): boolean => goesLater(view.record, stage.dependents, one);
  const shared = stage.dependents.filter(later).map((one) => {
    const found = new Map(roots.map((root) => [root, meant(copy, view.record, one, root.row)]));
    return { one, rowsOf: (root: Root) => found.get(root) ?? [] };
  });
  for (const one of stage.dependents.filter((each) => !later(each)))
    erase(one, ({ row }) => meant(copy, view.record, one, row));
  eraseRoots(copy, view, stage.action, roots);
  for (const { one, rowsOf } of shared)
    erase(one, (root) =>
      rowsOf(root).filter(
        (row) =>
          !hasOwner(copy, view.record, one, row) && isReleased(copy, view.record, stage.dependents, one, row),
      ),
    );
  const outcomes = rows.map((row, i): RecordOutcome => {
    if (row === undefined) return 'already-absent';
    return due[i] === true ? 'erased' : 'changed';
  });
  return { outcomes, facts, dependents };
}

/** How many rows of each dependent would go with these records, by related name; what is deleted, with the first alone. */
export function foreseen(
  database: MemoryDatabase,
  { record, stages }: View,
  stage: number,
  rows: readonly MemoryRow[],
): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  const all = stages[stage]?.dependents ?? [];
  const later = (one: Dependent): boolean => goesLater(record, all, one);
  const deleted = new Set<MemoryRow>();
  for (const one of [...all.filter((each) => !later(each)), ...all.filter(later)]) {
    const theirs = new Set(
      rows.flatMap((row) =>
        meant(database, record, one, row).filter((each) => !isAnonymised(one, each, keyOf(record, row))),
      ),
    );
    const after = withoutLinks(database, record, all, one, rows);
    const going = [...theirs].filter(
      (row) =>
        !deleted.has(row) && !hasOwner(after, record, one, row) && isReleased(after, record, all, one, row),
    );
    if (one.kind === 'delete') for (const row of going) deleted.add(row);
    counts.set(one.related, (counts.get(one.related) ?? 0) + going.length);
  }
  return counts;
}

/** As if the rows through which these records own the shared rows were gone. */
function withoutLinks(
  database: MemoryDatabase,
  record: RecordType,
  all: readonly Dependent[],
  dependent: Dependent,
  rows: readonly MemoryRow[],
): MemoryDatabase {
  const copy = copyOf(database);
  const shared = all.filter(isShared).map((one) => one.related);
  const way: string[] = [];
  for (let name: string | undefined = dependent.related; name !== undefined;) {
    const { of } = relationOf(record.related, name);
    if (of !== undefined && shared.includes(name)) way.push(of);
    name = of;
  }
  for (const of of way) {
    const links = tableOf(copy, relationOf(record.related, of).table);
    for (const row of rows)
      for (const link of relatedRows(database, record, of, row)) links.rows.delete(rowKey(links, link));
  }
  return copy;
}

interface Root {
  readonly key: Key;
  readonly row: MemoryRow;
}

/** The rows of a dependent that go with a record. */
type RowsOf = (root: Root) => readonly MemoryRow[];

const isShared = (one: Dependent): boolean => one.kind === 'delete' && one.unlessOwned !== undefined;

const goesLater = (record: RecordType, all: readonly Dependent[], one: Dependent): boolean =>
  isShared(one) || ownersAbove(record, all, one).length > 0;

const hasOwner = (copy: MemoryDatabase, record: RecordType, one: Dependent, row: MemoryRow): boolean =>
  one.kind === 'delete' &&
  (one.unlessOwned ?? []).some((owner) => isOwned(copy, record, one.related, owner, row));

function sum(one: DependentCount | undefined, other: DependentCount): DependentCount {
  if (one === undefined) return other;
  return {
    deleted: one.deleted + other.deleted,
    anonymised: one.anonymised + other.anonymised,
    detached: one.detached + other.detached,
    kept: one.kept + other.kept,
  };
}

/** Per key: the policy is about the record, no exemption keeps it, and whoever decides says that it is due. */
function stillDue(
  copy: MemoryDatabase,
  view: View,
  batch: Batch,
  rows: readonly (MemoryRow | undefined)[],
  facts: readonly (Facts | undefined)[],
): boolean[] {
  const when = view.stages[batch.stage]?.when;
  const asked = rows.flatMap((row, i) => {
    const one = facts[i];
    if (row === undefined || one === undefined || !meets(copy, view.record, view.where, row)) return [];
    if (when !== undefined && !meets(copy, view.record, when, row)) return [];
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
  { record }: View,
  dependent: Dependent,
  roots: readonly Root[],
  rowsOf: RowsOf,
): DependentCount {
  const relation = relationOf(record.related, dependent.related);
  const table = tableOf(copy, relation.table);
  // A row that belongs to several of the records counts once.
  const touched = new Set<string>();
  const leaving: MemoryRow[] = [];
  for (const root of roots) {
    for (const theirs of rowsOf(root)) {
      if (isAnonymised(dependent, theirs, root.key)) continue;
      touched.add(rowKey(table, theirs));
      if (dependent.kind === 'delete') leaving.push(theirs);
      if (dependent.kind === 'anonymise') write(table, theirs, replaced(dependent.set, theirs, root.key));
      if (dependent.kind === 'detach')
        write(table, theirs, detached(copy, record, relation, theirs, root.row, dependent.to));
    }
  }
  return {
    deleted: remove(copy, table, leaving),
    anonymised: dependent.kind === 'anonymise' ? touched.size : 0,
    detached: dependent.kind === 'detach' ? touched.size : 0,
    kept: dependent.kind === 'keep' ? touched.size : 0,
  };
}

/** The referring columns become NULL, or `to`: those of the matches that are met. Over a chain, of all. */
function detached(
  copy: MemoryDatabase,
  record: RecordType,
  { of, match, orMatch = [], ignoreCase = false }: Related,
  theirs: MemoryRow,
  ours: MemoryRow,
  to: Scalar = null,
): MemoryRow {
  const met = [match, ...orMatch].filter(
    (one) => of !== undefined || isMatch(copy, record, one, theirs, ours, ignoreCase),
  );
  return Object.fromEntries(met.flat().map((pair) => [pair.theirs, to === null ? null : String(to)]));
}

function eraseRoots(copy: MemoryDatabase, { record }: View, action: Action, roots: readonly Root[]): void {
  const table = tableOf(copy, record.table);
  const rows = roots.map((root) => root.row);
  const parts = (record.parts ?? []).map((part) => ({
    part,
    rows: roots.map((root) => unshared(copy, record, part.name, root.row, rows)),
  }));
  if (action.kind === 'delete') {
    const refers = (part: Part): boolean =>
      tableOf(copy, part.table).foreignKeys.some((key) => key.table === record.table);
    const removeParts = (first: boolean): void => {
      for (const each of parts.filter((one) => refers(one.part) === first))
        remove(
          copy,
          tableOf(copy, each.part.table),
          each.rows.filter((row) => row !== undefined),
        );
    };
    removeParts(true);
    remove(copy, table, rows);
    removeParts(false);
    return;
  }
  const setOf = (part: string | undefined): Replacements => action.set.filter((one) => one.part === part);
  roots.forEach(({ key, row }, i) => {
    write(table, row, replaced(setOf(undefined), row, key));
    for (const { part, rows: theirs } of parts) {
      const there = theirs[i];
      if (there !== undefined)
        write(tableOf(copy, part.table), there, replaced(setOf(part.name), there, key));
    }
  });
}

/** The row of a part, unless a record that stays has it too. */
function unshared(
  copy: MemoryDatabase,
  record: RecordType,
  name: string,
  row: MemoryRow,
  going: readonly MemoryRow[],
): MemoryRow | undefined {
  const part = partOf(copy, record, name, row);
  const table = tableOf(copy, record.table);
  const own = new Set(going.map((one) => rowKey(table, one)));
  const others = [...table.rows.values()].filter((one) => !own.has(rowKey(table, one)));
  return others.some((one) => partOf(copy, record, name, one) === part) ? undefined : part;
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
