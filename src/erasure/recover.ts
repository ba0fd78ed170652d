/**
 * Settles what a crash left open. It takes the source's advisory lock first, so that a statement that is still running
 * in the server cannot fool it; then it looks. A record found gone is `absent-after-crash`, never `erased`.
 */
import type { Connector } from '../connectors/connector.ts';
import type { Judge } from '../policy/judge.ts';
import type { Key, Raw } from '../policy/policy.ts';
import type { Task } from '../policy/view.ts';
import type { OpenBatch } from '../state/state.ts';
import { look } from './attempt.ts';
import type { Engine } from './engine.ts';
import { createLedger, outcomeCounts } from './ledger.ts';
import type { Counts, Outcome } from './report.ts';
import type { Identity } from './spool.ts';

export interface RecoverInput {
  readonly engine: Engine;
  readonly task: Task;
  readonly connector: Connector;
  /** A judge at the moment the batch was decided; it tells the promised days. */
  readonly judge: Judge;
  readonly batch: OpenBatch;
  readonly signal: AbortSignal;
}

/** Looks at one open batch and closes it. Throws `SourceFailure` when the source cannot be asked: it stays open then. */
export async function recover(input: RecoverInput): Promise<Counts<Outcome>> {
  const { engine, task, connector, judge, batch, signal } = input;
  const session = await connector.erasing(task.view, signal);
  try {
    const records = await look(connector, task.view, batch.stage, identitiesOf(batch), signal);
    const ledger = createLedger(engine, task, judge);
    const entries = ledger.settled(batch.id, batch.stage, records, {}, { result: 'verified', leftovers: 0 });
    await engine.state.transaction(async (t) => {
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
  return batch.keys.map((key: Key, i) => ({ key, starts: detail[i]?.[0] ?? [], subjects: detail[i]?.[1] ?? [] }));
}
