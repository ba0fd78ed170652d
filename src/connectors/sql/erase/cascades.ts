/** Rows that the database itself deletes or empties with those of a batch, where the policy acknowledges it: counted. */
import type { Key } from '../../../policy/policy.ts';
import { shortName } from '../catalogue/catalogue.ts';
import type { TableId } from '../catalogue/catalogue.ts';
import type { Question } from '../compile/facts.ts';
import { keyIn } from '../compile/keys.ts';
import { quote } from '../dialect.ts';
import type { Sql } from '../sql.ts';
import { FALSE, and, join, sql } from '../sql.ts';
import { isAcknowledged } from './acknowledged.ts';
import type { DependentSql, Found } from './dependent.ts';
import type { Going } from './going.ts';
import type { Work } from './work.ts';

export interface Cascade {
  /** The table that the rows go from, as `acknowledge cascades` names it. */
  readonly table: string;
  readonly what: 'deleted' | 'detached';
  /** SELECT of how many. */
  readonly count: Sql;
}

/** Rows of a table that go. */
interface Leaving {
  readonly id: TableId;
  readonly from: Sql;
  readonly where: Sql;
}

/** Each foreign key once, through as many tables as it takes. To be asked before anything is changed. */
export function cascadesOf(
  question: Question,
  work: Work,
  keys: readonly Key[],
  foundOf: (one: DependentSql) => Found,
  going: Going,
): readonly Cascade[] {
  const { context, root, view } = question;
  const named = new Set(work.written.map((table) => table.id));
  const records: Leaving = {
    id: root.table.id,
    from: root.from,
    where: and(keyIn(question, keys), work.predicate),
  };
  const leaving: Leaving[] = work.stage.action.kind === 'delete' ? [records] : [];
  for (const one of work.dependents)
    if (one.dependent.kind === 'delete')
      leaving.push({
        id: one.rows.place.table.id,
        from: one.rows.place.from,
        where: one.foreseen(foundOf(one), going),
      });
  const found: Cascade[] = [];
  const seen = new Set<unknown>();
  for (let next = leaving.shift(); next !== undefined; next = leaving.shift()) {
    const { id, from, where } = next;
    for (const key of context.catalogue.foreignKeys) {
      if (key.to !== id || key.onDelete === 'restrict' || where === FALSE) continue;
      // Rows of tables that the policy names are counted where it names them.
      if (named.has(key.from) || seen.has(key)) continue;
      if (!isAcknowledged(view.acknowledgedCascades, key.from)) continue;
      const name = shortName(key.from);
      seen.add(key);
      const columns = (all: readonly string[]): Sql => join(all.map((each) => quote(context.dialect, each)), ', '); // prettier-ignore
      const table = join(key.from.split('.').map((part) => quote(context.dialect, part)), '.'); // prettier-ignore
      const theirs = sql`(${columns(key.columns)}) IN (SELECT ${columns(key.references)} FROM ${from} WHERE ${where})`;
      const what = key.onDelete === 'cascade' ? 'deleted' : 'detached';
      found.push({ table: name, what, count: sql`SELECT COUNT(*) FROM ${table} WHERE ${theirs}` });
      if (what === 'deleted') leaving.push({ id: key.from, from: table, where: theirs });
    }
  }
  return found;
}
