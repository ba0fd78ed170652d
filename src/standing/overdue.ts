/** How much of what the last look found overdue is still there. */
import type { Plan, Run } from '../state/state.ts';

const GONE = ['erased', 'already-absent', 'absent-after-crash'];

/**
 * The overdue records of the last run that looked at all of them, without what was dealt with since. Approvals and
 * replays look at a part only: what they did is taken off, and nothing that they did not look at. Of a plan that was
 * carried out, what stayed was not due any more.
 * @param runs of one policy, newest first
 * @param applied plans of this policy that were carried out
 * @returns undefined where no run has looked
 */
export function overdueSince(runs: readonly Run[], applied: readonly Plan[]): number | undefined {
  const look = looked(runs);
  if (look === undefined) return undefined;
  const planned = sum(applied.filter((plan) => plan.run === look.id).map((plan) => plan.count));
  const gone = sum(
    runs
      .slice(0, runs.indexOf(look))
      .flatMap(({ summary }) => GONE.map((outcome) => summary?.[outcome] ?? 0)),
  );
  return Math.max(0, (look.summary?.['overdue'] ?? 0) - Math.max(planned, gone));
}

/** The newest run that looked at all records of its policy. */
export function looked(runs: readonly Run[]): Run | undefined {
  return runs.find((run) => run.summary?.['overdue'] !== undefined);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, n) => total + n, 0);
}
