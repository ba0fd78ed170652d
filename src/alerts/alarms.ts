/** Everything that is wrong, by the facts. Pure. */
import type { Down } from '../installation/app.ts';
import type { Standing } from '../standing/standing.ts';
import type { BatchName } from '../state/state.ts';
import type { Alarm, Cause } from './causes.ts';
import { CATCH_UP_MS, isGoing, type Facts } from './facts.ts';
import { ofPolicy } from './of-policy.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** How long what passes by itself may last: the outbox of a busy trail, a batch, a pause. */
const TRAIL_LAG_MS = 10 * MINUTE_MS;
const BATCH_OPEN_MS = HOUR_MS;
const PAUSE_MS = 24 * HOUR_MS;

/** Everything that is wrong. */
export function alarmsOf(facts: Facts): Alarm[] {
  const { standing, missing, undelivered } = facts;
  return [
    ...standing.policies.flatMap((policy) => ofPolicy(policy, facts)),
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

/** A controller that this daemon does not work for. */
export function controllerDown({ name, code }: Down): Alarm {
  return {
    cause: 'FristControllerDown',
    about: { controller: name, code },
    text: `The daemon does not work for ${name}: its policy file, its state, its trail or a key cannot be used (${code}). The others go on.`,
    remedy:
      '`frist check` names each place that is wrong, and docs/errors.md the code. The daemon tries again every minute.',
  };
}

function ofBatches(facts: Facts): Alarm[] {
  const { astray, tally, policies } = facts.standing;
  const isOld = ({ opened }: BatchName): boolean => facts.now - Date.parse(opened) > BATCH_OPEN_MS;
  const isRunning = (batch: BatchName): boolean =>
    policies.some(
      ({ controller, policy, lastRun }) =>
        controller === batch.controller &&
        policy === batch.policy &&
        lastRun !== undefined &&
        isGoing(lastRun, facts),
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

/** Each is ended only by what began it. */
const PAUSED_BY = {
  command: {
    how: 'by `frist pause`',
    remedy: 'When the reason is over, end it with `frist resume --why …`.',
  },
  file: {
    how: 'by the file that `pause.file` names',
    remedy:
      'When the reason is over, remove the file; `frist status` names it. `frist resume` does not end it.',
  },
} as const;

function paused({ standing: { paused: stopped }, now }: Facts): Alarm[] {
  if (stopped === undefined) return [];
  const { since } = stopped;
  if (since !== undefined && now - Date.parse(since) <= PAUSE_MS) return [];
  const { how, remedy } = PAUSED_BY['file' in stopped ? 'file' : 'command'];
  return [
    {
      cause: 'FristPaused',
      about: {},
      text: `frist is paused ${how}${since === undefined ? '' : ` since ${since}`}, for over a day: nothing is erased, and what falls due is not counted.`,
      remedy,
    },
  ];
}
