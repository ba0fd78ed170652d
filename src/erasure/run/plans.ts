/**
 * Plans that wait for a person: stored with their keys, until they are approved, void or expired.
 *
 * One waits at a time for each reason. A later run that a guard stops for the same reason, under the same wording and
 * catalogue, stores no second one: it would pile up keys, and what it found beyond the first comes with the run after the
 * approval. So there is one alarm, and another when the plan has expired unapproved.
 */
import { formatEntry } from '../../audit/entry.ts';
import type { Task } from '../../policy/view.ts';
import type { Plan, PlanKey } from '../../state/state.ts';
import type { Engine } from '../engine.ts';
import type { Tripped } from '../guard.ts';
import type { Spool } from '../survey/spool.ts';
import type { Survey } from '../survey/survey.ts';
import { holdPolicy } from './lease.ts';
import { lifeOf } from './life.ts';
import type { Prepared } from './prepare.ts';

const DAY_MS = 86_400_000;
const KEYS_PER_PIECE = 1000;

export interface Stopped {
  readonly run: string;
  readonly survey: Survey;
  readonly spool: Spool;
  readonly tripped: Tripped;
  readonly asOf: number;
}

/** Whether a plan is one of `frist replay`, and not of a sweep. */
export function isReplay({ id }: Pick<Plan, 'id'>): boolean {
  return id.startsWith('replay-');
}

/** Keeps a plan that was stopped, to be approved, and raises the alarm. Answers the id of the plan that now waits. */
export async function keepPlan(engine: Engine, prepared: Prepared, stopped: Stopped): Promise<string> {
  const { survey, tripped } = stopped;
  const { policy } = prepared.task.view;
  const fields = { policy, guard: tripped.name, limit: tripped.limit, observed: tripped.observed };
  const waiting = (await openPlans(engine, policy)).find(
    (plan) =>
      plan.policyDigest === prepared.digest &&
      plan.catalogue === prepared.catalogue &&
      plan.guard.name === tripped.name &&
      isReplay(plan) === isReplay({ id: survey.planId }),
  );
  if (waiting !== undefined) {
    engine.logger.info('plan still waits for approval', { ...fields, plan: waiting.id });
    return waiting.id;
  }
  const plan = planOf(engine, prepared, stopped);
  // Keys first: a crash in between leaves keys of a plan that nobody can find, and no plan without its keys.
  await storeKeys(engine, prepared.task, plan.id, stopped.spool);
  await engine.state.transaction(async (t) => {
    await t.addPlan(plan);
    await t.emit([planEntry(engine, plan), stopEntry(engine, plan)]);
    if (tripped.name !== 'approval') await t.count(plan.controller, policy, 'guard', 1);
  });
  await engine.trail.flush();
  if (tripped.name === 'approval')
    engine.logger.info('plan waits for approval', { ...fields, plan: survey.planId });
  else engine.logger.warn('guard tripped', { ...fields, plan: survey.planId });
  return plan.id;
}

/** The plans of a policy that can still be approved; a crash while one was carried out leaves it `approved`. */
async function openPlans(engine: Engine, policy?: string): Promise<readonly Plan[]> {
  const { state, controller } = engine;
  const filter = policy === undefined ? {} : { policy };
  const plans = [
    ...(await state.plans({ status: 'waiting', ...filter })),
    ...(await state.plans({ status: 'approved', ...filter })),
  ];
  return plans.filter((plan) => plan.controller === controller.name);
}

/**
 * Ends plans whose time is over, of whatever policy: their keys are forgotten. But for one that is being carried out: it
 * was approved in time, and would lose the keys of its records under way.
 */
export async function expirePlans(engine: Engine): Promise<void> {
  for (const plan of await openPlans(engine)) {
    if (Date.parse(plan.expires) > engine.now()) continue;
    const turn = await holdPolicy(engine, plan.policy, engine.newId(), new AbortController().signal);
    if (turn === undefined) continue;
    try {
      await engine.state.transaction((t) => t.setPlanStatus(plan.id, plan.status, 'expired'));
    } finally {
      await turn.release();
    }
  }
}

/** Ends plans of another wording, which can never be approved. */
export async function voidPlans(engine: Engine, policy: string, digest: string): Promise<void> {
  for (const plan of await openPlans(engine, policy)) {
    if (plan.policyDigest === digest) continue;
    await engine.state.transaction((t) => t.setPlanStatus(plan.id, plan.status, 'void'));
  }
}

function planOf(engine: Engine, prepared: Prepared, { run, survey, tripped, asOf }: Stopped): Plan {
  const created = engine.now();
  return {
    id: survey.planId,
    run,
    controller: engine.controller.name,
    policy: prepared.task.view.policy,
    policyDigest: prepared.digest,
    catalogue: prepared.catalogue,
    asOf: new Date(asOf).toISOString(),
    created: new Date(created).toISOString(),
    expires: new Date(created + engine.settings.planDays * DAY_MS).toISOString(),
    status: 'waiting',
    count: survey.selected,
    population: survey.found.population,
    guard: tripped,
    summary: { ...survey.found.by },
    requestedBy: engine.settings.operator,
  };
}

async function storeKeys(engine: Engine, task: Task, plan: string, spool: Spool): Promise<void> {
  await engine.state.dropPlanKeys(plan);
  let sequence = 0;
  let piece: PlanKey[] = [];
  for await (const selected of spool.read()) {
    for (const one of selected) piece.push({ key: one.key, life: lifeOf(engine, task, one) });
    if (piece.length < KEYS_PER_PIECE) continue;
    await engine.state.addPlanKeys(plan, sequence, piece);
    sequence += 1;
    piece = [];
  }
  if (piece.length > 0) await engine.state.addPlanKeys(plan, sequence, piece);
}

function planEntry(engine: Engine, plan: Plan): string {
  return formatEntry({
    v: 1,
    type: 'plan',
    eid: engine.newId(),
    at: plan.created,
    plan: plan.id,
    run: plan.run,
    policy: plan.policy,
    digest: plan.policyDigest,
    asOf: plan.asOf.slice(0, 10),
    population: plan.population,
    dispositions: plan.summary,
  });
}

/** Why the plan waits. */
function stopEntry(engine: Engine, { id, run, policy, created, guard, population }: Plan): string {
  const { name, limit, observed } = guard;
  const base = { v: 1, eid: engine.newId(), at: created, plan: id, run, policy } as const;
  return name === 'approval'
    ? formatEntry({ ...base, type: 'approval-required', above: limit, records: observed })
    : formatEntry({ ...base, type: 'guard-tripped', guard: name, limit, observed, population });
}
