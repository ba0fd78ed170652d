/** What tells a record from another that has its key later: a plan may wait for days, and keys are used again. */
import { normalise } from '../../policy/subject.ts';
import type { Raw } from '../../policy/policy.ts';
import type { Task } from '../../policy/view.ts';
import type { Engine } from '../engine.ts';

/** What was read of a record. */
interface Read {
  readonly starts: readonly Raw[];
  /** By the position of the record type's identifiers; those of related records may follow. */
  readonly subjects: readonly Raw[];
}

/** The record's own identifiers that have a value, normalised. */
export function identifiersOf(
  { view: { record }, ownSubjects }: Task,
  subjects: readonly Raw[],
): (readonly [kind: string, value: string])[] {
  return record.subjects.slice(0, ownSubjects).flatMap((subject, i) => {
    const raw = subjects[i] ?? null;
    const value = raw === null ? '' : normalise(raw, subject.normalise);
    return value === '' ? [] : [[subject.kind, value] as const];
  });
}

/**
 * A digest of whom the record is about; of its starting points where it is about nobody that is known. Of a key that
 * stands for several rows, which come in any order, it tells nothing.
 */
export function lifeOf({ digest }: Engine, task: Task, { starts, subjects }: Read): string {
  if (task.view.record.repeats === true) return '';
  const about = identifiersOf(task, subjects);
  return digest(JSON.stringify(about.length > 0 ? about : starts));
}
