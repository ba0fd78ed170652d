/**
 * One batch, inside the bracket that the session puts around it (bracket.ts): lock the roots, look again at everything
 * under the lock, dependents, roots, look for dependents again. A crash or a lost connection at any point before the
 * commit leaves nothing where tables know transactions: the server rolls back.
 */
import { text } from '../../../database.ts';
import type { Connection } from '../../../database.ts';
import type { Facts, Raw } from '../../../policy/policy.ts';
import type { Batch, BatchResult, DependentCount, RecordOutcome } from '../../connector.ts';
import { SourceFailure } from '../../connector.ts';
import { assignments, keyText } from '../compile/change.ts';
import { oursCells } from '../compile/dependent.ts';
import type { DependentSql, Ours } from '../compile/dependent.ts';
import type { Question } from '../compile/facts.ts';
import { idOf, oneOf } from '../compile/values.ts';
import { LOCKING } from '../dialect.ts';
import { heed } from '../failure.ts';
import type { Sql } from '../sql.ts';
import { and, join, raw, sql } from '../sql.ts';

/** A record as it is under the lock. */
interface Locked {
  readonly facts: Facts;
  /** The policy is about it, and no exemption keeps it. */
  readonly eligible: boolean;
  /** Its matching columns, per dependent. */
  readonly ours: readonly (readonly Raw[])[];
}

const NOTHING: DependentCount = { deleted: 0, anonymised: 0, detached: 0, kept: 0 };

export interface RunBatch {
  readonly connection: Connection;
  readonly question: Question;
  readonly batch: Batch;
  /** Those of the batch. */
  readonly dependents: readonly DependentSql[];
  readonly signal: AbortSignal;
  /** Told before the first statement that changes anything. */
  readonly writing: () => void;
}

/**
 * Runs a batch inside the open bracket, which the caller ends. With nothing to erase it makes no change.
 * @throws SourceFailure, or what `stillDue` throws.
 */
export async function runBatch(run: RunBatch): Promise<BatchResult> {
  const { connection, question, batch, dependents, signal } = run;
  heed(signal);
  const locked = await lock(connection, question, dependents, batch);
  heed(signal);
  const ids = batch.keys.map(idOf);
  const due = decide(batch, ids, locked);
  const facts = ids.map((id) => locked.get(id)?.facts);
  const outcomes = outcomesOf(batch, ids, locked, due);
  const roots = [...due].map((id) => locked.get(id)).filter((one) => one !== undefined);
  const counts = roots.length === 0 ? noCounts(dependents) : await eraseAll(run, roots);
  return { outcomes, facts, dependents: counts };
}

const noCounts = (dependents: readonly DependentSql[]): ReadonlyMap<string, DependentCount> =>
  new Map(dependents.map((one) => [one.dependent.related, NOTHING]));

/** Locks the records that are there and reads them, by key. */
async function lock(
  connection: Connection,
  question: Question,
  dependents: readonly DependentSql[],
  batch: Batch,
): Promise<ReadonlyMap<string, Locked>> {
  const { root, keys, scope, select, width, predicate, decode, context } = question;
  const where = and(oneOf(context.dialect, keys, batch.keys), scope);
  const locking = raw(LOCKING[context.dialect]);
  // What stands in other tables must be read after the locks are there: a statement that had to wait for a lock still
  // sees the other tables as they were when it began.
  if (question.looksAround && LOCKING[context.dialect] !== '')
    await connection.query(
      sql`SELECT ${join(
        keys.map((key) => key.text),
        ', ',
      )} FROM ${root.from} WHERE ${where}${locking}`,
    );
  const cells = join(
    [select, sql`CASE WHEN ${predicate} THEN 1 ELSE 0 END`, ...oursCells(question, dependents)],
    ', ',
  );
  const reading = sql`SELECT ${cells} FROM ${root.from} WHERE ${where}`;
  const { rows } = await connection.query(question.looksAround ? reading : sql`${reading}${locking}`);
  const found = new Map<string, Locked>();
  for (const row of rows) {
    const facts = decode(row);
    if (facts === undefined) continue;
    let at = width + 1;
    const ours = dependents.map((one) => one.ours.map(() => text(row[at++])));
    found.set(idOf(facts.key), { facts, eligible: text(row[width]) === '1', ours });
  }
  return found;
}

