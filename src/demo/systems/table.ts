/** Gathers rows that are written by column name into rows by position. */
import { columnsOf } from '../schema.ts';
import type { Cell, DatabaseName, Row, Table } from '../types.ts';

export interface TableBuilder {
  /** Adds a row; a column that is not named is NULL. */
  add(row: Readonly<Record<string, Cell>>): void;
  table(): Table;
}

/** A builder of one table of the demo. */
export function builder(database: DatabaseName, name: string): TableBuilder {
  const columns = columnsOf(database, name);
  const rows: Row[] = [];
  return {
    add: (row) => void rows.push(columns.map((column) => row[column] ?? null)),
    table: () => ({ name, columns, rows }),
  };
}
