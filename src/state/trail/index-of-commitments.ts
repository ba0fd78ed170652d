/**
 * The index of the trail: which entries a commitment (or another name, see audit/lookup/names.ts) stands in, so that
 * looking one person up does not read the whole trail. It is a copy and may be dropped at any time; nothing is erased
 * or kept on account of it.
 *
 * One row per name and entry: the first 8 bytes of the name, the number of the entry. Two names may share them, so
 * whoever finds an entry reads it. `frist_trail_index_reach` says how far the index goes, written with the rows.
 */
import type { Knex } from 'knex';
import type { Head, IndexRow } from '../state.ts';
import type { Turn } from '../turn.ts';
import { ONE } from '../turn.ts';

const ROWS_AT_ONCE = 1000;
const PREFIXES_AT_ONCE = 500;

interface ReachRow {
  readonly one: number;
  readonly size: number | string;
  readonly root: string;
}

/** How far the index goes; undefined where it is empty. */
export async function readReach(db: Knex): Promise<Head | undefined> {
  const row = await db<ReachRow>('frist_trail_index_reach').where({ one: ONE }).first();
  return row === undefined ? undefined : { size: Number(row.size), root: row.root };
}

/** By hand, because knex makes a SELECT of each row for SQLite, which takes 500 of them at most. */
async function insertRows(db: Knex, rows: readonly IndexRow[]): Promise<void> {
  const places = rows.map(() => '(?, ?)').join(', ');
  const values = rows.flatMap(({ prefix, entry }) => [prefix, entry]);
  await db.raw(`insert into frist_trail_index (prefix, entry) values ${places}`, values);
}

/** Adds the rows of the entries between two heads; false, and nothing is added, when it does not go exactly to `from`. */
export async function extendIndex(
  turn: Turn,
  from: Head | undefined,
  to: Head,
  rows: readonly IndexRow[],
): Promise<boolean> {
  const known = await readReach(turn.db);
  if (known?.size !== from?.size || known?.root !== from?.root) return false;
  // Neighbours in the table one after the other: a page of it is written once for all of its new rows.
  const sorted = [...rows].sort((a, b) => Buffer.compare(a.prefix, b.prefix) || a.entry - b.entry);
  for (let at = 0; at < sorted.length; at += ROWS_AT_ONCE) {
    const piece = sorted.slice(at, at + ROWS_AT_ONCE);
    await insertRows(turn.db, piece);
  }
  const reach = turn.db<ReachRow>('frist_trail_index_reach');
  if (known === undefined) await reach.insert({ one: ONE, size: to.size, root: to.root });
  else await reach.where({ one: ONE }).update({ size: to.size, root: to.root });
  return true;
}

/** Empties the index. */
export async function dropIndex(turn: Turn): Promise<void> {
  await turn.db('frist_trail_index_reach').delete();
  await turn.db('frist_trail_index').delete();
}

/** Numbers of the entries that have a name with one of these prefixes, ascending, each once. */
export async function findInIndex(db: Knex, prefixes: readonly Buffer[]): Promise<readonly number[]> {
  const found = new Set<number>();
  for (let at = 0; at < prefixes.length; at += PREFIXES_AT_ONCE) {
    const rows = await db<{ readonly entry: number | string }>('frist_trail_index')
      .whereIn('prefix', prefixes.slice(at, at + PREFIXES_AT_ONCE))
      .select('entry');
    for (const row of rows) found.add(Number(row.entry));
  }
  return [...found].sort((a, b) => a - b);
}
