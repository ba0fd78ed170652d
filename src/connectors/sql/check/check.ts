/**
 * Holds views against the catalogue before anything is read or erased: every name, every type, and everything that the
 * database would refuse, or do by itself, once a batch runs. Reports all of it at once, and writes nothing.
 */
import type { Dialect } from '../../../database.ts';
import type { Encoding, Field, View } from '../../../policy/policy.ts';
import type { CheckReport, Meaning } from '../../connector.ts';
import type { Catalogue, Column, Table } from '../catalogue/catalogue.ts';
import { digestOf } from '../catalogue/load.ts';
import type { Ask } from '../catalogue/load.ts';
import { compileScope, newContext, placeOf } from '../compile/place.ts';
import { heed } from '../failure.ts';
import { checkSight } from '../grants/sight.ts';
import { sql } from '../sql.ts';
import { checkConditions, checkScope, unfitness } from './conditions.ts';
import { checkDependents } from './erasing/dependents.ts';
import { checkLeft } from './erasing/left.ts';
import { checkFiles } from './erasing/files.ts';
import type { OpenRoot } from '../../files/root.ts';
import { Findings, didYouMean, ofRecord } from './findings.ts';
import type { Path } from './findings.ts';
import { checkKey, checkMatches } from './keys.ts';
import { checkOwnTable } from './erasing/own-table.ts';
import { checkPartUses } from './erasing/part-uses.ts';
import { checkReferences } from './erasing/references.ts';
import { checkReplacements } from './erasing/replacements.ts';
import { checkSelections } from './selections.ts';
import { checkSense } from './sense.ts';
import { checkStarts } from './starts.ts';
import { checkLocking, checkTables } from './tables.ts';

/** One view under examination. */
export interface Examined {
  readonly dialect: Dialect;
  readonly catalogue: Catalogue;
  readonly view: View;
  readonly findings: Findings;
}

export async function checkViews(
  dialect: Dialect,
  catalogue: Catalogue,
  views: readonly View[],
  ask: Ask,
  openRoot: OpenRoot,
  signal: AbortSignal,
  certainty?: Meaning['certainty'],
): Promise<CheckReport> {
  const findings = new Findings();
  const encodings = new Map<View, readonly (Encoding | undefined)[]>();
  for (const view of views) {
    heed(signal);
    const one: Examined = { dialect, catalogue, view, findings };
    encodings.set(view, checkView(one));
    if (certainty !== undefined) checkSense(one, certainty);
    await checkPopulation(one, ask);
    await checkSelections(one, ask);
    await checkFiles(one, openRoot);
  }
  await checkLocking(catalogue, views, findings, ask);
  if (dialect === 'mysql') await checkSight(catalogue, views, findings, ask);
  // What is wrong cannot be compiled.
  if (findings.all.every((one) => one.severity !== 'error'))
    for (const view of views) {
      checkOwnTable({ dialect, catalogue, view, findings });
      checkPartUses({ dialect, catalogue, view, findings });
    }
  return { findings: findings.all, encodings, catalogue: digestOf(catalogue) };
}

function checkView(one: Examined): readonly (Encoding | undefined)[] {
  checkTables(one);
  checkKey(one);
  checkScope(one);
  checkMatches(one);
  checkConditions(one);
  checkReplacements(one);
  checkDependents(one);
  checkLeft(one);
  checkReferences(one);
  return checkStarts(one);
}

/** A scope that nothing meets is a wrong tenant more often than an empty one. */
async function checkPopulation({ dialect, catalogue, view, findings }: Examined, ask: Ask): Promise<void> {
  const { record } = view;
  const table = catalogue.tables.get(record.table);
  const fits = record.scope.every(({ column: name, value }) => {
    const column = table?.columns.get(name);
    return column !== undefined && (value === null || unfitness(dialect, column, value) === undefined);
  });
  if (record.scope.length === 0 || table === undefined || !fits) return;
  const place = placeOf(dialect, table);
  const scope = compileScope(newContext(dialect, catalogue, record), place, record.scope);
  const rows = await ask(sql`SELECT 1 FROM ${place.from} WHERE ${scope} LIMIT 1`);
  if (rows.length > 0) return;
  const path = ofRecord(view, 'scope');
  findings.warning(
    'scope-empty',
    path,
    `No row of table ${record.table} meets the scope`,
    'Check the value of the scope.',
  );
}

/** The table of this name; reports it where there is none. */
export function tableAt({ catalogue, findings }: Examined, name: string, path: Path): Table | undefined {
  const table = catalogue.tables.get(name);
  if (table === undefined) {
    const otherwise = 'Correct the name, or allow the user of the connection to read the table.';
    findings.error(
      'unknown-table',
      path,
      `There is no table "${name}"`,
      didYouMean(name, catalogue.names, otherwise),
    );
  }
  return table;
}

/** The column of this name; reports it where there is none. Says nothing where the table itself is missing. */
export function columnAt(
  { catalogue, findings }: Examined,
  table: string,
  name: string,
  path: Path,
): Column | undefined {
  const found = catalogue.tables.get(table);
  const column = found?.columns.get(name);
  if (found !== undefined && column === undefined) {
    const remedy = didYouMean(
      name,
      found.columns.keys(),
      `Name one of: ${[...found.columns.keys()].join(', ')}.`,
    );
    findings.error('unknown-column', path, `Table ${table} has no column "${name}"`, remedy);
  }
  return column;
}

/** A column that a field names, and how messages name it. */
export interface FoundField {
  readonly column: Column;
  readonly label: string;
}

/** The column of a field: of the table, or of the part of the record that it names; reports what is not there. */
export function fieldAt(one: Examined, table: string, field: Field, path: Path): FoundField | undefined {
  const part = one.view.record.parts?.find((each) => each.name === field.part);
  const where = part?.table ?? table;
  const column = columnAt(one, where, field.column, path);
  if (column === undefined) return undefined;
  const label = `${where}.${field.column}`;
  if (field.path !== undefined && column.family !== 'json' && column.family !== 'text')
    one.findings.error(
      'json-type',
      path,
      `Column ${label} is ${column.type}, in which no JSON stands`,
      'Name a column of JSON or text before the `/`.',
    );
  return { column, label };
}

/** The table whose rows a relation of the record type names. */
export function tableOfRelated(view: View, name: string): string | undefined {
  return view.record.related.find((one) => one.name === name)?.table;
}
