/** What can be asked of a record: constants, columns, conditions. */

/** A constant in the file. Integers beyond 2^53 arrive as bigint, so that a key or tenant id is never rounded. */
export type Scalar = string | number | bigint | boolean | null;

/** A value as the source holds it, as text (dates and integers too), so that nothing is lost on the way. */
export type Raw = string | null;

/** A column, or a value inside a column that holds JSON. */
export interface Field {
  readonly column: string;
  /** The part of the record (`RecordType.parts`) that has the column; undefined: the row itself. */
  readonly part?: string;
  /**
   * Where the value stands in the JSON of the column: member names, and positions of lists as digits; never empty. Where
   * there is none, and where it is JSON's own null, it is NULL. Text without its quotes; a list or object as JSON.
   */
  readonly path?: readonly string[];
}

export type Comparison = '<' | '<=' | '>' | '>=';

/** A condition over one record, or (inside `related`) over one related row. Two-valued: NULL is a value like another. */
export type Condition =
  | { readonly kind: 'all'; readonly of: readonly Condition[] }
  | { readonly kind: 'any'; readonly of: readonly Condition[] }
  | { readonly kind: 'not'; readonly of: Condition }
  /**
   * Equals one of `values`; null among them means IS NULL. `asRead`: they are values of the column as the source gave them,
   * as text (bytes in hexadecimal); otherwise constants of the file.
   */
  | (Field & { readonly kind: 'is'; readonly values: readonly Scalar[]; readonly asRead?: true })
  /** Order comparison; false where the column is NULL. */
  | (Field & {
      readonly kind: 'compare';
      readonly op: Comparison;
      readonly value: string | number | bigint;
    })
  /** Over related rows of the record; inside related rows, over those that are `of` them. */
  | {
      readonly kind: 'related';
      readonly quantifier: 'exists' | 'none' | 'every';
      readonly related: string;
      readonly where: Condition;
    }
  /** How many related rows meet `where`, compared with a number of 0 or more. */
  | {
      readonly kind: 'count';
      readonly related: string;
      readonly where: Condition;
      readonly op: Comparison;
      readonly number: number;
    }
  /** The record's key is among those that the selection of the record type (`RecordType.selections`) answers. */
  | { readonly kind: 'selected'; readonly selection: string };

/** The condition that every record meets. */
export const ALWAYS: Condition = { kind: 'all', of: [] };

/** A field as the file writes it: `column`, `part.column`, with a JSON Pointer behind it: `column/member/0`. */
export function fieldName({ part, column, path = [] }: Field): string {
  const inside = path.map((name) => `/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
  return `${part === undefined ? '' : `${part}.`}${quoted(column)}${inside}`;
}

/** Backticks around a column whose own name holds what separates names. */
function quoted(column: string): string {
  return /[./`]/.test(column) ? `\`${column.replaceAll('`', '``')}\`` : column;
}
