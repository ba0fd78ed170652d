/**
 * Values inside JSON, in columns of JSON and of text. No text, however broken, makes a statement fail: what is not JSON
 * has no values, and `malformed` tells of it.
 */
import type { Dialect } from '../../../database.ts';
import type { Column } from '../catalogue/catalogue.ts';
import type { Ref } from '../dialect.ts';
import { asText, textValue } from '../dialect.ts';
import type { Sql } from '../sql.ts';
import { FALSE, and, not, raw, sql, value } from '../sql.ts';

/**
 * The value at a path as text: a text without its quotes, a list or object as JSON. NULL where there is none, for JSON's
 * own null, and where the column does not hold JSON.
 */
export function insideJson(dialect: Dialect, whole: Ref, path: readonly string[]): Ref {
  const text = { mysql: insideMysql, postgres: insidePostgres, sqlite: insideSqlite }[dialect](whole, path);
  const column: Column = {
    name: whole.column.name,
    family: 'text',
    type: 'a value inside JSON',
    nullable: true,
    generated: whole.column.generated,
    onUpdate: false,
    bits: false,
    ...(dialect === 'mysql' ? { charset: 'utf8mb4', collation: 'utf8mb4_bin' } : {}),
    ...(dialect === 'postgres' ? { cast: 'text' } : {}),
  };
  return { text, column, computed: true, number: numberIn(dialect, text) };
}

/** The column holds a text that is not JSON, and not empty: that is how many say that there is nothing. Never NULL. */
export function malformed(dialect: Dialect, whole: Ref): Sql {
  const broken = notJson(dialect, whole);
  return broken === FALSE ? FALSE : and(broken, sql`${whole.text} <> ${textValue(dialect, '')}`);
}

/** The column holds a text that is not JSON, the empty one included. Never NULL. */
export function notJson(dialect: Dialect, whole: Ref): Sql {
  if (whole.column.family === 'json' && dialect !== 'sqlite') return FALSE;
  const known = sql`${whole.text} IS NOT NULL`;
  return and(known, dialect === 'postgres' ? not(isJson(whole)) : sql`NOT JSON_VALID(${whole.text})`);
}

/** JSON that is written as this text, spelled as the database spells it. */
export function jsonValue(dialect: Dialect, text: string): Sql {
  const json = textValue(dialect, text);
  if (dialect === 'postgres') return sql`CAST(${json} AS jsonb)`;
  return dialect === 'sqlite' ? sql`json(${json})` : sql`JSON_EXTRACT(${json}, '$')`;
}

/** A number written plainly, of as many digits as every engine adds up without loss. */
const PLAIN = '^-?(0|[1-9][0-9]{0,30})([.][0-9]{1,20})?$';

function numberIn(dialect: Dialect, text: Sql): Sql {
  // SQLite knows no such pattern; it reads the beginning of any text as a number, so what it read must be all of it.
  if (dialect === 'sqlite')
    return sql`CASE WHEN ${text} GLOB '*[0-9]' AND ${text} NOT GLOB '*[^0-9.-]*' AND ${text} NOT GLOB '?*-*' AND ${text} NOT GLOB '*.*.*' AND ${text} NOT GLOB '.*' AND ${text} NOT GLOB '-.*' AND LTRIM(${text}, '-') NOT GLOB '0[0-9]*' THEN CAST(${text} AS NUMERIC) END`;
  if (dialect === 'mysql')
    return sql`CASE WHEN ${text} REGEXP ${value(PLAIN)} THEN CAST(${text} AS DECIMAL(65, 20)) END`;
  return sql`CASE WHEN ${text} ~ ${textValue(dialect, PLAIN)} THEN CAST(${text} AS numeric) END`;
}

export const isPosition = (step: string): boolean => /^(?:0|[1-9]\d*)$/.test(step);

