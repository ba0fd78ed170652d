/**
 * One batch, inside the bracket that the session puts around it (bracket.ts): lock the roots, look again at everything
 * under the lock, dependents, roots, look for dependents again. A crash or a lost connection at any point before the
 * commit leaves nothing where tables know transactions: the server rolls back.
 */
import { text } from '../../../database.ts';
import type { Connection } from '../../../database.ts';
import type { Key } from '../../../policy/policy.ts';
import type { Batch, BatchResult, DependentCount, RecordOutcome } from '../../connector.ts';
import { SourceFailure } from '../../connector.ts';
import type { Question } from '../compile/facts.ts';
import { keyIn } from '../compile/keys.ts';
import { idOf } from '../compile/values.ts';
import { cascadesOf } from '../erase/cascades.ts';
import type { Cascade } from '../erase/cascades.ts';
import { goingOf } from '../erase/dependent.ts';
import type { DependentSql, Found } from '../erase/dependent.ts';
import type { Values } from '../erase/listed.ts';
import type { PartSql, Work } from '../erase/work.ts';
import { heed } from '../failure.ts';
import type { Sql } from '../sql.ts';
import { TRUE, and, sql } from '../sql.ts';
import { anonymiseRows, changeDependent, countRows, deleteRows, isAny, textsLeft } from './change.ts';
import { NOTHING, findFiles, removeFiles } from './files.ts';
import type { OpenRoot } from '../../files/root.ts';
import { gather } from './gather.ts';
import type { Known } from './gather.ts';
import { lockRecords } from './locked.ts';
import type { Locked } from './locked.ts';

export interface RunBatch {
  readonly connection: Connection;
  readonly question: Question;
  readonly batch: Batch;
  /** Its stage. */
  readonly work: Work;
  readonly signal: AbortSignal;
  /** Told before the first statement that changes anything. */
  readonly writing: () => void;
  /** Whether all of it can be taken back until the commit. */
  readonly undoes: boolean;
  readonly openRoot: OpenRoot;
}

/**
 * Runs a batch inside the open bracket, which the caller ends. With nothing to erase it makes no change.
 * @throws SourceFailure, or what `stillDue` throws.
 */
export async function runBatch(run: RunBatch): Promise<BatchResult> {
  const { batch, work, signal } = run;
  heed(signal);
  const locked = await lockRecords(run.connection, run.question, work, batch.keys);
  heed(signal);
  const ids = batch.keys.map(idOf);
  const due = decide(batch, ids, locked);
  const facts = ids.map((id) => locked.get(id)?.facts);
  const outcomes = outcomesOf(batch, ids, locked, due);
  const roots = [...due].map((id) => locked.get(id)).filter((one) => one !== undefined);
  const counts = roots.length === 0 ? noCounts(work) : await eraseAll(run, roots);
  return { outcomes, facts, dependents: counts };
}

const noCounts = ({ dependents }: Work): ReadonlyMap<string, DependentCount> =>
  new Map(dependents.map((one) => [one.dependent.related, NOTHING]));

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
  run: RunBatch,
  roots: readonly Locked[],
): Promise<ReadonlyMap<string, DependentCount>> {
  const { connection, question, work, signal, writing } = run;
  const found = await findRows(run, roots);
  const foundOf = (one: DependentSql | PartSql): Found => found.get(one) ?? NOWHERE;
  const kept = new Map<DependentSql, number>();
  for (const one of work.dependents.filter(isKept))
    kept.set(one, await countRows(connection, one.rows.place, one.left(foundOf(one))));
  const counts = new Map<string, DependentCount>(noCounts(work));
  const keys = roots.map((one) => one.facts.key);
  const records = and(keyIn(question, keys), work.predicate);
  const going = goingOf(keys, work.dependents, foundOf);
  const files = await findFiles(connection, question.context, work.files, (of) =>
    of === undefined ? records : of.foreseen(foundOf(of), going),
  );
  // Tables without transactions have no foreign keys, and under their locks no other table can be asked.
  if (run.undoes) await countCascades(run, cascadesOf(question, work, keys, foundOf, going), counts);
  writing();
  // What cannot be taken back leaves no moment later on in which a crash would leave files without rows.
  if (!run.undoes) await removeFiles(run, files, counts);
  for (const one of work.order) {
    heed(signal);
    if (one === 'record') await eraseRoots(run, roots);
    else if ('part' in one) await erasePart(connection, one, keys, foundOf(one));
    else
      count(
        counts,
        one,
        kept.get(one) ?? (await changeDependent(connection, question.context, one, foundOf(one))),
      );
  }
  await lookAgain(run, foundOf, kept);
  heed(signal);
  if (run.undoes) await removeFiles(run, files, counts);
  return counts;
}

