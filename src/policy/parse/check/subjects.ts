/** Whether holds can still tell whose a record is after it was anonymised. */
import type { Field, Replacements } from '../../policy.ts';
import type { PolicyEntry } from '../build/policy.ts';
import type { Report } from '../report.ts';
import { deedsOf } from './deeds.ts';

/**
 * Warns of a `set` that leaves nothing in any identifier of a record that is to be deleted later: of such a record nobody
 * can say whose it is, so that every hold on a person keeps it.
 */
export function checkSubjects(policies: readonly PolicyEntry[], report: Report): void {
  for (const entry of policies) {
    const subjects = entry.record.type?.subjects ?? [];
    if (subjects.length === 0 || !isDeleted(entry, policies)) continue;
    for (const { action, path } of deedsOf(entry)) {
      if (action.kind !== 'anonymise') continue;
      if (!subjects.every((subject) => subject.related === undefined && empties(action.set, subject)))
        continue;
      report.add({
        code: 'subject-lost',
        path: [...path, 'set'],
        message:
          'Nothing is left by which a hold could tell whose the record is: while any hold on a person stands, it is not deleted',
        remedy: "Give one identifier a text of its own, e.g. { placeholder: 'erased-{key}@invalid' }.",
        severity: 'warning',
      });
    }
  }
}

/** Whether something deletes such records: this policy, or another one on the type. */
function isDeleted({ record }: PolicyEntry, policies: readonly PolicyEntry[]): boolean {
  return policies.some(
    (one) => one.record === record && deedsOf(one).some(({ action }) => action.kind === 'delete'),
  );
}

function empties(set: Replacements, subject: Field): boolean {
  return set.some(({ column, part, path, with: by }) => {
    const same = column === subject.column && part === subject.part && String(path) === String(subject.path);
    return same && by.kind === 'constant' && (by.value === null || by.value === '');
  });
}
