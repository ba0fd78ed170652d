/** How a row of one table is found to belong to a row of another: equal columns, or a text that holds a value. */
import type { Dialect } from '../../../database.ts';
import type { Match, Pair } from '../../../policy/policy.ts';
import type { Column, Family } from '../catalogue/catalogue.ts';
import type { Ref } from '../dialect.ts';
import { asText, concat, exact, exactValue, folded, textValue } from '../dialect.ts';
import { unfit } from '../failure.ts';
import type { Sql } from '../sql.ts';
import { and, raw, sql } from '../sql.ts';
import { refTo } from './place.ts';
import type { Context, Place } from './place.ts';

/** All pairs of the match are met. NULL belongs to nothing. */
export function compileMatch(
  context: Context,
  match: Match,
  theirs: Place,
  ours: Place,
  ignoreCase = false,
): Sql {
  return and(
    ...match.map((pair) => {
      const their = refTo(context, theirs, pair.theirs);
      const our = refTo(context, ours, oursOf(pair));
      if (pair.inText !== undefined) return holds(context.dialect, their, our, pair.inText);
      const folding = ignoreCase && their.column.family === 'text' && our.column.family === 'text';
      return folding ? equalFolded(context.dialect, their, our) : equal(context.dialect, their, our);
    }),
  );
}

/** Our side of a pair. */
export function oursOf({ ours, part }: Pair): { readonly column: string; readonly part?: string } {
  return part === undefined ? { column: ours } : { column: ours, part };
}

const NUMBERS: readonly Family[] = ['integer', 'decimal'];

/** Whether values of two columns can be matched with one another. */
export function matchable(theirs: Column, ours: Column): boolean {
  if (theirs.family === ours.family) return theirs.family !== 'json' && theirs.family !== 'float';
  if (NUMBERS.includes(theirs.family) && NUMBERS.includes(ours.family)) return true;
  const families = [theirs.family, ours.family];
  return families.includes('text') && families.some((one) => one === 'integer' || one === 'uuid');
}

/** Whether the column would call different texts equal: by capital letters, accents or blanks at the end. */
export function takesOthersForEqual({ family, collation }: Column): boolean {
  return family === 'text' && collation !== undefined && !/(?:nopad|0900)_bin$/.test(collation);
}

export const equalToTheByte = (dialect: Dialect, { text }: Ref, constant: string): Sql =>
  sql`${exact(dialect, text)} = ${exactValue(dialect, textValue(dialect, constant))}`;

/** Whether two columns that are compared with one another would. */
export function needsExact(theirs: Column, ours: Column): boolean {
  if (theirs.family !== 'text' || ours.family !== 'text') return false;
  return theirs.collation !== ours.collation || takesOthersForEqual(theirs);
}

/** Their column equals ours. Never by a conversion that makes different values equal: an id kept as text is text. */
export function equal(dialect: Dialect, theirs: Ref, ours: Ref): Sql {
  if (!matchable(theirs.column, ours.column)) throw unfit('MATCH_TYPES');
  if (theirs.column.family !== ours.column.family) {
    if (theirs.column.family === 'text') return sql`${theirs.text} = ${textLike(dialect, ours, theirs)}`;
    if (ours.column.family === 'text') return equalsText(dialect, theirs, ours);
  }
  const enums =
    dialect === 'postgres' && theirs.column.cast !== ours.column.cast && theirs.column.family === 'text';
  if (enums) return sql`${asText(dialect, theirs)} = ${asText(dialect, ours)}`;
  if (!needsExact(theirs.column, ours.column)) return sql`${theirs.text} = ${ours.text}`;
  return and(
    loosely(dialect, theirs, ours),
    sql`${exact(dialect, theirs.text)} = ${exact(dialect, ours.text)}`,
  );
}

/** Equal by their collation: their index serves it, and another condition takes back what is not meant. */
function loosely(dialect: Dialect, theirs: Ref, ours: Ref): Sql {
  if (dialect !== 'mysql' || theirs.column.collation === ours.column.collation)
    return sql`${theirs.text} = ${ours.text}`;
  return sql`${theirs.text} = CONVERT(${ours.text} USING ${charset(theirs)}) COLLATE ${collation(theirs)}`;
}

/** Texts that differ in capital letters alone. */
function equalFolded(dialect: Dialect, theirs: Ref, ours: Ref): Sql {
  const same = sql`${folded(dialect, theirs.text)} = ${folded(dialect, ours.text)}`;
  const indexed = theirs.column.collation?.endsWith('_ci') === true;
  return indexed ? and(loosely(dialect, theirs, ours), same) : same;
}

/** A value of ours as text that is compared with theirs; in MySQL with their character set, so that their index can serve. */
function textLike(dialect: Dialect, ours: Ref, theirs: Ref): Sql {
  const text = asText(dialect, ours);
  return dialect === 'mysql'
    ? sql`CONVERT(${text} USING ${charset(theirs)}) COLLATE ${collation(theirs)}`
    : text;
}

