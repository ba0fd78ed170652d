/**
 * Settles what a crash left open. It takes the source's advisory lock first, so that a statement that is still running
 * in the server cannot fool it; then it looks. A record found gone is `absent-after-crash`, never `erased`.
 */
import { createJudge } from '../policy/judge.ts';
import type { Key, Raw } from '../policy/policy.ts';
import type { OpenBatch } from '../state/state.ts';
import { look } from './batch/attempt.ts';
import type { Claim } from './run/claim.ts';
import type { Engine } from './engine.ts';
import { createLedger, outcomeCounts } from './batch/ledger.ts';
import type { Prepared } from './run/prepare.ts';
import type { Counts, Outcome } from './report.ts';
import type { Identity } from './survey/spool.ts';

/** Closes what earlier runs of the policy left open. Throws `SourceFailure` when the source cannot be asked: it stays open then. */
export async function recoverOpen(engine: Engine, prepared: Prepared, claim: Claim): Promise<void> {
  const { policy } = prepared.task.view;
  for (const batch of await engine.state.openBatches()) {
    if (batch.controller !== engine.controller.name || batch.policy !== policy) continue;
    const outcomes = await recover(engine, prepared, claim, batch);
    engine.logger.warn('batch recovered', {
      policy,
      batch: batch.id,
      absent: outcomes['absent-after-crash'],
    });
  }
}

async function recover(
  engine: Engine,
  prepared: Prepared,
  claim: Claim,
  batch: OpenBatch,
): Promise<Counts<Outcome>> {
  const { task, connector } = prepared;
  // It tells the promised days as of the moment the batch was decided.
  const judge = createJudge(task, { asOf: Date.parse(batch.asOf), holds: [] });
  const session = await connector.erasing(task.view, claim.signal);
  try {
    const records = await look(connector, task.view, batch.stage, identitiesOf(batch), claim.signal);
    const ledger = createLedger(engine, task, judge);
    const entries = ledger.settled(batch.id, batch.stage, records, {}, { result: 'verified', leftovers: 0 });
    await engine.state.transaction(async (t) => {
      await claim.stillOurs(t);
      await t.emit(entries);
      await t.settleBatch(batch.id);
    });
    await engine.trail.flush();
    return outcomeCounts(records);
  } finally {
    await session.release();
  }
}

/** The identities that `execute` stored with the batch: keys apart, starts and subjects in `detail`. */
export function identitiesOf(batch: OpenBatch): Identity[] {
  const detail = JSON.parse(batch.detail) as [Raw[], Raw[]][];
  return batch.keys.map((key: Key, i) => ({
    key,
    starts: detail[i]?.[0] ?? [],
    subjects: detail[i]?.[1] ?? [],
  }));
}
