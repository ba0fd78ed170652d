/** What is wrong with one policy. Pure. */
import { unitOf } from '../erasure/guard.ts';
import type { PolicyStanding } from '../standing/standing.ts';
import type { Alarm } from './causes.ts';
import { CATCH_UP_MS, isGoing, type Facts } from './facts.ts';

export function ofPolicy(policy: PolicyStanding, facts: Facts): Alarm[] {
  return [...overdue(policy), ...planWaiting(policy), ...runFailed(policy), ...noSuccess(policy, facts)];
}

const records = (n: number): string => (n === 1 ? '1 record' : `${String(n)} records`);

function overdue({ controller, policy, overdue = 0, oldestOverdue }: PolicyStanding): Alarm[] {
  if (overdue === 0) return [];
  const since = oldestOverdue === undefined ? '' : `, the oldest since ${oldestOverdue}`;
  return [
    {
      cause: 'FristOverdueRecords',
      about: { controller, policy },
      text: `${records(overdue)} of policy ${policy} (${controller}) are past the promised day${since}.`,
      remedy:
        'See with `frist status` what keeps them: a plan that waits, a run that failed, a pause. `frist plan` shows the records.',
    },
  ];
}

function planWaiting({ controller, policy, waiting }: PolicyStanding): Alarm[] {
  return waiting.map(({ id, count, guard, expires }): Alarm => {
    const { name, observed, limit } = guard;
    const why =
      name === 'approval'
        ? 'its policy wants a person to approve'
        : `guard ${name}: ${String(observed)}${unitOf(name)}, the limit is ${String(limit)}${unitOf(name)}`;
    return {
      cause: 'FristPlanWaiting',
      about: { controller, policy, plan: id },
      text: `Policy ${policy} (${controller}) erases nothing: a plan of ${records(count)} waits for approval (${why}). It expires ${expires}.`,
      remedy: `Look at it: \`frist plan ${id}\`. Then \`frist approve ${id} --why …\`, or mend the policy and let the plan expire.`,
    };
  });
}

/** Whatever its code: a source that is lost now and unreachable then is one thing to mend. */
function runFailed({ controller, policy, lastResult }: PolicyStanding): Alarm[] {
  if (lastResult?.state !== 'failed') return [];
  const code = lastResult.code ?? 'DEFECT';
  return [
    {
      cause: 'FristRunFailed',
      about: { controller, policy },
      text: `The last run of policy ${policy} (${controller}) failed: ${code}. It began ${lastResult.started}.`,
      remedy: 'docs/errors.md says of each code what to do. The next run goes on where this one ended.',
    },
  ];
}

/**
 * A run that failed or waits has an alarm of its own, and so has a pause. One that is going on may still do what was due,
 * unless another one since the slot has not.
 */
function noSuccess(standing: PolicyStanding, facts: Facts): Alarm[] {
  const { behind, standing: whole } = facts;
  const { controller, policy, lastRun, lastEnded, lastSuccess } = standing;
  const slot = behind.slotOf(standing);
  if (slot === undefined || lastRun === undefined || whole.paused !== undefined) return [];
  const told = lastEnded?.state === 'failed' || lastEnded?.state === 'waiting' ? lastEnded.started : '';
  const tried = lastEnded?.started ?? '';
  const begun = tried < slot && isGoing(lastRun, facts) ? lastRun.started : '';
  if (told >= slot || begun >= slot) return [];
  return [
    {
      cause: 'FristNoSuccess',
      about: { controller, policy },
      text: `Policy ${policy} (${controller}) was due at ${slot} and has not been swept to the end since; last success: ${lastSuccess ?? 'never'}.`,
      remedy:
        'See in `frist status` how its runs end: stopped means that run.deadline was too short, interrupted that the process died.',
      patienceMs: CATCH_UP_MS,
    },
  ];
}
