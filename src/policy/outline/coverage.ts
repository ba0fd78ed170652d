/**
 * Coverage: tables and columns that look like personal data and that no policy of the file takes care of. A guess by
 * their names (personal.ts), so these are warnings; a line under `not covered` acknowledges one for good.
 */
import { mayBeOneTable } from '../table-name.ts';
import type { Dependent, Replacements } from '../model/action.ts';
import type { RecordType, Source } from '../model/record.ts';
import type { ErasePolicy, PolicyFile } from '../policy.ts';
import type { Outline, OutlineTable } from './outline.ts';
import { personalColumns, type PersonalColumn } from './personal.ts';

/** One gap; `path` points into the policy file. */
export interface Gap {
  readonly code: 'uncovered-table' | 'uncovered-column' | 'nothing-to-acknowledge';
  readonly path: readonly (string | number)[];
  readonly message: string;
  readonly remedy: string;
}

/** What becomes of the columns of a table: all of them go, or these are overwritten. */
type Cover = 'all' | ReadonlySet<string>;

/** Names of tables are compared without a schema and without regard to capitals: servers differ in both. */
const nameOf = (table: string): string => table.slice(table.indexOf('.') + 1).toLowerCase();

const fits = (pattern: string, table: string): boolean => mayBeOneTable(nameOf(pattern), nameOf(table));

const columnsOf = (set: Replacements, part: string | undefined): readonly string[] =>
  set.filter((one) => one.part === part).map((one) => one.column.toLowerCase());

class Covers {
  readonly #known: { readonly table: string; readonly cover: Cover }[] = [];

  add(table: string, cover: Cover): void {
    this.#known.push({ table, cover });
  }

  /** Undefined where no policy touches the table. */
  of(table: string): Cover | undefined {
    const found = this.#known.filter((one) => fits(one.table, table)).map(({ cover }) => cover);
    if (found.length === 0) return undefined;
    if (found.includes('all')) return 'all';
    return new Set(found.flatMap((cover) => (cover === 'all' ? [] : [...cover])));
  }
}

function coverRecord(covers: Covers, record: RecordType, policy: ErasePolicy): void {
  for (const { action, dependents } of policy.stages) {
    const cover = (part: string | undefined): Cover =>
      action.kind === 'delete' ? 'all' : new Set(columnsOf(action.set, part));
    covers.add(record.table, cover(undefined));
    for (const part of record.parts ?? []) covers.add(part.table, cover(part.name));
    for (const dependent of dependents) coverDependent(covers, record, dependent);
  }
  // What the database itself deletes with the record.
  for (const table of policy.acknowledgedCascades) covers.add(table, 'all');
}

function coverDependent(covers: Covers, record: RecordType, dependent: Dependent): void {
  const related = record.related.find(({ name }) => name === dependent.related);
  if (related === undefined) return;
  if (dependent.kind === 'anonymise') covers.add(related.table, new Set(columnsOf(dependent.set, undefined)));
  // Rows that are kept or detached were looked at, and somebody decided.
  else covers.add(related.table, 'all');
}

function coversOf(file: PolicyFile, source: Source): Covers {
  const covers = new Covers();
  for (const policy of file.policies) {
    if (policy.source !== source.name) continue;
    for (const record of source.records) {
      if (policy.record !== '*' && policy.record !== record.name) continue;
      if (policy.kind === 'erase') coverRecord(covers, record, policy);
      // A record under a statutory minimum is meant to stay.
      else covers.add(record.table, 'all');
    }
  }
  return covers;
}

const listing = (found: readonly PersonalColumn[]): string =>
  found.map(({ column, kind }) => `${column.name} (${kind})`).join(', ');

function gapOf(source: Source, table: OutlineTable, covers: Covers): Gap | undefined {
  const acknowledged = (source.notCovered ?? []).filter((one) => fits(one.table, table.name));
  if (acknowledged.some(({ column }) => column === undefined)) return undefined;
  const cover = covers.of(table.name);
  const known = new Set(acknowledged.map(({ column }) => column?.toLowerCase()));
  const open = personalColumns(table).filter(({ column }) => {
    const name = column.name.toLowerCase();
    return !known.has(name) && cover !== 'all' && cover?.has(name) !== true;
  });
  if (open.length === 0) return undefined;
  const path = ['sources', source.name];
  if (cover === undefined) {
    return {
      code: 'uncovered-table',
      path,
      message: `table ${table.name} looks like personal data, and no policy is about it: ${listing(open)}`,
      remedy: `write a policy for it, name its rows as dependents, or say why not: not covered: { ${table.name}: … }`,
    };
  }
  const [first] = open;
  return {
    code: 'uncovered-column',
    path,
    message: `table ${table.name} is anonymised, and columns that look personal stay: ${listing(open)}`,
    remedy: `add them to \`set\`, or say why not: not covered: { ${table.name}.${first?.column.name ?? ''}: … }`,
  };
}

/** Acknowledgements of what is not there: a table that was renamed would hide the next one. */
function stale(source: Source, outline: Outline): readonly Gap[] {
  return (source.notCovered ?? []).flatMap(({ table, column }) => {
    const found = outline.tables.filter((one) => fits(table, one.name));
    const there =
      column === undefined
        ? found.length > 0
        : found.some((one) => one.columns.some(({ name }) => name.toLowerCase() === column.toLowerCase()));
    if (there) return [];
    const name = column === undefined ? table : `${table}.${column}`;
    return [
      {
        code: 'nothing-to-acknowledge' as const,
        path: ['sources', source.name, 'not covered', name],
        message: `there is no ${name}`,
        remedy: 'correct the name, or remove the line',
      },
    ];
  });
}

/** What looks personal in a source and is neither erased, nor kept knowingly, nor acknowledged; in the order of the outline. */
export function coverageGaps(file: PolicyFile, source: Source, outline: Outline): readonly Gap[] {
  const covers = coversOf(file, source);
  const gaps = outline.tables.map((table) => gapOf(source, table, covers));
  return [...gaps.filter((gap) => gap !== undefined), ...stale(source, outline)];
}
