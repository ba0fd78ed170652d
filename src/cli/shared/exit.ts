/** Exit statuses (README, "Exit status"). Where several hold, the first of 1, 4, 2, 3, 5 ends the process; `--json` lists all. */
import type { PolicyReport } from '../../erasure/report.ts';
import { ERRORS, EXIT, type ErrorCode } from '../../errors.ts';

const ORDER: readonly number[] = [EXIT.config, EXIT.trail, EXIT.failed, EXIT.waiting, EXIT.overdue];

/** The status that ends the process: the first in order of gravity, 0 when there is none. */
export function exitOf(statuses: readonly number[]): number {
  return ORDER.find((status) => statuses.includes(status)) ?? EXIT.ok;
}

/** Each status once, gravest first; 0 is none. */
export function allStatuses(statuses: readonly number[]): number[] {
  return ORDER.filter((status) => statuses.includes(status));
}

/** Every status that a run's reports amount to, with others of the run, gravest first. */
export function statusesOfRun(reports: readonly PolicyReport[], others: readonly number[] = []): number[] {
  const statuses = new Set<number>(others);
  for (const report of reports) {
    if (report.error !== undefined) statuses.add(exitOfCode(report.error.code));
    if (report.status === 'waiting') statuses.add(EXIT.waiting);
    if (report.status !== 'done' && (report.found?.overdue ?? 0) > 0) statuses.add(EXIT.overdue);
  }
  return ORDER.filter((status) => statuses.has(status));
}

function exitOfCode(code: string): number {
  return Object.hasOwn(ERRORS, code) ? ERRORS[code as ErrorCode].exit : EXIT.failed;
}

/** A dry run leaves nothing undone: only what keeps it from looking counts. */
export function statusesOfPlan(reports: readonly PolicyReport[]): number[] {
  return statusesOfRun(reports.filter((report) => report.error !== undefined)).filter(
    (status) => status !== EXIT.overdue,
  );
}
