/** Looking without changing: counts, records by key, what goes with them, and whether what was erased is gone. */
import { text } from '../../../database.ts';
import type { Facts, Key, ViewStage } from '../../../policy/policy.ts';
import type { Count, Verification } from '../../connector.ts';
import type { Question } from '../compile/facts.ts';
import { keyIn, recordsOf } from '../compile/keys.ts';
import { idOf } from '../compile/values.ts';
import { takesOthersForEqual } from '../compile/match.ts';
import { exact, readable } from '../dialect.ts';
import { cascadesOf } from '../erase/cascades.ts';
import { goingOf } from '../erase/dependent.ts';
import type { DependentSql, Found } from '../erase/dependent.ts';
import { pairsOf } from '../erase/listed.ts';
import type { Values } from '../erase/listed.ts';
import type { RowsSql } from '../erase/rows.ts';
import { compileWork } from '../erase/work.ts';
import type { PartSql, Work } from '../erase/work.ts';
import { heed, unfit } from '../failure.ts';
import type { Sql } from '../sql.ts';
import { FALSE, TRUE, and, join, or, sql } from '../sql.ts';
import { gather } from './gather.ts';
import type { Known } from './gather.ts';
import type { Reader } from './scan.ts';

/** Most keys in one statement. */
const CHUNK = 1000;

function* chunks<T>(all: readonly T[]): Generator<readonly T[]> {
  for (let at = 0; at < all.length; at += CHUNK) yield all.slice(at, at + CHUNK);
}

export async function count(question: Question, read: Reader): Promise<Count> {
  const { root, scope, where, unreadable, keys, view } = question;
  const meant = or(where, unreadable);
  const one = sql`CASE WHEN ${meant} THEN 1 END`;
  const names = keys.map(({ text: name, column }) =>
    takesOthersForEqual(column) ? exact(question.context.dialect, name) : name,
  );
  const grouped = sql`(SELECT MAX(${one}) AS meant FROM ${root.from} WHERE ${scope} GROUP BY ${join(names, ', ')})`;
  const matching = meant === TRUE ? sql`COUNT(*)` : sql`COUNT(${one})`;
  const rows = await read(
    view.record.repeats === true
      ? sql`SELECT COUNT(*), COUNT(by_key.meant) FROM ${grouped} AS by_key`
      : sql`SELECT COUNT(*), ${matching} FROM ${root.from} WHERE ${scope}`,
  );
  const [population, about] = (rows[0] ?? []).map((cell) => Number(text(cell)));
  return { population: population ?? 0, matching: about ?? 0 };
}

export async function readByKey(
  question: Question,
  keys: readonly Key[],
  read: Reader,
  signal: AbortSignal,
): Promise<readonly Facts[]> {
  const { root, scope, select } = question;
  const found: Facts[] = [];
  // A collation may find a record under another spelling of its key; that is not the key that was asked for.
  const asked = new Set(keys.map(idOf));
  heed(signal);
  for (const some of chunks(keys)) {
    heed(signal);
    const where = and(keyIn(question, some), scope);
    const rows = await read(sql`SELECT ${select} FROM ${root.from} WHERE ${where}`);
    found.push(...recordsOf(question, rows).filter((facts) => asked.has(idOf(facts.key))));
  }
  return found;
}

