/**
 * The metrics: name, meaning, and how each is read from what is known. The page docs/metrics.md has this table, and the
 * names are a contract: rules and dashboards of others rest on them.
 *
 * Labels are names that stand in the policy files, and words of frist's own: never a record, a key or a person, and no
 * more of them than there are policies.
 */
import { zoneOf } from '../policy/time/zone.ts';
import { DAY_MS } from '../policy/time/day.ts';
import type { PolicyStanding, Standing } from '../standing/standing.ts';
import type { RunState } from '../state/state.ts';

/** What one metric is of one thing: a number, one for each value of its further label, or nothing. */
type Reading = number | Readonly<Record<string, number>> | undefined;

export interface Metric<T> {
  readonly name: string;
  /** One sentence, without the full stop. */
  readonly help: string;
  /** A label besides those that all of its kind have. */
  readonly by?: string;
  /** Counters only grow; everything else goes up and down. */
  readonly counter?: true;
  readonly read: (of: T) => Reading;
}

/** All instants are ms since the epoch. */
export interface PolicyNumbers {
  readonly standing: PolicyStanding;
  readonly now: number;
  /** The first slot of its schedule after its last success; undefined while none has passed. */
  readonly missed: number | undefined;
}

export interface InstallationNumbers {
  readonly standing: Standing;
  readonly now: number;
  /** By job, the first slot that passed since it was last done, if any. */
  readonly missed: Readonly<Record<string, number | undefined>>;
}

export interface ProcessNumbers {
  readonly version: string;
  /** Of Node. */
  readonly runtime: string;
  readonly started: number;
  /** Bytes. */
  readonly memory: number;
}

const ENDS: readonly RunState[] = ['finished', 'waiting', 'stopped', 'failed', 'interrupted'];
const VERDICTS: readonly string[] = [
  'erase',
  'held',
  'subject unknown',
  'protected',
  'exempt',
  'unknown elsewhere',
  'other rule',
  'pending',
  'undated',
  'implausible',
  'unreadable',
  'done',
];

const seconds = (milliseconds: number): number => milliseconds / 1000;
const instant = (iso: string | undefined): number | undefined =>
  iso === undefined ? undefined : seconds(Date.parse(iso));
const since = (now: number, then: number | undefined): number =>
  then === undefined ? 0 : Math.max(0, seconds(now - then));

/** Labels `controller` and `policy`. */
export const POLICY_METRICS: readonly Metric<PolicyNumbers>[] = [
  {
    name: 'frist_overdue_records',
    help: 'Records past their promised day that nothing suspends, as the last whole look found them, without what was erased since',
    read: ({ standing }) => standing.overdue,
  },
  {
    name: 'frist_oldest_overdue_seconds',
    help: 'How long ago the promised day ended of the oldest that the last whole look found overdue; 0 where none is left',
    read: ({ standing, now }) => {
      const { oldestOverdue, zone } = standing;
      if (oldestOverdue === undefined) return standing.overdue === undefined ? undefined : 0;
      return since(now, zoneOf(zone).startOf(Date.parse(oldestOverdue) / DAY_MS + 1));
    },
  },
  {
    name: 'frist_records',
    help: 'Records that the last whole look found, by what was decided about them',
    by: 'verdict',
    read: ({ standing: { lastLook } }) =>
      lastLook === undefined
        ? undefined
        : Object.fromEntries(VERDICTS.map((verdict) => [verdict, lastLook.summary?.[verdict] ?? 0])),
  },
  {
    name: 'frist_erased_records_total',
    help: 'Records erased since the state was made, by what was done to them',
    by: 'action',
    counter: true,
    read: ({ standing: { counted } }) => ({ delete: counted.delete, anonymise: counted.anonymise }),
  },
  {
    name: 'frist_guard_trips_total',
    help: 'Plans that a guard has stopped since the state was made',
    counter: true,
    read: ({ standing }) => standing.counted.guard,
  },
  {
    name: 'frist_waiting_plans',
    help: 'Plans that wait for approval',
    read: ({ standing }) => standing.waiting.length,
  },
  {
    name: 'frist_waiting_plan_expiry_timestamp_seconds',
    help: 'Until when the first of them can be approved',
    read: ({ standing }) => instant(standing.waiting.map((plan) => plan.expires).sort()[0]),
  },
  {
    name: 'frist_running',
    help: 'Whether a run is under way: 1 or 0',
    read: ({ standing }) => Number(standing.lastRun?.state === 'running'),
  },
  {
    name: 'frist_last_run_timestamp_seconds',
    help: 'When the last run began that is over',
    read: ({ standing }) => instant(standing.lastEnded?.started),
  },
  {
    name: 'frist_last_run_result',
    help: 'How it ended: 1 for one of the results, 0 for the others',
    by: 'result',
    read: ({ standing: { lastEnded } }) =>
      lastEnded === undefined
        ? undefined
        : Object.fromEntries(ENDS.map((state) => [state, Number(lastEnded.state === state)])),
  },
  {
    name: 'frist_last_success_timestamp_seconds',
    help: 'When a run last erased all that was due',
    read: ({ standing }) => instant(standing.lastSuccess),
  },
  {
    name: 'frist_success_missing_seconds',
    help: 'How long ago the first scheduled moment was that no success has followed; 0 where one has followed each',
    read: ({ now, missed }) => since(now, missed),
  },
  {
    name: 'frist_last_slot_timestamp_seconds',
    help: 'The last scheduled moment for which a run began',
    read: ({ standing }) => instant(standing.lastSlot),
  },
];

