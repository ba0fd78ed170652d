/** What anonymising writes into rows, and whether it stands there already. */
import type { Field, Replacement, Replacements, Scalar } from '../../../../policy/policy.ts';
import type { Dialect } from '../../../../database.ts';
import { redactor } from '../../../text.ts';
import type { Ref } from '../../dialect.ts';
import { asText, concat, exact, exactValue, quote, textValue } from '../../dialect.ts';
import type { Sql } from '../../sql.ts';
import { TRUE, and, join, not, or, raw, sql } from '../../sql.ts';
import { jsonInPlace, jsonWith } from './json.ts';
import type { Context, Place } from '../../compile/place.ts';
import { hasPart, refTo } from '../../compile/place.ts';
import { replacement } from './replacement.ts';
import type { KeyText } from './replacement.ts';

/** Replacements of columns of one table. */
export type OwnReplacements = readonly (Field & { readonly with: Replacement })[];

/** What anonymising rows of one table takes. */
export interface Anonymising {
  readonly place: Place;
  /** The assignments of an UPDATE: at least one. Columns that move by themselves are told to stay. */
  readonly assignments: Sql;
  /** A row holds something that `assignments` would change. */
  readonly unfinished: Sql;
  /** Columns of free text that are rewritten one text at a time. */
  readonly texts: readonly FreeText[];
}

/** A column in which patterns are looked for; no database looks for them as frist does. */
export interface FreeText {
  readonly ref: Ref;
  readonly redact: (text: string) => string;
  /** SET: the column gets the text of `given` that stands beside the one that it holds. */
  readonly rewrite: (given: readonly (readonly [held: string, becomes: string])[]) => Sql;
  /** The column holds one of these, to the byte. */
  readonly holds: (texts: readonly string[]) => Sql;
}

/** A record's key as one text: its columns, joined by hyphens. */
export function keyText(dialect: Dialect, keys: readonly Ref[]): Sql {
  const parts = keys.flatMap((key, i) =>
    i === 0 ? [asText(dialect, key)] : [raw("'-'"), asText(dialect, key)],
  );
  return concat(dialect, parts);
}

/** `key`: the key of the record that a row belongs to, for placeholders. */
export function compileAnonymising(
  context: Context,
  place: Place,
  set: OwnReplacements,
  key: KeyText | undefined,
): Anonymising {
  const own = set.map(({ part: _, ...field }) => field);
  return {
    place,
    assignments: assignments(context, place, own, key),
    unfinished: not(inPlace(context, place, own, key)),
    texts: own.flatMap(({ with: by, ...field }) =>
      by.kind === 'redact' ? [freeText(context, place, field.column, redactor(by.patterns, by.with))] : [],
    ),
  };
}

function freeText(context: Context, place: Place, column: string, redact: FreeText['redact']): FreeText {
  const { dialect } = context;
  const ref = refTo(context, place, column);
  const { maxLength = Infinity } = ref.column;
  const held = exact(dialect, ref.text);
  const value = (one: string): Sql => exactValue(dialect, textValue(dialect, one));
  return {
    ref,
    // What replaces may be longer than what it replaces.
    redact: (text) => Array.from(redact(text)).slice(0, maxLength).join(''),
    rewrite: (given) => {
      const arms = given.map(
        ([text, by]) => sql`WHEN ${held} = ${value(text)} THEN ${textValue(dialect, by)}`,
      );
      const own = sql`${quote(dialect, column)} = CASE ${join(arms, ' ')} ELSE ${ref.text} END`;
      return join([own, ...staying(dialect, place, [column])], ', ');
    },
    holds: (texts) => sql`${held} IN (${join(texts.map(value), ', ')})`,
  };
}

function assignments(context: Context, place: Place, all: OwnReplacements, key: KeyText | undefined): Sql {
  const { dialect } = context;
  const set = all.filter((one) => one.with.kind !== 'redact');
  const columns = [...new Set(set.map((one) => one.column))];
  const given = columns.map((column) => {
    const ref = refTo(context, place, column);
    const here = set.filter((one) => one.column === column);
    const inside = here.filter((one) => one.path !== undefined);
    const [whole] = here.filter((one) => one.path === undefined);
    const value =
      whole === undefined ? jsonWith(context, ref, inside, key) : replacement(context, ref, whole.with, key);
    return sql`${quote(dialect, column)} = ${value}`;
  });
  const still = staying(dialect, place, columns);
  const first = [...place.table.columns.values()].find((column) => !column.generated)?.name ?? '';
  return join(given.length + still.length === 0 ? [stay(dialect, first)] : [...given, ...still], ', ');
}

/** Columns that move by themselves, told to stay. */
function staying(dialect: Dialect, { table }: Place, but: readonly string[]): readonly Sql[] {
  return [...table.columns.values()]
    .filter((column) => column.onUpdate && !but.includes(column.name))
    .map((column) => stay(dialect, column.name));
}

const stay = (dialect: Dialect, column: string): Sql =>
  sql`${quote(dialect, column)} = ${quote(dialect, column)}`;

/** The columns become NULL, or `value`; those that move by themselves stay. */
export function emptied(
  context: Context,
  place: Place,
  columns: readonly string[],
  value: Scalar = null,
): Sql {
  const nothing = { kind: 'constant', value } as const;
  return assignments(context, place, columns.map((column) => ({ column, with: nothing })), undefined); // prettier-ignore
}

/** Every column holds, to the byte, what anonymising would write; free text is not looked at. Never NULL. */
export function inPlace(context: Context, place: Place, set: Replacements, key: KeyText | undefined): Sql {
  return and(
    ...set.map(({ with: by, ...field }) => {
      if (field.path !== undefined) return jsonInPlace(context, place, field, by, key);
      const ref = refTo(context, place, field);
      if (by.kind === 'redact' || by.kind === 'remove') return TRUE;
      if (by.kind === 'constant' && by.value === null) return sql`${ref.text} IS NULL`;
      const wanted = replacement(context, ref, by, key);
      if (by.kind === 'constant' || by.kind === 'placeholder') {
        const written = and(sql`${ref.text} IS NOT NULL`, same(context.dialect, ref, wanted));
        // Where there is no such part, nothing is left to be written.
        return field.part === undefined ? written : or(not(hasPart(context, place, field.part)), written);
      }
      // What is derived from a value is NULL where that is.
      return or(sql`${ref.text} IS NULL`, same(context.dialect, ref, wanted));
    }),
  );
}

function same(dialect: Dialect, ref: Ref, wanted: Sql): Sql {
  // The older of PostgreSQL's two types for JSON knows no equality.
  if (dialect === 'postgres' && ref.column.family === 'json')
    return sql`CAST(${ref.text} AS jsonb) = CAST(${wanted} AS jsonb)`;
  if (ref.column.family !== 'text') return sql`${ref.text} = ${wanted}`;
  return sql`${exact(dialect, ref.text)} = ${exactValue(dialect, wanted)}`;
}
