/** The tables themselves: that they are there, and that a batch on them can be rolled back. */
import type { Table } from '../catalogue/catalogue.ts';
import { tableAt, tableOfRelated } from './check.ts';
import type { Examined } from './check.ts';
import { ofPolicy, ofRecord, ofStage } from './findings.ts';
import type { Findings, Path } from './findings.ts';

export function checkTables(one: Examined): void {
  const { view, catalogue, findings } = one;
  const root = tableAt(one, view.record.table, ofRecord(view, 'table'));
  if (root !== undefined) checkWritable(one, root, view.record.table, ofRecord(view, 'table'));
  for (const related of view.record.related)
    tableAt(one, related.table, ofRecord(view, 'related', related.name, 'table'));
  for (const [i, stage] of view.stages.entries())
    for (const [n, dependent] of stage.dependents.entries()) {
      const name = tableOfRelated(view, dependent.related);
      const table = name === undefined ? undefined : catalogue.tables.get(name);
      if (table !== undefined && name !== undefined && dependent.kind !== 'keep')
        checkWritable(one, table, name, ofStage(view, i, 'dependents', n));
    }
  if (catalogue.writesRefused)
    findings.error(
      'statement-replication',
      ofPolicy(view),
      'The server replicates statements (binlog_format=STATEMENT) and so refuses to write in READ COMMITTED',
      'Set binlog_format to ROW or MIXED on the server.',
    );
}

function checkWritable({ findings }: Examined, table: Table, name: string, path: Path): void {
  if (table.kind === 'history')
    findings.error(
      'keeps-history',
      path,
      `Table ${name} is system-versioned: what is deleted from it stays in its history`,
      `Drop the system versioning of ${name}, or delete its history first.`,
    );
  else if (table.kind !== 'table')
    findings.error(
      'not-a-table',
      path,
      `${name} is ${table.kind === 'view' ? 'a view' : 'no plain table'}: its rows cannot be locked and erased`,
      'Name the table that holds the rows.',
    );
  else if (!table.transactional) checkEngine(findings, table, name, path);
}

/** Engines whose tables a batch can lock instead. */
const LOCKABLE: readonly string[] = ['MyISAM', 'Aria'];

function checkEngine(findings: Findings, table: Table, name: string, path: Path): void {
  const engine = table.engine ?? 'unknown';
  const remedy = `Move it to a transactional engine: ALTER TABLE ${name} ENGINE=InnoDB.`;
  if (LOCKABLE.includes(engine))
    findings.warnOnce(
      'not-transactional',
      path,
      `Table ${name} is kept by the engine ${engine}, which cannot roll a batch back: each batch locks its tables (LOCK TABLES), and what is cut off half-way is finished by the next run`,
      remedy,
    );
  else
    findings.error(
      'not-transactional',
      path,
      `Table ${name} is kept by the engine ${engine}, which can neither roll a batch back nor be relied on to lock it`,
      remedy,
    );
}
