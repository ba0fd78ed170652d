/**
 * Closes pending proofs: looks at erased records whose source could not be asked when their batch was settled. Until
 * then the trail says `pending` of them, and claims no more.
 */
import { formatEntry } from '../audit/entry.ts';
import { SourceFailure } from '../connectors/connector.ts';
import type { PendingProof } from '../state/state.ts';
import { isStill } from './batch/sense.ts';
import type { Engine } from './engine.ts';
import type { Claim } from './run/claim.ts';
import type { Prepared } from './run/prepare.ts';

/** Closes those of this policy that its source can be asked about now. The others stay, and become overdue. */
export async function provePending(engine: Engine, prepared: Prepared, claim: Claim): Promise<void> {
  for (const proof of await engine.state.pendingProofs()) {
    if (!isOf(engine, prepared, proof)) continue;
    const leftovers = await lookAgain(prepared, proof, claim.signal);
    if (leftovers === undefined) return;
    const { batch, policy } = proof;
    await engine.state.transaction(async (t) => {
      await claim.stillOurs(t);
      await t.closeProof(batch);
      await t.emit([
        formatEntry({
          v: 1,
          type: 'proof',
          eid: engine.newId(),
          at: new Date(engine.now()).toISOString(),
          run: claim.run,
          batch,
          policy,
          looked: proof.keys.length,
          ...(leftovers === 0 ? {} : { leftovers }),
        }),
      ]);
    });
    if (leftovers > 0)
      engine.logger.error('erased records were found again', { policy, batch, records: leftovers });
  }
}

function isOf(engine: Engine, { task: { view } }: Prepared, proof: PendingProof): boolean {
  const same = proof.controller === engine.controller.name && proof.policy === view.policy;
  return same && isStill(engine, view, proof);
}

/** How many are there; undefined where the source still cannot be asked. */
async function lookAgain(
  { task, connector }: Prepared,
  { stage, keys }: PendingProof,
  signal: AbortSignal,
): Promise<number | undefined> {
  try {
    const seen = await connector.verify(task.view, stage, keys, signal);
    return seen.filter((one) => one === 'present').length;
  } catch (error) {
    if (error instanceof SourceFailure) return undefined;
    throw error;
  }
}
