/** Erases records that were selected, by a sweep or by an approval, under the source's advisory lock. */
import { SourceFailure } from '../../connectors/connector.ts';
import { FristError } from '../../errors.ts';
import { createJudge, type Judge } from '../../policy/judge.ts';
import type { Task } from '../../policy/view.ts';
import { cutBatches } from './batches.ts';
import type { Claim } from '../run/claim.ts';
import type { Engine } from '../engine.ts';
import { execute, type Part } from '../execute.ts';
import { createPace } from './pace.ts';
import { codedError, silenceOf, type Prepared } from '../run/prepare.ts';
import { rateOf } from '../run/rate.ts';
import { recoverOpen } from '../recover.ts';
import { add, type ExecuteResult, type Outcome } from '../report.ts';
import type { Selected } from '../survey/spool.ts';

/**
 * Why a policy failed though it ran: another source that it asks did not answer, its own broke off, records that the data
 * forbid to erase, or leftovers.
 */
export function failureOf(prepared: Prepared, result: ExecuteResult): FristError | undefined {
  const { policy, source, record } = prepared.task.view;
  const silence = silenceOf(prepared);
  if (silence !== undefined) return silence;
  if (result.failure !== undefined) return codedError(result.failure, source);
  const failed = result.outcomes.failed ?? 0;
  if (failed > 0)
    return new FristError('RECORD_FAILED', {
      policy,
      source,
      record: record.name,
      count: failed,
      code: result.failedCode ?? '',
    });
  return result.leftovers > 0 ? new FristError('LEFTOVERS', { policy, count: result.leftovers }) : undefined;
}

export interface EraseSelectedInput {
  readonly claim: Pick<Claim, 'run' | 'names' | 'signal' | 'stillOurs'>;
  readonly plan: string;
  readonly asOf: number;
  readonly records: AsyncIterable<readonly Selected[]>;
  readonly part?: Part;
}

/**
 * Erases them batch by batch. A `SourceFailure` BUSY when another session erases for the policy.
 *
 * A batch of which nobody knows whether it was committed is looked at as after a crash, under the lock: without it, a
 * commit that is still under way in the server would come after the look.
 */
export async function eraseSelected(
  engine: Engine,
  prepared: Prepared,
  input: EraseSelectedInput,
): Promise<ExecuteResult> {
  const result = await eraseAll(engine, prepared, input);
  const { uncertain, ...outcomes } = result.outcomes;
  if (uncertain === undefined) return result;
  try {
    const { claim, part } = input;
    const own = part === undefined ? undefined : { ...part, run: claim.run };
    const seen = await recoverOpen(engine, prepared, claim, own);
    for (const [outcome, n] of Object.entries(seen)) add(outcomes, outcome as Outcome, n);
    return { ...result, outcomes };
  } catch (error) {
    // It stays open, and the next run begins with it.
    if (error instanceof SourceFailure) return result;
    throw error;
  }
}

async function eraseAll(
  engine: Engine,
  prepared: Prepared,
  input: EraseSelectedInput,
): Promise<ExecuteResult> {
  const { task, connector, elsewhere } = prepared;
  const { run, names, signal, stillOurs } = input.claim;
  const { maxBatch } = engine.settings.pace;
  const session = await connector.erasing(task.view, signal, input.part?.number);
  const pace = createPace({
    ...engine.settings.pace,
    // Of a source with a rate, a second's worth at once at the most.
    maxBatch: Math.min(maxBatch, connector.capabilities.maxBatch, rateOf(task) ?? maxBatch),
    ...(session.leastBatch === undefined ? {} : { leastBatch: session.leastBatch }),
  });
  try {
    return await execute({
      engine,
      task,
      names,
      run,
      plan: input.plan,
      asOf: input.asOf,
      connector,
      elsewhere,
      session,
      pace,
      batches: cutBatches(input.records, () => pace.size()),
      judgeUnder: judgeCache(engine, task, input.asOf),
      stillOurs,
      signal,
      ...(input.part === undefined ? {} : { part: input.part }),
    });
  } finally {
    await session.release();
  }
}

/** A judge is dear to make; a new one is needed only when the holds have changed. */
function judgeCache(engine: Engine, task: Task, asOf: number): Parameters<typeof execute>[0]['judgeUnder'] {
  let last: { readonly of: string; readonly judge: Judge } | undefined;
  return (holds) => {
    const of = holds
      .map((hold) => hold.id)
      .sort()
      .join(' ');
    if (last?.of !== of) last = { of, judge: createJudge(task, { asOf, holds }) };
    return last.judge;
  };
}
