/**
 * What stands around the statements of a batch: a transaction, or the locks of tables that know none.
 *
 * A crash in between: a transaction leaves nothing. Tables that cannot roll back (MyISAM, Aria) keep what was
 * done so far; dependents go first and the record last, so that whoever looks later finds the record and does the rest.
 */
import type { Table } from '../catalogue/catalogue.ts';
import type { Question } from '../compile/facts.ts';
import { placeOf } from '../compile/place.ts';
import type { DependentSql } from '../erase/dependent.ts';
import type { Work } from '../erase/work.ts';
import { BEGIN } from '../dialect.ts';
import type { Sql } from '../sql.ts';
import { join, raw, sql } from '../sql.ts';

type Statements = readonly (Sql | string)[];

export interface Bracket {
  readonly begin: Statements;
  /** The statement from which on the batch is done. */
  readonly commit: string;
  readonly undo: Statements;
  /** After either. */
  readonly after: Statements;
  /** Whether `undo` takes everything back. */
  readonly undoes: boolean;
}

export function bracketOf(question: Question, { written, dependents }: Work): Bracket {
  const { dialect } = question.context;
  if (written.every((table) => table.transactional))
    return { begin: [BEGIN[dialect]], commit: 'COMMIT', undo: ['ROLLBACK'], after: [], undoes: true };
  return {
    // START TRANSACTION would give the locks back. Tables that know transactions are still part of one.
    begin: ['SET autocommit = 0', lockTables(question, written, dependents)],
    commit: 'COMMIT',
    undo: ['ROLLBACK'],
    after: ['UNLOCK TABLES', 'SET autocommit = 1'],
    undoes: false,
  };
}

/** Names every table of the batch's statements, and every alias: others cannot be read while the locks are held. */
function lockTables(question: Question, written: readonly Table[], dependents: readonly DependentSql[]): Sql {
  const named = (table: Table): Sql => placeOf('mysql', table).from;
  const read = dependents.map((one) => one.rows.place.table).filter((table) => !written.includes(table));
  const locks = [
    ...[...new Set(written)].map((table) => sql`${named(table)} WRITE`),
    ...[...new Set(read)].map((table) => sql`${named(table)} READ`),
    ...question.context.aliased.map(({ table, alias }) => sql`${named(table)} AS ${raw(alias)} READ`),
  ];
  return sql`LOCK TABLES ${join(locks, ', ')}`;
}
