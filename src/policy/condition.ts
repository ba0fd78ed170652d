/**
 * A condition decided in memory, for sources without a query language of their own and as the meaning that every
 * translation into one must keep. Two-valued: NULL is a value like another, and no comparison with it holds.
 */
import type { Condition, Scalar } from './policy.ts';

/** A stored row: column to value, as text or as the driver gives it. */
export type Row = Readonly<Record<string, Scalar>>;

/** The rows that belong to the record under this name, already narrowed by match, scope and the relation's own `where`. */
export type RelatedRows = (related: string) => readonly Row[];

const NO_ROWS: RelatedRows = () => [];

/** Whether the condition holds for the row. A column that the row does not have is NULL. */
export function holds(condition: Condition, row: Row, related: RelatedRows = NO_ROWS): boolean {
  switch (condition.kind) {
    case 'all':
      return condition.of.every((part) => holds(part, row, related));
    case 'any':
      return condition.of.some((part) => holds(part, row, related));
    case 'not':
      return !holds(condition.of, row, related);
    case 'is':
      return condition.values.some((value) => equal(row[condition.column] ?? null, value));
    case 'compare':
      return compares(row[condition.column] ?? null, condition.op, condition.value);
    case 'related':
      return quantified(condition, related(condition.related));
  }
}

function quantified(condition: Condition & { readonly kind: 'related' }, rows: readonly Row[]): boolean {
  const meets = (row: Row): boolean => holds(condition.where, row);
  switch (condition.quantifier) {
    case 'exists':
      return rows.some(meets);
    case 'none':
      return !rows.some(meets);
    case 'every':
      return rows.every(meets);
  }
}

function equal(stored: Scalar, wanted: Scalar): boolean {
  if (stored === null || wanted === null) return stored === wanted;
  if (typeof stored === 'boolean' || typeof wanted === 'boolean') return flag(stored) === flag(wanted);
  return order(stored, wanted) === 0;
}

function compares(stored: Scalar, op: '<' | '<=' | '>' | '>=', wanted: Scalar): boolean {
  if (stored === null || wanted === null || typeof stored === 'boolean' || typeof wanted === 'boolean')
    return false;
  const sign = order(stored, wanted);
  if (sign === undefined) return false;
  switch (op) {
    case '<':
      return sign < 0;
    case '<=':
      return sign <= 0;
    case '>':
      return sign > 0;
    case '>=':
      return sign >= 0;
  }
}

/** Booleans are stored as 1 and 0, or as the words of PostgreSQL; anything else is no flag and equals none. */
function flag(value: Exclude<Scalar, null>): boolean | undefined {
  const text = String(value);
  if (text === 'true' || text === 't' || text === '1') return true;
  return text === 'false' || text === 'f' || text === '0' ? false : undefined;
}

/**
 * Sign of stored - wanted. Text is compared with text by code units; a number with a number, or with text that writes
 * one plainly (so 7 equals '7' and '7.0', never '07' or '7abc'). Undefined: the two cannot be compared.
 */
function order(stored: string | number | bigint, wanted: string | number | bigint): number | undefined {
  if (typeof stored === 'string' && typeof wanted === 'string') return sign(stored, wanted);
  const a = number(stored);
  const b = number(wanted);
  return a === undefined || b === undefined ? undefined : sign(a, b);
}

function sign<T extends string | number | bigint>(a: T, b: T): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

const PLAIN_NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?$/;
const ZERO_FRACTION = /\.0+$/;

/** Whole numbers as bigint, so that none is rounded; JavaScript compares the two kinds exactly. */
function number(value: string | number | bigint): number | bigint | undefined {
  if (typeof value === 'bigint') return value;
  if (typeof value === 'number') return Number.isInteger(value) ? BigInt(value) : value;
  if (!PLAIN_NUMBER.test(value)) return undefined;
  const whole = value.replace(ZERO_FRACTION, '');
  return whole.includes('.') ? Number(whole) : BigInt(whole);
}
