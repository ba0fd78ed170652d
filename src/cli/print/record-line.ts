import { explainDisposition } from '../../policy/explain/disposition.ts';
import type { Disposition } from '../../policy/judge.ts';
import type { Key } from '../../policy/policy.ts';
import type { Task } from '../../policy/view.ts';

/**
 * One record with its verdict and reasons, as `--records` prints it. The key is the source's own: this goes to the
 * operator's terminal, never to a log. Without a disposition the record is not there any more.
 */
export function recordLine(task: Task, key: Key, disposition?: Disposition): Record<string, unknown> {
  const { policy, source, record } = task.view;
  const base = { policy, source, record: record.name, key };
  if (disposition === undefined) return { ...base, verdict: 'absent', why: 'it is not there any more' };
  const { verdict, reasons, stage, overdue } = disposition;
  const action = stage === undefined ? undefined : task.view.stages[stage]?.action.kind;
  return { ...base, verdict, action, overdue, why: explainDisposition(task, disposition), reasons };
}
