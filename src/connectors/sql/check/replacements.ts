/** What anonymising and detaching would write: whether the database would take it, and whether it would be enough. */
import type { Dependent, Related, Replacement, Replacements } from '../../../policy/policy.ts';
import { uniqueSets } from '../catalogue/catalogue.ts';
import type { Column, Table } from '../catalogue/catalogue.ts';
import { constant } from '../compile/values.ts';
import { columnAt } from './check.ts';
import type { Examined } from './check.ts';
import { unfitness } from './conditions.ts';
import { didYouMean, ofStage } from './findings.ts';
import type { Path } from './findings.ts';

export function checkReplacements(one: Examined): void {
  const { view, findings } = one;
  const { record } = view;
  for (const [i, stage] of view.stages.entries()) {
    if (stage.action.kind === 'anonymise') {
      const path = ofStage(view, i, 'set');
      checkSet(one, record.table, stage.action.set, path, undefined);
      checkUntouchable(one, stage.action.set, path);
    }
    for (const [n, dependent] of stage.dependents.entries()) {
      const path = ofStage(view, i, 'dependents', n);
      const related = record.related.find((each) => each.name === dependent.related);
      if (related === undefined)
        findings.error(
          'unknown-related',
          path,
          `Record type ${record.name} has no relation "${dependent.related}"`,
          didYouMean(
            dependent.related,
            record.related.map((each) => each.name),
            'Name it under `related:` of the record.',
          ),
        );
      else checkDependent(one, dependent, related, path);
    }
  }
}

/** Columns by which a record is found, judged or counted must stay what they are. */
function checkUntouchable({ view, findings }: Examined, set: Replacements, path: Path): void {
  const { record } = view;
  const starts = view.starts
    .filter((start) => start.maxOf === undefined)
    .flatMap((start) => [start.column, start.timeColumn]);
  for (const { column } of set) {
    const at = [...path, column];
    const what = record.key.includes(column)
      ? 'the key'
      : record.scope.some((one) => one.column === column)
        ? 'the scope'
        : starts.includes(column)
          ? 'a starting point'
          : undefined;
    if (what !== undefined)
      findings.error(
        'replacement-fixed',
        at,
        `Column ${record.table}.${column} is ${what} of the record`,
        'Leave it out of `set`: the record must be found again.',
      );
  }
}

function checkDependent(one: Examined, dependent: Dependent, related: Related, path: Path): void {
  if (dependent.kind === 'anonymise') checkSet(one, related.table, dependent.set, [...path, 'set'], related);
  if (dependent.kind !== 'detach') return;
  const table = one.catalogue.tables.get(related.table);
  for (const { theirs } of related.match) {
    const column = table?.columns.get(theirs);
    if (column === undefined) continue;
    if (!column.nullable || column.generated || table?.primaryKey.includes(theirs) === true)
      one.findings.error(
        'detach-not-null',
        path,
        `Column ${related.table}.${theirs} cannot become NULL, so its rows cannot be detached`,
        'Delete or anonymise them, or allow NULL in the column.',
      );
  }
}

function checkSet(
  one: Examined,
  name: string,
  set: Replacements,
  path: Path,
  related: Related | undefined,
): void {
  const table = one.catalogue.tables.get(name);
  for (const { column: columnName, with: by } of set) {
    const at = [...path, columnName];
    const column = columnAt(one, name, columnName, at);
    if (table === undefined || column === undefined) continue;
    const label = `${name}.${columnName}`;
    if (column.generated)
      one.findings.error(
        'replacement-generated',
        at,
        `Column ${label} is computed by the database`,
        'Replace the columns that it is computed from.',
      );
    else if (related !== undefined && table.primaryKey.includes(columnName))
      one.findings.error(
        'replacement-fixed',
        at,
        `Column ${label} belongs to the primary key`,
        'Leave it out of `set`, or delete the rows.',
      );
    else {
      checkValue(one, label, column, by, at, related);
      if (by.kind !== 'constant' || by.value !== null)
        checkUnique(one, table, label, column, by, at, related);
    }
  }
}