/** The records that may go, by key: the predicate holds under the lock, and whoever decides says that they are due. */
function decide(
  batch: Batch,
  ids: readonly string[],
  locked: ReadonlyMap<string, Locked>,
): ReadonlySet<string> {
  const eligible = [...new Set(ids)].filter((id) => locked.get(id)?.eligible === true);
  const facts = eligible.map((id) => locked.get(id)?.facts).filter((one) => one !== undefined);
  const answers = batch.stillDue(facts);
  return new Set(eligible.filter((_, i) => answers[i] === true));
}

function outcomesOf(
  batch: Batch,
  ids: readonly string[],
  locked: ReadonlyMap<string, Locked>,
  due: ReadonlySet<string>,
): readonly RecordOutcome[] {
  const told = new Set<string>();
  return ids.map((id) => {
    if (!locked.has(id)) return 'already-absent';
    if (!due.has(id)) return 'changed';
    // A key that stands twice in the batch names one record, which is erased once.
    if (told.has(id)) return batch.action.kind === 'delete' ? 'already-absent' : 'changed';
    told.add(id);
    return 'erased';
  });
}

async function eraseAll(
  { connection, question, batch, dependents, signal, writing }: RunBatch,
  roots: readonly Locked[],
): Promise<ReadonlyMap<string, DependentCount>> {
  const of = (i: number): Ours => roots.map((one) => one.ours[i] ?? []);
  const counts = new Map<string, DependentCount>();
  const kept = new Map<DependentSql, number>();
  for (const [i, one] of dependents.entries())
    if (one.change === undefined) kept.set(one, await number(connection, one.count(of(i))));
  writing();
  for (const [i, one] of dependents.entries()) {
    heed(signal);
    const { related, kind } = one.dependent;
    const rows =
      one.change === undefined ? (kept.get(one) ?? 0) : (await connection.query(one.change(of(i)))).affected;
    const what = { delete: 'deleted', anonymise: 'anonymised', detach: 'detached', keep: 'kept' } as const;
    const before = counts.get(related) ?? NOTHING;
    counts.set(related, { ...before, [what[kind]]: before[what[kind]] + rows });
  }
  heed(signal);
  await eraseRoots(connection, question, batch, roots);
  for (const [i, one] of dependents.entries()) {
    if (one.change === undefined) {
      // Rows to be kept went with their root, by a cascade or a trigger, or somebody else is changing them.
      if ((await number(connection, one.count(of(i)))) !== kept.get(one))
        throw new SourceFailure('data', 'KEPT_ROWS_CHANGED');
    } else if ((await connection.query(one.any(of(i)))).rows.length > 0)
      // A dependent came after its statement: perhaps the record is not due any more. Judge it again.
      throw new SourceFailure('transient', 'DEPENDENTS_ARRIVED');
  }
  heed(signal);
  return counts;
}

/** Deletes or anonymises exactly these records; every one of them must meet the policy's predicate once more. */
async function eraseRoots(
  connection: Connection,
  question: Question,
  batch: Batch,
  roots: readonly Locked[],
): Promise<void> {
  const { root, keys, predicate, context } = question;
  const named = oneOf(context.dialect, keys, roots.map((one) => one.facts.key)); // prettier-ignore
  const change =
    batch.action.kind === 'delete'
      ? sql`DELETE FROM ${root.from}`
      : sql`UPDATE ${root.from} SET ${assignments(context, root, batch.action.set, keyText(context.dialect, keys))}`;
  const { affected } = await connection.query(sql`${change} WHERE ${and(named, predicate)}`);
  if (affected === roots.length) return;
  if (affected > roots.length || batch.action.kind !== 'delete')
    throw new SourceFailure('transient', 'CHANGED_MEANWHILE');
  await explainMissing(connection, question, named);
}

/** Fewer rows went than were locked. Nobody else can have deleted them. */
async function explainMissing(
  connection: Connection,
  { root, predicate }: Question,
  named: Sql,
): Promise<void> {
  const left = sql`SELECT COUNT(*), COUNT(CASE WHEN ${predicate} THEN 1 END) FROM ${root.from} WHERE ${named}`;
  const { rows } = await connection.query(left);
  const [all, eligible] = (rows[0] ?? []).map((cell) => Number(text(cell)));
  // They went before, with a dependent or a record of the same batch that they refer to.
  if (all === 0) return;
  if (all === eligible) throw new SourceFailure('data', 'ROWS_NOT_AFFECTED');
  throw new SourceFailure('transient', 'CHANGED_MEANWHILE');
}

async function number(connection: Connection, statement: Sql): Promise<number> {
  return Number(text((await connection.query(statement)).rows[0]?.[0]));
}