/** One step of a path of MySQL and SQLite, to a member of an object. */
export const member = (step: string): string => `."${step.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;

function insideMysql(whole: Ref, path: readonly string[]): Sql {
  const extract = (from: Sql, step: string): Sql => sql`JSON_EXTRACT(${from}, ${value(`$${step}`)})`;
  const document = sql`CASE WHEN JSON_VALID(${whole.text}) THEN ${whole.text} END`;
  // A step of digits is a place in a list or a member of that name; MySQL would take any value for a list of one.
  const found = path.reduce(
    (from, step) =>
      isPosition(step)
        ? sql`CASE WHEN JSON_TYPE(${from}) = 'ARRAY' THEN ${extract(from, `[${step}]`)} ELSE ${extract(from, member(step))} END`
        : extract(from, member(step)),
    document,
  );
  return sql`CASE WHEN JSON_TYPE(${found}) <> 'NULL' THEN JSON_UNQUOTE(${found}) END`;
}

function insideSqlite(whole: Ref, path: readonly string[]): Sql {
  const { text } = whole;
  const steps = path.reduce(
    (before, step) =>
      isPosition(step)
        ? sql`${before} || CASE WHEN json_type(${text}, ${before}) = 'array' THEN ${value(`[${step}]`)} ELSE ${value(member(step))} END`
        : sql`${before} || ${value(member(step))}`,
    raw("'$'"),
  );
  const at = sql`(${steps})`;
  return sql`CASE WHEN json_valid(${text}) THEN CASE json_type(${text}, ${at}) WHEN 'text' THEN json_extract(${text}, ${at}) WHEN 'null' THEN NULL ELSE ${text} -> ${at} END END`;
}

function insidePostgres(whole: Ref, path: readonly string[]): Sql {
  const at = sql`CAST(${value(path)} AS text[])`;
  if (whole.column.family === 'json') return sql`${whole.text} #>> ${at}`;
  return sql`CASE WHEN ${isJson(whole)} THEN CAST(${whole.text} AS json) #>> ${at} END`;
}

/** How deep lists and objects may stand in one another in a text column of PostgreSQL; deeper ones count as broken. */
const DEPTH = 16;

/**
 * Whether a text of PostgreSQL is JSON that it can take apart, without trying it: a text that it cannot would end the
 * statement. Texts and plain values each become one character, then the innermost lists and objects do, level by level,
 * until one character is left.
 */
function isJson(whole: Ref): Sql {
  const text = asText('postgres', whole);
  const replaced = (from: Sql, pattern: string, by: string): Sql =>
    sql`regexp_replace(${from}, ${textValue('postgres', pattern)}, ${textValue('postgres', by)}, 'g')`;
  const flat = replaced(replaced(replaced(text, TEXT, 's'), PLAIN_VALUE, 'v'), '[ \\t\\n\\r]+', ' ');
  const tight = replaced(flat, ' ?([][{}:,]) ?', '\\1');
  let left = sql`btrim(${tight}, ' ')`;
  for (let level = 0; level < DEPTH; level += 1) left = replaced(left, INNERMOST, 'v');
  // Letters of the text itself must not be taken for those that stand in for values.
  const bare = replaced(replaced(text, TEXT, ''), 'true|false|null', '');
  return sql`(${bare} !~ '[sv]' AND ${left} ~ '^[sv]$')`;
}

/** A pair of surrogates, or any other character but zero: PostgreSQL cannot keep what is left out. */
const ESCAPED_UNIT =
  '[dD][89abAB][0-9a-fA-F]{2}\\\\u[dD][c-fC-F][0-9a-fA-F]{2}|(?!0000|[dD][89a-fA-F])[0-9a-fA-F]{4}';
const TEXT = `"([^"\\\\\\u0001-\\u001f]|\\\\(["\\\\/bfnrt]|u(${ESCAPED_UNIT})))*"`;
const PLAIN_VALUE = '-?(0|[1-9][0-9]*)([.][0-9]+)?([eE][+-]?[0-9]+)?|true|false|null';
const INNERMOST = '\\[([sv](,[sv])*)?\\]|\\{(s:[sv](,s:[sv])*)?\\}';
