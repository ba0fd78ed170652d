/**
 * Why frist calls for help. Every cause is read from durable facts, so that a restart changes nothing and every process
 * that shares the state sees the same; it is over as soon as the facts no longer show it. The alert rules for Prometheus
 * (deploy/prometheus) and the headings of deploy/RUNBOOK.md have the same names.
 */
import type { Down } from '../installation/app.ts';
import type { PolicyStanding, Standing } from '../standing/standing.ts';
import type { BatchName } from '../state/state.ts';

export const CAUSES = [
  'FristAlertUndelivered',
  'FristBatchAstray',
  'FristBatchOpen',
  'FristControllerDown',
  'FristHoldPastReview',
  'FristJobBehind',
  'FristNoSuccess',
  'FristOverdueRecords',
  'FristPaused',
  'FristPlanWaiting',
  'FristProofOverdue',
  'FristRunFailed',
  'FristTrailBehind',
  'FristTrailSilent',
  'FristTrailUnverified',
  'FristVerificationMissing',
] as const;
export type Cause = (typeof CAUSES)[number];

/** What tells one alarm from another of the same cause; each is told once. */
export interface About {
  readonly controller?: string;
  readonly policy?: string;
  readonly plan?: string;
  readonly code?: string;
  readonly job?: string;
  readonly channel?: string;
}

export interface Alarm {
  readonly cause: Cause;
  readonly about: About;
  readonly text: string;
  readonly remedy: string;
  /** How long it must last before anybody is told, ms; 0 where it is left out. */
  readonly patienceMs?: number;
}

/** What should have been done by schedule, long enough ago; a slot is an ISO instant. */
export interface Behind {
  /** The first slot since the last success of the policy. */
  readonly slotOf: (policy: PolicyStanding) => string | undefined;
  readonly jobs: readonly { readonly name: string; readonly slot: string }[];
}

export interface Facts {
  readonly standing: Standing;
  readonly behind: Behind;
  /** Controllers that are not worked for. */
  readonly missing: readonly Down[];
  /** Channels that what was to be sent could not be sent by for an hour. */
  readonly undelivered: readonly string[];
  /** Milliseconds since the epoch. */
  readonly now: number;
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** How long what passes by itself may last: the outbox of a busy trail, a batch, a pause. */
const TRAIL_LAG_MS = 10 * MINUTE_MS;
const BATCH_OPEN_MS = HOUR_MS;
const PAUSE_MS = 24 * HOUR_MS;
/** A daemon that was down does at once what it missed. */
const CATCH_UP_MS = 5 * MINUTE_MS;

/** Everything that is wrong. */
export function alarmsOf(facts: Facts): Alarm[] {
  const { standing, missing, undelivered } = facts;
  return [
    ...standing.policies.flatMap((policy) => [
      ...overdue(policy),
      ...planWaiting(policy),
      ...runFailed(policy),
      ...noSuccess(policy, facts),
    ]),
    ...missing.map(controllerDown),
    ...ofBatches(facts),
    ...ofProofsAndHolds(standing),
    ...ofTrail(facts),
    ...paused(facts),
    ...undelivered.map((channel): Alarm => {
      const text = `Alerts cannot be sent by ${channel} for an hour or longer.`;
      const remedy =
        'Check the settings alerts.* and the server that they name: `frist check --alerts` tries it.';
      return { cause: 'FristAlertUndelivered', about: { channel }, text, remedy };
    }),
  ];
}

function controllerDown({ name, code }: Down): Alarm {
  return {
    cause: 'FristControllerDown',
    about: { controller: name, code },
    text: `Nothing is erased for ${name}: its policy file cannot be used (${code}). The others go on.`,
    remedy: '`frist check` names each place that is wrong. The daemon looks again every minute.',
  };
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
        : `guard ${name}: ${String(observed)}, the limit is ${String(limit)}`;
    return {
      cause: 'FristPlanWaiting',
      about: { controller, policy, plan: id },
      text: `Policy ${policy} (${controller}) erases nothing: a plan of ${records(count)} waits for approval (${why}). It expires ${expires}.`,
      remedy: `Look at it: \`frist plan ${id}\`. Then \`frist approve ${id} --why …\`, or mend the policy and let the plan expire.`,
    };
  });
}

function runFailed({ controller, policy, lastEnded }: PolicyStanding): Alarm[] {
  if (lastEnded?.state !== 'failed') return [];
  const code = lastEnded.code ?? 'DEFECT';
  return [
    {
      cause: 'FristRunFailed',
      about: { controller, policy, code },
      text: `The last run of policy ${policy} (${controller}) failed: ${code}. It began ${lastEnded.started}.`,
      remedy: 'docs/errors.md says of each code what to do. The next run goes on where this one ended.',
    },
  ];
}

