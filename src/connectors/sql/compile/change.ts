/** What anonymising writes into a row, and whether it stands there already. */
import type { Dialect } from '../../../database.ts';
import type { Replacement, Replacements } from '../../../policy/policy.ts';
import type { Ref } from '../dialect.ts';
import { asText, concat, exact, exactValue, quote, textValue } from '../dialect.ts';
import { unfit } from '../failure.ts';
import type { Sql } from '../sql.ts';
import { and, join, raw, sql } from '../sql.ts';
import type { Context, Place } from './place.ts';
import { refTo } from './place.ts';
import { constantOf } from './values.ts';

/** A record's key as one text: its columns, joined by hyphens. */
export function keyText(dialect: Dialect, keys: readonly Ref[]): Sql {
  const parts = keys.flatMap((key, i) =>
    i === 0 ? [asText(dialect, key)] : [raw("'-'"), asText(dialect, key)],
  );
  return concat(dialect, parts);
}

/** The assignments of an UPDATE. Columns that move by themselves are told to stay. */
export function assignments(context: Context, place: Place, set: Replacements, key: Sql | undefined): Sql {
  const { dialect } = context;
  const named = new Set(set.map((one) => one.column));
  const given = set.map(({ column, with: by }) => {
    const ref = refTo(context, place, column);
    return sql`${quote(dialect, column)} = ${replacement(context, ref, by, key)}`;
  });
  const still = [...place.table.columns.values()]
    .filter((column) => column.onUpdate && !named.has(column.name))
    .map((column) => sql`${quote(dialect, column.name)} = ${quote(dialect, column.name)}`);
  return join([...given, ...still], ', ');
}

/** Every column holds, to the byte, what `assignments` would write. Never NULL. */
export function inPlace(context: Context, place: Place, set: Replacements, key: Sql | undefined): Sql {
  return and(
    ...set.map(({ column, with: by }) => {
      const ref = refTo(context, place, column);
      if (by.kind === 'constant' && by.value === null) return sql`${ref.text} IS NULL`;
      const wanted = replacement(context, ref, by, key);
      return and(sql`${ref.text} IS NOT NULL`, same(context.dialect, ref, wanted));
    }),
  );
}

function same(dialect: Dialect, ref: Ref, wanted: Sql): Sql {
  if (ref.column.family !== 'text') return sql`${ref.text} = ${wanted}`;
  return sql`${exact(dialect, ref.text)} = ${exactValue(dialect, wanted)}`;
}

function replacement(context: Context, ref: Ref, by: Replacement, key: Sql | undefined): Sql {
  const { dialect } = context;
  if (by.kind === 'constant')
    return by.value === null ? raw('NULL') : constantOf(dialect, ref.column, by.value);
  if (by.kind !== 'placeholder') throw unfit('UNKNOWN_REPLACEMENT');
  const pieces = by.template.split('{key}');
  const parts = pieces.flatMap((piece, i) => [
    ...(i > 0 && key !== undefined ? [key] : []),
    ...(piece === '' ? [] : [textValue(dialect, piece)]),
  ]);
  const text = concat(dialect, parts);
  // An expression takes no part in PostgreSQL's guessing of types: it is text, and is turned into the column's type.
  return dialect === 'postgres' && ref.column.enumValues !== undefined
    ? sql`CAST(${text} AS ${raw(ref.column.cast ?? 'text')})`
    : text;
}
