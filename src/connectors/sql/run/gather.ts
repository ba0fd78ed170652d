/** Reads the values by which the rows of a batch are found: hop by hop, from the records on. */
import { text } from '../../../database.ts';
import { SourceFailure } from '../../connector.ts';
import type { Found } from '../erase/dependent.ts';
import type { Values } from '../erase/listed.ts';
import type { RowsSql } from '../erase/rows.ts';
import type { Sql } from '../sql.ts';

/** Sends a statement and gives its rows. */
export type Ask = (statement: Sql) => Promise<readonly (readonly unknown[])[]>;

/** Most values of one statement, where a smaller batch needs fewer: SQLite takes no more than 32766. */
const MAX_VALUES = 30_000;

/** A hop that several dependents share is read once. */
export type Known = Map<string, Promise<Values>>;

/**
 * @param roots the records' own values, one list per record
 * @throws SourceFailure data, where there are too many and the batch can be split
 */
export async function gather(
  ask: Ask,
  rows: RowsSql,
  roots: Values,
  known: Known = new Map(),
): Promise<Found> {
  let values = roots;
  for (const hop of rows.hops) {
    const read = known.get(hop.id) ?? readHop(ask, hop.select(values));
    known.set(hop.id, read);
    values = await read;
    const cells = values.length * (values[0]?.length ?? 0);
    if (cells > MAX_VALUES && roots.length > 1) throw new SourceFailure('data', 'TOO_MANY_RELATED_ROWS');
  }
  return { roots, values };
}

async function readHop(ask: Ask, select: Sql): Promise<Values> {
  const rows = (await ask(select)).map((row) => row.map(text));
  return [...new Map(rows.map((row) => [JSON.stringify(row), row])).values()];
}
