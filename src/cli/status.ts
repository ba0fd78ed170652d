import type { App } from '../app.ts';
import { lastVerification } from '../audit/watch/inspect.ts';
import { EXIT } from '../errors.ts';
import type { Plan, Run } from '../state/state.ts';
import { exitOf } from './shared/exit.ts';
import { printJson, type Io } from './shared/io.ts';
import { number, table } from './shared/text.ts';

/** One policy as the state remembers it. */
interface PolicyStatus {
  readonly policy: string;
  readonly lastRun?: Run;
  readonly lastSuccess?: string;
  /** As the last run that looked found it; absent where none did. */
  readonly overdue?: number;
  readonly running: boolean;
  readonly waiting: readonly Plan[];
}

interface Status {
  readonly policies: readonly PolicyStatus[];
  /** Batches without an outcome: the next run looks at them first. */
  readonly openBatches: number;
  readonly holds: number;
  readonly holdsPastReview: readonly string[];
  /** Entries that the trail does not have yet. */
  readonly unpublished: number;
  /** How the daemon last found its trail; absent where it never looked. */
  readonly verification?: { readonly slot: string; readonly verified: boolean };
}

/** `frist status`: what ran, what waits for people, what is overdue. Reads the state only. Answers the exit status. */
export async function status(app: App, options: { readonly json: boolean }, io: Io): Promise<number> {
  const found = await look(app);
  const statuses = statusesOf(found);
  const exit = exitOf(statuses);
  if (options.json) printJson(io, { ...found, exit, statuses });
  else io.out(statusText(found, new Date(app.now()).toISOString()));
  return exit;
}

async function look(app: App): Promise<Status> {
  const policies: PolicyStatus[] = [];
  const now = new Date(app.now()).toISOString();
  for (const { engine, tasks } of app.controllers) {
    const controller = engine.controller.name;
    for (const { view } of tasks) {
      const { policy } = view;
      const runs = await app.state.runs({ controller, policy, limit: 50 });
      const [lastRun] = runs;
      const overdue = runs.map((run) => run.summary?.['overdue']).find((n) => n !== undefined);
      const memory = await app.state.policyMemory(controller, policy);
      const plans = await app.state.plans({ status: 'waiting', policy });
      policies.push({
        policy,
        running: lastRun?.state === 'running',
        waiting: plans.filter((plan) => plan.controller === controller && plan.expires > now),
        ...(lastRun === undefined ? {} : { lastRun }),
        ...(overdue === undefined ? {} : { overdue }),
        ...(memory?.lastSuccess === undefined ? {} : { lastSuccess: memory.lastSuccess }),
      });
    }
  }
  const holds = await app.state.holds({ active: true });
  const verification = await lastVerification(app.state);
  const today = now.slice(0, 10);
  return {
    policies,
    openBatches: (await app.state.openBatches()).length,
    holds: holds.length,
    holdsPastReview: holds
      .filter((hold) => hold.review !== undefined && hold.review < today)
      .map((hold) => hold.id),
    unpublished: (await app.state.pendingOutbox(1000)).length,
    ...(verification === undefined ? {} : { verification }),
  };
}

function statusesOf(found: Status): number[] {
  const runs = found.policies.map((policy) => policy.lastRun);
  const statuses: number[] = [];
  if (found.verification?.verified === false) statuses.push(EXIT.trail);
  if (runs.some((run) => run?.state === 'failed')) statuses.push(EXIT.failed);
  if (found.policies.some((policy) => policy.waiting.length > 0)) statuses.push(EXIT.waiting);
  if (found.policies.some((policy) => (policy.overdue ?? 0) > 0)) statuses.push(EXIT.overdue);
  return statuses;
}

function statusText(found: Status, now: string): string {
  const rows = found.policies.map((one) => [
    one.policy,
    one.lastRun === undefined ? 'never' : `${one.lastRun.started.slice(0, 16)}Z`,
    one.running ? 'running' : (one.lastRun?.code ?? one.lastRun?.state ?? ''),
    one.lastSuccess === undefined ? 'never' : `${one.lastSuccess.slice(0, 16)}Z`,
    one.overdue ?? '?',
  ]);
  const lines = [table([['policy', 'last run', 'result', 'last success', 'overdue'], ...rows])];
  for (const plan of found.policies.flatMap((one) => one.waiting)) lines.push('', waitingText(plan, now));
  lines.push('', `holds ${number(found.holds)}`);
  for (const hold of found.holdsPastReview) lines.push(`  ${hold} is past its review date`);
  if (found.openBatches > 0) lines.push(`batches without an outcome ${number(found.openBatches)}`);
  if (found.unpublished > 0)
    lines.push(`entries on their way to the trail: ${number(found.unpublished)} piece(s)`);
  if (found.verification?.verified === false)
    lines.push(`the trail did not verify on ${found.verification.slot}: run \`frist audit verify\``);
  return `${lines.join('\n')}\n`;
}

function waitingText(plan: Plan, now: string): string {
  const days = Math.ceil((Date.parse(plan.expires) - Date.parse(now)) / 86_400_000);
  const guard = `guard ${plan.guard.name}: ${number(plan.guard.observed)}, limit ${number(plan.guard.limit)}`;
  return [
    `${plan.policy} waits for approval of ${number(plan.count)} record(s) (${guard})`,
    `  frist approve ${plan.id} --why "…"   (can be approved for ${number(days)} more day(s))`,
  ].join('\n');
}
