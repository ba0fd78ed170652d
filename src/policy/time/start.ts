/** Where a period starts, from the parts that the policy names. */
import { fieldName } from '../model/condition.ts';
import type { StartColumn } from '../policy.ts';
import type { ClauseStart } from '../view.ts';
import type { Missing, Moment, Value } from './raw.ts';
import type { Zone } from './zone.ts';

/** Which way an inexact start is read: early where it makes an upper bound stricter, late where a lower bound. */
export type Bound = 'upper' | 'lower';

const UNKNOWN: Missing = { kind: 'unknown', why: 'null' };
const NOT_YET: Missing = { kind: 'not yet' };

/** A part of a starting point that stands for itself. */
export type Leaf = Extract<ClauseStart, { readonly index: number }>;

/** The start of one record; `value` tells what each leaf says. */
export function startOf(tree: ClauseStart, value: (leaf: Leaf) => Value, bound: Bound, zone: Zone): Value {
  if ('index' in tree) return value(tree);
  const parts = tree.of.map((part) => startOf(part, value, bound, zone));
  return tree.kind === 'latest of' ? latest(parts, bound, zone) : firstKnown(parts);
}

/** The parts of a start, each once, in the order of the file. */
export function leavesOf(tree: ClauseStart): Leaf[] {
  if ('index' in tree) return [tree];
  const all = tree.of.flatMap(leavesOf);
  return all.filter((one, i) => i === all.findIndex((other) => sameLeaf(one, other)));
}

function sameLeaf(a: Leaf, b: Leaf): boolean {
  return a.kind === b.kind && a.index === b.index;
}

/** A part as reports name it, and the file does: a related column with its relation. */
export function columnName(start: StartColumn): string {
  const name = fieldName(start);
  const rows = start.maxOf ?? start.minOf;
  return rows === undefined ? name : `${rows.related}.${name}`;
}

/** The latest of some parts: unknown ones are skipped; one that is implausible, not told by another source, or not come yet, speaks for the whole. */
export function latest(parts: readonly Value[], bound: Bound, zone: Zone): Value {
  let best: Moment | undefined;
  let notYet = false;
  for (const part of parts) {
    if (part.kind === 'implausible' || part.kind === 'unknown elsewhere') return part;
    if (part.kind === 'not yet') notYet = true;
    if (part.kind !== 'instant' && part.kind !== 'day') continue;
    if (best === undefined || position(part, bound, zone) > position(best, bound, zone)) best = part;
  }
  return notYet ? NOT_YET : (best ?? UNKNOWN);
}

/** The first part, in the order of the file, that says something: one that is implausible or not told elsewhere stops the search. */
function firstKnown(parts: readonly Value[]): Value {
  const found = parts.find((part) => part.kind !== 'unknown' && part.kind !== 'not yet');
  return found ?? (parts.some((part) => part.kind === 'not yet') ? NOT_YET : UNKNOWN);
}

/** An instant that stands for the moment when moments are compared. */
function position(moment: Moment, bound: Bound, zone: Zone): number {
  if (moment.kind === 'instant') return bound === 'upper' ? moment.early : moment.late;
  return zone.startOf(bound === 'upper' ? moment.day : moment.day + 1);
}