/** Label `controller`: its name; where several share one state and one trail, all their names. */
export const INSTALLATION_METRICS: readonly Metric<InstallationNumbers>[] = [
  {
    name: 'frist_paused',
    help: 'Whether the kill switch is on: 1 or 0',
    read: ({ standing }) => Number(standing.paused !== undefined),
  },
  {
    name: 'frist_paused_timestamp_seconds',
    help: 'Since when it is on; 0 where that cannot be told',
    read: ({ standing: { paused } }) => (paused === undefined ? undefined : (instant(paused.since) ?? 0)),
  },
  {
    name: 'frist_holds',
    help: 'Holds and restrictions that nobody has released',
    read: ({ standing }) => standing.tally.holds,
  },
  {
    name: 'frist_holds_past_review',
    help: 'Of these, those whose day of review has passed',
    read: ({ standing }) => standing.tally.holdsPastReview,
  },
  {
    name: 'frist_open_batches',
    help: 'Batches without an outcome: under way, or left by a crash',
    read: ({ standing }) => standing.tally.openBatches.length,
  },
  {
    name: 'frist_astray_batches',
    help: 'Of these, those that no policy of the files can settle',
    read: ({ standing }) => standing.astray.length,
  },
  {
    name: 'frist_oldest_open_batch_timestamp_seconds',
    help: 'When the oldest of them was opened',
    read: ({ standing }) => instant(standing.tally.openBatches[0]?.opened),
  },
  {
    name: 'frist_pending_proofs',
    help: 'Batches whose erased records could not be looked at again yet',
    read: ({ standing }) => standing.tally.pendingProofs,
  },
  {
    name: 'frist_overdue_proofs',
    help: 'Of these, those that should have been by now',
    read: ({ standing }) => standing.tally.overdueProofs,
  },
  {
    name: 'frist_unpublished_entries',
    help: 'Entries that the audit trail does not have yet',
    read: ({ standing }) => standing.tally.unpublished,
  },
  {
    name: 'frist_oldest_unpublished_timestamp_seconds',
    help: 'When the oldest of them was written',
    read: ({ standing }) => instant(standing.unpublishedSince),
  },
  {
    name: 'frist_trail_verified',
    help: 'Whether the trail verified when the daemon last held it against its signature and the kept heads: 1 or 0',
    read: ({ standing: { verification } }) =>
      verification === undefined ? undefined : Number(verification.verified),
  },
  {
    name: 'frist_last_verification_timestamp_seconds',
    help: 'The scheduled moment of that verification',
    read: ({ standing }) => instant(standing.verification?.slot),
  },
  {
    name: 'frist_last_heartbeat_timestamp_seconds',
    help: 'The last day that a daemon ended, at 23:59 UTC',
    read: ({ standing }) => instant(standing.heartbeat),
  },
  {
    name: 'frist_job_missing_seconds',
    help: 'How long ago the first scheduled moment was for which a job of the daemon has not been done; 0 where all are',
    // Not `job`: that one is Prometheus' own.
    by: 'daemon_job',
    read: ({ now, missed }) =>
      Object.fromEntries(Object.entries(missed).map(([job, slot]) => [job, since(now, slot)])),
  },
  {
    name: 'frist_undelivered_alerts',
    help: 'Alerts that were tried and could not be sent yet',
    by: 'channel',
    read: ({ standing }) => standing.undelivered,
  },
];

/** No label. */
export const PROCESS_METRICS: readonly Metric<ProcessNumbers>[] = [
  {
    name: 'process_start_time_seconds',
    help: 'When the process began',
    read: ({ started }) => seconds(started),
  },
  {
    name: 'process_resident_memory_bytes',
    help: 'Memory that the process has',
    read: ({ memory }) => memory,
  },
];
