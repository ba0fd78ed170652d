/** Where a period starts, from the parts that the policy names. */
import type { StartColumn, StartTree } from '../policy.ts';
import type { Missing, Moment, Value } from './raw.ts';
import type { Zone } from './zone.ts';

/** Which way an inexact start is read: early where it makes an upper bound stricter, late where a lower bound. */
export type Bound = 'upper' | 'lower';

const UNKNOWN: Missing = { kind: 'unknown', why: 'null' };
const NOT_YET: Missing = { kind: 'not yet' };

/** The start of one record; `value(i)` is what the view's start `i` says. */
export function startOf(tree: StartTree, value: (index: number) => Value, bound: Bound, zone: Zone): Value {
  if (tree.kind === 'column') return value(tree.index);
  const parts = tree.of.map((part) => startOf(part, value, bound, zone));
  return tree.kind === 'latest of' ? latest(parts, bound, zone) : firstKnown(parts);
}

/** Positions of the parts of a start, each once, in the order of the file. */
export function leavesOf(tree: StartTree): number[] {
  return tree.kind === 'column' ? [tree.index] : [...new Set(tree.of.flatMap(leavesOf))];
}

/** A part as reports name it: a related column with its relation. */
export function columnName(start: StartColumn): string {
  return start.maxOf === undefined ? start.column : `${start.maxOf.related}.${start.column}`;
}

/** Unknown parts are skipped; an implausible one, or one that has not come yet, speaks for the whole. */
function latest(parts: readonly Value[], bound: Bound, zone: Zone): Value {
  let best: Moment | undefined;
  let notYet = false;
  for (const part of parts) {
    if (part.kind === 'implausible') return part;
    if (part.kind === 'not yet') notYet = true;
    if (part.kind !== 'instant' && part.kind !== 'day') continue;
    if (best === undefined || position(part, bound, zone) > position(best, bound, zone)) best = part;
  }
  return notYet ? NOT_YET : (best ?? UNKNOWN);
}

/** The first part, in the order of the file, that says something: an implausible one does, and stops the search. */
function firstKnown(parts: readonly Value[]): Value {
  const found = parts.find((part) => part.kind !== 'unknown' && part.kind !== 'not yet');
  return found ?? (parts.some((part) => part.kind === 'not yet') ? NOT_YET : UNKNOWN);
}

/** An instant that stands for the moment when moments are compared. */
function position(moment: Moment, bound: Bound, zone: Zone): number {
  if (moment.kind === 'instant') return bound === 'upper' ? moment.early : moment.late;
  return zone.startOf(bound === 'upper' ? moment.day : moment.day + 1);
}
