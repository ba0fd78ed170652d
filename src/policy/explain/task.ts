/** All that frist understood of one policy: what it does, on which records, and what other policies keep from it. */
import type { Task } from '../view.ts';
import { explainLimit, explainPolicy } from './policy.ts';
import { explainRecord } from './record.ts';

/** One sentence a line. */
export function explainTask({ policy, view, ownSubjects, limits }: Task): string[] {
  const subjects = view.record.subjects.slice(0, ownSubjects);
  return [
    ...explainPolicy(policy),
    ...explainRecord({ ...view.record, subjects }),
    ...limits.map(explainLimit),
  ];
}
