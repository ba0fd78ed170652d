/**
 * Which policies may be erased by several processes at once, each with a part of the records.
 *
 * One batch is one transaction, and looks at everything again under its locks; but what two transactions do at the same
 * time, neither sees of the other. So a policy is split only where what becomes of one record hangs on no other record of
 * the policy. In doubt it is not: then one process erases it, as ever.
 */
import type { RecordType, Related, View } from '../../policy/policy.ts';
import { mayBeOneTable } from '../../policy/table-name.ts';
import type { Task } from '../../policy/view.ts';
import type { Prepared } from '../run/prepare.ts';
import { relatedIn, tablesErased } from '../survey/overlap.ts';

/** Throws `SourceFailure` BUSY when another session erases for the policy. */
export async function maySplit({ task, connector }: Prepared, signal: AbortSignal): Promise<boolean> {
  if (connector.capabilities.sideBySide !== true || !standsAlone(task)) return false;
  const session = await connector.erasing(task.view, signal);
  try {
    // Tables without transactions are locked whole, and a file may be named by rows of two records.
    return task.view.stages.every((_, stage) => session.undoes?.(stage) !== false);
  } finally {
    await session.release();
  }
}

/** Whether, as far as the policy says, what becomes of one of its records hangs on none of the others. */
export function standsAlone(task: Task): boolean {
  const { record, stages, acknowledgedCascades } = task.view;
  // Rows with one key are one record, and the tables of a pattern are found anew for every batch.
  if (record.repeats === true || record.rows !== undefined || /[*#]/.test(record.table)) return false;
  // Another source is asked by one process, so that it is asked once.
  if (task.inquiries.length > 0) return false;
  const dependents = stages.flatMap((stage) => stage.dependents);
  // Each of two processes would see the other's record as the owner that is left.
  if (dependents.some((one) => one.kind === 'delete' && one.unlessOwned !== undefined)) return false;
  const roots = [record.table, ...(record.parts ?? []).map((part) => part.table)];
  const related = new Map(record.related.map((one) => [one.name, one]));
  if (dependents.some((one) => roots.some((root) => mayBeOne(root, related.get(one.related)?.table ?? root))))
    return false;
  const read = relatedRead(task.view);
  if (read === undefined) return false;
  const changed = [...roots, ...tablesErased(task), ...acknowledgedCascades];
  return read.every((name) => {
    const rows = related.get(name);
    if (rows === undefined) return false;
    return isOfOneRecord(rows, record) || !changed.some((table) => mayBeOne(table, rows.table));
  });
}

/** Names of all related rows that anything about the record is read from, for whichever policy; undefined: nobody knows. */
function relatedRead({ record, starts, conditions, where, exempt, stages }: View): string[] | undefined {
  const whens = [record, ...record.related, ...stages.map(({ when }) => ({ where: when }))];
  const all = [where, ...exempt, ...conditions, ...whens.flatMap((one) => one.where ?? [])].map(relatedIn);
  if (all.includes('any')) return undefined;
  const ofStarts = starts.map(({ maxOf, minOf }) => (maxOf ?? minOf)?.related);
  const ofSubjects = record.subjects.map((subject) => subject.related);
  const named = [...ofStarts, ...ofSubjects].filter((name) => name !== undefined);
  return [...named, ...all.flatMap((names) => (names === 'any' ? [] : names))];
}

/** Whether two names may be those of one table, whichever schema they stand in: one of the two may leave it out. */
function mayBeOne(one: string, other: string): boolean {
  const bare = (name: string): string => name.slice(name.lastIndexOf('.') + 1);
  return mayBeOneTable(bare(one), bare(other));
}

/** Whether each of these rows belongs to one record at the most: they hold its whole key. */
function isOfOneRecord({ of, table, match, orMatch, ignoreCase }: Related, record: RecordType): boolean {
  if (of !== undefined || orMatch !== undefined || ignoreCase === true || mayBeOne(table, record.table))
    return false;
  const ours = match.flatMap((pair) =>
    pair.part === undefined && pair.inText === undefined ? [pair.ours] : [],
  );
  return record.key.every((column) => ours.includes(column));
}
