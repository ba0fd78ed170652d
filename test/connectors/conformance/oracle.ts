/**
 * What a condition means, said as simply as possible and without the production code: the arbiter of the property test
 * that holds every connector's translation of conditions against it.
 */
import fc from 'fast-check';
import type { Condition, Related, Scalar } from '../../../src/policy/policy.ts';
import type { Row, TableSpec, Value } from './harness.ts';

type Types = TableSpec['columns'];

/** The form in which a constant of the file would stand in a column of this type. */
function stored(value: Scalar): Value {
  if (typeof value === 'boolean') return value ? '1' : '0';
  return value === null ? null : String(value);
}

function compare(types: Types, column: string, left: string, right: string): number {
  if (types[column]?.type === 'int') {
    const difference = BigInt(left) - BigInt(right);
    return difference < 0n ? -1 : difference > 0n ? 1 : 0;
  }
  return Buffer.compare(Buffer.from(left), Buffer.from(right));
}

export interface World {
  readonly tables: readonly TableSpec[];
  readonly related: readonly Related[];
}

function tableOf(world: World, name: string): TableSpec {
  const found = world.tables.find((table) => table.name === name);
  if (found === undefined) throw new Error(`no table ${name}`);
  return found;
}

/** The rows of a related table that belong to `row`. NULL belongs to nothing. */
export function rowsRelated(world: World, name: string, row: Row): readonly Row[] {
  const relation = world.related.find((one) => one.name === name);
  if (relation === undefined) throw new Error(`no relation ${name}`);
  const table = tableOf(world, relation.table);
  return table.rows.filter(
    (theirs) =>
      relation.match.every((pair) => row[pair.ours] !== null && row[pair.ours] === theirs[pair.theirs]) &&
      relation.scope.every((fixed) => theirs[fixed.column] === stored(fixed.value)) &&
      meets(world, relation.table, relation.where, theirs),
  );
}

export function meets(world: World, table: string, condition: Condition, row: Row): boolean {
  const types = tableOf(world, table).columns;
  switch (condition.kind) {
    case 'all':
      return condition.of.every((one) => meets(world, table, one, row));
    case 'any':
      return condition.of.some((one) => meets(world, table, one, row));
    case 'not':
      return !meets(world, table, condition.of, row);
    case 'is':
      return condition.values.some((value) => stored(value) === row[condition.column]);
    case 'compare': {
      const value = row[condition.column];
      if (value === null || value === undefined) return false;
      const order = compare(types, condition.column, value, String(condition.value));
      if (condition.op === '<') return order < 0;
      if (condition.op === '<=') return order <= 0;
      if (condition.op === '>') return order > 0;
      return order >= 0;
    }
    case 'related': {
      const relation = world.related.find((one) => one.name === condition.related);
      const theirs = rowsRelated(world, condition.related, row);
      const matches = (one: Row): boolean => meets(world, relation?.table ?? '', condition.where, one);
      if (condition.quantifier === 'exists') return theirs.some(matches);
      if (condition.quantifier === 'none') return !theirs.some(matches);
      return theirs.every(matches);
    }
    case 'count':
    case 'selected':
      throw new Error(`the oracle does not know ${condition.kind}`);
  }
}

const statuses: readonly Scalar[] = ['lead', 'Lead', 'hired', '', null, "O'Brien"];
const numbers: readonly Scalar[] = [0, 5, 9, 10, -3, 99n, 9223372036854775807n, null];
const op = fc.constantFrom('<' as const, '<=' as const, '>' as const, '>=' as const);
const moment = fc.constantFrom('2020-01-31 10:00:00', '2024-02-29 23:59:59', '1000-01-01 00:00:00');
const some = (from: readonly Scalar[]): fc.Arbitrary<Scalar[]> =>
  fc.array(fc.constantFrom(...from), { maxLength: 3 });

const onPeople: fc.Arbitrary<Condition> = fc.oneof(
  fc.record({ kind: fc.constant('is' as const), column: fc.constant('status'), values: some(statuses) }),
  fc.record({ kind: fc.constant('is' as const), column: fc.constant('score'), values: some(numbers) }),
  fc.record({
    kind: fc.constant('is' as const),
    column: fc.constant('active'),
    values: some([true, false, null]),
  }),
  fc.record({
    kind: fc.constant('compare' as const),
    column: fc.constant('score'),
    op,
    value: fc.constantFrom<number | bigint>(0, 5, 9, 10, 99n, 9223372036854775806n),
  }),
  fc.record({ kind: fc.constant('compare' as const), column: fc.constant('started_at'), op, value: moment }),
);

const onDeals: fc.Arbitrary<Condition> = fc.oneof(
  fc.record({ kind: fc.constant('is' as const), column: fc.constant('status'), values: some(['open', 'won', null]) }),
  fc.record({ kind: fc.constant('compare' as const), column: fc.constant('amount'), op, value: fc.constantFrom(9, 10, 100) }),
); // prettier-ignore

function combined(leaf: fc.Arbitrary<Condition>): fc.Arbitrary<Condition> {
  return fc.letrec<{ whole: Condition }>((tie) => ({
    whole: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      leaf,
      fc.record({ kind: fc.constant('not' as const), of: tie('whole') }),
      fc.record({
        kind: fc.constantFrom('all' as const, 'any' as const),
        of: fc.array(tie('whole'), { maxLength: 3 }),
      }),
    ),
  })).whole;
}

/** Conditions over people, related deals included. */
export const conditionsOnPeople: fc.Arbitrary<Condition> = combined(
  fc.oneof(
    { weight: 3, arbitrary: onPeople },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant('related' as const),
        quantifier: fc.constantFrom('exists' as const, 'none' as const, 'every' as const),
        related: fc.constantFrom('deals', 'open deals'),
        where: combined(onDeals),
      }),
    },
  ),
);
