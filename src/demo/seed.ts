/** Writes the demo's data into SQLite files, and looks at single rows of them. */
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { openDatabase, text, type Connection } from '../database.ts';
import { demoData, type DatabaseName, type DemoDatabase, type EdgeCase, type Table } from './data.ts';
import { columnsOf, ddl, keyOf } from './schema.ts';

/** SQLite allows 32,766 values in a statement. */
const ROWS_AT_ONCE = 500;

/** Path of one of the demo's databases. */
export function demoFile(folder: string, database: DatabaseName): string {
  return join(folder, `${database}.sqlite`);
}

/** Makes the four databases in `folder`, in the place of those of an earlier demo. */
export async function seedDemo(folder: string): Promise<void> {
  mkdirSync(folder, { recursive: true });
  for (const one of demoData().databases) await seedFile(demoFile(folder, one.database), one);
}

async function seedFile(file: string, { database, tables }: DemoDatabase): Promise<void> {
  for (const suffix of ['', '-journal', '-wal', '-shm']) rmSync(file + suffix, { force: true });
  const opened = openDatabase(`sqlite:${file}`, { create: true });
  try {
    const connection = await opened.connect();
    await connection.query('BEGIN');
    for (const statement of ddl('sqlite', database)) await connection.query(statement);
    for (const table of tables) await insert(connection, table);
    await connection.query('COMMIT');
    await connection.release();
  } finally {
    await opened.close();
  }
}

async function insert(connection: Connection, table: Table): Promise<void> {
  const head = `INSERT INTO ${table.name} (${table.columns.join(', ')}) VALUES `;
  for (let at = 0; at < table.rows.length; at += ROWS_AT_ONCE) {
    const rows = table.rows.slice(at, at + ROWS_AT_ONCE);
    // What stands between two values: a comma, or the end of one row and the beginning of the next.
    const between = rows.flatMap((row, r) => row.map((_, c) => (c > 0 ? ', ' : r > 0 ? '), (' : `${head}(`)));
    await connection.query({ parts: [...between, ')'], params: rows.flat() });
  }
}

/** What is left of an edge case's row. */
export type Left =
  { readonly is: 'gone' | 'untouched' } | { readonly is: 'changed'; readonly columns: readonly string[] };

/** Looks what became of the edge cases, in their order. Reads only. */
export async function lookAt(folder: string, edgeCases: readonly EdgeCase[]): Promise<readonly Left[]> {
  const before = demoData().databases;
  const left: Left[] = [];
  for (const edge of edgeCases) {
    const table = before
      .find((one) => one.database === edge.database)
      ?.tables.find((one) => one.name === edge.table);
    left.push(table === undefined ? { is: 'gone' } : await lookAtRow(folder, edge, table));
  }
  return left;
}

async function lookAtRow(folder: string, edge: EdgeCase, seeded: Table): Promise<Left> {
  const columns = columnsOf(edge.database, edge.table);
  const key = keyOf(edge.database, edge.table);
  const opened = openDatabase(`sqlite:${demoFile(folder, edge.database)}`, { readOnly: true });
  try {
    const connection = await opened.connect();
    const where = key.map((column, i) => `${i === 0 ? 'WHERE' : ' AND'} ${column} = `);
    const parts = [
      `SELECT ${columns.join(', ')} FROM ${edge.table} ${where[0] ?? ''}`,
      ...where.slice(1),
      '',
    ];
    const { rows } = await connection.query({ parts, params: edge.key });
    await connection.release();
    const now = rows[0];
    const at = key.map((column) => columns.indexOf(column));
    const then = seeded.rows.find((row) => at.every((position, i) => row[position] === edge.key[i]));
    if (now === undefined || then === undefined) return { is: 'gone' };
    const changed = columns.filter((_, i) => text(now[i]) !== text(then[i]));
    return changed.length === 0 ? { is: 'untouched' } : { is: 'changed', columns: changed };
  } finally {
    await opened.close();
  }
}
