/**
 * Pass 2 of one policy, shared with other processes: its records are cut into partitions, which lie in the state until
 * whoever is told of one erases it (work.ts). The coordinator waits until all have ended, and closes the run.
 *
 * Nothing depends on the message: the state says what is done. What is not done is told again, and when nobody gets on
 * with it the coordinator does it itself.
 *
 * What a crash of the coordinator leaves: partitions that workers go on with until the next run of the policy, or the job
 * that looks after dead runs, ends the run. A batch that is open then is settled by that one.
 */
import { NOTHING, plus, type ExecuteResult } from '../report.ts';
import type { Partition } from '../../state/state.ts';
import type { Task } from '../../policy/view.ts';
import type { EraseSelectedInput } from '../batch/erase-selected.ts';
import type { Engine, Helpers } from '../engine.ts';
import { pauseOf } from '../run/pause.ts';
import { placeOf } from '../run/place.ts';
import type { Prepared } from '../run/prepare.ts';
import type { Selected } from '../survey/spool.ts';
import { failureIn, recordsText, toldOf, type PartitionWork } from './texts.ts';
import { workAt } from './work.ts';

/** Records in one row of the state. */
const PIECE = 1000;
/** How often it looks how far the others are. */
const POLL_MS = 100;
/** How often what is not done is told again. */
const OFFER_MS = 5000;
/** How long those who were told to stop are waited for: longer than a batch takes. */
const STOP_MS = 30_000;
const NEVER = new AbortController().signal;

export interface ShareInput extends EraseSelectedInput {
  /** The task as the policy file has it; `prepared` has it with what the source says. */
  readonly task: Task;
}

/** Erases the records, together with whoever helps. Throws as `eraseSelected` does. */
export async function eraseShared(
  engine: Engine,
  helpers: Helpers,
  prepared: Prepared,
  input: ShareInput,
): Promise<ExecuteResult> {
  await cut(engine, prepared, input, helpers.size);
  try {
    await untilEnded(engine, helpers, input);
  } finally {
    await withdraw(engine, input);
  }
  return await resultOf(engine, input);
}

/** Writes the partitions into the state, each after its records. */
async function cut(engine: Engine, prepared: Prepared, input: ShareInput, size: number): Promise<void> {
  const { claim, plan, asOf, records, task } = input;
  const { digest: policyDigest, catalogue } = prepared;
  const place = engine.digest(placeOf(task));
  const work: PartitionWork = { plan, asOf, policyDigest, catalogue, place, epoch: claim.names.epoch };
  let number = 0;
  for await (const part of inParts(records, size)) {
    number += 1;
    const name = { run: claim.run, number };
    for (let from = 0; from < part.length; from += PIECE) {
      const text = recordsText(part.slice(from, from + PIECE));
      await engine.state.transaction(async (t) => {
        await claim.stillOurs(t);
        await t.addPartitionRecords(name, from / PIECE, text);
      });
    }
    await engine.state.transaction(async (t) => {
      await claim.stillOurs(t);
      const { policy } = task.view;
      await t.addPartition({
        ...name,
        controller: engine.controller.name,
        policy,
        work: JSON.stringify(work),
      });
    });
  }
}

async function* inParts(
  records: AsyncIterable<readonly Selected[]>,
  size: number,
): AsyncGenerator<readonly Selected[]> {
  let part: Selected[] = [];
  for await (const some of records)
    for (const one of some) {
      part.push(one);
      if (part.length < size) continue;
      yield part;
      part = [];
    }
  if (part.length > 0) yield part;
}

/** Waits until all have ended, or nothing more is to be erased. */
async function untilEnded(engine: Engine, helpers: Helpers, input: ShareInput): Promise<void> {
  const { run, signal } = input.claim;
  let before = '';
  // Counted in looks, so that a clock that is set does not change it.
  let quiet = 0;
  for (let looks = 0; ; looks += 1) {
    const all = await engine.state.partitions(run);
    const open = all.filter((one) => !one.ended);
    if (open.length === 0 || signal.aborted || (await isOver(engine, all))) return;
    if ((looks * POLL_MS) % OFFER_MS === 0) await helpers.offer(open.map(({ number }) => ({ run, number })));
    const now = standing(open);
    quiet = now === before ? quiet + POLL_MS : 0;
    before = now;
    if (quiet >= helpers.patience) {
      const taken = await takeOne(engine, input, open);
      const others = (await engine.state.partitions(run)).filter((one) => !one.ended && one.number !== taken);
      // Who was alone with it is so until somebody else gets on with another.
      if (taken === undefined || standing(open.filter(({ number }) => number !== taken)) !== standing(others))
        quiet = 0;
      before = standing(others);
    }
    // The workers wait until what they write is in the trail: who has nothing else to do publishes for them.
    await engine.trail.flush();
    await engine.sleep(POLL_MS, signal);
  }
}

/** Whether the others are to end with the batch in hand: the kill switch, or a source that fails for good. */
async function isOver(engine: Engine, all: readonly Partition[]): Promise<boolean> {
  return all.some((one) => toldOf(one).failure !== undefined) || (await pauseOf(engine)) !== undefined;
}

/** How far each is. */
const standing = (open: readonly Partition[]): string =>
  open.map(({ number, told }) => `${String(number)} ${told ?? ''}`).join('\n');

/** Erases the first that nobody is at; its number. */
async function takeOne(
  engine: Engine,
  { task, claim }: ShareInput,
  open: readonly Partition[],
): Promise<number | undefined> {
  for (const one of open) {
    const worked = await workAt(engine, [task], one, { signal: claim.signal, last: true });
    if (worked === 'done') return one.number;
  }
  return undefined;
}

/** What has not ended is not begun any more, and whoever is at it ends with the batch in hand. */
async function withdraw(engine: Engine, { claim }: ShareInput): Promise<void> {
  const { run } = claim;
  if ((await engine.state.partitions(run)).every((one) => one.ended)) return;
  await engine.state.transaction(async (t) => {
    await claim.stillOurs(t);
    await t.withdrawPartitions(run);
  });
  for (let waited = 0; waited < STOP_MS; waited += POLL_MS) {
    if (!(await engine.state.openBatches()).some((batch) => batch.run === run)) return;
    await engine.sleep(POLL_MS, NEVER);
  }
}

async function resultOf(engine: Engine, { claim }: ShareInput): Promise<ExecuteResult> {
  const all = await engine.state.partitions(claim.run);
  // None are left of a run that another process has ended while this one slept: that would look as if all were done.
  await engine.state.transaction(claim.stillOurs);
  const told = all.map(toldOf);
  const failure = told.map(failureIn).find((one) => one !== undefined);
  const left = all.some((one) => !one.ended);
  const paused = left && failure === undefined ? await pauseOf(engine) : undefined;
  return {
    ...told.reduce(plus, NOTHING),
    ...(failure === undefined ? {} : { failure }),
    ...(paused === undefined ? {} : { paused }),
    stopped: left || claim.signal.aborted,
  };
}
