/**
 * What a condition means, said as simply as possible and without the production code: the arbiter of the property test
 * that holds every connector's translation of conditions against it.
 */
import fc from 'fast-check';
import type { Comparison, Condition, Field, Match, RecordType, Related, Scalar } from '../../../src/policy/policy.ts'; // prettier-ignore
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
  readonly record: RecordType;
}

function tableOf(world: World, name: string): TableSpec {
  const found = world.tables.find((table) => table.name === name);
  if (found === undefined) throw new Error(`no table ${name}`);
  return found;
}

function relationOf(world: World, name: string): Related {
  const found = world.record.related.find((one) => one.name === name);
  if (found === undefined) throw new Error(`no relation ${name}`);
  return found;
}

const inScope = (row: Row, scope: Related['scope']): boolean =>
  scope.every((fixed) => row[fixed.column] === stored(fixed.value));

function matches(world: World, match: Match, theirs: Row, ours: Row, ignoreCase: boolean): boolean {
  return match.every((pair) => {
    const our = (pair.part === undefined ? ours : partOf(world, pair.part, ours))?.[pair.ours] ?? null;
    const their = theirs[pair.theirs] ?? null;
    if (our === null || their === null) return false;
    if (pair.inText !== undefined) {
      const piece = `${pair.inText.before}${our}${pair.inText.after}`.replace(/[^A-Za-z0-9]/g, '\\$&');
      return new RegExp(`(?<![A-Za-z0-9_\\u0080-\\uffff-])${piece}(?![A-Za-z0-9_\\u0080-\\uffff-])`).test(
        their,
      );
    }
    return ignoreCase ? our.toLowerCase() === their.toLowerCase() : our === their;
  });
}

function partOf(world: World, name: string, row: Row): Row | undefined {
  const part = world.record.parts?.find((one) => one.name === name);
  if (part === undefined) throw new Error(`no part ${name}`);
  const rows = tableOf(world, part.table).rows.filter((theirs) => inScope(theirs, part.scope));
  return rows.find((theirs) => matches(world, part.match, theirs, row, false));
}

/** The rows of a relation that belong to `row`, a record or a row of the relation `within`. NULL belongs to nothing. */
export function rowsRelated(world: World, name: string, row: Row, within?: string): readonly Row[] {
  const relation = relationOf(world, name);
  const owners = relation.of === within ? [row] : rowsRelated(world, relation.of ?? '', row, within);
  return tableOf(world, relation.table).rows.filter(
    (theirs) =>
      inScope(theirs, relation.scope) &&
      owners.some((ours) =>
        [relation.match, ...(relation.orMatch ?? [])].some((match) =>
          matches(world, match, theirs, ours, relation.ignoreCase === true),
        ),
      ) &&
      meets(world, relation.table, relation.where, theirs, name),
  );
}

/** A column, a column of a part, or what stands in either as JSON: `undefined` for what has no value there. */
function valueAt(world: World, { column, part, path }: Field, row: Row): Value | number | boolean {
  const cell = (part === undefined ? row : partOf(world, part, row))?.[column] ?? null;
  if (path === undefined || cell === null) return cell;
  let here: unknown;
  try {
    here = JSON.parse(cell);
  } catch {
    return null;
  }
  for (const step of path) {
    if (typeof here !== 'object' || here === null) return null;
    if (Array.isArray(here) ? !/^\d+$/.test(step) : !Object.hasOwn(here, step)) return null;
    here = (here as Record<string, unknown>)[step] ?? null;
  }
  if (typeof here === 'object' && here !== null) return JSON.stringify(here);
  return here as Value | number | boolean;
}

/** Inside JSON, values have types of their own. */
function equalsInside(value: Value | number | boolean, wanted: Scalar): boolean {
  if (value === null || wanted === null) return value === wanted;
  if (typeof wanted === 'boolean') return String(value) === String(wanted);
  if (typeof wanted === 'string') return String(value) === wanted;
  return /^-?\d+(\.\d+)?$/.test(String(value)) && Number(value) === Number(wanted);
}

const holds = (sign: number, op: Comparison): boolean =>
  ({ '<': sign < 0, '<=': sign <= 0, '>': sign > 0, '>=': sign >= 0 })[op];

