/**
 * Why frist calls for help. Every cause is read from durable facts, so that a restart changes nothing and every process
 * that shares the state sees the same; it is over as soon as the facts no longer show it. The alert rules for Prometheus
 * (deploy/prometheus) and the headings of deploy/RUNBOOK.md have the same names.
 */
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
  'FristStateUnreachable',
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

/** Of these, that frist does not do its work: then it does not say to the outside that all is well. */
const AT_A_STANDSTILL: ReadonlySet<Cause> = new Set([
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
