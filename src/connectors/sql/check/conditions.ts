/** Scopes and conditions: that their columns are there, and that a value of the column could be what they name. */
import type { Dialect } from '../../../database.ts';
import type { Condition, Field, Scalar } from '../../../policy/policy.ts';
import type { Column } from '../catalogue/catalogue.ts';
import { canEqual, constant } from '../compile/values.ts';
import { fieldAt, tableOfRelated } from './check.ts';
import type { Examined, FoundField } from './check.ts';
import { didYouMean, ofPolicy, ofRecord, ofStage } from './findings.ts';
import type { Path } from './findings.ts';

export function checkScope(one: Examined): void {
  const { catalogue, view, findings } = one;
  const { record } = view;
  for (const { column, value } of record.scope)
    checkConstant(one, record.table, { column }, value, ofRecord(view, 'scope', column));
  for (const related of record.related) {
    const path = ofRecord(view, 'related', related.name);
    for (const { column, value } of related.scope) {
      const table = catalogue.tables.get(related.table);
      const inherited = record.scope.some((own) => own.column === column && own.value === value);
      if (table !== undefined && inherited && !table.columns.has(column))
        findings.error(
          'scope-column-missing',
          path,
          `Table ${related.table} has no column "${column}" for the scope that it inherits`,
          'Write `scope: none` on this relation if its rows need no scope of their own, or a scope that fits the table.',
        );
      else checkConstant(one, related.table, { column }, value, [...path, 'scope', column]);
    }
    checkCondition(one, related.table, related.where, [...path, 'where'], related.name);
  }
  for (const part of record.parts ?? [])
    for (const { column, value } of part.scope)
      checkConstant(one, part.table, { column }, value, ofRecord(view, 'parts', part.name, 'scope', column));
  if (record.where !== undefined) checkCondition(one, record.table, record.where, ofRecord(view, 'where'));
}

export function checkConditions(one: Examined): void {
  const { view, findings } = one;
  const { table } = view.record;
  checkCondition(one, table, view.where, ofPolicy(view, 'where'));
  for (const exemption of view.exempt) checkCondition(one, table, exemption, ofPolicy(view, 'unless'));
  for (const { when, at } of view.stages)
    if (when !== undefined) checkCondition(one, table, when, ofPolicy(view, ...(at ?? [])));
  checkDependents(one);
  // The rest belongs to other policies on the record type; said once, where nothing more exact is known.
  const said = new Set(findings.all.map((finding) => finding.message));
  for (const condition of view.conditions) {
    const others: Examined = { ...one, findings: findings.except(said) };
    checkCondition(others, table, condition, ofRecord(view));
  }
}

function checkDependents(one: Examined): void {
  const { view } = one;
  for (const [i, stage] of view.stages.entries())
    for (const [n, { related, where }] of stage.dependents.entries()) {
      const table = tableOfRelated(view, related);
      if (table !== undefined && where !== undefined)
        checkCondition(one, table, where, ofStage(view, i, 'dependents', n, 'where'), related);
    }
}

/** `related`: the related rows that it is asked of; undefined: the record itself. */
export function checkCondition(
  one: Examined,
  table: string,
  condition: Condition,
  path: Path,
  related?: string,
): void {
  switch (condition.kind) {
    case 'all':
    case 'any':
      for (const part of condition.of) checkCondition(one, table, part, path, related);
      return;
    case 'not':
      checkCondition(one, table, condition.of, path, related);
      return;
    case 'is':
      if (condition.values.length === 0) fieldAt(one, table, condition, path);
      for (const value of condition.values)
        if (condition.asRead === true) checkRead(one, table, condition, value, path);
        else checkConstant(one, table, condition, value, path);
      return;
    case 'compare':
      checkOrder(one, table, condition, condition.value, path);
      return;
    case 'related':
    case 'count':
      checkRelated(one, condition, path, related);
      return;
    case 'selected':
  }
}

function checkRelated(
  one: Examined,
  condition: Extract<Condition, { kind: 'related' | 'count' }>,
  path: Path,
  within: string | undefined,
): void {
  const { view, findings } = one;
  const relation = view.record.related.find((each) => each.name === condition.related);
  if (relation === undefined)
    findings.error(
      'unknown-related',
      path,
      `Record type ${view.record.name} has no relation "${condition.related}"`,
      didYouMean(
        condition.related,
        view.record.related.map((each) => each.name),
        'Name it under `related:` of the record.',
      ),
    );
  else if (within !== undefined && relation.of !== within)
    findings.error(
      'nested-related',
      path,
      `"${condition.related}" is asked of rows of "${within}", and is not declared to be \`of\` them`,
      `Declare it with \`of: ${within}\`, or ask it of the record itself.`,
    );
  else checkCondition(one, relation.table, condition.where, path, relation.name);
}

function checkOrder(
  one: Examined,
  table: string,
  field: Field,
  value: string | number | bigint,
  path: Path,
): void {
  const found = fieldAt(one, table, field, path);
  if (found === undefined || field.path !== undefined) return;
  if (found.column.family === 'text' && typeof value !== 'string')
    one.findings.error(
      'compare-text',
      path,
      `Column ${found.label} is ${found.column.type}: "9" comes after "10" there`,
      'Compare with a column of numbers.',
    );
  else reportUnfit(one, found, value, path);
}

function checkConstant(one: Examined, table: string, field: Field, value: Scalar, path: Path): void {
  const found = fieldAt(one, table, field, path);
  // Anything can stand in JSON.
  if (found !== undefined && value !== null && field.path === undefined) reportUnfit(one, found, value, path);
}

/** A part of a key that a hold is on. It may be that of a person, so it is not told. */
function checkRead(one: Examined, table: string, field: Field, value: Scalar, path: Path): void {
  const found = fieldAt(one, table, field, path);
  if (found === undefined || value === null || canEqual(one.dialect, found.column, String(value))) return;
  one.findings.error(
    'held-key',
    path,
    `A hold is on a record of table ${table} by a key that column ${found.label} (${found.column.type}) can never hold`,
    'The column has another type than when the hold was placed: `frist hold list`; place it anew, then release the old one.',
  );
}

function reportUnfit(
  one: Examined,
  { column, label }: FoundField,
  value: Exclude<Scalar, null>,
  path: Path,
): void {
  const why = unfitness(one.dialect, column, value);
  if (why !== undefined)
    one.findings.error(
      'constant-type',
      path,
      `Column ${label} is ${column.type} and can never be ${quoted(value)}`,
      why,
    );
}

const quoted = (value: Exclude<Scalar, null>): string =>
  typeof value === 'string' ? `"${value}"` : String(value);

/** What to do about a constant that no value of the column can equal; undefined where one can. */
export function unfitness(
  dialect: Dialect,
  column: Column,
  value: Exclude<Scalar, null>,
): string | undefined {
  if (column.enumValues !== undefined && !column.enumValues.includes(String(value)))
    return didYouMean(String(value), column.enumValues, `It can be one of: ${column.enumValues.join(', ')}.`);
  if (constant(dialect, column, value) !== undefined) return undefined;
  return 'Write a value of the type of the column.';
}
