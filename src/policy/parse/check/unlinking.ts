/**
 * A column by which rows are found may become NULL where nobody has to find them any more: a view of a newsletter that
 * is counted on, and belongs to nobody. Detaching does the same from the other side.
 */
import type { Dependent, Policy, RecordType } from '../../policy.ts';
import type { PolicyEntry } from '../build/policy.ts';
import { askedElsewhere, deedsOf } from './deeds.ts';

/** A relation that a column is part of: of which record type, and whether the column is the record's or the rows'. */
export interface Link {
  readonly source: string;
  readonly type: RecordType;
  readonly related: string;
  readonly side: 'ours' | 'theirs';
}

/** Whether the policy may cut the link: nothing but a subject goes by it afterwards. */
export function mayCut(
  { source, type, related, side }: Link,
  by: PolicyEntry,
  policies: readonly PolicyEntry[],
): boolean {
  const goesBy = (value: unknown): boolean =>
    relationsIn(value).some((one) => leadsThrough(type, one, related));
  const { where, subjects, related: all } = type;
  if (goesBy([where, all.map((one) => one.where)])) return false;
  if (side === 'theirs' && goesBy(subjects)) return false;
  return policies.every((entry) => {
    const { policy } = entry;
    if (askedElsewhere(policy).some((asked) => asked.source === source && asked.record === type.name))
      return false;
    if (entry.record.type !== type) return true;
    const itself = side === 'ours' && entry === by && deedsOf(entry).length === 1;
    if (goesBy(policy.start) || (!itself && goesBy([policy.where, policy.exemptions]))) return false;
    if (goesBy(whens(policy))) return false;
    return deedsOf(entry).every(
      ({ dependents }) => !dependents.some((one) => needs(type, one, related, goesBy)),
    );
  });
}

/** The dependent is found by the link, and not merely detached, cut off or left alone. */
function needs(
  type: RecordType,
  one: Dependent,
  related: string,
  goesBy: (value: unknown) => boolean,
): boolean {
  const loose = one.kind === 'detach' || one.kind === 'keep' || cuts(type, one);
  const owners = one.kind === 'delete' ? (one.unlessOwned ?? []) : [];
  const named = [one.related, ...owners].map((name) => ({ related: name }));
  return goesBy(one.where) || (goesBy(named) && !(loose && one.related === related));
}

/** It leaves no way to the rows itself. */
function cuts(type: RecordType, one: Dependent): boolean {
  const match = type.related.find((each) => each.name === one.related)?.match ?? [];
  return (
    one.kind === 'anonymise' &&
    one.set.some(
      ({ column, with: by }) =>
        by.kind === 'constant' && by.value === null && match.some((pair) => pair.theirs === column),
    )
  );
}

const whens = (policy: Policy): readonly unknown[] =>
  policy.kind === 'keep' ? [] : policy.stages.map((stage) => stage.instead?.when);

/** Every name of related rows in it. */
function relationsIn(value: unknown): readonly string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]: [string, unknown]) =>
    key === 'related' && typeof inner === 'string' ? [inner] : relationsIn(inner),
  );
}

/** Rows called `name` are those of the link, or are found through them. */
function leadsThrough(type: RecordType, name: string, related: string): boolean {
  if (name === related) return true;
  const of = type.related.find((one) => one.name === name)?.of;
  return of !== undefined && leadsThrough(type, of, related);
}
