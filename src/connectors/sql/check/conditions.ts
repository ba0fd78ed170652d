/** Scopes and conditions: that their columns are there, and that a value of the column could be what they name. */
import type { Dialect } from '../../../database.ts';
import type { Condition, Scalar } from '../../../policy/policy.ts';
import type { Column } from '../catalogue/catalogue.ts';
import { constant } from '../compile/values.ts';
import { columnAt, tableOfRelated } from './check.ts';
import type { Examined } from './check.ts';
import { didYouMean, ofPolicy, ofRecord } from './findings.ts';
import type { Path } from './findings.ts';

export function checkScope(one: Examined): void {
  const { catalogue, view, findings } = one;
  const { record } = view;
  for (const { column, value } of record.scope)
    checkConstant(one, record.table, column, value, ofRecord(view, 'scope', column));
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
      else checkConstant(one, related.table, column, value, [...path, 'scope', column]);
    }
    checkCondition(one, related.table, related.where, [...path, 'where'], true);
  }
}

export function checkConditions(one: Examined): void {
  const { view, findings } = one;
  const { table } = view.record;
  checkCondition(one, table, view.where, ofPolicy(view, 'where'), false);
  for (const exemption of view.exempt) checkCondition(one, table, exemption, ofPolicy(view, 'unless'), false);
  // The rest belongs to other policies on the record type; said once, where nothing more exact is known.
  const said = new Set(findings.all.map((finding) => finding.message));
  for (const condition of view.conditions) {
    const others: Examined = { ...one, findings: findings.except(said) };
    checkCondition(others, table, condition, ofRecord(view), false);
  }
}

export function checkCondition(
  one: Examined,
  table: string,
  condition: Condition,
  path: Path,
  related: boolean,
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
      if (condition.values.length === 0) columnAt(one, table, condition.column, path);
      for (const value of condition.values) checkConstant(one, table, condition.column, value, path);
      return;
    case 'compare':
      checkOrder(one, table, condition.column, condition.value, path);
      return;
    case 'related':
      checkRelated(one, condition, path, related);
  }
}

function checkRelated(
  one: Examined,
  condition: Extract<Condition, { kind: 'related' }>,
  path: Path,
  nested: boolean,
): void {
  const { view, findings } = one;
  const table = tableOfRelated(view, condition.related);
  if (nested)
    findings.error(
      'nested-related',
      path,
      `"${condition.related}" is asked of related rows, which have no relations of their own`,
      'Ask it of the record itself.',
    );
  else if (table === undefined)
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
  else checkCondition(one, table, condition.where, path, true);
}

function checkOrder(
  one: Examined,
  table: string,
  name: string,
  value: string | number | bigint,
  path: Path,
): void {
  const column = columnAt(one, table, name, path);
  if (column === undefined) return;
  if (column.family === 'text' && typeof value !== 'string')
    one.findings.error(
      'compare-text',
      path,
      `Column ${table}.${name} is ${column.type}: "9" comes after "10" there`,
      'Compare with a column of numbers.',
    );
  else reportUnfit(one, table, column, value, path);
}

function checkConstant(one: Examined, table: string, name: string, value: Scalar, path: Path): void {
  const column = columnAt(one, table, name, path);
  if (column !== undefined && value !== null) reportUnfit(one, table, column, value, path);
}

function reportUnfit(
  one: Examined,
  table: string,
  column: Column,
  value: Exclude<Scalar, null>,
  path: Path,
): void {
  const why = unfitness(one.dialect, column, value);
  if (why !== undefined)
    one.findings.error(
      'constant-type',
      path,
      `Column ${table}.${column.name} is ${column.type} and can never be ${quoted(value)}`,
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
