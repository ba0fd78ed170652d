/** The tables themselves: that they are there, and that a batch on them can be rolled back. */
import type { View } from '../../../policy/policy.ts';
import { SourceFailure } from '../../connector.ts';
import type { Catalogue, Table } from '../catalogue/catalogue.ts';
import type { Ask } from '../catalogue/load.ts';
import { quote } from '../dialect.ts';
import { sql } from '../sql.ts';
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

/** Where tables cannot roll back, whether the user of the connection may lock all that a batch names. */
export async function checkLocking(
  catalogue: Catalogue,
  views: readonly View[],
  findings: Findings,
  ask: Ask,
): Promise<void> {
  const schemas = new Map<string, View>();
  for (const view of views)
    if (writtenBy(catalogue, view).some((table) => !table.transactional))
      for (const table of tablesOf(catalogue, view)) {
        const schema = table.id.slice(0, table.id.indexOf('.'));
        if (!schemas.has(schema)) schemas.set(schema, view);
      }
  for (const [schema, view] of schemas)
    if (!(await mayLock(schema, ask)))
      findings.error(
        'lock-privilege',
        ofRecord(view, 'table'),
        `The user of the connection may not lock tables of ${schema}, and each batch has to: not all of its tables can roll back`,
        `GRANT LOCK TABLES ON ${schema}.* to that user.`,
      );
}

function writtenBy(catalogue: Catalogue, { record, stages }: View): readonly Table[] {
  const changed = new Set(
    stages.flatMap((stage) => stage.dependents.flatMap((one) => (one.kind === 'keep' ? [] : [one.related]))),
  );
  const related = record.related.filter((one) => changed.has(one.name));
  return found(catalogue, [record, ...(record.parts ?? []), ...related]);
}

/** Every table that a statement of the batch can name. */
const tablesOf = (catalogue: Catalogue, { record }: View): readonly Table[] =>
  found(catalogue, [record, ...(record.parts ?? []), ...record.related]);

const found = ({ tables }: Catalogue, all: readonly { readonly table: string }[]): readonly Table[] =>
  all.flatMap(({ table }) => tables.get(table) ?? []);

/** Asks for the lock of a table that is not there: the server looks at what is allowed first, and locks nothing. */
async function mayLock(schema: string, ask: Ask): Promise<boolean> {
  const nothing = sql`${quote('mysql', schema)}.${quote('mysql', 'frist_locks_nothing')}`;
  try {
    await ask(sql`LOCK TABLES ${nothing} READ`);
    return true;
  } catch (error) {
    if (!(error instanceof SourceFailure)) throw error;
    if (error.code === 'ER_DBACCESS_DENIED_ERROR') return false;
    if (error.failure === 'transient') throw error;
    return true;
  }
}
