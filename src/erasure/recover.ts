/**
 * Settles what a crash left open, or a connection that was lost while committing. It takes the source's advisory lock first, so that a statement that is still running
 * in the server cannot fool it; then it looks. A record found gone is `absent-after-crash`, never `erased`.
 */
import { createJudge } from '../policy/judge.ts';
import type { Connector } from '../connectors/connector.ts';
import type { Key, Raw, View } from '../policy/policy.ts';
import type { OpenBatch } from '../state/state.ts';
import type { Claim } from './run/claim.ts';
import type { Engine } from './engine.ts';
import { createLedger, outcomeCounts, type Settled } from './batch/ledger.ts';
import type { Prepared } from './run/prepare.ts';
import { add, type Counts, type Outcome } from './report.ts';
import type { Identity } from './survey/spool.ts';

/**
 * Closes what the policy has left open; answers what became of those records. Throws `SourceFailure` when the source
 * cannot be asked, or another session has its lock (BUSY): it stays open then.
 */
export async function recoverOpen(
  engine: Engine,
  prepared: Prepared,
  claim: Claim,
): Promise<Counts<Outcome>> {
  const { policy } = prepared.task.view;
  const all: Partial<Record<Outcome, number>> = {};
  for (const batch of await engine.state.openBatches()) {
    if (batch.controller !== engine.controller.name || batch.policy !== policy) continue;
    const outcomes = await recover(engine, prepared, claim, batch);
    engine.logger.warn('batch recovered', {
      policy,
      batch: batch.id,
      absent: outcomes['absent-after-crash'],
    });
    for (const [outcome, n] of Object.entries(outcomes)) add(all, outcome as Outcome, n);
  }
  return all;
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
    const ledger = createLedger(engine, await engine.keys.of(batch.epoch), task, judge);
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

/** Looks at records whose fate is unknown, and says only what is seen. */
async function look(
  connector: Connector,
  view: View,
  stage: number,
  part: readonly Identity[],
  signal: AbortSignal,
): Promise<Settled[]> {
  const seen = await connector.verify(
    view,
    stage,
    part.map((one) => one.key),
    signal,
  );
  return part.map((identity, i) => ({
    identity,
    outcome: seen[i] === 'gone' || seen[i] === 'done' ? 'absent-after-crash' : 'not-erased',
  }));
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
