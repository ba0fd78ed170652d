import type { App, Controlled } from '../app.ts';
import { dryRun } from '../erasure/dry-run.ts';
import type { PolicyReport } from '../erasure/report.ts';
import { explainDisposition } from '../policy/explain/disposition.ts';
import type { Disposition } from '../policy/judge.ts';
import type { Facts } from '../policy/policy.ts';
import type { Task } from '../policy/view.ts';
import type { Moment } from './shared/as-of.ts';
import { exitOf, statusesOfPlan } from './shared/exit.ts';
import { printJson, type Io } from './shared/io.ts';
import { policyText } from './shared/text.ts';

export interface PlanOptions {
  readonly moment: Moment;
  readonly json: boolean;
  /** Stream every disposition as NDJSON instead of the summary. */
  readonly records: boolean;
  readonly signal: AbortSignal;
}

/** `frist plan`: what a sweep would do. Writes to no source. Answers the exit status. */
export async function plan(app: App, options: PlanOptions, io: Io): Promise<number> {
  const reports: PolicyReport[] = [];
  for (const controlled of app.controllers) reports.push(...(await planController(controlled, options, io)));
  const statuses = statusesOfPlan(reports);
  const exit = exitOf(statuses);
  if (options.records) {
    for (const report of reports) if (report.error !== undefined) io.err(`${policyText(report, 'would')}\n`);
  } else if (options.json) {
    printJson(io, { asOf: new Date(options.moment.asOf).toISOString(), policies: reports, exit, statuses });
  } else {
    io.out(`${reports.map((report) => policyText(report, 'would')).join('\n\n')}\n`);
  }
  return exit;
}

async function planController(controlled: Controlled, options: PlanOptions, io: Io): Promise<PolicyReport[]> {
  const { asOf } = options.moment;
  const onDisposition = (task: Task, facts: Facts, disposition: Disposition): void => {
    io.out(`${JSON.stringify(recordLine(task, facts, disposition))}\n`);
  };
  return dryRun(controlled.engine, controlled.tasks, {
    asOf,
    signal: options.signal,
    ...(options.records ? { onDisposition } : {}),
  });
}

/** One line of `--records`. The key is the source's own: this goes to the operator's terminal, never to a log. */
function recordLine(task: Task, facts: Facts, disposition: Disposition): Record<string, unknown> {
  const { policy, source, record } = task.view;
  const { verdict, reasons, stage } = disposition;
  const action = stage === undefined ? undefined : task.view.stages[stage]?.action.kind;
  const why = explainDisposition(task, disposition);
  return {
    policy,
    source,
    record: record.name,
    key: facts.key,
    verdict,
    action,
    overdue: disposition.overdue,
    why,
    reasons,
  };
}
