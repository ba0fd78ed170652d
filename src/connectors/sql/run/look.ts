/** Looking without changing: counts, records by key, what goes with them, and whether what was erased is gone. */
import { text } from '../../../database.ts';
import type { Facts, Key, Stage } from '../../../policy/policy.ts';
import type { Count, Verification } from '../../connector.ts';
import { compileDependent, oursCells } from '../compile/dependent.ts';
import type { DependentSql } from '../compile/dependent.ts';
import type { Question } from '../compile/facts.ts';
import { idOf, oneOf } from '../compile/values.ts';
import { heed, unfit } from '../failure.ts';
import { TRUE, and, join, or, sql } from '../sql.ts';
import type { Reader } from './scan.ts';

/** Most keys in one statement. */
const CHUNK = 1000;

function* chunks<T>(all: readonly T[]): Generator<readonly T[]> {
  for (let at = 0; at < all.length; at += CHUNK) yield all.slice(at, at + CHUNK);
}

export async function count({ root, scope, where, unreadable }: Question, read: Reader): Promise<Count> {
  const meant = or(where, unreadable);
  const matching = meant === TRUE ? sql`COUNT(*)` : sql`COUNT(CASE WHEN ${meant} THEN 1 END)`;
  const rows = await read(sql`SELECT COUNT(*), ${matching} FROM ${root.from} WHERE ${scope}`);
  const [population, about] = (rows[0] ?? []).map((cell) => Number(text(cell)));
  return { population: population ?? 0, matching: about ?? 0 };
}

export async function readByKey(
  question: Question,
  keys: readonly Key[],
  read: Reader,
  signal: AbortSignal,
): Promise<readonly Facts[]> {
  const { root, scope, select, decode, context } = question;
  const found: Facts[] = [];
  // A collation may find a record under another spelling of its key; that is not the key that was asked for.
  const asked = new Set(keys.map(idOf));
  heed(signal);
  for (const some of chunks(keys)) {
    heed(signal);
    const where = and(oneOf(context.dialect, question.keys, some), scope);
    const rows = await read(sql`SELECT ${select} FROM ${root.from} WHERE ${where}`);
    for (const row of rows) {
      const facts = decode(row);
      if (facts !== undefined && asked.has(idOf(facts.key))) found.push(facts);
    }
  }
  return found;
}

/** Rows that erasing these records in this stage would touch, by related name. */
export async function countDependents(
  question: Question,
  stage: Stage,
  keys: readonly Key[],
  read: Reader,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, number>> {
  heed(signal);
  const all = stage.dependents.map((one) => compileDependent(question, one));
  const counts = new Map(all.map((one) => [one.dependent.related, 0]));
  if (all.length === 0 || keys.length === 0) return counts;
  const { root, scope, context } = question;
  const cells = join(oursCells(question, all), ', ');
  const rows = await read(
    sql`SELECT ${cells} FROM ${root.from} WHERE ${and(oneOf(context.dialect, question.keys, keys), scope)}`,
  );
  let at = 0;
  for (const one of all) {
    heed(signal);
    const from = at;
    at += one.ours.length;
    const ours = rows.map((row) => one.ours.map((_, i) => text(row[from + i])));
    const found = Number(text((await read(one.count(ours)))[0]?.[0]));
    counts.set(one.dependent.related, (counts.get(one.dependent.related) ?? 0) + found);
  }
  return counts;
}

export async function verify(
  question: Question,
  position: number,
  keys: readonly Key[],
  read: Reader,
  signal: AbortSignal,
): Promise<readonly Verification[]> {
  const stage = question.view.stages[position];
  if (stage === undefined) throw unfit('UNKNOWN_STAGE');
  const byId = new Map<string, Verification>();
  for (const facts of await readByKey(question, keys, read, signal))
    byId.set(idOf(facts.key), facts.done[position] === true ? 'done' : 'present');
  const gone = keys.filter((key) => !byId.has(idOf(key)));
  const traceable = stage.dependents
    .map((one) => compileDependent(question, one))
    .filter((one) => refersToKey(question, one));
  for (const some of chunks(gone))
    for (const one of traceable)
      for (const key of await withRows(question, one, some, read, signal)) byId.set(idOf(key), 'present');
  return keys.map((key) => byId.get(idOf(key)) ?? 'gone');
}

/** Rows of a record that is gone can be looked for only where they refer to nothing but its key. */
function refersToKey(question: Question, one: DependentSql): boolean {
  return (
    one.change !== undefined && one.ours.every((ref) => question.view.record.key.includes(ref.column.name))
  );
}

/** The keys to which such rows still belong; found by halving, since there should be none. */
async function withRows(
  question: Question,
  one: DependentSql,
  keys: readonly Key[],
  read: Reader,
  signal: AbortSignal,
): Promise<readonly Key[]> {
  heed(signal);
  const names = question.view.record.key;
  const ours = keys.map((key) => one.ours.map((ref) => key[names.indexOf(ref.column.name)] ?? null));
  if (keys.length === 0 || (await read(one.any(ours))).length === 0) return [];
  if (keys.length === 1) return keys;
  const half = Math.ceil(keys.length / 2);
  const first = await withRows(question, one, keys.slice(0, half), read, signal);
  return [...first, ...(await withRows(question, one, keys.slice(half), read, signal))];
}
