/**
 * Asks the database itself how it would read for a scan. What `check` knows of indexes says nothing of a planner that
 * does not take them; a condition that reads a whole table once a page, or once a record, is told before it runs.
 */
import type { Dialect } from '../../../database.ts';
import type { StartColumn, Window } from '../../../policy/policy.ts';
import type { Table } from '../catalogue/catalogue.ts';
import { shortName } from '../catalogue/catalogue.ts';
import type { Ask } from '../catalogue/load.ts';
import { startValue } from '../compile/facts.ts';
import type { Question } from '../compile/facts.ts';
import { placeOf } from '../compile/place.ts';
import { Scan } from '../run/scan.ts';
import type { Reader } from '../run/scan.ts';
import type { Sql } from '../sql.ts';
import { raw, sql } from '../sql.ts';
import { ofPolicy } from './findings.ts';
import type { Findings } from './findings.ts';

/** A table with fewer rows is read whole in no time, and planners rightly do so. */
const BIG = 10_000;

/** Warns of tables that a scan for the view would read from end to end. The view has no errors. */
export async function explainScan(question: Question, findings: Findings, ask: Ask): Promise<void> {
  const { context, view, root } = question;
  const { dialect } = context;
  const windows = view.starts.map((start, index) => exampleWindow(question, start, index));
  const scan = new Scan(question, windows, 100, NOBODY);
  const read = new Set<Table>();
  for (const statement of scan.opening()) {
    for (const name of await tablesReadWhole(dialect, statement, ask)) {
      const inside = context.aliased.find((each) => each.alias === name)?.table;
      if (inside !== undefined) read.add(inside);
      else if (scan.byIndex && name === root.table.parts.at(-1)) read.add(root.table);
    }
  }
  for (const table of read) {
    if (!(await isBig(dialect, table, ask))) continue;
    findings.warning(
      'whole-table-read',
      ofPolicy(view),
      `The database would read the whole table ${shortName(table.id)} for each page of a scan`,
      `Make an index of ${shortName(table.id)} that begins with the columns that it is matched by, and ANALYZE it.`,
    );
  }
}

/** Statements are only looked at here. */
const NOBODY: Reader = () => Promise.resolve([]);

/** Bounds such as a sweep would have. */
function exampleWindow(question: Question, start: StartColumn, index: number): Window {
  if (start.encoding?.kind === 'epoch seconds')
    return { index, dueBefore: '946684800', aheadAfter: '2147483647' };
  if (start.encoding?.kind === 'epoch milliseconds')
    return { index, dueBefore: '946684800000', aheadAfter: '4102444800000' };
  const { column } = startValue(question.context, question.root, start);
  const time = column.family === 'date' ? '' : ' 00:00:00';
  return { index, dueBefore: `2000-01-01${time}`, aheadAfter: `2100-01-01${time}` };
}

/** Puts before a statement what makes the database only tell how it would go about it. */
export const EXPLAIN: Readonly<Record<Dialect, Sql>> = {
  mysql: raw('EXPLAIN FORMAT=JSON '),
  postgres: raw('EXPLAIN (FORMAT JSON) '),
  sqlite: raw('EXPLAIN QUERY PLAN '),
};

/** A table of MySQL's plan, as text: MariaDB's is JSON only as long as no condition holds an apostrophe. */
const MYSQL_WHOLE =
  /"table_name": "((?:[^"\\]|\\.)*)",\s*(?:"partitions": [^:]*,\s*)?"access_type": "(?:ALL|index)"/g;

/** The names, as the statement knows them, of tables that the plan goes through without searching. */
async function tablesReadWhole(dialect: Dialect, statement: Sql, ask: Ask): Promise<readonly string[]> {
  const rows = await ask(sql`${EXPLAIN[dialect]}${statement}`);
  if (dialect === 'sqlite') return rows.flatMap((row) => /^SCAN (\S+)/.exec(row[3] ?? '')?.[1] ?? []);
  const plan = rows[0]?.[0] ?? 'null';
  if (dialect === 'postgres') return scannedBy(JSON.parse(plan));
  return [...plan.matchAll(MYSQL_WHOLE)].map((match) => match[1] ?? '');
}

/** PostgreSQL's plan, however deep it is nested. */
function scannedBy(plan: unknown): readonly string[] {
  if (typeof plan !== 'object' || plan === null) return [];
  const node = plan as Readonly<Record<string, unknown>>;
  const below = Object.values(node).flatMap(scannedBy);
  const name = node['Alias'];
  return node['Node Type'] === 'Seq Scan' && typeof name === 'string' ? [name, ...below] : below;
}

async function isBig(dialect: Dialect, table: Table, ask: Ask): Promise<boolean> {
  const { from } = placeOf(dialect, table);
  const rows = await ask(
    sql`SELECT COUNT(*) FROM (SELECT 1 FROM ${from} LIMIT ${raw(String(BIG))}) AS some_rows`,
  );
  return Number(rows[0]?.[0]) >= BIG;
}
