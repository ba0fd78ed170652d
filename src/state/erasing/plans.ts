/**
 * Plans that wait for approval, with the keys they are about.
 *
 * The keys may be written before the plan or after it. They end with it: a plan that is applied, void or expired
 * forgets them in the same transaction, and keys whose plan never came (a crash in between) are swept after a day.
 */
import type { Knex } from 'knex';
import { FILLER } from '../migrations.ts';
import type { Plan, PlanKey, PlanStatus } from '../state.ts';
import type { Turn } from '../turn.ts';

interface PlanRow {
  readonly id: string;
  readonly run: string;
  readonly controller: string;
  readonly policy: string;
  readonly policy_digest: string;
  readonly catalogue: string;
  readonly as_of: string;
  readonly created: string;
  readonly expires: string;
  readonly status: PlanStatus;
  readonly records: number | string;
  readonly population: number | string;
  readonly guard: string;
  readonly summary: string;
  readonly requested_by: string;
}

interface PlanKeysRow {
  readonly plan: string;
  readonly sequence: number;
  /** ms since the epoch, by this machine's clock. */
  readonly written: number;
  readonly filler: string;
  readonly record_keys: string;
}

const FINAL: readonly PlanStatus[] = ['applied', 'void', 'expired'];
const DAY = 86_400_000;

export type PlanFilter = { readonly status?: PlanStatus; readonly policy?: string };

function toPlan(row: PlanRow): Plan {
  return {
    id: row.id,
    run: row.run,
    controller: row.controller,
    policy: row.policy,
    policyDigest: row.policy_digest,
    catalogue: row.catalogue,
    asOf: row.as_of,
    created: row.created,
    expires: row.expires,
    status: row.status,
    count: Number(row.records),
    population: Number(row.population),
    guard: JSON.parse(row.guard) as Plan['guard'],
    summary: JSON.parse(row.summary) as Plan['summary'],
    requestedBy: row.requested_by,
  };
}

/** One that has ended may come again: the same records at the same moment are the same plan. */
export async function addPlan(turn: Turn, plan: Plan): Promise<void> {
  await turn.db<PlanRow>('frist_plans').where({ id: plan.id }).whereIn('status', FINAL).delete();
  await turn.db<PlanRow>('frist_plans').insert({
    id: plan.id,
    run: plan.run,
    controller: plan.controller,
    policy: plan.policy,
    policy_digest: plan.policyDigest,
    catalogue: plan.catalogue,
    as_of: plan.asOf,
    created: plan.created,
    expires: plan.expires,
    status: plan.status,
    records: plan.count,
    population: plan.population,
    guard: JSON.stringify(plan.guard),
    summary: JSON.stringify(plan.summary),
    requested_by: plan.requestedBy,
  });
}

/** False when the plan is not in the status `from` (any more). */
export async function setPlanStatus(
  turn: Turn,
  id: string,
  from: PlanStatus,
  to: PlanStatus,
): Promise<boolean> {
  const changed = await turn.db<PlanRow>('frist_plans').where({ id, status: from }).update({ status: to });
  if (changed > 0 && FINAL.includes(to)) await dropPlanKeys(turn, id);
  return changed > 0;
}

export async function readPlan(db: Knex, id: string): Promise<Plan | undefined> {
  const row = await db<PlanRow>('frist_plans').where({ id }).first();
  return row === undefined ? undefined : toPlan(row);
}

/** In the order in which they were made. */
export async function readPlans(db: Knex, filter: PlanFilter): Promise<readonly Plan[]> {
  const query = db<PlanRow>('frist_plans').orderBy('seq');
  if (filter.status !== undefined) query.where({ status: filter.status });
  if (filter.policy !== undefined) query.where({ policy: filter.policy });
  return (await query).map(toPlan);
}

export async function addPlanKeys(
  turn: Turn,
  plan: string,
  sequence: number,
  keys: readonly PlanKey[],
): Promise<void> {
  await turn.db<PlanKeysRow>('frist_plan_keys').insert({
    plan,
    sequence,
    written: turn.store.clock(),
    filler: FILLER[turn.store.dialect],
    record_keys: JSON.stringify(keys),
  });
}

/** The first piece of the plan's keys behind `after`; undefined when there is none left. */
export async function nextPlanKeys(
  db: Knex,
  plan: string,
  after: number,
): Promise<{ readonly sequence: number; readonly keys: readonly PlanKey[] } | undefined> {
  const row = await db<PlanKeysRow>('frist_plan_keys')
    .where({ plan })
    .andWhere('sequence', '>', after)
    .orderBy('sequence')
    .first('sequence', 'record_keys');
  if (row === undefined) return undefined;
  return { sequence: row.sequence, keys: JSON.parse(row.record_keys) as readonly PlanKey[] };
}

export async function dropPlanKeys(turn: Turn, plan: string): Promise<void> {
  const gone = await turn.db('frist_plan_keys').where({ plan }).delete();
  if (gone > 0) turn.forgets = true;
}

/** Forgets keys that were written over a day ago for a plan that never came. */
export async function dropOrphanKeys(turn: Turn): Promise<void> {
  const gone = await turn
    .db('frist_plan_keys')
    .where('written', '<', turn.store.clock() - DAY)
    .whereNotIn('plan', turn.db('frist_plans').select('id'))
    .delete();
  if (gone > 0) turn.forgets = true;
}
