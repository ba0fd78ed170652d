import type { App, Controlled } from '../../installation/app.ts';
import { dryRun, inspectPlan } from '../../erasure/dry-run.ts';
import type { PolicyReport } from '../../erasure/report.ts';
import { standingOf } from '../../erasure/run/planned.ts';
import { EXIT, FristError } from '../../errors.ts';
import type { Disposition } from '../../policy/judge.ts';
import type { Facts } from '../../policy/policy.ts';
import type { Task } from '../../policy/view.ts';
import type { Plan, PlanStatus } from '../../state/state.ts';
import type { Moment } from '../shared/as-of.ts';
import { exitOf, statusesOfPlan } from '../shared/exit.ts';
import { printJson, type Io } from '../print/io.ts';
import { recordLine } from '../print/record-line.ts';
import { guardText, keptLines, number, policyText } from '../print/text.ts';

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
    io.out(`${JSON.stringify(recordLine(task, facts.key, disposition))}\n`);
  };
  return dryRun(controlled.engine, controlled.tasks, {
    asOf,
    signal: options.signal,
    ...(options.records ? { onDisposition } : {}),
  });
}

/** `frist plan <plan>`: a plan that was stored, from the state alone; with `--records` its records as they are now. */
export async function showPlan(app: App, id: string, options: PlanOptions, io: Io): Promise<number> {
  const plan = await app.state.plan(id);
  const controlled = app.controllers.find((one) => one.engine.controller.name === plan?.controller);
  if (plan === undefined || controlled === undefined) throw new FristError('PLAN_UNKNOWN', { plan: id });
  const status = standingOf(plan, app.now());
  if (options.records) {
    if (status !== 'waiting' && status !== 'approved')
      throw new FristError('PLAN_NOT_WAITING', { plan: id, status });
    await inspectPlan(controlled.engine, controlled.tasks, {
      plan,
      asOf: options.moment.asOf,
      signal: options.signal,
      onRecord: (...record) => {
        io.out(`${JSON.stringify(recordLine(...record))}\n`);
      },
    });
  } else if (options.json) printJson(io, { plan: { ...plan, status }, exit: EXIT.ok, statuses: [] });
  else io.out(planText({ ...plan, status }));
  return EXIT.ok;
}

const STANDING: Readonly<Record<PlanStatus, string>> = {
  waiting: 'waits for approval',
  approved: 'was approved, and is not carried out to its end: approve it again to go on',
  applied: 'was approved and carried out',
  void: 'void: its policy, guard, source or catalogue has changed',
  expired: 'expired: nobody approved it in time',
};

function planText(plan: Plan): string {
  const { id, status, summary } = plan;
  const open = status === 'waiting' || status === 'approved';
  const lines = [
    `${id}  (policy ${plan.policy})`,
    `  ${STANDING[status]}`,
    `  why: ${guardText(plan.guard)}`,
    `  made ${plan.created} by ${plan.requestedBy} in run ${plan.run}, as of ${plan.asOf}`,
    `  can be approved until ${plan.expires}`,
    `  population ${number(plan.population)}`,
    `  due ${number(plan.count)}`,
    ...keptLines(summary),
  ];
  if (open)
    lines.push(
      `  → its records as they are now: frist plan ${id} --records`,
      `  → to let it go: frist approve ${id} --why "…"`,
    );
  return `${lines.join('\n')}\n`;
}
