/** Where one policy of a run erases from tables that a later one reads, the later one's numbers are not sure. */
import type { Condition, RecordType, Start } from '../../policy/policy.ts';
import { mayBeOneTable } from '../../policy/table-name.ts';
import type { Task } from '../../policy/view.ts';
import type { Dispositions, PolicyReport } from '../report.ts';

/** Bounds for the policy at `index`, when an earlier policy of the same run touches its tables; else nothing. */
export function rangeOf(
  tasks: readonly Task[],
  reports: readonly PolicyReport[],
  index: number,
): { readonly range?: NonNullable<PolicyReport['range']> } {
  const task = tasks[index];
  const selected = reports[index]?.found?.by.erase ?? 0;
  if (task === undefined || selected === 0) return {};
  const earlier = tasks.slice(0, index).filter((other, i) => {
    const erases = (reports[i]?.found?.by.erase ?? 0) > 0;
    return erases && readsWhatIsErased(task, other);
  });
  if (earlier.length === 0) return {};
  const names = earlier.map((other) => other.view.policy).join(', ');
  const because = `${names} erases first from tables that this policy reads`;
  return { range: { from: 0, to: selected, because } };
}

/** What was found, with the names of dependents of which an earlier policy of the same run may take rows. */
export function rowsInDoubt(
  tasks: readonly Task[],
  reports: readonly PolicyReport[],
  index: number,
): { readonly found?: Dispositions } {
  const [task, report] = [tasks[index], reports[index]];
  const found = report?.found;
  if (task === undefined || found === undefined) return {};
  const taken = tasks.slice(0, index).flatMap((other, i) => {
    const erases = (reports[i]?.found?.by.erase ?? 0) > 0 && other.view.source === task.view.source;
    return erases ? [...tablesErased(other), ...other.view.acknowledgedCascades] : [];
  });
  const doubtful = task.view.record.related.filter(
    ({ name, table }) => (found.dependents[name] ?? 0) > 0 && taken.some((one) => mayBeOneTable(one, table)),
  );
  if (doubtful.length === 0) return {};
  const approximate = [...new Set([...(found.approximate ?? []), ...doubtful.map((one) => one.name)])];
  return { found: { ...found, approximate } };
}

function readsWhatIsErased(task: Task, other: Task): boolean {
  const elsewhere = task.inquiries.some(
    ({ view }) => view.source === other.view.source && tablesErased(other).includes(view.record.table),
  );
  if (elsewhere || task.view.source !== other.view.source) return elsewhere;
  const names = namesRead(task);
  // Nobody knows which tables a statement of the user's own reads.
  if (names === 'any') return true;
  const read = tablesOf(task.view.record, names);
  const cascading = other.view.acknowledgedCascades;
  return (
    tablesErased(other).some((table) => read.includes(table)) ||
    read.some((table) => cascading.some((one) => mayBeOneTable(one, table)))
  );
}

/** Tables from which the policy takes rows, or changes them: cascades apart. */
export function tablesErased({ view }: Task): string[] {
  const touched = view.stages.flatMap((stage) => stage.dependents.filter((one) => one.kind !== 'keep'));
  return tablesOf(
    view.record,
    touched.map((one) => one.related),
  );
}

/** The record's own tables, those of these related rows, and those through which they belong to it. */
function tablesOf(record: RecordType, names: readonly string[]): string[] {
  const own = [record.table, ...(record.parts ?? []).map((part) => part.table)];
  const through = (name: string | undefined): string[] => {
    const related = record.related.find((one) => one.name === name);
    return related === undefined ? [] : [related.table, ...through(related.of)];
  };
  return [...own, ...names.flatMap(through)];
}

/** Names of the related rows that the policy looks at. */
function namesRead({ policy, view }: Task): readonly string[] | 'any' {
  const ofType = [
    ...(view.record.where === undefined ? [] : [view.record.where]),
    ...view.record.related.map((one) => one.where),
  ];
  const exempt = policy.exemptions.flatMap((one) => ('condition' in one ? [one.condition] : []));
  const meanwhile = policy.stages.flatMap((stage) =>
    stage.instead === undefined ? [] : [stage.instead.when],
  );
  const read = [policy.where, ...exempt, ...meanwhile, ...ofType].map(relatedIn);
  return read.includes('any')
    ? 'any'
    : [...relatedInStart(policy.start), ...read.flatMap((names) => (names === 'any' ? [] : names))];
}

function relatedInStart(start: Start): string[] {
  if (start.kind === 'elsewhere') return [];
  if (start.kind !== 'column') return start.of.flatMap(relatedInStart);
  const rows = start.maxOf ?? start.minOf;
  return rows === undefined ? [] : [rows.related];
}

/** Names of the related rows that a condition looks at; of a statement of the user's own nobody knows. */
export function relatedIn(condition: Condition): readonly string[] | 'any' {
  switch (condition.kind) {
    case 'all':
    case 'any': {
      const parts = condition.of.map(relatedIn);
      return parts.includes('any') ? 'any' : parts.flatMap((part) => (part === 'any' ? [] : part));
    }
    case 'not':
      return relatedIn(condition.of);
    case 'related':
    case 'count': {
      const inside = relatedIn(condition.where);
      return inside === 'any' ? inside : [condition.related, ...inside];
    }
    case 'selected':
      return 'any';
    case 'is':
    case 'compare':
      return [];
  }
}