/** How the one spelling of a number or uuid that its column gives it looks. */
const CANONICAL: Readonly<Partial<Record<Family, string>>> = {
  integer: '^(0|-?[1-9][0-9]{0,19})$',
  uuid: '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$',
};

/** Their number or uuid equals our text. Our text is what is converted, so that their index can serve. */
function equalsText(dialect: Dialect, theirs: Ref, ours: Ref): Sql {
  // SQLite converts our text by itself, and too much of it: the digits decide.
  if (dialect === 'sqlite')
    return and(sql`${theirs.text} = ${ours.text}`, sql`${asText(dialect, theirs)} = ${ours.text}`);
  const pattern = textValue(dialect, CANONICAL[theirs.column.family] ?? '');
  if (dialect === 'mysql') {
    const type = theirs.column.family === 'uuid' ? 'UUID' : 'DECIMAL(20)';
    return sql`${theirs.text} = CASE WHEN ${ours.text} REGEXP ${pattern} THEN CAST(${ours.text} AS ${raw(type)}) END`;
  }
  const text = asText(dialect, ours);
  const fits = sql`CASE WHEN ${text} ~ ${pattern} THEN ${
    theirs.column.family === 'uuid'
      ? sql`CAST(${text} AS uuid)`
      : sql`CASE WHEN CAST(${text} AS numeric) BETWEEN ${raw(LEAST)} AND ${raw(MOST)} THEN CAST(${text} AS int8) END`
  } END`;
  return sql`${theirs.text} = ${fits}`;
}

const LEAST = String(-(1n << 63n));
const MOST = String((1n << 63n) - 1n);

const word = (text: string | undefined): Sql => {
  if (text === undefined || !/^\w+$/.test(text)) throw unfit('COLLATION');
  return raw(text);
};
const charset = (ref: Ref): Sql => word(ref.column.charset);
const collation = (ref: Ref): Sql => word(ref.column.collation);

/** Characters that may stand directly beside a value in a text: those of ASCII that are no letter, digit, `_` or `-`. */
const BESIDE = '[\\x01-\\x2C\\x2E\\x2F\\x3A-\\x40\\x5B-\\x5E\\x60\\x7B-\\x7F]';
const BESIDE_POSTGRES = BESIDE.replaceAll('\\x', '\\u00');
const BESIDE_GLOB = '[]\x01-,./:-@[\\^`{-\x7F]';

/** What a pattern would not take as it stands, in the order in which it is to be replaced. */
const SPECIAL: readonly (readonly [string, string])[] = ['\\', '^', '$', '.', '|', '?', '*', '+', '(', ')', '{', '}', '[', ']'].map((one) => [one, `\\${one}`]); // prettier-ignore
const SPECIAL_GLOB: readonly (readonly [string, string])[] = [['[', '[[]'], ['*', '[*]'], ['?', '[?]']]; // prettier-ignore

/** Their text holds `before`, our value and `after` in one piece that is no part of a longer word or number. */
export function holds(dialect: Dialect, theirs: Ref, ours: Ref, around: NonNullable<Pair['inText']>): Sql {
  const special = dialect === 'sqlite' ? SPECIAL_GLOB : SPECIAL;
  const literal = (text: string): Sql => textValue(dialect, special.reduce((all, [one, by]) => all.replaceAll(one, by), text)); // prettier-ignore
  const value = asText(dialect, ours);
  const escaped =
    ours.column.family === 'integer'
      ? value
      : special.reduce(
          (all, [one, by]) => sql`REPLACE(${all}, ${textValue(dialect, one)}, ${textValue(dialect, by)})`,
          // An empty value is held by every text.
          sql`NULLIF(${value}, ${textValue(dialect, '')})`,
        );
  const piece = [literal(around.before), escaped, literal(around.after)];
  if (dialect === 'sqlite') {
    const pattern = concat(dialect, [textValue(dialect, `*${BESIDE_GLOB}`), ...piece, textValue(dialect, `${BESIDE_GLOB}*`)]); // prettier-ignore
    return sql`(' ' || ${theirs.text} || ' ') GLOB (${pattern})`;
  }
  const beside = dialect === 'postgres' ? BESIDE_POSTGRES : BESIDE;
  const pattern = concat(dialect, [textValue(dialect, `(^|${beside})`), ...piece, textValue(dialect, `($|${beside})`)]); // prettier-ignore
  if (dialect === 'postgres') return sql`${asText(dialect, theirs)} ~ (${pattern})`;
  return sql`CONVERT(${theirs.text} USING utf8mb4) COLLATE utf8mb4_bin REGEXP ${pattern}`;
}
