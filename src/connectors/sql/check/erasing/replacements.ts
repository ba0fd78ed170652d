/** What anonymising and detaching would write: whether the database would take it, and whether it would be enough. */
import type {
  Dependent,
  Field,
  Related,
  Replacement,
  Replacements,
  Scalar,
} from '../../../../policy/policy.ts';
import { uniqueSets } from '../../catalogue/catalogue.ts';
import type { Table } from '../../catalogue/catalogue.ts';
import { columnAt } from '../check.ts';
import type { Examined } from '../check.ts';
import { unfitness } from '../conditions.ts';
import { didYouMean, ofStage } from '../findings.ts';
import type { Path } from '../findings.ts';
import { checkValue } from './values.ts';

/** The rows of one table that are anonymised, and how they belong to their record. */
export interface Written {
  readonly table: string;
  readonly set: Replacements;
  readonly path: Path;
  /** Undefined: they are the record, or part of it. */
  readonly related: Related | undefined;
}

export function checkReplacements(one: Examined): void {
  const { view, findings } = one;
  const { record } = view;
  for (const [i, { action, dependents }] of view.stages.entries()) {
    if (action.kind === 'anonymise') {
      const path = ofStage(view, i, 'set');
      for (const part of [undefined, ...(record.parts ?? [])]) {
        const set = action.set.filter((each) => each.part === part?.name);
        checkSet(one, { table: part?.table ?? record.table, set, path, related: undefined });
      }
      checkUntouchable(one, action.set, path);
    }
    for (const [n, dependent] of dependents.entries()) {
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

/** A field as the file writes it. */
export function written({ part, column, path = [] }: Field): string {
  const steps = path.map((step) => `/${step.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
  return `${part === undefined ? '' : `${part}.`}${column}${steps}`;
}

/** Whether changing the one changes the other. */
function overlap(one: Field, other: Field): boolean {
  const [a, b] = [one.path ?? [], other.path ?? []];
  const same = a.slice(0, b.length).every((step, i) => step === b[i]);
  return one.part === other.part && one.column === other.column && same;
}

/** Columns by which a record is found, judged or counted must stay what they are. */
function checkUntouchable({ view, findings }: Examined, set: Replacements, path: Path): void {
  const { record } = view;
  const parts = record.parts ?? [];
  const own = (column: string): Field => ({ column });
  const fixed: readonly (readonly [what: string, fields: readonly Field[]])[] = [
    ['the key', record.key.map(own)],
    ['the scope', record.scope.map((one) => one.column).map(own)],
    [
      'a starting point',
      view.starts
        .filter((start) => start.maxOf === undefined && start.minOf === undefined)
        .flatMap((start) => [start, ...(start.timeColumn === undefined ? [] : [own(start.timeColumn)])]),
    ],
    [
      'what leads to a part',
      parts.flatMap((part) =>
        part.match.flatMap((pair): Field[] => [
          { column: pair.theirs, part: part.name },
          pair.part === undefined ? own(pair.ours) : { column: pair.ours, part: pair.part },
        ]),
      ),
    ],
  ];
  for (const field of set) {
    const what = fixed.find(([, fields]) => fields.some((one) => overlap(field, one)))?.[0];
    if (what !== undefined)
      findings.error(
        'replacement-fixed',
        [...path, written(field)],
        `Column ${record.table}.${written(field)} is ${what} of the record`,
        'Leave it out of `set`: the record must be found again.',
      );
  }
}

function checkDependent(one: Examined, dependent: Dependent, related: Related, path: Path): void {
  if (dependent.kind === 'anonymise') {
    const at = [...path, 'set'];
    checkSet(one, { table: related.table, set: dependent.set, path: at, related });
    checkStarts(one, dependent.set, related, at);
  }
  if (dependent.kind === 'detach') checkDetach(one, dependent.to, related, path);
}

/** A value over related rows from which the record's period runs must not move with them. */
function checkStarts({ view, findings }: Examined, set: Replacements, related: Related, path: Path): void {
  for (const field of set) {
    const moved = view.starts.some(
      (start) => (start.maxOf ?? start.minOf)?.related === related.name && overlap(field, start),
    );
    if (moved)
      findings.error(
        'replacement-fixed',
        [...path, written(field)],
        `Column ${related.table}.${written(field)} is a starting point of the record`,
        'Leave it out of `set`: the period would begin anew.',
      );
  }
}

function checkDetach(
  { dialect, catalogue, findings }: Examined,
  to: Exclude<Scalar, null> | undefined,
  related: Related,
  path: Path,
): void {
  const table = catalogue.tables.get(related.table);
  const refers = (name: string): boolean =>
    catalogue.foreignKeys.some((key) => key.from === table?.id && key.columns.includes(name));
  if (to !== undefined && [related.match, ...(related.orMatch ?? [])].some((match) => match.length > 1))
    findings.error(
      'detach-value',
      path,
      `Rows of "${related.name}" refer by several columns, which cannot all become ${String(to)}`,
      'Leave `to` out, or match by one column.',
    );
  for (const pair of [related.match, ...(related.orMatch ?? [])].flat()) {
    const column = table?.columns.get(pair.theirs);
    if (column === undefined) continue;
    if (pair.inText !== undefined)
      findings.error(
        'detach-text',
        path,
        `Rows of "${related.name}" hold the value inside a text, which cannot be detached`,
        'Delete or anonymise them.',
      );
    else if (to !== undefined && (refers(pair.theirs) || unfitness(dialect, column, to) !== undefined))
      findings.error(
        'detach-value',
        path,
        `Column ${related.table}.${pair.theirs} ${refers(pair.theirs) ? 'has a foreign key' : `is ${column.type}`}, and cannot become ${String(to)}`,
        'Leave `to` out: the column becomes NULL.',
      );
    else if (
      (to === undefined && !column.nullable) ||
      column.generated ||
      table?.primaryKey.includes(pair.theirs) === true
    )
      findings.error(
        'detach-not-null',
        path,
        `Column ${related.table}.${pair.theirs} cannot become NULL, so its rows cannot be detached`,
        'Delete or anonymise them, allow NULL in the column, or write what means none: `to: 0`.',
      );
  }
}

function checkSet(one: Examined, rows: Written): void {
  const { table: name, set, path, related } = rows;
  const table = one.catalogue.tables.get(name);
  for (const { with: by, ...field } of set) {
    const at = [...path, written(field)];
    const column = columnAt(one, name, field.column, at);
    if (table === undefined || column === undefined) continue;
    const label = `${name}.${field.column}`;
    if (column.generated)
      one.findings.error(
        'replacement-generated',
        at,
        `Column ${label} is computed by the database`,
        'Replace the columns that it is computed from.',
      );
    else if (related !== undefined && table.primaryKey.includes(field.column))
      one.findings.error(
        'replacement-fixed',
        at,
        `Column ${label} belongs to the primary key`,
        'Leave it out of `set`, or delete the rows.',
      );
    else {
      checkValue(one, { label, column, field, by, path: at, related });
      if (field.path === undefined) checkUnique(one, rows, table, field.column, by, at);
    }
  }
}

/** One value for all rows cannot stand in a column where every row has its own. */
function checkUnique(
  one: Examined,
  { set, related }: Written,
  table: Table,
  column: string,
  by: Replacement,
  path: Path,
): void {
  if (by.kind === 'constant' && by.value === null) return;
  const sets = uniqueSets(table).filter((each) => each.includes(column));
  const oneRowEach =
    related === undefined ||
    uniqueSets(table).some((each) =>
      each.every((name) => related.match.some((pair) => pair.theirs === name)),
    );
  const hasKey = (each: Replacement): boolean =>
    (each.kind === 'placeholder' && each.template.includes('{key}')) ||
    (each.kind === 'keep domain' && each.local.includes('{key}'));
  const apart = (name: string): boolean => {
    const other = set.find((each) => each.column === name && each.path === undefined)?.with;
    if (other === undefined) return uniqueSets(table).some((each) => each.length === 1 && each[0] === name);
    return (other.kind === 'constant' && other.value === null) || (hasKey(other) && oneRowEach);
  };
  for (const names of sets) {
    if (names.some(apart)) continue;
    const others = names.filter((name) => !set.some((each) => each.column === name));
    const fixed = others.every((name) => one.view.record.scope.some((each) => each.column === name));
    const label = `${table.parts.at(-1) ?? ''}.${column}`;
    const remedy =
      related === undefined
        ? 'Use a placeholder with the key: { placeholder: "erased-{key}" }, or null.'
        : 'Use null, or delete the rows.';
    if (fixed)
      one.findings.error(
        'replacement-unique',
        path,
        `Column ${label} is unique: two rows cannot both have the same replacement`,
        remedy,
      );
    else
      one.findings.warning(
        'replacement-unique',
        path,
        `Column ${label} is unique together with ${others.join(', ')}: two rows that agree there cannot both have the same replacement`,
        remedy,
      );
  }
}