/** `within`: the relation that the row is of; undefined: it is the record. */
export function meets(world: World, table: string, condition: Condition, row: Row, within?: string): boolean {
  switch (condition.kind) {
    case 'all':
      return condition.of.every((one) => meets(world, table, one, row, within));
    case 'any':
      return condition.of.some((one) => meets(world, table, one, row, within));
    case 'not':
      return !meets(world, table, condition.of, row, within);
    case 'is': {
      const value = valueAt(world, condition, row);
      if (condition.path !== undefined) return condition.values.some((one) => equalsInside(value, one));
      return condition.values.some((one) => stored(one) === value);
    }
    case 'compare': {
      const value = valueAt(world, condition, row);
      if (value === null || typeof value === 'boolean') return false;
      if (condition.path !== undefined) {
        const plain = /^-?\d+(\.\d+)?$/.test(String(value));
        return plain && holds(Number(value) - Number(condition.value), condition.op);
      }
      const part = world.record.parts?.find((one) => one.name === condition.part);
      const types = tableOf(world, part?.table ?? table).columns;
      return holds(compare(types, condition.column, String(value), String(condition.value)), condition.op);
    }
    case 'related':
    case 'count': {
      const theirs = rowsRelated(world, condition.related, row, within);
      const found = theirs.filter((one) => meets(world, relationOf(world, condition.related).table, condition.where, one, condition.related)); // prettier-ignore
      if (condition.kind === 'count') return holds(found.length - condition.number, condition.op);
      if (condition.quantifier === 'every') return found.length === theirs.length;
      return found.length > 0 === (condition.quantifier === 'exists');
    }
    case 'selected':
      throw new Error('no selections here');
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

const jsonAt = (path: readonly string[], values: readonly Scalar[]): fc.Arbitrary<Condition> =>
  some(values).map((chosen) => ({ kind: 'is', part: 'profile', column: 'doc', path, values: chosen }));

/** What stands inside the JSON of a profile, and in the columns of parts. */
const inParts: fc.Arbitrary<Condition> = fc.oneof(
  jsonAt(['consent', 'given'], [true, false, null, 'true']),
  jsonAt(['consent', 'at'], ['2020-01-31', null]),
  jsonAt(['consent'], ['yes', null]),
  jsonAt(['tags', '0'], ['old', null]),
  jsonAt(['tags', '1'], [7, '7', null]),
  jsonAt(['1'], ['old', 'one', null]),
  jsonAt(['n'], [7, 10, '10', 9.5, null]),
  fc.record({
    kind: fc.constant('compare' as const),
    part: fc.constant('profile'),
    column: fc.constant('doc'),
    path: fc.constant(['n']),
    op,
    value: fc.constantFrom(7, 9, 10, 100),
  }),
  some(statuses).map((values): Condition => ({ kind: 'is', part: 'sponsor', column: 'status', values })),
  fc.record({
    kind: fc.constant('compare' as const),
    part: fc.constant('sponsor'),
    column: fc.constant('score'),
    op,
    value: fc.constantFrom(5, 9, 10),
  }),
);

const onMessages: fc.Arbitrary<Condition> = fc.oneof(
  some([1, 2, 4, 9, null]).map((values): Condition => ({ kind: 'is', column: 'id', values })),
  some(['More secret words', null]).map((values): Condition => ({ kind: 'is', column: 'body', values })),
  fc.constantFrom('exists' as const, 'none' as const).map((quantifier): Condition => {
    return { kind: 'related', quantifier, related: 'message files', where: { kind: 'all', of: [] } };
  }),
);

const byId: fc.Arbitrary<Condition> = fc.oneof(
  fc.constant<Condition>({ kind: 'all', of: [] }),
  some([1, 2, 3, 9]).map((values): Condition => ({ kind: 'is', column: 'id', values })),
);

function aroundRows(name: string, where: fc.Arbitrary<Condition>): fc.Arbitrary<Condition> {
  return fc.oneof(
    fc.record({
      kind: fc.constant('related' as const),
      quantifier: fc.constantFrom('exists' as const, 'none' as const, 'every' as const),
      related: fc.constant(name),
      where,
    }),
    fc.record({
      kind: fc.constant('count' as const),
      related: fc.constant(name),
      where,
      op,
      number: fc.nat(3),
    }),
  );
}

/** Conditions over people and everything that stands around them, in chains too. */
export const conditionsAroundPeople: fc.Arbitrary<Condition> = combined(
  fc.oneof(
    onPeople,
    inParts,
    aroundRows('messages', combined(onMessages)),
    ...['message files', 'files anyhow', 'mentions', 'mails in any case', 'sponsored'].map((name) =>
      aroundRows(name, byId),
    ),
  ),
);
