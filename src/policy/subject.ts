/** Whose data a record is, and which holds reach it. */
import { createHeldTest } from './held.ts';
import type { Facts, Key, Normalisation, Raw, SubjectIdentifier } from './policy.ts';
import { isTrue, type Task } from './view.ts';

/** A record that a hold is on, by its key. */
export interface HeldRecord {
  readonly controller: string;
  readonly source: string;
  readonly record: string;
  readonly key: Key;
}

/** A policy that a hold suspends as a whole. */
export interface HeldPolicy {
  readonly controller: string;
  readonly policy: string;
}

/** A suspension of deletion, or a restriction of processing (GDPR Art. 18): on a person, on records, or on policies. */
export interface Hold {
  readonly id: string;
  readonly kind: 'hold' | 'restriction';
  /** [identifier kind, value as given]; both sides are normalised when compared. Empty where it is on no person. */
  readonly subjects: readonly (readonly [string, string])[];
  /** Of a hold on a person: source names; undefined: every source. */
  readonly sources?: readonly string[];
  readonly records?: readonly HeldRecord[];
  readonly policies?: readonly HeldPolicy[];
  /** ISO instant until which a released hold keeps what it covered; undefined: nobody has released it. */
  readonly until?: string;
}

/** What the holds mean for one record. */
export interface Reach {
  /** Holds on the person that the record is about, on the record, or on the policy. */
  readonly by: readonly Hold[];
  /** Holds of which nobody can tell whether they are about the record: it knows no value of any of their identifier kinds. */
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

/** Whether a hold is on nothing that anybody knows: what it was on was lost with a state (`frist state adopt`). */
export function isLost({ subjects, records, policies }: Hold): boolean {
  return subjects.length === 0 && records === undefined && policies === undefined;
}

/** Whether a hold is on persons. One that is lost counts as such, and keeps everything. */
function isOnPersons(hold: Hold): boolean {
  return hold.subjects.length > 0 || isLost(hold);
}

/** Whether it covers anything at this moment, ms since the epoch. A moment that does not read is never over. */
function covers({ until }: Hold, asOf: number): boolean {
  return until === undefined || !(Date.parse(until) <= asOf);
}

/** Which holds reach a record at a moment: on the policy, on the record, on its person, or on people whose rows would go with it. */
export function createReach(task: Task, holds: readonly Hold[], asOf: number): (facts: Facts) => Reach {
  const { record, source } = task.view;
  const active = holds.filter((hold) => covers(hold, asOf));
  const persons = active.filter(isOnPersons);
  const tests: ((facts: Facts) => Reach)[] = [];
  const held = createHeldTest(task, active);
  if (held !== undefined) tests.push(held);
  const own = createHoldTest(persons, record.subjects.slice(0, task.personSubjects), source);
  tests.push((facts) => own(facts.subjects.slice(0, task.personSubjects)));
  if (persons.length > 0) {
    for (const { exists, from, identifiers } of task.shared) {
      const test = createHoldTest(persons, identifiers, source, 'somebody');
      tests.push((facts) =>
        isTrue(facts, exists) ? test(facts.subjects.slice(from, from + identifiers.length)) : NOBODY,
      );
    }
  }
  const [only, ...others] = tests;
  if (only !== undefined && others.length === 0) return only;
  return (facts) => together(tests.map((test) => test(facts)));
}

function together(reaches: readonly Reach[]): Reach {
  return {
    by: [...new Set(reaches.flatMap((reach) => reach.by))],
    unknownTo: [...new Set(reaches.flatMap((reach) => reach.unknownTo))],
  };
}
