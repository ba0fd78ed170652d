/** The records of one person, by an identifier in any spelling that its normalisation makes equal. */
import type { Dialect } from '../../../database.ts';
import type { Facts, Normalisation, SubjectIdentifier } from '../../../policy/policy.ts';
import { subjectExpression } from '../compile/facts.ts';
import type { Question } from '../compile/facts.ts';
import { recordsOf } from '../compile/keys.ts';
import { refTo } from '../compile/place.ts';
import type { Context, Place } from '../compile/place.ts';
import { idOf, oneOf } from '../compile/values.ts';
import { textValue } from '../dialect.ts';
import type { Ref } from '../dialect.ts';
import { heed, unfit } from '../failure.ts';
import type { Sql } from '../sql.ts';
import { FALSE, and, join, or, raw, sql } from '../sql.ts';
import { readByKey } from './look.ts';
import { Scan } from './scan.ts';
import type { Reader } from './scan.ts';

const PAGE = 5000;

/** The same rule as `normalise` of policy/subject.ts, which a connector may not call; a test holds the two together. */
export function spelling(value: string, how: Normalisation): string {
  if (how === 'digits') return value.replace(/[\s\-()+./]/g, '');
  const trimmed = value.trim();
  return how === 'lowercase' ? trimmed.normalize('NFC').toLowerCase() : trimmed;
}

/** Goes through all records, because no database folds letters as the policy does. `question` asks for subjects only. */
export async function countSubjects(
  question: Question,
  kind: string,
  value: string,
  read: Reader,
): Promise<number> {
  const wanted = question.view.record.subjects.map((one) =>
    one.kind === kind ? spelling(value, one.normalise) : '',
  );
  if (wanted.every((one) => one === '')) return 0;
  const isMeant = ({ subjects }: Facts): boolean =>
    question.view.record.subjects.some(
      (one, i) => wanted[i] !== '' && spelling(subjects[i] ?? '', one.normalise) === wanted[i],
    );
  let found = 0;
  for await (const { facts } of new Scan(question, undefined, PAGE, read).pages(NEVER, undefined))
    found += facts.filter((one) => isMeant(one) || one.also?.some(isMeant) === true).length;
  return found;
}

/** Most values in one statement. */
const CHUNK = 5000;

/**
 * The records about these people. The database leaves out what is certainly about nobody of them; an identifier with a
 * character beyond plain ASCII is left to `spelling`, because no database folds letters as the policy does. Numbers and
 * UUIDs are asked for as they are, so that an index finds them; for all others it reads the whole table.
 */
export async function lookup(
  question: Question,
  position: number,
  values: readonly string[],
  read: Reader,
  signal: AbortSignal,
): Promise<readonly Facts[]> {
  const { context, root, scope, select, view } = question;
  const subject = view.record.subjects[position];
  if (subject === undefined) throw unfit('UNKNOWN_SUBJECT');
  const wanted = new Set(values.filter((value) => value !== ''));
  const about = aboutSome(context, root, subject);
  const found = new Map<string, Facts>();
  for (const some of chunks([...wanted], CHUNK)) {
    heed(signal);
    const where = and(scope, about(some));
    if (where === FALSE) continue;
    const rows = await read(sql`SELECT ${select} FROM ${root.from} WHERE ${where}`);
    for (const facts of recordsOf(question, rows))
      for (const one of [facts, ...(facts.also ?? [])])
        if (wanted.has(spelling(one.subjects[position] ?? '', subject.normalise)))
          found.set(idOf(facts.key), facts);
  }
  const all = [...found.values()];
  // A filter may have let through only some of the rows of a key.
  if (view.record.repeats !== true) return all;
  return await readByKey(question, all.map((one) => one.key), read, signal); // prettier-ignore
}

function* chunks<T>(all: readonly T[], size: number): Generator<readonly T[]> {
  for (let at = 0; at < all.length; at += size) yield all.slice(at, at + size);
}

/** What a record meets that is about one of some people, and perhaps a record that is not. */
function aboutSome(
  context: Context,
  root: Place,
  subject: SubjectIdentifier,
): (values: readonly string[]) => Sql {
  const { dialect } = context;
  const own = ownValue(context, root, subject);
  if (own !== undefined) return (values) => oneOf(dialect, [own], values.map((one) => [one])); // prettier-ignore
  const text = subjectText(context, root, subject);
  const spelled = plainSpelling(dialect, text, subject.normalise);
  const odd = isOdd(dialect, text);
  return (values) => {
    const list = join(values.map((one) => textValue(dialect, one)), ', '); // prettier-ignore
    return sql`COALESCE(${or(odd, sql`${spelled} IN (${list})`)}, ${FALSE})`;
  };
}

/** The column, where a value of it has one spelling only. SQLite keeps anything in any column. */
function ownValue(context: Context, root: Place, subject: SubjectIdentifier): Ref | undefined {
  const { related, part, path, normalise } = subject;
  if (context.dialect === 'sqlite' || related !== undefined || part !== undefined || path !== undefined)
    return undefined;
  const ref = refTo(context, root, subject);
  const { family, type } = ref.column;
  const isNumber = family === 'integer' && !type.includes('zerofill');
  return normalise !== 'digits' && (isNumber || family === 'uuid') ? ref : undefined;
}

/** The identifier as a text that compares by its bytes and folds by ASCII alone. */
function subjectText(context: Context, root: Place, subject: SubjectIdentifier): Sql {
  const value = subjectExpression(context, root, subject);
  if (context.dialect === 'mysql') return sql`CONVERT(${value} USING utf8mb4) COLLATE utf8mb4_bin`;
  return context.dialect === 'postgres'
    ? sql`CAST(${value} AS text) COLLATE "C"`
    : sql`CAST(${value} AS TEXT)`;
}

/** There is a character that `plainSpelling` may treat otherwise than `spelling`. */
function isOdd(dialect: Dialect, text: Sql): Sql {
  const odd = textValue(dialect, dialect === 'sqlite' ? '*[^ -~]*' : '[^ -~]');
  return sql`${text} ${raw({ mysql: 'REGEXP', postgres: '~', sqlite: 'GLOB' }[dialect])} ${odd}`;
}

/** `spelling` of a text of plain ASCII. */
function plainSpelling(dialect: Dialect, text: Sql, how: Normalisation): Sql {
  if (how === 'exact') return sql`TRIM(${text})`;
  if (how === 'lowercase') return sql`LOWER(TRIM(${text}))`;
  return ' |-|(|)|+|.|/'
    .split('|')
    .reduce((all, one) => sql`REPLACE(${all}, ${textValue(dialect, one)}, ${textValue(dialect, '')})`, text);
}

const NEVER = new AbortController().signal;
