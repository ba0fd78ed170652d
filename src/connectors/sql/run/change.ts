/** The statements that change rows, each sent only where there can be rows for it. */
import { text } from '../../../database.ts';
import type { Connection } from '../../../database.ts';
import { emptied } from '../erase/anonymise/change.ts';
import type { Anonymising, FreeText } from '../erase/anonymise/change.ts';
import type { DependentSql, Found } from '../erase/dependent.ts';
import type { Context, Place } from '../compile/place.ts';
import type { Sql } from '../sql.ts';
import { FALSE, and, sql } from '../sql.ts';

/** Changes the rows of a dependent that are left; answers how many. `keep` changes none. */
export async function changeDependent(
  connection: Connection,
  context: Context,
  one: DependentSql,
  found: Found,
): Promise<number> {
  const { place } = one.rows;
  const reached = one.reached(found);
  const where = and(one.left(found), reached);
  switch (one.dependent.kind) {
    case 'delete':
      return await deleteRows(connection, place, where);
    case 'anonymise':
      return one.anonymising === undefined
        ? 0
        : await anonymiseRows(connection, one.anonymising, and(one.meant(found), reached));
    case 'detach': {
      const [only, ...others] = one.detaching;
      if (only !== undefined && others.length === 0)
        return await update(
          connection,
          place,
          emptied(context, place, only.columns, one.dependent.to),
          where,
        );
      // A row may refer twice; it counts once.
      const rows = await countRows(connection, place, where);
      for (const { columns, met } of one.detaching)
        await update(
          connection,
          place,
          emptied(context, place, columns, one.dependent.to),
          and(where, met(found)),
        );
      return rows;
    }
    case 'keep':
      return 0;
  }
}

export async function deleteRows(connection: Connection, place: Place, where: Sql): Promise<number> {
  if (where === FALSE) return 0;
  return (await connection.query(sql`DELETE FROM ${place.from} WHERE ${where}`)).affected;
}

/**
 * Writes the replacements into the rows that `where` names, as far as they are not there yet; answers how many rows it
 * met. Where free text is looked through, all of the rows count.
 */
export async function anonymiseRows(
  connection: Connection,
  { place, assignments, unfinished, texts }: Anonymising,
  where: Sql,
): Promise<number> {
  const all = texts.length === 0 ? undefined : await countRows(connection, place, where);
  for (const one of texts) await redactRows(connection, place, one, where);
  const rows = await update(connection, place, assignments, and(where, unfinished));
  return all ?? rows;
}

/** Most texts that one statement rewrites. */
const TEXTS = 200;

/** Reads the texts, and writes those that hold what must not stay: to the rows that still have them. */
async function redactRows(connection: Connection, place: Place, one: FreeText, where: Sql): Promise<void> {
  const found = await textsLeft(connection, place, one, where);
  for (let at = 0; at < found.length; at += TEXTS) {
    const some = found.slice(at, at + TEXTS);
    const held = one.holds(some);
    await update(
      connection,
      place,
      one.rewrite(some.map((text) => [text, one.redact(text)])),
      and(where, held),
    );
  }
}

/** The different texts of the rows that are not redacted. */
export async function textsLeft(
  connection: Connection,
  place: Place,
  { ref, redact }: FreeText,
  where: Sql,
): Promise<readonly string[]> {
  if (where === FALSE) return [];
  const asked = and(where, sql`${ref.text} IS NOT NULL`);
  const { rows } = await connection.query(sql`SELECT ${ref.text} FROM ${place.from} WHERE ${asked}`);
  return [...new Set(rows.map((row) => text(row[0]) ?? ''))].filter((one) => redact(one) !== one);
}

async function update(connection: Connection, place: Place, assignments: Sql, where: Sql): Promise<number> {
  if (where === FALSE) return 0;
  return (await connection.query(sql`UPDATE ${place.from} SET ${assignments} WHERE ${where}`)).affected;
}

export async function countRows(connection: Connection, place: Place, where: Sql): Promise<number> {
  if (where === FALSE) return 0;
  const { rows } = await connection.query(sql`SELECT COUNT(*) FROM ${place.from} WHERE ${where}`);
  return Number(text(rows[0]?.[0]));
}

export async function isAny(connection: Connection, place: Place, where: Sql): Promise<boolean> {
  if (where === FALSE) return false;
  return (await connection.query(sql`SELECT 1 FROM ${place.from} WHERE ${where} LIMIT 1`)).rows.length > 0;
}
