/**
 * SQL put together from text and values that stay apart until the driver sees them. Only `raw` makes text, and only
 * from what this connector wrote itself, from quoted identifiers, and from digits that were checked.
 */
import type { Param, Statement } from '../../database.ts';

export type Sql = Statement;

/** Text as it stands. */
export function raw(text: string): Sql {
  return { parts: [text], params: [] };
}

/** A bound value. */
export function value(param: Param): Sql {
  return { parts: ['', ''], params: [param] };
}

/** Template tag: the text is the statement's, each `${…}` a piece of SQL. */
export function sql(strings: TemplateStringsArray, ...pieces: readonly Sql[]): Sql {
  return glue(strings, pieces);
}

/** Pieces with `separator` between them. */
export function join(pieces: readonly Sql[], separator: string): Sql {
  if (pieces.length === 0) return raw('');
  return glue(['', ...pieces.slice(1).map(() => separator), ''], pieces);
}

function glue(strings: readonly string[], pieces: readonly Sql[]): Sql {
  const parts: string[] = [];
  const params: Param[] = [];
  let open = strings[0] ?? '';
  pieces.forEach((piece, i) => {
    open += piece.parts[0] ?? '';
    for (let n = 1; n < piece.parts.length; n += 1) {
      parts.push(open);
      open = piece.parts[n] ?? '';
    }
    for (const param of piece.params) params.push(param);
    open += strings[i + 1] ?? '';
  });
  parts.push(open);
  return { parts, params };
}

export const TRUE = raw('1 = 1');
export const FALSE = raw('1 = 0');

/** All of them; `TRUE` is left out. */
export function and(...conditions: readonly Sql[]): Sql {
  const needed = conditions.filter((condition) => condition !== TRUE);
  if (needed.includes(FALSE)) return FALSE;
  return needed.length === 0
    ? TRUE
    : needed.length === 1
      ? (needed[0] ?? TRUE)
      : join(needed.map(bracket), ' AND ');
}

/** Any of them; `FALSE` is left out. */
export function or(...conditions: readonly Sql[]): Sql {
  const needed = conditions.filter((condition) => condition !== FALSE);
  if (needed.includes(TRUE)) return TRUE;
  return needed.length === 0
    ? FALSE
    : needed.length === 1
      ? (needed[0] ?? FALSE)
      : join(needed.map(bracket), ' OR ');
}

/** Of a condition that is never NULL. */
export function not(condition: Sql): Sql {
  return condition === TRUE ? FALSE : condition === FALSE ? TRUE : sql`NOT (${condition})`;
}

function bracket(condition: Sql): Sql {
  return sql`(${condition})`;
}
