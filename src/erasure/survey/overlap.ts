/** Where one policy of a run erases from tables that a later one reads, the later one's number is a range. */
import type { Condition, Start } from '../../policy/policy.ts';
import type { Task } from '../../policy/view.ts';
import type { PolicyReport } from '../report.ts';

/** Bounds for the policy at `index`, when an earlier policy of the same run touches its tables; else nothing. */
export function rangeOf(
  tasks: readonly Task[],
  reports: readonly PolicyReport[],
  index: number,
): { readonly range?: NonNullable<PolicyReport['range']> } {
  const task = tasks[index];
  const selected = reports[index]?.found?.by.erase ?? 0;
  if (task === undefined || selected === 0) return {};
  const reads = tablesRead(task);
  const earlier = tasks.slice(0, index).filter((other, i) => {
    const erases = (reports[i]?.found?.by.erase ?? 0) > 0;
    return (
      erases &&
      other.view.source === task.view.source &&
      tablesErased(other).some((table) => reads.has(table))
    );
  });
  if (earlier.length === 0) return {};
  const names = earlier.map((other) => other.view.policy).join(', ');
  const because = `${names} erases first from tables that this policy reads`;
  return { range: { from: 0, to: selected, because } };
}

function tablesErased(task: Task): string[] {
  const { record, stages } = task.view;
  const names = stages.flatMap((stage) =>
    stage.dependents.filter((one) => one.kind !== 'keep').map((one) => one.related),
  );
  return [record.table, ...record.related.filter((one) => names.includes(one.name)).map((one) => one.table)];
}

function tablesRead(task: Task): Set<string> {
  const { record } = task.view;
  const names = new Set([
    ...relatedInStart(task.policy.start),
    ...relatedIn(task.policy.where),
    ...task.policy.exemptions.flatMap((one) => ('condition' in one ? relatedIn(one.condition) : [])),
  ]);
  return new Set([
    record.table,
    ...record.related.filter((one) => names.has(one.name)).map((one) => one.table),
  ]);
}

function relatedInStart(start: Start): string[] {
  if (start.kind === 'elsewhere') return [];
  if (start.kind !== 'column') return start.of.flatMap(relatedInStart);
  const rows = start.maxOf ?? start.minOf;
  return rows === undefined ? [] : [rows.related];
}

function relatedIn(condition: Condition): string[] {
  if (condition.kind === 'all' || condition.kind === 'any') return condition.of.flatMap(relatedIn);
  if (condition.kind === 'not') return relatedIn(condition.of);
  return condition.kind === 'related' ? [condition.related] : [];
}
