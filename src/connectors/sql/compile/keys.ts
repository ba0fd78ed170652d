/**
 * Records named by their keys, and in the order of their keys. Where keys repeat (`duplicates: one record`), all rows with
 * one key are one record, NULL is a key like another, and NULLs come behind all other keys.
 */
import type { Dialect } from '../../../database.ts';
import type { Facts, Key } from '../../../policy/policy.ts';
import type { Ref } from '../dialect.ts';
import { exact, exactValue, textValue } from '../dialect.ts';
import type { Sql } from '../sql.ts';
import { FALSE, TRUE, and, join, or, raw, sql } from '../sql.ts';
import type { Question } from './facts.ts';
import { takesOthersForEqual } from './match.ts';
import { after, idOf, literal, oneOf } from './values.ts';

/** How a NULL in a key that repeats is written in `Key`. */
export const NULL_KEY = '\0';

const repeats = ({ view }: Question): boolean => view.record.repeats === true;

/** The row's key is one of these. */
export function keyIn(question: Question, keys: readonly Key[]): Sql {
  return among(question, keys, repeats(question) ? toTheByte : () => TRUE);
}

/** The same as the collations of the columns take it: where keys repeat, several different ones may be alike. */
export function keyLike(question: Question, keys: readonly Key[]): Sql {
  return among(question, keys, () => TRUE);
}

/** `more`: what is asked besides of columns that the collation finds in the rows. */
function among(question: Question, keys: readonly Key[], more: typeof toTheByte): Sql {
  const { context, keys: refs } = question;
  const whole = keys.filter((key) => !key.includes(NULL_KEY));
  const known = and(oneOf(context.dialect, refs, whole), more(context.dialect, refs, whole));
  if (!repeats(question)) return known;
  const others = keys.filter((key) => key.includes(NULL_KEY));
  const one = (ref: Ref, part: string): Sql =>
    and(equals(question, ref, part), part === NULL_KEY ? TRUE : more(context.dialect, [ref], [[part]]));
  return or(known, ...others.map((key) => and(...refs.map((ref, i) => one(ref, key[i] ?? '')))));
}

/** The columns together are one of the rows to the byte. */
function toTheByte(dialect: Dialect, refs: readonly Ref[], rows: readonly Key[]): Sql {
  const isLoose = refs.map((ref) => takesOthersForEqual(ref.column));
  if (!isLoose.includes(true) || rows.length === 0) return TRUE;
  const cells = refs.map(({ text }, i) => (isLoose[i] === true ? exact(dialect, text) : text));
  const values = rows.map((row) =>
    refs.map(({ column }, i) => {
      const part = row[i] ?? '';
      if (isLoose[i] === true) return exactValue(dialect, textValue(dialect, part));
      return literal(dialect, column, part) ?? raw('NULL');
    }),
  );
  if (refs.length === 1) return sql`${join(cells, '')} IN (${join(values.flat(), ', ')})`;
  const listed = join(values.map((row) => sql`(${join(row, ', ')})`), ', '); // prettier-ignore
  return sql`(${join(cells, ', ')}) IN (${raw(dialect === 'sqlite' ? 'VALUES ' : '')}${listed})`;
}

/** The key column holds this part of a key. Never NULL. */
function equals({ context }: Question, ref: Ref, part: string): Sql {
  if (part === NULL_KEY) return sql`${ref.text} IS NULL`;
  const wanted = literal(context.dialect, ref.column, part);
  return wanted === undefined ? FALSE : and(sql`${ref.text} IS NOT NULL`, sql`${ref.text} = ${wanted}`);
}

/** ORDER BY of a scan. */
export function byKeys(question: Question): Sql {
  const each = question.keys.map(({ text, column }) =>
    repeats(question) && column.nullable ? sql`${text} IS NULL, ${text}` : text,
  );
  return join(each, ', ');
}

/** The row's key comes after this one, in the order of `byKeys`. */
export function behind(question: Question, key: Key): Sql {
  const { context, keys } = question;
  if (!repeats(question)) return after(context.dialect, keys, key);
  const arms = keys.map((ref, i) => {
    const before = keys.slice(0, i).map((earlier, n) => equals(question, earlier, key[n] ?? ''));
    return and(...before, follows(question, ref, key[i] ?? ''));
  });
  return or(...arms);
}

function follows({ context }: Question, ref: Ref, part: string): Sql {
  if (part === NULL_KEY) return FALSE;
  const later = sql`${ref.text} > ${literal(context.dialect, ref.column, part) ?? FALSE}`;
  return ref.column.nullable ? or(sql`${ref.text} IS NULL`, and(sql`${ref.text} IS NOT NULL`, later)) : later;
}

/** The facts of the records that these rows are. Where keys repeat, all rows of a key must be among them. */
export function recordsOf(question: Question, rows: readonly (readonly unknown[])[]): readonly Facts[] {
  const all: Facts[] = [];
  for (const row of rows) {
    const facts = question.decode(row);
    if (facts !== undefined) all.push(facts);
  }
  if (!repeats(question)) return all;
  const groups = new Map<string, Facts[]>();
  for (const one of all) {
    const group = groups.get(idOf(one.key));
    if (group === undefined) groups.set(idOf(one.key), [one]);
    else group.push(one);
  }
  return [...groups.values()].flatMap(([first, ...also]) =>
    first === undefined ? [] : [also.length === 0 ? first : { ...first, also }],
  );
}
