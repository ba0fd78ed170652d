/** What the state and the trail remember of a policy: its wording when it changes, and when it last succeeded. */
import { formatEntry } from '../../audit/entry.ts';
import { explainTask } from '../../policy/explain/task.ts';
import type { PolicyMemory } from '../../state/state.ts';
import type { Engine } from '../engine.ts';
import type { PolicyReport } from '../report.ts';
import type { Ours } from './lease.ts';
import { voidPlans } from './plans.ts';
import type { Prepared } from './prepare.ts';

export interface Memory {
  readonly trusted: string | undefined;
  readonly lastPopulation: number | undefined;
  /** Commitments of records that failed in the last run. */
  readonly failing: readonly string[];
}

/** Records the policy's wording when it is new or changed, and tells what guards need to know of earlier runs. */
export async function rememberLook(engine: Engine, prepared: Prepared, { stillOurs }: Ours): Promise<Memory> {
  const { state, controller } = engine;
  const policy = prepared.task.view.policy;
  const memory = await state.policyMemory(controller.name, policy);
  if (memory?.digest !== prepared.digest) {
    await voidPlans(engine, policy, prepared.digest);
    // The text whose hash the digest is, and below it the same in words, for who reads it years later.
    const text = await engine.evidence.put([prepared.text, ...explainTask(prepared.task)].join('\n'));
    await state.transaction(async (t) => {
      await stillOurs(t);
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

/**
 * From now on the ordinary guards hold for this wording of the policy. What it has deleted itself is no longer expected in
 * the population of the next run.
 */
export async function rememberSuccess(
  engine: Engine,
  prepared: Prepared,
  { stillOurs }: Ours,
  population: number,
  { erasedBy }: PolicyReport,
): Promise<void> {
  const memory: PolicyMemory = {
    digest: prepared.digest,
    trusted: prepared.digest,
    population: Math.max(0, population - (erasedBy?.delete ?? 0)),
    lastSuccess: at(engine),
  };
  await engine.state.transaction(async (t) => {
    await stillOurs(t);
    await t.rememberPolicy(engine.controller.name, prepared.task.view.policy, memory);
  });
}

/** Keeps the records that the data forbade to erase in mind, so that the next run tries them last. */
export async function rememberFailing(
  engine: Engine,
  prepared: Prepared,
  { stillOurs }: Ours,
  failing: readonly string[],
): Promise<void> {
  const { state, controller } = engine;
  const policy = prepared.task.view.policy;
  const memory = await state.policyMemory(controller.name, policy);
  await state.transaction(async (t) => {
    await stillOurs(t);
    await t.rememberPolicy(controller.name, policy, { digest: prepared.digest, ...memory, failing });
  });
}

function at(engine: Engine): string {
  return new Date(engine.now()).toISOString();
}
