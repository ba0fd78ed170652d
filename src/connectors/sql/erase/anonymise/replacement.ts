/** The value that stands in a column afterwards, as an expression over the row as it was. */
import type { Dialect } from '../../../../database.ts';
import type { Replacement, Scalar } from '../../../../policy/policy.ts';
import type { Ref } from '../../dialect.ts';
import { asText, concat, textValue } from '../../dialect.ts';
import { unfit } from '../../failure.ts';
import type { Sql } from '../../sql.ts';
import { raw, sql } from '../../sql.ts';
import type { Context } from '../../compile/place.ts';
import { jsonValue } from '../../compile/json.ts';
import { constantOf } from '../../compile/values.ts';

/** A record's key as one text; made anew for each place where it stands, see `Context.aliasesOfPart`. */
export type KeyText = () => Sql;

/** `key`: the record's, where a template names it. NULL stays NULL but for constants and placeholders. */
export function replacement({ dialect }: Context, ref: Ref, by: Replacement, key: KeyText | undefined): Sql {
  switch (by.kind) {
    case 'constant':
      return by.value === null ? raw('NULL') : constantIn(dialect, ref, by.value);
    case 'placeholder':
      return inColumn(dialect, ref, template(dialect, by.template, key));
    case 'keep first':
      return inColumn(dialect, ref, keepFirst(dialect, ref, by.characters));
    case 'generalise':
      return generalise(dialect, ref, by.to);
    case 'round':
      return round(dialect, ref, by.to);
    case 'keep domain':
      return inColumn(
        dialect,
        ref,
        fitting(dialect, ref, keepDomain(dialect, ref, template(dialect, by.local, key))),
      );
    case 'redact':
    case 'remove':
      // Text is redacted before it is sent (run/redact.ts); only members of JSON are removed (json-change.ts).
      return ref.text;
  }
}

/** A constant for a column of JSON is a text that holds JSON. */
function constantIn(dialect: Dialect, { column }: Ref, scalar: Exclude<Scalar, null>): Sql {
  if (column.family !== 'json') return constantOf(dialect, column, scalar);
  const json = jsonValue(dialect, String(scalar));
  return dialect === 'postgres' ? sql`CAST(${json} AS ${raw(column.cast ?? 'jsonb')})` : json;
}

/** Text with the key in it. */
export function template(dialect: Dialect, text: string, key: KeyText | undefined): Sql {
  const parts = text.split('{key}').flatMap((piece, i) => {
    if (i > 0 && key === undefined) throw unfit('PLACEHOLDER_KEY');
    return [
      ...(i > 0 && key !== undefined ? [key()] : []),
      ...(piece === '' ? [] : [textValue(dialect, piece)]),
    ];
  });
  return parts.length === 0 ? textValue(dialect, '') : concat(dialect, parts);
}

/** An expression takes no part in PostgreSQL's guessing of types: it is text, and is turned into the column's type. */
function inColumn(dialect: Dialect, { column }: Ref, text: Sql): Sql {
  return dialect === 'postgres' && column.enumValues !== undefined
    ? sql`CAST(${text} AS ${raw(column.cast ?? 'text')})`
    : text;
}

function keepFirst(dialect: Dialect, ref: Ref, characters: number): Sql {
  const number = raw(String(Math.trunc(characters)));
  return dialect === 'sqlite'
    ? sql`substr(${ref.text}, 1, ${number})`
    : sql`LEFT(${asText(dialect, ref)}, ${number})`;
}

/** A domain may be as long as the column allows; with a longer name before it, its end is cut off. */
function fitting(dialect: Dialect, { column }: Ref, text: Sql): Sql {
  if (column.maxLength === undefined) return text;
  const length = raw(String(column.maxLength));
  return dialect === 'sqlite' ? sql`substr(${text}, 1, ${length})` : sql`LEFT(${text}, ${length})`;
}

type Unit = Extract<Replacement, { readonly kind: 'generalise' }>['to'];

function generalise(dialect: Dialect, ref: Ref, to: Unit): Sql {
  const { column } = ref;
  if (dialect === 'postgres') {
    const type = raw(
      column.family === 'date' ? 'date' : column.family === 'instant' ? 'timestamptz' : 'timestamp',
    );
    return sql`CAST(date_trunc('${raw(to)}', ${ref.text}) AS ${type})`;
  }
  if (dialect === 'mysql') {
    const pattern = to === 'month' ? '%Y-%m-01' : to === 'year' ? '%Y-01-01' : undefined;
    const day =
      pattern === undefined
        ? sql`CONCAT(LEFT(DATE_FORMAT(${ref.text}, '%Y'), 3), '0-01-01')`
        : sql`DATE_FORMAT(${ref.text}, '${raw(pattern)}')`;
    const type = raw(column.family === 'date' ? 'DATE' : 'DATETIME');
    // There is nothing to generalise in a zero date.
    return sql`CASE WHEN YEAR(${ref.text}) = 0 THEN ${ref.text} ELSE CAST(${day} AS ${type}) END`;
  }
  const length = raw(String({ decade: 3, year: 4, month: 7 }[to]));
  const rest = raw({ decade: "'0-01-01'", year: "'-01-01'", month: "'-01'" }[to]);
  const midnight = sql`CASE WHEN length(${ref.text}) > 10 THEN substr(${ref.text}, 11, 1) || '00:00:00' ELSE '' END`;
  return sql`CASE WHEN ${ref.text} GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]*' THEN substr(${ref.text}, 1, ${length}) || ${rest} || ${midnight} ELSE ${ref.text} END`;
}

/** The largest multiple that is not above the value. */
function round(dialect: Dialect, ref: Ref, to: number): Sql {
  const { column } = ref;
  const step = raw(`(${String(to)})`);
  // FLOOR of SQLite is a double, which rounds what is long.
  if (dialect === 'sqlite' && column.family === 'integer' && Number.isInteger(to))
    return sql`${ref.text} - ((${ref.text} % ${step}) + ${step}) % ${step}`;
  const exactly =
    dialect === 'postgres' && column.family !== 'float' ? sql`CAST(${ref.text} AS numeric)` : ref.text;
  return sql`FLOOR(${exactly} / ${step}) * ${step}`;
}

function keepDomain(dialect: Dialect, ref: Ref, local: Sql): Sql {
  const at = textValue(dialect, '@');
  const domain = {
    mysql: sql`SUBSTRING_INDEX(${ref.text}, '@', -1)`,
    postgres: sql`regexp_replace(${ref.text}, '^.*@', '')`,
    // What is left of the text when all letters behind its last @ are trimmed ends with that @.
    sqlite: sql`substr(${ref.text}, length(rtrim(${ref.text}, replace(${ref.text}, '@', ''))) + 1)`,
  }[dialect];
  const has = {
    mysql: sql`LOCATE('@', ${ref.text}) > 0`,
    postgres: sql`position('@' in ${ref.text}) > 0`,
    sqlite: sql`instr(${ref.text}, '@') > 0`,
  }[dialect];
  return sql`CASE WHEN ${ref.text} IS NULL THEN NULL WHEN ${has} THEN ${concat(dialect, [local, at, domain])} ELSE ${local} END`;
}
