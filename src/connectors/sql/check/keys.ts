/** What identifies a record, and what relates rows to it. */
import { uniqueSets } from '../catalogue/catalogue.ts';
import type { Family, Index, Table } from '../catalogue/catalogue.ts';
import type { Condition, Match, Part, RecordType, Related } from '../../../policy/policy.ts';
import { matchable, oursOf } from '../compile/match.ts';
import { columnAt, fieldAt, tableAt } from './check.ts';
import type { Examined } from './check.ts';
import { ofRecord } from './findings.ts';
import type { Path } from './findings.ts';

/** Types that do not come back as they went, or compare with what merely looks alike. */
const NO_KEY: readonly Family[] = ['float', 'json', 'other'];

export function checkKey(one: Examined): void {
  const { catalogue, view, findings } = one;
  const { record } = view;
  const path = ofRecord(view, 'key');
  const columns = record.key.map((name) => columnAt(one, record.table, name, path));
  const table = catalogue.tables.get(record.table);
  if (table === undefined || !columns.every((column) => column !== undefined)) return;
  for (const column of columns)
    if (NO_KEY.includes(column.family))
      findings.error(
        'key-type',
        path,
        `Column ${record.table}.${column.name} is ${column.type || 'of no type'}: no value of it names one row for certain`,
        'Use a key of whole numbers, text or uuid.',
      );
  if (table.kind === 'table' && record.repeats !== true && !identifies(table, record))
    findings.error(
      'key-not-unique',
      path,
      `Nothing in the database keeps two rows of ${record.table} from having the same ${record.key.join(', ')}`,
      table.primaryKey.length > 0
        ? `Use the primary key: ${table.primaryKey.join(', ')}.`
        : 'Use columns that are NOT NULL with a unique index; where there are none, write `duplicates: one record`.',
    );
}

/** Columns of the scope count: they are the same in all rows that any statement meets. */
function identifies(table: Table, { key, scope }: RecordType): boolean {
  const required = key.every((name) => table.columns.get(name)?.nullable === false);
  const fixed = scope.map((one) => one.column);
  return required && isUnique(table, [...key, ...fixed]);
}

const isUnique = (table: Table, columns: readonly string[]): boolean =>
  uniqueSets(table).some((set) => set.every((name) => columns.includes(name)));

export function checkMatches(one: Examined): void {
  const { view } = one;
  const { record } = view;
  for (const related of record.related) {
    const above = record.related.find((each) => each.name === related.of)?.table ?? record.table;
    const path = ofRecord(view, 'related', related.name, 'match');
    const matches = [related.match, ...(related.orMatch ?? [])];
    for (const match of matches) checkMatch(one, related.table, above, match, path);
    if (matches.every((match) => match.some((pair) => pair.inText === undefined)))
      for (const match of matches) checkIndex(one, related, match, path);
  }
  for (const part of record.parts ?? []) checkPart(one, part);
  for (const subject of record.subjects) {
    const related = record.related.find((candidate) => candidate.name === subject.related);
    fieldAt(one, related?.table ?? record.table, subject, ofRecord(view, 'subject', subject.kind));
  }
}

function checkMatch(one: Examined, theirTable: string, ourTable: string, match: Match, path: Path): void {
  for (const pair of match) {
    const their = columnAt(one, theirTable, pair.theirs, path);
    const our = fieldAt(one, ourTable, oursOf(pair), path);
    if (their === undefined || our === undefined) continue;
    const label = `${theirTable}.${pair.theirs} (${their.type})`;
    if (pair.inText !== undefined) {
      if (their.family !== 'text')
        one.findings.error(
          'match-type',
          path,
          `${label} is no text, so that it holds no other value`,
          'Name a column of text before `holds`.',
        );
    } else if (!matchable(their, our.column))
      one.findings.error(
        'match-type',
        path,
        `${label} and ${our.label} (${our.column.type}) cannot be compared without loss`,
        'Match by columns of the same type, or by a whole number and its digits as text.',
      );
  }
}

function checkIndex(
  { catalogue, findings }: Examined,
  { table: name, scope, where }: Related,
  match: Match,
  path: Path,
): void {
  const table = catalogue.tables.get(name);
  const columns = match.flatMap((pair) => (pair.inText === undefined ? [pair.theirs] : []));
  const scoped = scope.map((one) => one.column);
  const fixed = [...scoped, ...fixedBy(where)];
  const serves = ({ columns: all }: Index): boolean => {
    const next = all.find((column) => column === undefined || !fixed.includes(column));
    return scoped.includes(all[0] ?? '') || (next !== undefined && columns.includes(next));
  };
  if (table?.kind !== 'table' || table.indexes.some(serves)) return;
  findings.warning(
    'match-without-index',
    path,
    `No index of ${name} begins with ${columns.join(' or ')}: each batch reads the whole table`,
    `CREATE INDEX … ON ${name} (${columns.join(', ')}).`,
  );
}

/** Columns that a condition gives one value. */
function fixedBy(condition: Condition): readonly string[] {
  if (condition.kind === 'all') return condition.of.flatMap(fixedBy);
  return condition.kind === 'is' && condition.values.length === 1 && condition.path === undefined
    ? [condition.column]
    : [];
}

/** A part is one row: where there could be two, nobody knows which of them a statement reads. */
function checkPart(one: Examined, { name, table: tableName, match, scope }: Part): void {
  const { view, findings } = one;
  const path = ofRecord(view, 'parts', name);
  const table = tableAt(one, tableName, [...path, 'table']);
  checkMatch(one, tableName, view.record.table, match, [...path, 'match']);
  const columns = [...match.map((pair) => pair.theirs), ...scope.map((fixed) => fixed.column)];
  if (table === undefined || isUnique(table, columns)) return;
  findings.error(
    'part-not-unique',
    path,
    `Nothing in the database keeps two rows of ${tableName} from having the same ${columns.join(', ')}`,
    `Make an index that is unique in (${columns.join(', ')}), or name ${tableName} under \`related:\`.`,
  );
}
