/** The records of a batch as they are under the lock. */
import { text } from '../../../database.ts';
import type { Connection } from '../../../database.ts';
import type { Facts, Key, Raw } from '../../../policy/policy.ts';
import type { Question } from '../compile/facts.ts';
import { keyIn } from '../compile/keys.ts';
import { idOf } from '../compile/values.ts';
import { LOCKING, readable } from '../dialect.ts';
import type { Values } from '../erase/listed.ts';
import type { Work } from '../erase/work.ts';
import type { Sql } from '../sql.ts';
import { and, join, raw, sql } from '../sql.ts';

export interface Locked {
  /** Where keys repeat, with the record's other rows. */
  readonly facts: Facts;
  /** Every row of it meets the predicate. */
  readonly eligible: boolean;
  /** Per dependent and part, the values by which its rows are found; one list for each row of the record. */
  readonly ours: readonly Values[];
  /** How many rows it is. */
  readonly rows: number;
}

/** Locks the records that are there and reads them, by key. */
export async function lockRecords(
  connection: Connection,
  question: Question,
  work: Work,
  batch: readonly Key[],
): Promise<ReadonlyMap<string, Locked>> {
  const { root, keys, scope, select, width, decode, context } = question;
  const where = and(keyIn(question, batch), scope);
  const locking = raw(LOCKING[context.dialect]);
  const linked = [...work.dependents, ...work.parts].map((one) => one.rows.ours);
  const ours = linked.flat().map((ref) => readable(context.dialect, ref));
  const looksAround = question.looksAround || [work.predicate, ...ours].some(hasSubquery);
  // What stands in other tables must be read after the locks are there: a statement that had to wait for a lock still
  // sees the other tables as they were when it began.
  if (looksAround && LOCKING[context.dialect] !== '') {
    const names = join(keys.map((key) => key.text), ', '); // prettier-ignore
    await connection.query(sql`SELECT ${names} FROM ${root.from} WHERE ${where}${locking}`);
  }
  const cells = join([select, sql`CASE WHEN ${work.predicate} THEN 1 ELSE 0 END`, ...ours], ', ');
  const reading = sql`SELECT ${cells} FROM ${root.from} WHERE ${where}`;
  const { rows } = await connection.query(looksAround ? reading : sql`${reading}${locking}`);
  const found = new Map<string, Locked>();
  for (const row of rows) {
    const facts = decode(row);
    if (facts === undefined) continue;
    let at = width + 1;
    const values = linked.map((refs): readonly Raw[] => refs.map(() => text(row[at++])));
    const one: Locked = {
      facts,
      eligible: text(row[width]) === '1',
      ours: values.map((each) => [each]),
      rows: 1,
    };
    const before = found.get(idOf(facts.key));
    found.set(idOf(facts.key), before === undefined ? one : together(before, one));
  }
  return found;
}

const hasSubquery = (piece: Sql): boolean => piece.parts.some((part) => part.includes('SELECT '));

/** Two rows with the same key are one record. */
function together(one: Locked, other: Locked): Locked {
  return {
    facts: { ...one.facts, also: [...(one.facts.also ?? []), other.facts] },
    eligible: one.eligible && other.eligible,
    ours: one.ours.map((values, i) => [...values, ...(other.ours[i] ?? [])]),
    rows: one.rows + other.rows,
  };
}