/** Rows that erasing these records in this stage would touch, by related name; those of acknowledged cascades by table. */
export async function countDependents(
  question: Question,
  stage: ViewStage,
  keys: readonly Key[],
  read: Reader,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, number>> {
  heed(signal);
  const work = compileWork(question, stage);
  const all = work.dependents;
  const counts = new Map(all.map((one) => [one.dependent.related, 0]));
  const cascading = question.view.acknowledgedCascades.length > 0;
  if ((all.length === 0 && !cascading) || keys.length === 0) return counts;
  const { root, scope, context } = question;
  const cells = all.flatMap((one) => one.rows.ours.map((ref) => readable(context.dialect, ref)));
  const rows =
    cells.length === 0
      ? []
      : await read(
          sql`SELECT ${join(cells, ', ')} FROM ${root.from} WHERE ${and(keyIn(question, keys), scope)}`,
        );
  const known: Known = new Map();
  const found = new Map<DependentSql, Found>();
  let at = 0;
  for (const one of all) {
    heed(signal);
    const from = at;
    at += one.rows.ours.length;
    const ours = rows.map((row) => one.rows.ours.map((_, i) => text(row[from + i])));
    found.set(one, await gather(read, one.rows, ours, known));
  }
  const foundOf = (one: DependentSql): Found => found.get(one) ?? { roots: [], values: [] };
  const going = goingOf(keys, all, foundOf);
  const foreseen = (one: DependentSql): Sql => one.foreseen(foundOf(one), going);
  for (const one of all) {
    heed(signal);
    const gone = or(...deletedBefore(work, one).map(foreseen));
    const coming = and(foreseen(one), gone === FALSE ? TRUE : sql`CASE WHEN ${gone} THEN 0 ELSE 1 END = 1`);
    const answer = await read(sql`SELECT COUNT(*) FROM ${one.rows.place.from} WHERE ${coming}`);
    const before = counts.get(one.dependent.related) ?? 0;
    counts.set(one.dependent.related, before + Number(text(answer[0]?.[0])));
  }
  for (const { table, count: asked } of cascadesOf(question, work, keys, foundOf, going)) {
    heed(signal);
    const rowsOfTable = Number(text((await read(asked))[0]?.[0]));
    if (rowsOfTable > 0) counts.set(table, (counts.get(table) ?? 0) + rowsOfTable);
  }
  return counts;
}

/** Those that delete rows of the same table first: what they take is gone by then. */
function deletedBefore({ order }: Work, one: DependentSql): readonly DependentSql[] {
  return order.slice(0, order.indexOf(one)).filter((other): other is DependentSql => {
    if (other === 'record' || 'part' in other || one.dependent.kind === 'keep') return false;
    return other.dependent.kind === 'delete' && other.rows.place.table === one.rows.place.table;
  });
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
  const work = compileWork(question, stage);
  const traceable = [...work.dependents.filter((one) => one.dependent.kind !== 'keep'), ...work.parts].filter(
    (one) => refersToKey(question, one.rows),
  );
  for (const some of chunks(gone))
    for (const one of traceable)
      for (const key of await withRows(question, one, some, read, signal)) byId.set(idOf(key), 'present');
  return keys.map((key) => byId.get(idOf(key)) ?? 'gone');
}

/** Rows of a record that is gone can be looked for only where they refer to nothing but its key. */
function refersToKey(question: Question, { ours, linked }: RowsSql): boolean {
  const parts = pairsOf(linked).some((pair) => pair.part !== undefined);
  return !parts && ours.every((ref) => question.view.record.key.includes(ref.column.name));
}

/** The keys to which such rows still belong; found by halving, since there should be none. */
async function withRows(
  question: Question,
  one: DependentSql | PartSql,
  keys: readonly Key[],
  read: Reader,
  signal: AbortSignal,
): Promise<readonly Key[]> {
  heed(signal);
  const names = question.view.record.key;
  const { rows } = one;
  const ours = keys.map((key) => rows.ours.map((ref) => key[names.indexOf(ref.column.name)] ?? null));
  if (keys.length === 0 || !(await isLeft(one, ours, read))) return [];
  if (keys.length === 1) return keys;
  const half = Math.ceil(keys.length / 2);
  const first = await withRows(question, one, keys.slice(0, half), read, signal);
  return [...first, ...(await withRows(question, one, keys.slice(half), read, signal))];
}

async function isLeft(one: DependentSql | PartSql, ours: Values, read: Reader): Promise<boolean> {
  const found = await gather(read, one.rows, ours);
  // A part that another record has too was to stay.
  const left = 'part' in one ? and(one.rows.matched(found.values), one.unshared([])) : one.left(found);
  if (left === FALSE) return false;
  return (await read(sql`SELECT 1 FROM ${one.rows.place.from} WHERE ${left} LIMIT 1`)).length > 0;
}
