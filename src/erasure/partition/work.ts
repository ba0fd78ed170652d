/**
 * Works at one partition of a run, in whichever process was told of it, as often as it was told.
 *
 * Two things keep others out: a lease in the state, asked for in every transaction that opens or settles a batch, and the
 * partition's advisory lock in the source. Whoever comes second finds the lease taken and goes away. What a worker that
 * was killed has left open, the next one looks at under that lock, and erases the rest.
 *
 * The run has to be running all the while: when it ends, by whomever, its partitions are gone, and no further batch can be
 * opened or settled.
 */
import { SourceFailure } from '../../connectors/connector.ts';
import { createJudge } from '../../policy/judge.ts';
import type { Task } from '../../policy/view.ts';
import type { Partition, PartitionName, Transaction } from '../../state/state.ts';
import { FristError } from '../../errors.ts';
import { eraseSelected } from '../batch/erase-selected.ts';
import type { Engine } from '../engine.ts';
import { recoverOpen, type RecoverPart } from '../recover.ts';
import { plus, type ExecuteResult } from '../report.ts';
import { hold, type Held, type Ours } from '../run/lease.ts';
import { placeOf } from '../run/place.ts';
import { codedError, prepare, type Prepared } from '../run/prepare.ts';
import type { Selected } from '../survey/spool.ts';
import { recordsOf, toldOf, workOf, type Told } from './texts.ts';

/**
 * `gone`: there is nothing to do, somebody else is at it, or it was withdrawn. `left`: it was told to stop, or the source
 * failed in a way that passes; what is left can be taken up at once, or after a while.
 */
export type Worked = 'done' | 'gone' | 'left';

export interface WorkInput {
  readonly signal: AbortSignal;
  /** Whether a failure that passes is the partition's end: nobody tries again. */
  readonly last: boolean;
}

/**
 * Erases what is left of a partition.
 * @throws FristError of state and trail; PARTITION_FOREIGN where policy or source are not as the run found them
 */
export async function workAt(
  engine: Engine,
  tasks: readonly Task[],
  name: PartitionName,
  { signal, last }: WorkInput,
): Promise<Worked> {
  const { run, number } = name;
  const held = await hold(engine, `partition:${run}:${String(number)}`, engine.newId(), signal);
  if (held === undefined) return 'gone';
  try {
    const partition = (await engine.state.partitions(run)).find((one) => one.number === number);
    if (partition === undefined || partition.ended || partition.withdrawn) return 'gone';
    return await new Worker(engine, partition, held).work(tasks, last);
  } catch (error) {
    // Who lost the partition has not noticed yet, and still holds the lock.
    if (error instanceof SourceFailure && error.code === 'BUSY') return 'left';
    throw error;
  } finally {
    await held.release();
  }
}

/** Failures that may be over when it is tried again. */
const PASSING: ReadonlySet<string> = new Set([
  'SOURCE_BUSY',
  'SOURCE_LOCKED',
  'SOURCE_LOST',
  'SOURCE_UNREACHABLE',
]);

/** What came of it before, but for what is looked at again now. */
function untilNow(partition: Partition): Told {
  const told = toldOf(partition);
  const { 'not-erased': _, unfinished: __, ...outcomes } = told.outcomes;
  return { ...told, outcomes };
}

class Worker {
  readonly #engine: Engine;
  readonly #partition: Partition;
  readonly #ours: Ours;
  readonly #withdrawn = new AbortController();
  #told: Told;

  constructor(engine: Engine, partition: Partition, held: Held) {
    const { run, number } = partition;
    this.#engine = engine;
    this.#partition = partition;
    this.#told = untilNow(partition);
    this.#ours = {
      signal: AbortSignal.any([held.signal, this.#withdrawn.signal]),
      stillOurs: async (t) => {
        await held.stillOurs(t);
        await t.tellPartition(run, number);
      },
    };
  }

  async work(tasks: readonly Task[], last: boolean): Promise<Worked> {
    const { run, number } = this.#partition;
    const prepared = await this.#prepared(tasks);
    const part: RecoverPart = { run, number, tell: (t, more) => this.#tell(t, more) };
    const begunBefore = this.#partition.told !== undefined;
    await recoverOpen(this.#engine, prepared, this.#ours, part);
    const { plan, asOf, epoch } = workOf(this.#partition);
    const names = await this.#engine.keys.of(epoch);
    const all = this.#records();
    const result = await eraseSelected(this.#engine, prepared, {
      claim: { run, names, ...this.#ours },
      plan,
      asOf,
      records: begunBefore ? this.#stillThere(prepared, asOf, all) : all,
      part,
    });
    return await this.#end(result, prepared.task.view.source, last);
  }

  async #prepared(tasks: readonly Task[]): Promise<Prepared> {
    const { policy } = this.#partition;
    const { policyDigest, catalogue, place } = workOf(this.#partition);
    const task = tasks.find((one) => one.view.policy === policy);
    const foreign = new FristError('PARTITION_FOREIGN', { policy });
    // The same tables may stand in another database, with other records under the same keys.
    if (task === undefined || this.#engine.digest(placeOf(task)) !== place) throw foreign;
    const [preparation] = await prepare(this.#engine, [task], this.#ours.signal);
    if (preparation?.ok !== true) throw preparation?.error ?? foreign;
    const { prepared } = preparation;
    if (prepared.digest !== policyDigest || prepared.catalogue !== catalogue) throw foreign;
    return prepared;
  }

  async *#records(): AsyncIterable<readonly Selected[]> {
    for await (const text of this.#engine.state.partitionRecords(this.#partition)) yield recordsOf(text);
  }

  /** A batch of which nobody knows yet is told of when somebody has looked. */
  async #tell(t: Transaction, more: Parameters<RecoverPart['tell']>[1]): Promise<void> {
    const { run, number } = this.#partition;
    const { uncertain: _, ...outcomes } = more.outcomes;
    this.#told = plus(this.#told, { ...more, outcomes });
    if (!(await t.tellPartition(run, number, JSON.stringify(this.#told)))) this.#withdrawn.abort();
  }

  async #end(result: ExecuteResult, source: string, last: boolean): Promise<Worked> {
    const { failure, paused, stopped } = result;
    if (failure === undefined && (stopped || paused !== undefined)) return 'left';
    if (failure !== undefined && !last && PASSING.has(codedError(failure, source).code)) return 'left';
    const { run, number } = this.#partition;
    const told: Told =
      failure === undefined
        ? this.#told
        : { ...this.#told, failure: { class: failure.failure, code: failure.code } };
    await this.#engine.state.transaction(async (t) => {
      await this.#ours.stillOurs(t);
      await t.endPartition(run, number, JSON.stringify(told));
    });
    return 'done';
  }

  /** Those that nobody has erased before: what is gone would be counted once more, as absent, and what failed as failed. */
  async *#stillThere(
    { task, connector }: Prepared,
    asOf: number,
    all: AsyncIterable<readonly Selected[]>,
  ): AsyncIterable<readonly Selected[]> {
    // Holds are asked when a batch is opened; here it is only asked what is there, and due but for them.
    const judge = createJudge(task, { asOf, holds: [] });
    const failed = new Set(this.#told.failing);
    for await (const records of all) {
      const keys = records.map(({ key }) => key);
      const found = await connector.read(task.view, keys, this.#ours.signal);
      const due = found.filter((facts) => judge.verdict(facts).verdict === 'erase');
      const ids = new Set(due.map(({ key }) => JSON.stringify(key)));
      yield records.filter(({ key, commitment }) => ids.has(JSON.stringify(key)) && !failed.has(commitment));
    }
  }
}
