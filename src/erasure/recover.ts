/**
 * Settles what a crash left open, or a connection that was lost while committing. It takes the source's advisory lock
 * first, so that a statement that is still running in the server cannot fool it; then it looks. Nothing is said that was
 * not seen: a record found gone is `absent-after-crash`, never `erased`; one that stands is `not-erased`, or `unfinished`
 * where what goes with it may have gone before; one that is another than the batch was opened for is `changed`.
 */
import { createJudge, type Judge } from '../policy/judge.ts';
import { SourceFailure, type Connector, type ErasingSession } from '../connectors/connector.ts';
import { FristError } from '../errors.ts';
import type { Facts, View } from '../policy/policy.ts';
import type { OpenBatch } from '../state/state.ts';
import type { Ours } from './run/lease.ts';
import type { Engine } from './engine.ts';
import type { Part } from './execute.ts';
import { isEqual, standingIn } from './batch/attempt.ts';
import { createLedger, outcomeCounts, type Settled } from './batch/ledger.ts';
import { identitiesOf, isStill } from './batch/sense.ts';
import { FOUND_AGAIN } from './batch/settle.ts';
import type { Prepared } from './run/prepare.ts';
import { add, NOTHING, type Counts, type Outcome } from './report.ts';
import type { Identity } from './survey/spool.ts';

/** How long the worker of a partition is waited for: longer than a batch takes. */
const WORKER_TRIES = 30;
const WORKER_PAUSE_MS = 1000;

/** Only what one partition has left open, and where it is told. */
export interface RecoverPart extends Part {
  readonly run: string;
}

/**
 * Closes what the policy has left open; answers what became of those records. Throws `SourceFailure` when the source
 * cannot be asked, or another session has its lock (BUSY): it stays open then.
 * @throws FristError BATCH_ASTRAY when the policy is about something else by now: nobody can say what became of it
 */
export async function recoverOpen(
  engine: Engine,
  prepared: Prepared,
  claim: Ours,
  part?: RecoverPart,
): Promise<Counts<Outcome>> {
  const { policy } = prepared.task.view;
  const all: Partial<Record<Outcome, number>> = {};
  for (const batch of await engine.state.openBatches()) {
    if (batch.controller !== engine.controller.name || batch.policy !== policy) continue;
    if (part !== undefined && (batch.run !== part.run || batch.partition !== part.number)) continue;
    if (!isStill(engine, prepared.task.view, batch)) throw new FristError('BATCH_ASTRAY', { policy });
    const outcomes = await recover(engine, prepared, claim, batch, part);
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
  claim: Ours,
  batch: OpenBatch,
  part: RecoverPart | undefined,
): Promise<Counts<Outcome>> {
  const { task, connector } = prepared;
  // It tells the promised days as of the moment the batch was decided.
  const judge = createJudge(task, { asOf: Date.parse(batch.asOf), holds: [] });
  const session = await sessionFor(engine, prepared, claim, batch);
  try {
    const records = await look({ connector, view: task.view, judge, session }, batch, claim.signal);
    const ledger = createLedger(engine, await engine.keys.of(batch.epoch), task, judge);
    const leftovers = records.filter(({ code }) => code === FOUND_AGAIN).length;
    const result = leftovers === 0 ? 'verified' : 'leftovers';
    const entries = ledger.settled(batch.id, batch.stage, records, {}, { result, leftovers });
    const outcomes = outcomeCounts(records);
    await engine.state.transaction(async (t) => {
      await claim.stillOurs(t);
      await t.emit(entries);
      await t.settleBatch(batch.id);
      await part?.tell(t, { ...NOTHING, outcomes });
    });
    await engine.trail.flush();
    return outcomes;
  } finally {
    await session.release();
  }
}

/**
 * With the lock of whoever opened the batch. A worker that lost its partition may be in the middle of a statement: it finds
 * out with its next batch, and is waited for.
 */
async function sessionFor(
  { sleep }: Engine,
  { connector, task }: Prepared,
  { signal }: Ours,
  { partition }: OpenBatch,
): Promise<ErasingSession> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await connector.erasing(task.view, signal, partition);
    } catch (error) {
      const busy = error instanceof SourceFailure && error.code === 'BUSY';
      if (!busy || partition === undefined || tries === WORKER_TRIES || signal.aborted) throw error;
      await sleep(WORKER_PAUSE_MS, signal);
    }
  }
}

interface Looking {
  readonly connector: Connector;
  readonly view: View;
  readonly judge: Judge;
  readonly session: ErasingSession;
}

/** Looks at records whose fate is unknown, and says only what is seen. */
async function look(
  { connector, view, judge, session }: Looking,
  batch: OpenBatch,
  signal: AbortSignal,
): Promise<Settled[]> {
  const seen = await connector.verify(view, batch.stage, batch.keys, signal);
  const present = batch.keys.filter((_, i) => seen[i] === 'present');
  const read = present.length === 0 ? [] : await connector.read(view, present, signal);
  const there = new Map(read.map((facts) => [JSON.stringify(facts.key), facts]));
  // Where no lock keeps a process out that woke late, its last call may come after this look.
  const standing = connector.capabilities.locks ? standingIn(session, batch.stage) : 'uncertain';
  return identitiesOf(batch).map((identity, i): Settled => {
    if (seen[i] !== 'present') return { identity, outcome: 'absent-after-crash' };
    const facts = there.get(JSON.stringify(identity.key));
    // Gone itself: what is there belongs to it, and nobody will find it by its record any more.
    if (facts === undefined) return { identity, outcome: 'absent-after-crash', code: FOUND_AGAIN };
    return { identity, outcome: isSame(judge, identity, facts) ? standing : 'changed' };
  });
}

/** Whether it is still about the same person, from the same day: a key can have been given to another record since. */
function isSame(judge: Judge, identity: Identity, facts: Facts): boolean {
  return isEqual(judge.startRaw(facts), identity.starts) && isEqual(facts.subjects, identity.subjects);
}