/** A run that failed or waits has an alarm of its own, and so has a pause. */
function noSuccess(standing: PolicyStanding, { behind, standing: whole }: Facts): Alarm[] {
  const { controller, policy, lastRun, lastEnded, lastSuccess } = standing;
  const slot = behind.slotOf(standing);
  if (slot === undefined || lastRun === undefined || whole.paused !== undefined) return [];
  const told = lastEnded?.state === 'failed' || lastEnded?.state === 'waiting' ? lastEnded.started : '';
  const begun = lastRun.state === 'running' ? lastRun.started : '';
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

function ofBatches({ standing: { astray, tally, policies }, now }: Facts): Alarm[] {
  const isOld = ({ opened }: BatchName): boolean => now - Date.parse(opened) > BATCH_OPEN_MS;
  const isRunning = (batch: BatchName): boolean =>
    policies.some(
      ({ controller, policy, lastRun }) =>
        controller === batch.controller && policy === batch.policy && lastRun?.state === 'running',
    );
  const strayed = new Set(astray.map(({ id }) => id));
  const open = tally.openBatches.filter(
    (batch) => !strayed.has(batch.id) && isOld(batch) && !isRunning(batch),
  );
  return [
    ...byPolicy(astray).map(({ controller, policy }): Alarm => ({
      cause: 'FristBatchAstray',
      about: { controller, policy },
      text: `A batch of policy ${policy} (${controller}) has no outcome on record, and no policy of today can find out what became of it.`,
      remedy:
        'Put the policy back as it was for one run, so that frist can look (BATCH_ASTRAY in docs/errors.md).',
    })),
    ...byPolicy(open).map(({ controller, policy }): Alarm => ({
      cause: 'FristBatchOpen',
      about: { controller, policy },
      text: `A batch of policy ${policy} (${controller}) was opened over an hour ago and has no outcome on record.`,
      remedy:
        'Its process died, and its source cannot be asked since. Check the source; frist looks again by itself.',
    })),
  ];
}

function byPolicy(batches: readonly BatchName[]): BatchName[] {
  const groups = Map.groupBy(batches, ({ controller, policy }) => JSON.stringify([controller, policy]));
  return [...groups.values()].flatMap((group) => group.slice(0, 1));
}

function ofProofsAndHolds({ tally: { overdueProofs, holdsPastReview } }: Standing): Alarm[] {
  const found: Alarm[] = [];
  if (overdueProofs > 0)
    found.push({
      cause: 'FristProofOverdue',
      about: {},
      text: `The second look at ${String(overdueProofs)} erased batch(es) is overdue: whether their records are gone is not proven.`,
      remedy:
        'Check that the source can be reached and that the policy is as it was; the next run of the policy looks.',
    });
  if (holdsPastReview > 0)
    found.push({
      cause: 'FristHoldPastReview',
      about: {},
      text: `${String(holdsPastReview)} hold(s) are past the day on which somebody was to look at them again. They stand all the same.`,
      remedy:
        '`frist hold list` names them. Release each (`frist hold release`), or place it again with a later day.',
    });
  return found;
}

const OF_JOB: Readonly<
  Record<string, { readonly cause: Cause; readonly text: string; readonly remedy: string }>
> = {
  heartbeat: {
    cause: 'FristTrailSilent',
    text: 'The trail has no sign of life',
    remedy:
      'See in the log why the daemon cannot write its heartbeat; a trail that is silent for a day is an alarm.',
  },
  verification: {
    cause: 'FristVerificationMissing',
    text: 'The trail has not been verified',
    remedy: 'See in the log why the job failed, and run `frist audit verify`.',
  },
};

function ofTrail({ standing: { verification, unpublishedSince }, behind, now }: Facts): Alarm[] {
  const found = behind.jobs.map(({ name, slot }): Alarm => {
    const { cause, text, remedy } = OF_JOB[name] ?? {
      cause: 'FristJobBehind',
      text: `The daemon's job ${name} has not been done`,
      remedy: 'See in the log why it failed. docs/operating.md, "Jobs", says what it is for.',
    };
    return {
      cause,
      about: { job: name },
      text: `${text} since it was due at ${slot}.`,
      remedy,
      patienceMs: CATCH_UP_MS,
    };
  });
  if (verification?.verified === false)
    found.push({
      cause: 'FristTrailUnverified',
      about: {},
      text: `The audit trail did not verify at ${verification.slot}.`,
      remedy:
        'Stop the daemon, keep a copy of the trail as it is, run `frist audit verify`, and find out who changed it.',
    });
  if (unpublishedSince !== undefined && now - Date.parse(unpublishedSince) > TRAIL_LAG_MS)
    found.push({
      cause: 'FristTrailBehind',
      about: {},
      text: `Entries wait for the audit trail since ${unpublishedSince}: it cannot be written. Nothing is erased meanwhile.`,
      remedy: '/readyz and the log name the code. When the store is back frist goes on by itself.',
    });
  return found;
}

function paused({ standing: { paused: stopped }, now }: Facts): Alarm[] {
  if (stopped === undefined) return [];
  const { since } = stopped;
  if (since !== undefined && now - Date.parse(since) <= PAUSE_MS) return [];
  const how = 'file' in stopped ? 'by the file that pause.file names' : 'by `frist pause`';
  return [
    {
      cause: 'FristPaused',
      about: {},
      text: `frist is paused ${how}${since === undefined ? '' : ` since ${since}`}, for over a day: nothing is erased, and what falls due is not counted.`,
      remedy: 'End it with `frist resume --why …`, or remove the file, when its reason is over.',
    },
  ];
}

/** Of these, that frist does not do its work: then it does not say to the outside that all is well. */
const AT_A_STANDSTILL: ReadonlySet<Cause> = new Set([
  'FristBatchAstray',
  'FristBatchOpen',
  'FristControllerDown',
  'FristNoSuccess',
  'FristRunFailed',
  'FristTrailBehind',
  'FristTrailSilent',
  'FristTrailUnverified',
]);

/** Whether frist does its work, whatever else people are to look at. */
export function isAtWork(alarms: readonly Alarm[]): boolean {
  return !alarms.some(({ cause }) => AT_A_STANDSTILL.has(cause));
}
