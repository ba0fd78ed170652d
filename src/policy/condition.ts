/**
 * A condition decided in memory, for sources without a query language of their own and as the meaning that every
 * translation into one must keep. Two-valued: NULL is a value like another, and no comparison with it holds.
 */
import type { Comparison, Condition, Field, Scalar } from './policy.ts';

/** A stored row: column to value, as text or as the driver gives it. */
export type Row = Readonly<Record<string, Scalar>>;

/** What stands around a row. */
export interface Surroundings {
  /**
   * The rows of this name that belong to `row`, already narrowed by match, scope and the relation's own `where`. `row` is
   * the record, or with `within` one of the related rows of that name.
   */
  readonly related: (name: string, row: Row, within?: string) => readonly Row[];
  /** The part of the record that has this name, if there is one. */
  readonly part: (name: string, record: Row) => Row | undefined;
  /** Whether the selection answers the record's key. */
  readonly selected: (selection: string, record: Row) => boolean;
}

const NOTHING: Surroundings = { related: () => [], part: () => undefined, selected: () => false };

/** Whether the condition holds for the row. A column that the row does not have is NULL. `within`: see `Surroundings`. */
export function holds(
  condition: Condition,
  row: Row,
  around: Surroundings = NOTHING,
  within?: string,
): boolean {
  switch (condition.kind) {
    case 'all':
      return condition.of.every((part) => holds(part, row, around, within));
    case 'any':
      return condition.of.some((part) => holds(part, row, around, within));
    case 'not':
      return !holds(condition.of, row, around, within);
    case 'is': {
      const stored = valueOf(condition, row, around);
      return condition.values.some((value) => equal(stored, value));
    }
    case 'compare':
      return compares(valueOf(condition, row, around), condition.op, condition.value);
    case 'related': {
      const rows = around.related(condition.related, row, within);
      const meets = (one: Row): boolean => holds(condition.where, one, around, condition.related);
      if (condition.quantifier === 'every') return rows.every(meets);
      return rows.some(meets) === (condition.quantifier === 'exists');
    }
    case 'count': {
      const rows = around.related(condition.related, row, within);
      const found = rows.filter((one) => holds(condition.where, one, around, condition.related));
      return compares(found.length, condition.op, condition.number);
    }
    case 'selected':
      return around.selected(condition.selection, row);
  }
}

/** The value of a column of the row or of one of its parts; of JSON that does not parse, NULL. */
export function valueOf(field: Field, row: Row, around: Surroundings = NOTHING): Scalar {
  const stored = (field.part === undefined ? row : around.part(field.part, row))?.[field.column] ?? null;
  if (field.path === undefined || stored === null) return stored;
  const json = parseJson(String(stored));
  return json === undefined ? null : memberOf(json.value, field.path);
}

/** Whether `valueOf` can look inside the column: it holds JSON, or nothing (an empty text is nothing, too). */
export function isReadable(field: Field, row: Row, around: Surroundings = NOTHING): boolean {
  const stored = (field.part === undefined ? row : around.part(field.part, row))?.[field.column] ?? null;
  if (field.path === undefined || stored === null || stored === '') return true;
  return parseJson(String(stored)) !== undefined;
}

function parseJson(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) as unknown };
  } catch {
    return undefined;
  }
}

function memberOf(json: unknown, path: readonly string[]): Scalar {
  let here = json;
  for (const name of path) {
    const inside = typeof here === 'object' && here !== null && Object.hasOwn(here, name);
    // A list also has a `length`, which is none of its members.
    if (!inside || (Array.isArray(here) && !/^\d+$/.test(name))) return null;
    here = (here as Readonly<Record<string, unknown>>)[name];
  }
  if (here === null || typeof here === 'object') return here === null ? null : JSON.stringify(here);
  return here as Scalar;
}

function equal(stored: Scalar, wanted: Scalar): boolean {
  if (stored === null || wanted === null) return stored === wanted;
  if (typeof stored === 'boolean' || typeof wanted === 'boolean') return flag(stored) === flag(wanted);
  return order(stored, wanted) === 0;
}

function compares(stored: Scalar, op: Comparison, wanted: Scalar): boolean {
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
