/** What the calendar alone says about a record under the stages of one policy. */
import type { Controller, Facts } from '../policy.ts';
import { isTrue, type ClauseStage, type ConditionIndex } from '../view.ts';
import { createDeadline, type Deadline } from './deadline.ts';
import type { Moment, Value } from './raw.ts';
import type { Bound } from './start.ts';

export interface TimedStage {
  /** Its position in the policy. */
  readonly index: number;
  readonly deletes: boolean;
  readonly deadline: Deadline;
  /** Only records that meet this. */
  readonly when: ConditionIndex;
}

export interface Timing {
  readonly verdict: 'implausible' | 'undated' | 'unknown elsewhere' | 'pending' | 'done' | 'due';
  /** The stage to carry out; undefined unless one is due. */
  readonly stage: number | undefined;
  /** From when it is due; where none is, when the next one will be. Ms since the epoch. */
  readonly due: number | undefined;
  /** From when the promise is, or will be, broken. */
  readonly overdueSince: number | undefined;
}

/** Nothing known about the calendar. */
export const NO_TIMING: Timing = {
  verdict: 'pending',
  stage: undefined,
  due: undefined,
  overdueSince: undefined,
};

/** The stages in their precedence: deletion supersedes anonymising, and a later stage an earlier one. */
export function timedStages(stages: readonly ClauseStage[], controller: Controller): TimedStage[] {
  return stages
    .map(({ rule, deletes, when }, index) => {
      return { index, deletes, deadline: createDeadline(rule, controller), when };
    })
    .sort((a, b) => Number(b.deletes) - Number(a.deletes) || b.index - a.index);
}

/** The first stage for the record, in their precedence, that is due at `now` and not done is the one to carry out. */
export function timingOf(
  stages: readonly TimedStage[],
  startBy: (bound: Bound) => Value,
  facts: Facts,
  now: number,
): Timing {
  let stage: number | undefined;
  let due: number | undefined;
  let overdueSince: number | undefined;
  let next: number | undefined;
  let isDone = false;
  for (const { index, deadline, when } of stages) {
    if (!isTrue(facts, when)) continue;
    const start = startBy(deadline.bound);
    if (!isMoment(start)) return missing(start);
    const from = deadline.due(start);
    if (from > now) {
      next = Math.min(next ?? Infinity, from);
    } else if (facts.done[index] === true) {
      isDone = true;
    } else {
      if (stage === undefined) [stage, due] = [index, from];
      // An earlier stage that was never carried out is a broken promise too, though a later one now takes its place.
      overdueSince = Math.min(overdueSince ?? Infinity, deadline.overdue(start));
    }
  }
  if (stage !== undefined) return { verdict: 'due', stage, due, overdueSince };
  return { verdict: isDone ? 'done' : 'pending', stage: undefined, due: next, overdueSince: undefined };
}

/** From when the first stage that deletes is due; Infinity where none is at `now`. */
export function deleteDue(
  stages: readonly TimedStage[],
  startBy: (bound: Bound) => Value,
  facts: Facts,
  now: number,
): number {
  let first = Infinity;
  for (const { deletes, deadline, when } of stages) {
    if (!deletes || !isTrue(facts, when)) continue;
    const start = startBy(deadline.bound);
    if (isMoment(start)) first = Math.min(first, deadline.due(start));
  }
  return first <= now ? first : Infinity;
}

export function isMoment(value: Value): value is Moment {
  return value.kind === 'instant' || value.kind === 'day';
}

function missing(start: Exclude<Value, Moment>): Timing {
  const verdicts = {
    implausible: 'implausible',
    unknown: 'undated',
    'not yet': 'pending',
    'unknown elsewhere': 'unknown elsewhere',
  } as const;
  return { ...NO_TIMING, verdict: verdicts[start.kind] };
}
