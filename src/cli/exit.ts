/** Exit statuses (README, "Exit status"). Where several hold, the first of 1, 4, 2, 3, 5 ends the process; `--json` lists all. */
import type { PolicyReport } from '../erasure/report.ts';
import { EXIT } from '../errors.ts';

const ORDER: readonly number[] = [EXIT.config, EXIT.trail, EXIT.failed, EXIT.waiting, EXIT.overdue];

/** The status that ends the process: the first in order of gravity, 0 when there is none. */
export function exitOf(statuses: readonly number[]): number {
  return ORDER.find((status) => statuses.includes(status)) ?? EXIT.ok;
}

/** Every status that a run's reports amount to, gravest first. */
export function statusesOfRun(reports: readonly PolicyReport[]): number[] {
  const statuses = new Set<number>();
  for (const report of reports) {
    if (report.error !== undefined) statuses.add(report.error.code === 'CHECK_FAILED' ? EXIT.config : EXIT.failed);
    if (report.status === 'waiting') statuses.add(EXIT.waiting);
    if (report.status !== 'done' && (report.found?.overdue ?? 0) > 0) statuses.add(EXIT.overdue);
  }
  return ORDER.filter((status) => statuses.has(status));
}

/** A dry run leaves nothing undone: only what keeps it from looking counts. */
export function statusesOfPlan(reports: readonly PolicyReport[]): number[] {
  return statusesOfRun(reports.filter((report) => report.error !== undefined)).filter((status) => status !== EXIT.overdue);
}
