/** What identifies a record, and what relates rows to it. */
import { uniqueSets } from '../catalogue/catalogue.ts';
import type { Family, Table } from '../catalogue/catalogue.ts';
import type { RecordType } from '../../../policy/policy.ts';
import { matchable } from '../compile/match.ts';
import { columnAt } from './check.ts';
import type { Examined } from './check.ts';
import { ofRecord } from './findings.ts';

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
  if (table.kind === 'table' && !identifies(table, record))
    findings.error(
      'key-not-unique',
      path,
      `Nothing in the database keeps two rows of ${record.table} from having the same ${record.key.join(', ')}`,
      table.primaryKey.length > 0
        ? `Use the primary key: ${table.primaryKey.join(', ')}.`
        : 'Use the primary key, or columns that are NOT NULL with a unique index.',
    );
}

/** Columns of the scope count: they are the same in all rows that any statement meets. */
function identifies(table: Table, { key, scope }: RecordType): boolean {
  const required = key.every((name) => table.columns.get(name)?.nullable === false);
  const fixed = scope.map((one) => one.column);
  return (
    required &&
    uniqueSets(table).some((set) => set.every((name) => key.includes(name) || fixed.includes(name)))
  );
}

export function checkMatches(one: Examined): void {
  const { catalogue, view, findings } = one;
  const { record } = view;
  for (const related of record.related) {
    const path = ofRecord(view, 'related', related.name, 'match');
    for (const { theirs, ours } of related.match) {
      const their = columnAt(one, related.table, theirs, path);
      const our = columnAt(one, record.table, ours, path);
      if (their !== undefined && our !== undefined && !matchable(their, our))
        findings.error(
          'match-type',
          path,
          `${related.table}.${theirs} (${their.type}) and ${record.table}.${ours} (${our.type}) cannot be compared without loss`,
          'Match by columns of the same type, or by a whole number and its digits as text.',
        );
    }
    const named = [
      ...related.match.map((pair) => pair.theirs),
      ...related.scope.map((fixed) => fixed.column),
    ];
    const table = catalogue.tables.get(related.table);
    if (table?.kind === 'table' && !table.indexes.some((index) => named.includes(index.columns[0] ?? '')))
      findings.warning(
        'match-without-index',
        path,
        `No index of ${related.table} begins with ${related.match.map((pair) => pair.theirs).join(' or ')}: each batch reads the whole table`,
        `CREATE INDEX … ON ${related.table} (${related.match.map((pair) => pair.theirs).join(', ')}).`,
      );
  }
  for (const subject of record.subjects) {
    const related = record.related.find((candidate) => candidate.name === subject.related);
    columnAt(one, related?.table ?? record.table, subject.column, ofRecord(view, 'subject', subject.kind));
  }
}