async function countCascades(
  { connection }: RunBatch,
  cascades: readonly Cascade[],
  counts: Map<string, DependentCount>,
): Promise<void> {
  for (const { table, what, count: asked } of cascades) {
    const rows = Number(text((await connection.query(asked)).rows[0]?.[0]));
    const before = counts.get(table) ?? NOTHING;
    counts.set(table, { ...before, [what]: before[what] + rows });
  }
}

const NOWHERE: Found = { roots: [], values: [] };
const isKept = (one: DependentSql): boolean => one.dependent.kind === 'keep';

/** The values by which the rows of each dependent and part are found, read under the lock. */
async function findRows(
  { connection, work, signal }: RunBatch,
  roots: readonly Locked[],
): Promise<ReadonlyMap<DependentSql | PartSql, Found>> {
  const known: Known = new Map();
  const ask = async (statement: Sql): Promise<readonly (readonly unknown[])[]> =>
    (await connection.query(statement)).rows;
  const found = new Map<DependentSql | PartSql, Found>();
  for (const [i, one] of [...work.dependents, ...work.parts].entries()) {
    heed(signal);
    const ours: Values = roots.flatMap((root) => root.ours[i] ?? []);
    found.set(one, await gather(ask, one.rows, ours, known));
  }
  return found;
}

function count(counts: Map<string, DependentCount>, { dependent }: DependentSql, rows: number): void {
  const { related, kind } = dependent;
  const what = { delete: 'deleted', anonymise: 'anonymised', detach: 'detached', keep: 'kept' } as const;
  const before = counts.get(related) ?? NOTHING;
  counts.set(related, { ...before, [what[kind]]: before[what[kind]] + rows });
}

/** What was to go is gone, and what was to stay is there; otherwise somebody else is at work on the same rows. */
async function lookAgain(
  { connection, work }: RunBatch,
  foundOf: (one: DependentSql | PartSql) => Found,
  kept: ReadonlyMap<DependentSql, number>,
): Promise<void> {
  for (const one of work.dependents) {
    const left = one.left(foundOf(one));
    const before = kept.get(one);
    if (before !== undefined) {
      // Rows to be kept went with their root, by a cascade or a trigger, or somebody else is changing them.
      if ((await countRows(connection, one.rows.place, left)) !== before)
        throw new SourceFailure('data', 'KEPT_ROWS_CHANGED');
    } else if (
      (await isAny(connection, one.rows.place, left)) ||
      (await hasTexts(connection, one, foundOf(one)))
    )
      // A dependent came after its statement: perhaps the record is not due any more. Judge it again.
      throw new SourceFailure('transient', 'DEPENDENTS_ARRIVED');
  }
}

async function hasTexts(connection: Connection, one: DependentSql, found: Found): Promise<boolean> {
  for (const each of one.anonymising?.texts ?? [])
    if ((await textsLeft(connection, one.rows.place, each, one.meant(found))).length > 0) return true;
  return false;
}

async function erasePart(
  connection: Connection,
  { rows, unshared, anonymising }: PartSql,
  keys: readonly Key[],
  found: Found,
): Promise<void> {
  const where = and(rows.matched(found.values), unshared(keys));
  if (anonymising === undefined) await deleteRows(connection, rows.place, where);
  else await anonymiseRows(connection, anonymising, where);
}

/** Deletes or anonymises exactly these records; every one of them must meet the policy's predicate once more. */
async function eraseRoots(run: RunBatch, roots: readonly Locked[]): Promise<void> {
  const { connection, question, work } = run;
  const { root } = question;
  const named = keyIn(question, roots.map((one) => one.facts.key)); // prettier-ignore
  const where = and(named, work.still);
  const { anonymising } = work;
  const affected =
    anonymising === undefined
      ? await deleteRows(connection, root, where)
      : await anonymiseRows(connection, { ...anonymising, unfinished: TRUE }, where);
  const rows = roots.reduce((sum, one) => sum + one.rows, 0);
  if (affected === rows) return;
  if (affected > rows || anonymising !== undefined) throw new SourceFailure('transient', 'CHANGED_MEANWHILE');
  await explainMissing(run, named);
}

/** Fewer rows went than were locked. Nobody else can have deleted them. */
async function explainMissing({ connection, question, work }: RunBatch, named: Sql): Promise<void> {
  const { root } = question;
  const left = sql`SELECT COUNT(*), COUNT(CASE WHEN ${work.still} THEN 1 END) FROM ${root.from} WHERE ${named}`;
  const { rows } = await connection.query(left);
  const [all, eligible] = (rows[0] ?? []).map((cell) => Number(text(cell)));
  // They went before, with a dependent or a record of the same batch that they refer to.
  if (all === 0) return;
  if (all === eligible) throw new SourceFailure('data', 'ROWS_NOT_AFFECTED');
  throw new SourceFailure('transient', 'CHANGED_MEANWHILE');
}
