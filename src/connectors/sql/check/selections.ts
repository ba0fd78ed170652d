/** Selections, the SELECTs that somebody wrote: the database itself says whether it takes them. Nothing is carried out. */
import type { View } from '../../../policy/policy.ts';
import { SourceFailure } from '../../connector.ts';
import type { Ask } from '../catalogue/load.ts';
import { bare, compileCondition } from '../compile/condition.ts';
import { newContext, placeOf } from '../compile/place.ts';
import type { Sql } from '../sql.ts';
import { join, raw, sql } from '../sql.ts';
import type { Examined } from './check.ts';
import { EXPLAIN } from './explain.ts';
import { ofRecord } from './findings.ts';

export async function checkSelections(one: Examined, ask: Ask): Promise<void> {
  const { dialect, catalogue, view, findings } = one;
  const table = catalogue.tables.get(view.record.table);
  for (const selection of view.record.selections ?? []) {
    if (table?.transactional === false)
      findings.error(
        'selection-locks',
        ofRecord(view, 'selections', selection.name),
        `Table ${view.record.table} cannot roll back, so that a batch locks all tables that it reads; which ones the selection reads is not known`,
        `Ask by related rows instead, or ALTER TABLE ${view.record.table} ENGINE=InnoDB.`,
      );
    const explain = EXPLAIN[dialect];
    const nulls = join(view.record.key.map(() => raw('NULL')), ', '); // prettier-ignore
    // Alone first: a stray bracket could fit into the statement around it, and mean something else there.
    const code =
      (await refusal(sql`${explain}${raw(selection.sql)}`, ask)) ??
      (await refusal(inPlace(one, view, selection.name), ask)) ??
      // PostgreSQL would leave out the columns that are too many.
      (await refusal(sql`${explain}SELECT ${nulls} UNION ALL SELECT * FROM (\n${bare(selection.sql)}\n) AS s`, ask)); // prettier-ignore
    if (code !== undefined)
      findings.error(
        'selection',
        ofRecord(view, 'selections', selection.name),
        `The database does not take the selection "${selection.name}" (${code})`,
        `Write one SELECT of ${String(view.record.key.length)} column(s): ${view.record.key.join(', ')}.`,
      );
  }
}

/** The selection as statements have it, or nothing where the table is not there: that is told elsewhere. */
function inPlace({ dialect, catalogue }: Examined, { record }: View, selection: string): Sql | undefined {
  const table = catalogue.tables.get(record.table);
  if (table === undefined || !record.key.every((name) => table.columns.has(name))) return undefined;
  const place = placeOf(dialect, table);
  const condition = compileCondition(newContext(dialect, catalogue, record), place, { kind: 'selected', selection }); // prettier-ignore
  return sql`${EXPLAIN[dialect]}SELECT 1 FROM ${place.from} WHERE ${condition}`;
}

/** The code with which the database refuses the statement. */
async function refusal(statement: Sql | undefined, ask: Ask): Promise<string | undefined> {
  if (statement === undefined) return undefined;
  try {
    await ask(statement);
    return undefined;
  } catch (error) {
    if (error instanceof SourceFailure && error.failure !== 'transient') return error.code;
    throw error;
  }
}
