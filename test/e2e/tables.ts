// The demo's data in real databases, written and read past the code under test.
import type { DemoDatabase, Row, Table } from '../../src/demo/data.ts';
import { columnsOf, ddl, keyOf } from '../../src/demo/schema.ts';
import { freshDatabase, type Engine, type TestDatabase } from '../support/servers/index.ts';
import { cellText, type TextRow } from './oracle.ts';

const DIALECT = { mariadb: 'mysql', postgres: 'postgres', sqlite: 'sqlite' } as const;
const ROWS_AT_ONCE = 400;

async function insert(db: TestDatabase, table: Table, rows: readonly Row[]): Promise<void> {
  let n = 0;
  const mark = (): string => (db.engine === 'postgres' ? `$${(n += 1)}` : '?');
  const tuples = rows.map((row) => `(${row.map(mark).join(', ')})`);
  const values = rows.flat().map((cell) => (typeof cell === 'bigint' ? String(cell) : cell));
  await db.query(
    `insert into ${table.name} (${table.columns.join(', ')}) values ${tuples.join(', ')}`,
    values,
  );
}

/** A new database with one of the demo's systems in it. */
export async function fill(engine: Engine, demo: DemoDatabase): Promise<TestDatabase> {
  const db = await freshDatabase(engine);
  await db.query('select 1');
  for (const statement of ddl(DIALECT[engine], demo.database)) await db.query(statement);
  for (const table of demo.tables) {
    for (let at = 0; at < table.rows.length; at += ROWS_AT_ONCE) {
      await insert(db, table, table.rows.slice(at, at + ROWS_AT_ONCE));
    }
  }
  return db;
}

/** Every row and column of a table. */
export async function readTable(
  db: TestDatabase,
  demo: DemoDatabase,
  table: string,
): Promise<readonly TextRow[]> {
  const columns = columnsOf(demo.database, table);
  const rows = await db.query(`select ${columns.join(', ')} from ${table}`);
  return rows.map((row) => Object.fromEntries(columns.map((column) => [column, cellText(row[column])])));
}

/** What differs between two tables, a line a row; empty when they are the same. */
export function differences(
  demo: DemoDatabase,
  table: string,
  wanted: readonly TextRow[],
  found: readonly TextRow[],
): readonly string[] {
  const key = keyOf(demo.database, table);
  const byKey = (rows: readonly TextRow[]): ReadonlyMap<string, TextRow> =>
    new Map(rows.map((row) => [key.map((column) => row[column]).join('/'), row]));
  const [want, have] = [byKey(wanted), byKey(found)];
  const lines: string[] = have.size === found.length ? [] : [`${table}: rows share a key`];
  for (const [id, row] of want) {
    const other = have.get(id);
    if (other === undefined) lines.push(`${table} ${id}: gone, and should not be`);
    else {
      const columns = Object.keys(row).filter((column) => row[column] !== other[column]);
      for (const column of columns)
        lines.push(`${table} ${id}: ${column} is ${String(other[column])}, should be ${String(row[column])}`);
    }
  }
  for (const id of have.keys())
    if (!want.has(id)) lines.push(`${table} ${id}: still there, and should not be`);
  return lines;
}
