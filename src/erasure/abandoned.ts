/**
 * What processes that died have left behind: runs without an end, and open batches. The next run of their policy sees to
 * them; where that is a week away, the trail would say nothing until then of what was erased, and of the run's end.
 */
import { SourceFailure } from '../connectors/connector.ts';
import { FristError } from '../errors.ts';
import type { Task } from '../policy/view.ts';
import type { Engine } from './engine.ts';
import { recoverOpen } from './recover.ts';
import { closeInterrupted } from './run/claim.ts';
import { holdPolicy } from './run/lease.ts';
import { prepare } from './run/prepare.ts';

/**
 * Ends the runs of dead processes as interrupted, and settles their batches. What runs now is left alone, and so is a
 * batch whose source cannot be asked, or whose policy has changed: the next look, or the next run, begins with it.
 */
export async function settleAbandoned(
  engine: Engine,
  tasks: readonly Task[],
  signal: AbortSignal,
): Promise<void> {
  const { state, controller } = engine;
  const running = await state.runs({ controller: controller.name, states: ['running'], limit: 1000 });
  const open = (await state.openBatches()).filter((batch) => batch.controller === controller.name);
  const withOpen = new Set(open.map((batch) => batch.policy));
  for (const policy of new Set([...running.map((run) => run.policy), ...withOpen])) {
    const held = await holdPolicy(engine, policy, engine.newId(), signal);
    if (held === undefined) continue;
    try {
      await closeInterrupted(engine, policy);
      const task = tasks.find((one) => one.view.policy === policy);
      if (task === undefined || !withOpen.has(policy)) continue;
      const [preparation] = await prepare(engine, [task], held.signal);
      if (preparation?.ok === true) await recoverOpen(engine, preparation.prepared, held);
    } catch (error) {
      const waits = error instanceof FristError && error.code === 'BATCH_ASTRAY';
      if (!(error instanceof SourceFailure) && !waits) throw error;
    } finally {
      await held.release();
    }
  }
}