function checkValue(
  one: Examined,
  label: string,
  column: Column,
  by: Replacement,
  path: Path,
  related: Related | undefined,
): void {
  if (by.kind === 'placeholder') {
    checkPlaceholder(one, label, column, by.template, path, related);
    return;
  }
  if (by.kind !== 'constant') return;
  const { value } = by;
  const refuse = (code: string, message: string, remedy: string): void =>
    one.findings.error(code, path, message, remedy);
  if (value === null) {
    if (!column.nullable)
      refuse(
        'replacement-null',
        `Column ${label} cannot be NULL`,
        'Give a constant, or allow NULL in the column.',
      );
    return;
  }
  const shown = typeof value === 'string' ? `"${value}"` : String(value);
  const why = unfitness(one.dialect, column, value);
  if (why !== undefined || constant(one.dialect, column, value) === undefined)
    refuse(
      column.enumValues === undefined ? 'replacement-type' : 'replacement-enum',
      `Column ${label} is ${column.type} and cannot become ${shown}`,
      why ?? 'Write a value of the type of the column.',
    );
  else if (column.maxLength !== undefined && characters(String(value)) > column.maxLength)
    refuse(
      'replacement-length',
      `Column ${label} holds ${String(column.maxLength)} characters, fewer than ${shown}`,
      'Write a shorter value.',
    );
  else if (column.range !== undefined && !inRange(column.range, value))
    refuse(
      'replacement-range',
      `Column ${label} is ${column.type} and cannot become ${shown}`,
      `Write a whole number from ${String(column.range[0])} to ${String(column.range[1])}.`,
    );
}

/** As databases count them. */
const characters = (text: string): number => Array.from(text).length;

function inRange(
  [least, most]: readonly [bigint, bigint],
  value: string | number | bigint | boolean,
): boolean {
  const number = Number(value);
  if (!Number.isInteger(number)) return false;
  const exact = BigInt(value);
  return exact >= least && exact <= most;
}

function checkPlaceholder(
  one: Examined,
  label: string,
  column: Column,
  template: string,
  path: Path,
  related: Related | undefined,
): void {
  const { record } = one.view;
  const refuse = (code: string, message: string, remedy: string): void =>
    one.findings.error(code, path, message, remedy);
  if (column.family !== 'text' || column.enumValues !== undefined) {
    refuse(
      'replacement-type',
      `Column ${label} is ${column.type}: a placeholder is text`,
      'Give a constant of the type of the column.',
    );
    return;
  }
  if (
    related !== undefined &&
    !record.key.every((name) => related.match.some((pair) => pair.ours === name))
  ) {
    refuse(
      'replacement-key',
      `Rows of "${related.name}" do not hold the key of their record, which the placeholder names`,
      'Use a constant.',
    );
    return;
  }
  const key = keyLength(one);
  const length =
    key === undefined
      ? undefined
      : characters(template.replaceAll('{key}', '')) + key * (template.split('{key}').length - 1);
  if (column.maxLength !== undefined && length !== undefined && length > column.maxLength)
    refuse(
      'replacement-length',
      `Column ${label} holds ${String(column.maxLength)} characters; the placeholder can have ${String(length)}`,
      'Write a shorter one.',
    );
}

/** Most characters of a key as text; undefined where there is no bound. */
function keyLength({ catalogue, view }: Examined): number | undefined {
  const columns = view.record.key.map((name) => catalogue.tables.get(view.record.table)?.columns.get(name));
  const lengths = columns.map((column) => {
    if (column?.range !== undefined) return Math.max(...column.range.map((bound) => String(bound).length));
    if (column?.family === 'uuid') return 36;
    if (column?.maxLength !== undefined)
      return column.family === 'binary' ? column.maxLength * 2 : column.maxLength;
    return undefined;
  });
  return lengths.every((one) => one !== undefined)
    ? lengths.reduce((sum, one) => sum + one + 1, -1)
    : undefined;
}

/** One value for all rows cannot stand in a column where every row has its own. */
function checkUnique(
  one: Examined,
  table: Table,
  label: string,
  column: Column,
  by: Replacement,
  path: Path,
  related: Related | undefined,
): void {
  if (!uniqueSets(table).some((set) => set.length === 1 && set[0] === column.name)) return;
  const perRecord = by.kind === 'placeholder' && by.template.includes('{key}');
  const oneRowEach =
    related === undefined ||
    uniqueSets(table).some((set) => set.every((name) => related.match.some((pair) => pair.theirs === name)));
  if (perRecord && oneRowEach) return;
  one.findings.error(
    'replacement-unique',
    path,
    `Column ${label} is unique: two rows cannot both have the same replacement`,
    related === undefined
      ? 'Use a placeholder with the key: { placeholder: "erased-{key}" }, or null.'
      : 'Use null, or delete the rows.',
  );
}
