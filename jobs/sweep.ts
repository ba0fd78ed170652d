/** The sweep by schedule: every policy of a controller that shares a cron expression, in one run. */
import type { App, Controlled } from '../src/installation/app.ts';
import type { Engine } from '../src/erasure/engine.ts';
import type { PolicyReport } from '../src/erasure/report.ts';
import { sweep } from '../src/erasure/sweep.ts';
import type { Task } from '../src/policy/view.ts';
import { againWhenBack, goesOn } from './again.ts';
import type { Job } from './scheduler.ts';

const DAY_MS = 86_400_000;

/** One job for each cron expression of the controller. */
export function sweepJobs(app: App, controlled: Controlled): Job[] {
  const groups = Map.groupBy(controlled.tasks, (task) => task.policy.schedule ?? app.settings.schedule);
  return [...groups].map(([schedule, tasks]) => sweepJob(app, controlled, schedule, tasks));
}

function sweepJob(app: App, { engine }: Controlled, schedule: string, tasks: readonly Task[]): Job {
  const { name: controller, timezone: zone } = engine.controller;
  return {
    name: `sweep ${controller} ${schedule}`,
    schedule,
    zone,
    lastSlot: async () => {
      // The earliest of the group: a policy that a crash left out is caught up with the others, which skip the slot.
      const slots = await Promise.all(tasks.map((task) => app.state.lastSlot(controller, task.view.policy)));
      const known = slots.filter((slot) => slot !== undefined).sort();
      return known.length === 0 ? undefined : known[0];
    },
    cutShort: () => isCutShort(app, controller, tasks),
    run: (slot, signal) =>
      againWhenBack(async () => {
        // Nothing begins that cannot be put on record.
        await engine.trail.flush();
        const deadline = AbortSignal.any([signal, AbortSignal.timeout(app.settings.run.deadlineMs)]);
        const asOf = Math.floor(app.now() / 1000) * 1000;
        const input = { trigger: 'schedule', slot, asOf, setClock: false, signal: deadline } as const;
        const reports = await sweep(engine, tasks, input);
        for (const report of reports) tell(engine, slot, report);
        return reports.some(({ error }) => goesOn(error?.code)) ? 'again' : 'done';
      }),
  };
}

/**
 * Whether a sweep of the last day ended with its process, and what it had open is settled. A sweep that has ended so twice
 * in a row may be what ends the process: it waits for its slot.
 */
async function isCutShort({ state, now }: App, controller: string, tasks: readonly Task[]): Promise<boolean> {
  const since = new Date(now() - DAY_MS).toISOString();
  const ended = await state.runs({ controller, states: ['interrupted'], since, limit: 1000 });
  const policies = new Set(ended.map((run) => run.policy));
  for (const { view } of tasks) {
    if (!policies.has(view.policy)) continue;
    const [last, before] = await state.runs({ controller, policy: view.policy, limit: 2 });
    if (last?.state !== 'interrupted' || last.trigger !== 'schedule' || before?.state === 'interrupted')
      continue;
    const open = await state.openBatches();
    if (!open.some((batch) => batch.controller === controller && batch.policy === view.policy)) return true;
  }
  return false;
}

function tell({ logger, replica }: Engine, slot: string, report: PolicyReport): void {
  const { policy, source, status, error, found, outcomes } = report;
  const { overdue } = found ?? {};
  const fields = {
    policy,
    slot,
    status,
    replica,
    code: error?.code,
    overdue,
    // Of a run that broke off in the middle nobody has added up what had gone: the trail has it.
    erased: outcomes === undefined && error !== undefined ? undefined : (outcomes?.erased ?? 0),
  };
  if (error === undefined) logger.info('policy swept', fields);
  else logger.error('policy failed', { ...fields, source });
}
