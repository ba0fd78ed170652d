/** Whose data a record is, and which holds reach it. */
import type { Facts, Normalisation, Raw, SubjectIdentifier } from './policy.ts';
import { isTrue, type Task } from './view.ts';

/** A suspension of deletion, or a restriction of processing (GDPR Art. 18), on one person. */
export interface Hold {
  readonly id: string;
  readonly kind: 'hold' | 'restriction';
  /** [identifier kind, value as given]; both sides are normalised when compared. */
  readonly subjects: readonly (readonly [string, string])[];
  /** Source names; undefined: every source. */
  readonly sources?: readonly string[];
}

/** What the holds mean for one record. */
export interface Reach {
  /** Holds on the person that the record is about. */
  readonly by: readonly Hold[];
  /** Holds that cannot be compared with the record: it knows no value of any of their identifier kinds. */
  readonly unknownTo: readonly Hold[];
}

/** One spelling for an identifier: `exact` is trimmed only, `digits` also loses blanks and - ( ) + . / */
export function normalise(value: string, how: Normalisation): string {
  switch (how) {
    case 'exact':
      return value.trim();
    case 'lowercase':
      return value.trim().normalize('NFC').toLowerCase();
    case 'digits':
      return value.replace(/[\s\-()+./]/g, '');
  }
}

const NOBODY: Reach = { by: [], unknownTo: [] };

/**
 * A test of a record's subjects (in the order of `identifiers`) against the holds on this source. Without identifiers
 * rows are about `nobody`, and reached by no hold, or about `somebody` who cannot be read, and unknown to all of them.
 */
export function createHoldTest(
  holds: readonly Hold[],
  identifiers: readonly SubjectIdentifier[],
  source: string,
  without: 'nobody' | 'somebody' = 'nobody',
): (subjects: readonly Raw[]) => Reach {
  const active = holds.filter((hold) => hold.sources?.includes(source) ?? true);
  if (active.length === 0 || (identifiers.length === 0 && without === 'nobody')) return () => NOBODY;
  const byValue = identifiers.map((identifier) => index(active, identifier));
  const byKinds = groupByKinds(active, identifiers);
  return (subjects) => {
    const by = new Set<Hold>();
    const known = identifiers.map((identifier, i) => {
      const value = normalise(subjects[i] ?? '', identifier.normalise);
      if (value !== '') for (const hold of byValue[i]?.get(value) ?? []) by.add(hold);
      return value !== '';
    });
    const unknownTo = byKinds
      .filter((group) => !group.comparable.some((i) => known[i]))
      .flatMap((group) => group.holds);
    return by.size === 0 && unknownTo.length === 0 ? NOBODY : { by: [...by], unknownTo };
  };
}

function index(holds: readonly Hold[], identifier: SubjectIdentifier): Map<string, Hold[]> {
  const found = new Map<string, Hold[]>();
  for (const hold of holds) {
    for (const [kind, value] of hold.subjects) {
      if (kind !== identifier.kind) continue;
      const key = normalise(value, identifier.normalise);
      found.set(key, [...(found.get(key) ?? []), hold]);
    }
  }
  return found;
}

function canCompare(hold: Hold, identifier: SubjectIdentifier): boolean {
  return hold.subjects.some(
    ([kind, value]) => kind === identifier.kind && normalise(value, identifier.normalise) !== '',
  );
}

/** Holds by the identifiers that they can be compared with: few groups, however many holds there are. */
function groupByKinds(
  holds: readonly Hold[],
  identifiers: readonly SubjectIdentifier[],
): { readonly comparable: readonly number[]; readonly holds: Hold[] }[] {
  const groups = new Map<string, { readonly comparable: readonly number[]; readonly holds: Hold[] }>();
  for (const hold of holds) {
    const comparable = identifiers.flatMap((identifier, i) => (canCompare(hold, identifier) ? [i] : []));
    const group = groups.get(comparable.join(' ')) ?? { comparable, holds: [] };
    group.holds.push(hold);
    groups.set(comparable.join(' '), group);
  }
  return [...groups.values()];
}

/** Which holds reach a record: by its own person, or by the people whose rows would go with it. */
export function createReach(task: Task, holds: readonly Hold[]): (facts: Facts) => Reach {
  const { record, source } = task.view;
  const shared = task.shared.map((one) => ({
    ...one,
    test: createHoldTest(holds, one.identifiers, source, 'somebody'),
  }));
  const own = createHoldTest(holds, record.subjects.slice(0, task.ownSubjects), source);
  if (shared.length === 0) return (facts) => own(facts.subjects);
  return (facts) => {
    const present = shared.filter((one) => isTrue(facts, one.exists));
    const reaches = [
      own(facts.subjects.slice(0, task.ownSubjects)),
      ...present.map((one) => one.test(facts.subjects.slice(one.from, one.from + one.identifiers.length))),
    ];
    return {
      by: [...new Set(reaches.flatMap((reach) => reach.by))],
      unknownTo: [...new Set(reaches.flatMap((reach) => reach.unknownTo))],
    };
  };
}
