/** The statements that change rows, each sent only where there can be rows for it. */
import { text } from '../../../database.ts';
import type { Connection } from '../../../database.ts';
import { emptied } from '../erase/change.ts';
import type { Anonymising } from '../erase/change.ts';
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
  const where = one.where(found);
  switch (one.dependent.kind) {
    case 'delete':
      return await deleteRows(connection, place, where);
    case 'anonymise':
      return one.anonymising === undefined ? 0 : await anonymiseRows(connection, one.anonymising, where);
    case 'detach': {
      const [only, ...others] = one.detaching;
      if (only !== undefined && others.length === 0)
        return await update(connection, place, emptied(context, place, only.columns), where);
      // A row may refer twice; it counts once.
      const rows = await countRows(connection, place, where);
      for (const { columns, met } of one.detaching)
        await update(connection, place, emptied(context, place, columns), and(where, met(found)));
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

/** Writes the replacements into the rows that `where` names; answers how many it met. */
export async function anonymiseRows(
  connection: Connection,
  { place, assignments }: Anonymising,
  where: Sql,
): Promise<number> {
  return await update(connection, place, assignments, where);
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
