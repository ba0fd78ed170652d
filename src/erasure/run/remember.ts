/** What the state and the trail remember of a policy: its wording when it changes, plans that wait, and when it last succeeded. */
import { formatEntry } from '../../audit/entry.ts';
import { explainTask } from '../../policy/explain/task.ts';
import type { Key } from '../../policy/policy.ts';
import type { Plan, PolicyMemory } from '../../state/state.ts';
import type { Engine } from '../engine.ts';
import type { Tripped } from '../guard.ts';
import type { Prepared } from './prepare.ts';
import type { Spool } from '../survey/spool.ts';
import type { Survey } from '../survey/survey.ts';

const DAY_MS = 86_400_000;
const KEYS_PER_PIECE = 1000;

export interface Memory {
  readonly trusted: string | undefined;
  readonly lastPopulation: number | undefined;
  /** Commitments of records that failed in the last run. */
  readonly failing: readonly string[];
}

/** Records the policy's wording when it is new or changed, and tells what guards need to know of earlier runs. */
export async function rememberLook(engine: Engine, prepared: Prepared): Promise<Memory> {
  const { state, controller } = engine;
  const policy = prepared.task.view.policy;
  const memory = await state.policyMemory(controller.name, policy);
  if (memory?.digest !== prepared.digest) {
    await voidPlans(engine, policy, prepared.digest);
    // The text whose hash the digest is, and below it the same in words, for who reads it years later.
    const text = await engine.evidence.put([prepared.text, ...explainTask(prepared.task)].join('\n'));
    await state.transaction(async (t) => {
      await t.rememberPolicy(controller.name, policy, { ...memory, digest: prepared.digest });
      await t.emit([
        formatEntry({
          v: 1,
          type: 'policy',
          eid: engine.newId(),
          at: at(engine),
          policy,
          digest: prepared.digest,
          text,
          controller: controller.name,
          source: prepared.task.view.source,
          record: prepared.task.view.record.name,
          zone: controller.timezone,
        }),
      ]);
    });
    engine.logger.info('policy is new or changed', { policy, digest: prepared.digest });
  }
  return { trusted: memory?.trusted, lastPopulation: memory?.population, failing: memory?.failing ?? [] };
}

/** Plans of another wording can never be approved. */
async function voidPlans(engine: Engine, policy: string, digest: string): Promise<void> {
  for (const plan of await engine.state.plans({ status: 'waiting', policy })) {
    if (plan.controller !== engine.controller.name || plan.policyDigest === digest) continue;
    await engine.state.transaction((t) => t.setPlanStatus(plan.id, 'waiting', 'void'));
  }
}

/** From now on the ordinary guards hold for this wording of the policy. */
export async function rememberSuccess(engine: Engine, prepared: Prepared, population: number): Promise<void> {
  const memory: PolicyMemory = {
    digest: prepared.digest,
    trusted: prepared.digest,
    population,
    lastSuccess: at(engine),
  };
  await engine.state.transaction((t) =>
    t.rememberPolicy(engine.controller.name, prepared.task.view.policy, memory),
  );
}

/** Keeps the records that the data forbade to erase in mind, so that the next run tries them last. */
export async function rememberFailing(
  engine: Engine,
  prepared: Prepared,
  failing: readonly string[],
): Promise<void> {
  const { state, controller } = engine;
  const policy = prepared.task.view.policy;
  const memory = await state.policyMemory(controller.name, policy);
  await state.transaction((t) =>
    t.rememberPolicy(controller.name, policy, { digest: prepared.digest, ...memory, failing }),
  );
}

export interface WaitingPlan {
  readonly run: string;
  readonly survey: Survey;
  readonly spool: Spool;
  readonly tripped: Tripped;
  readonly asOf: number;
}

/** Stores a plan with its keys, to be approved. One alarm, not one a night: only the first plan of a wording raises it. */
export async function storeWaitingPlan(
  engine: Engine,
  prepared: Prepared,
  waiting: WaitingPlan,
): Promise<void> {
  const { survey, tripped, run } = waiting;
  const policy = prepared.task.view.policy;
  const id = survey.planId;
  const created = engine.now();
  const earlier = await engine.state.plans({ status: 'waiting', policy });
  const alarmed = earlier.some(
    (plan) =>
      plan.policyDigest === prepared.digest &&
      Date.parse(plan.expires) > created &&
      plan.guard.name === tripped.name,
  );
  if (earlier.some((plan) => plan.id === id)) return;
  // Keys first: a crash in between leaves keys of a plan that nobody can find, and no plan without its keys.
  await storeKeys(engine, id, waiting.spool);
  const plan: Plan = {
    id,
    run,
    controller: engine.controller.name,
    policy,
    policyDigest: prepared.digest,
    catalogue: prepared.catalogue,
    asOf: new Date(waiting.asOf).toISOString(),
    created: new Date(created).toISOString(),
    expires: new Date(created + engine.settings.planDays * DAY_MS).toISOString(),
    status: 'waiting',
    count: survey.selected,
    population: survey.found.population,
    guard: tripped,
    summary: { ...survey.found.by },
    requestedBy: engine.settings.operator,
  };
  await engine.state.transaction(async (t) => {
    await t.addPlan(plan);
    await t.emit([planEntry(engine, plan), ...(alarmed ? [] : [trippedEntry(engine, plan)])]);
  });
  await engine.trail.flush();
  const fields = { policy, plan: id, guard: tripped.name, limit: tripped.limit, observed: tripped.observed };
  if (alarmed) engine.logger.info('guard still waits for approval', fields);
  else engine.logger.warn('guard tripped', fields);
}

async function storeKeys(engine: Engine, plan: string, spool: Spool): Promise<void> {
  await engine.state.dropPlanKeys(plan);
  let sequence = 0;
  let piece: Key[] = [];
  for await (const selected of spool.read()) {
    for (const one of selected) piece.push(one.key);
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
    at: at(engine),
    plan: plan.id,
    run: plan.run,
    policy: plan.policy,
    digest: plan.policyDigest,
    asOf: plan.asOf.slice(0, 10),
    population: plan.population,
    dispositions: plan.summary,
  });
}

function trippedEntry(engine: Engine, plan: Plan): string {
  return formatEntry({
    v: 1,
    type: 'guard-tripped',
    eid: engine.newId(),
    at: at(engine),
    plan: plan.id,
    run: plan.run,
    policy: plan.policy,
    guard: plan.guard.name,
    limit: plan.guard.limit,
    observed: plan.guard.observed,
    population: plan.population,
  });
}

function at(engine: Engine): string {
  return new Date(engine.now()).toISOString();
}
