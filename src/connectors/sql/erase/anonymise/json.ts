/** Members of JSON that are replaced or removed where they are; nothing is added, and what is not JSON stays as it is. */
import type { Dialect } from '../../../../database.ts';
import type { Field, Replacement, Scalar } from '../../../../policy/policy.ts';
import type { Ref } from '../../dialect.ts';
import { concat, exact, exactValue, textValue } from '../../dialect.ts';
import { unfit } from '../../failure.ts';
import type { Sql } from '../../sql.ts';
import { and, not, or, raw, sql, value } from '../../sql.ts';
import { insideJson, isPosition, jsonValue, member, notJson } from '../../compile/json.ts';
import type { Context, Place } from '../../compile/place.ts';
import { refTo } from '../../compile/place.ts';
import { template } from './replacement.ts';
import type { KeyText } from './replacement.ts';

interface Inside {
  readonly path?: readonly string[];
  readonly with: Replacement;
}

/** The whole column with all of these members changed. */
export function jsonWith(
  context: Context,
  whole: Ref,
  set: readonly Inside[],
  key: KeyText | undefined,
): Sql {
  const { dialect } = context;
  const changed = set.reduce(
    (document, { path = [], with: by }) => changeOne(dialect, document, path, by, key),
    document(dialect, whole),
  );
  const type = whole.column.family === 'json' ? (whole.column.cast ?? 'jsonb') : 'text';
  const stored = dialect === 'postgres' ? sql`CAST(${changed} AS ${raw(type)})` : changed;
  return sql`CASE WHEN ${notJson(dialect, whole)} THEN ${whole.text} ELSE ${stored} END`;
}

/** What the functions of the dialect take. */
function document(dialect: Dialect, whole: Ref): Sql {
  return dialect === 'postgres' ? sql`CAST(${whole.text} AS jsonb)` : whole.text;
}

function changeOne(
  dialect: Dialect,
  from: Sql,
  path: readonly string[],
  by: Replacement,
  key: KeyText | undefined,
): Sql {
  const at = pathTo(dialect, from, path);
  if (by.kind === 'remove')
    return dialect === 'postgres' ? sql`${from} #- ${at}` : sql`JSON_REMOVE(${from}, ${at})`;
  const member = memberOf(dialect, by, key);
  return dialect === 'postgres'
    ? sql`jsonb_set(${from}, ${at}, ${member}, false)`
    : sql`JSON_REPLACE(${from}, ${at}, ${member})`;
}

/** A replacement as a value inside JSON. */
function memberOf(dialect: Dialect, by: Replacement, key: KeyText | undefined): Sql {
  if (by.kind === 'placeholder') {
    const text = template(dialect, by.template, key);
    return dialect === 'postgres' ? sql`to_jsonb(${text})` : text;
  }
  if (by.kind !== 'constant') throw unfit('REPLACEMENT_IN_JSON');
  return jsonValue(dialect, jsonText(by.value));
}

const jsonText = (scalar: Scalar): string =>
  typeof scalar === 'bigint' ? String(scalar) : JSON.stringify(scalar);

/** The member holds what it would be replaced by, or is not there. Never NULL. */
export function jsonInPlace(
  context: Context,
  place: Place,
  field: Field,
  by: Replacement,
  key: KeyText | undefined,
): Sql {
  const { dialect } = context;
  const { path = [], ...whole } = field;
  const ref = refTo(context, place, whole);
  const inside = insideJson(dialect, ref, path);
  const absent = not(exists(dialect, ref, path));
  if (by.kind === 'remove') return absent;
  if (by.kind === 'constant' && by.value === null) return sql`${inside.text} IS NULL`;
  const wanted =
    by.kind === 'placeholder'
      ? template(dialect, by.template, key)
      : textValue(dialect, by.kind === 'constant' ? String(by.value) : '');
  const same = sql`${exact(dialect, inside.text)} = ${exactValue(dialect, wanted)}`;
  return or(absent, and(sql`${inside.text} IS NOT NULL`, same));
}

/** The column is JSON and has such a member, be it JSON's own null. Never NULL. */
function exists(dialect: Dialect, whole: Ref, path: readonly string[]): Sql {
  const from = document(dialect, whole);
  const at = pathTo(dialect, from, path);
  const there = {
    mysql: sql`JSON_CONTAINS_PATH(${from}, 'one', ${at}) = 1`,
    postgres: sql`(${from} #> ${at}) IS NOT NULL`,
    sqlite: sql`json_type(${from}, ${at}) IS NOT NULL`,
  }[dialect];
  return sql`CASE WHEN ${whole.text} IS NULL OR ${notJson(dialect, whole)} THEN 0 WHEN ${there} THEN 1 ELSE 0 END = 1`;
}

/** Where the member stands, in the dialect's own way of saying it. */
function pathTo(dialect: Dialect, from: Sql, path: readonly string[]): Sql {
  if (dialect === 'postgres') return sql`CAST(${value(path)} AS text[])`;
  const steps = path.reduce<readonly Sql[]>(
    (before, step) => {
      if (!isPosition(step)) return [...before, value(member(step))];
      // A step of digits is a place in a list or a member of that name.
      const list = { mysql: 'ARRAY', sqlite: 'array' }[dialect];
      const here = concat(dialect, before);
      const type =
        dialect === 'mysql'
          ? sql`JSON_TYPE(JSON_EXTRACT(${from}, ${here}))`
          : sql`json_type(${from}, ${here})`;
      const place = sql`CASE WHEN ${type} = ${value(list)} THEN ${value(`[${step}]`)} ELSE ${value(member(step))} END`;
      return [...before, place];
    },
    [raw("'$'")],
  );
  return concat(dialect, steps);
}
