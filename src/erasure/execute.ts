/**
 * Pass 2: erases what pass 1 selected, batch by batch.
 *
 * A batch's keys are durable in the state, and its opening (count and digest) in the trail, before the first statement
 * is sent. While batch n is erased, batch n - 1 is looked at again and settled, and batch n + 1 is opened; the outcome of
 * the one and the opening of the other share one append, so that the trail never stands in the way.
 *
 * What a crash leaves: at most two opened batches without an outcome (n, and n + 1 that was not begun). Recovery
 * (recover.ts) looks at their records and settles them. An intent is never missing.
 */
import type { Connector, ErasingSession, SourceFailure } from '../connectors/connector.ts';
import type { Judge } from '../policy/judge.ts';
import type { Action } from '../policy/policy.ts';
import type { Task } from '../policy/view.ts';
import type { Hold, OpenBatch, PendingProof, Transaction } from '../state/state.ts';
import type { FristError } from '../errors.ts';
import { attempt, type AttemptResult } from './batch/attempt.ts';
import type { PlannedBatch } from './batch/batches.ts';
import type { Elsewhere } from './elsewhere.ts';
import type { Engine, Names } from './engine.ts';
import { createLedger, type Ledger } from './batch/ledger.ts';
import { detailOf, senseOf } from './batch/sense.ts';
import type { Pace } from './batch/pace.ts';
import { NOTHING, plus, REMEMBERED_FAILURES, type ExecuteResult, type Sums } from './report.ts';
import { pauseOf } from './run/pause.ts';
import { untilInTurn } from './run/rate.ts';
import { untilWell } from './run/strain.ts';
import { settle, type Finished, type Settlement } from './batch/settle.ts';

export interface ExecuteInput {
  readonly engine: Engine;
  readonly task: Task;
  readonly names: Names;
  readonly run: string;
  readonly plan: string;
  readonly asOf: number;
  readonly connector: Connector;
  readonly elsewhere: Elsewhere;
  readonly session: ErasingSession;
  readonly pace: Pace;
  readonly batches: AsyncGenerator<PlannedBatch, void, undefined>;
  /** The judge under these holds; asked whenever the holds may have changed. */
  readonly judgeUnder: (holds: readonly Hold[]) => Judge;
  /** Asked in every transaction that opens or settles a batch: whether this run is still the only one of its policy. */
  readonly stillOurs: (t: Transaction) => Promise<void>;
  readonly signal: AbortSignal;
  readonly part?: Part;
}

/** What sets the erasing of one partition apart from that of the whole. */
export interface Part {
  readonly number: number;
  /** Written with every batch that is settled, and with the one that is opened: what was added by it. */
  readonly tell: (t: Transaction, more: Sums) => Promise<void>;
}

const DAY_MS = 86_400_000;

interface Opened {
  readonly id: string;
  readonly batch: PlannedBatch;
  readonly judge: Judge;
}

/** What is written down of a finished batch. */
interface Outcomes extends Settlement {
  /** What was to be done to its records. */
  readonly action: Action['kind'] | undefined;
  readonly proof: PendingProof | undefined;
}

/** Erases all batches. Throws only for what is wrong with frist's own state or trail; nothing unlogged is erased then. */
export async function execute(input: ExecuteInput): Promise<ExecuteResult> {
  return new Execution(input).run();
}

class Execution {
  readonly #input: ExecuteInput;
  readonly #ledger: Ledger;
  #sums: Sums = NOTHING;
  #failure: SourceFailure | undefined;
  #paused: FristError | undefined;

  constructor(input: ExecuteInput) {
    this.#input = input;
    this.#ledger = createLedger(input.engine, input.names, input.task, input.judgeUnder([]));
  }

  async run(): Promise<ExecuteResult> {
    const { engine, pace, signal } = this.#input;
    this.#paused = await pauseOf(engine);
    let current = await this.#advance(undefined);
    let finished: Finished | undefined;
    while (current !== undefined) {
      await this.#untilWell();
      if (!this.#isOver()) await untilInTurn(engine, this.#input.task, current.batch.records.length, signal);
      const started = engine.now();
      let took = 0;
      // The source's time alone: how long the trail is waited for says nothing of its locks.
      const erasing = this.#erase(current).finally(() => (took = engine.now() - started));
      const [result, next] = await bothEnd(erasing, this.#advance(finished));
      finished = { id: current.id, stage: current.batch.stage, ...result };
      this.#failure ??= result.failure;
      const rest = pace.took(current.batch.records.length, took);
      if (next !== undefined && this.#failure === undefined && rest >= 1) await engine.sleep(rest, signal);
      current = next;
    }
    await this.#advance(finished);
    return {
      ...this.#sums,
      ...(this.#failure === undefined ? {} : { failure: this.#failure }),
      ...(this.#paused === undefined ? {} : { paused: this.#paused }),
      stopped: signal.aborted,
    };
  }

  /** Waits while the source is too busy, by the limits of the file; ends when the run is told to stop. */
  async #untilWell(): Promise<void> {
    const { engine, task, signal } = this.#input;
    this.#failure ??= await untilWell(engine, task.view, signal, async () => {
      this.#paused ??= await pauseOf(engine);
      return this.#isOver();
    });
  }

  /** No other batch is begun. */
  #isOver(): boolean {
    return this.#input.signal.aborted || this.#failure !== undefined || this.#paused !== undefined;
  }

  /** A batch that was opened before the stop or the failure is still settled, as not erased. */
  async #erase(opened: Opened): Promise<AttemptResult> {
    const { engine, task, connector, elsewhere, session, signal } = this.#input;
    const { batch, judge } = opened;
    if (this.#failure !== undefined || this.#paused !== undefined) {
      return {
        records: batch.records.map((identity) => ({ identity, outcome: 'not-erased' })),
        dependents: {},
      };
    }
    const { stage, records } = batch;
    const { sleep } = engine;
    const stillOurs = (): Promise<void> => engine.state.transaction(this.#input.stillOurs);
    return attempt({ task, stage, connector, elsewhere, session, judge, stillOurs, signal, sleep }, records);
  }

  /** Settles `finished` and opens the next batch, in one transaction and one append. */
  async #advance(finished: Finished | undefined): Promise<Opened | undefined> {
    const { engine, batches } = this.#input;
    const next = this.#isOver() ? undefined : await nextOf(batches);
    const settled = finished === undefined ? undefined : await this.#settle(finished);
    if (finished === undefined && next === undefined) return undefined;
    const opening = next === undefined ? undefined : this.#opening(next);
    const more = settled === undefined ? NOTHING : this.#sumsOf(settled, finished);
    this.#sums = plus(this.#sums, more);
    const opened = await engine.state.transaction(async (t) => {
      await this.#input.stillOurs(t);
      if (settled !== undefined) {
        await t.emit(settled.entries);
        if (settled.close) await this.#close(t, settled);
        if (settled.proof !== undefined) await t.addProof(settled.proof);
      }
      await this.#input.part?.tell(t, more);
      if (next === undefined || opening === undefined) return undefined;
      const holds = await t.activeHolds();
      await t.openBatch(opening.row);
      await t.emit([opening.entry]);
      return { id: opening.row.id, batch: next, judge: this.#input.judgeUnder(holds) };
    });
    // The last outcome waits for the end of the run, which comes next.
    if (opened !== undefined) await engine.trail.flush();
    return opened;
  }

  /** Counted where the batch is closed: what a run that dies later has erased is counted too. */
  async #close(t: Transaction, { id, action, counts }: Outcomes): Promise<void> {
    const { engine, task } = this.#input;
    await t.settleBatch(id);
    if (action !== undefined && counts.erased !== undefined)
      await t.count(engine.controller.name, task.view.policy, action, counts.erased);
  }

  async #settle(finished: Finished): Promise<Outcomes> {
    const { engine, task, connector, signal } = this.#input;
    const { percent, withinDays } = engine.settings.verify;
    const settled = await settle({ connector, task, signal, verifyPercent: percent }, this.#ledger, finished);
    const action = task.view.stages[finished.stage]?.action.kind;
    if (settled.unproven.length === 0 || action === undefined)
      return { ...settled, action, proof: undefined };
    const proof = {
      batch: finished.id,
      controller: engine.controller.name,
      policy: task.view.policy,
      source: task.view.source,
      stage: finished.stage,
      action,
      sense: senseOf(engine, task.view, finished.stage),
      due: new Date(engine.now() + withinDays * DAY_MS).toISOString(),
      keys: settled.unproven,
    };
    return { ...settled, action, proof };
  }

  /** What state and trail are told of a batch; made before the transaction, in which every other writer waits. */
  #opening(next: PlannedBatch): { readonly row: OpenBatch; readonly entry: string } {
    const { engine, task, names, run, plan, asOf, part } = this.#input;
    const id = engine.newId();
    const row = {
      id,
      run,
      controller: engine.controller.name,
      policy: task.view.policy,
      source: task.view.source,
      stage: next.stage,
      asOf: new Date(asOf).toISOString(),
      opened: new Date(engine.now()).toISOString(),
      epoch: names.epoch,
      keys: next.records.map((record) => record.key),
      detail: detailOf(senseOf(engine, task.view, next.stage), next.records),
      ...(part === undefined ? {} : { partition: part.number }),
    };
    return { row, entry: this.#ledger.opened(id, run, plan, next.records) };
  }

  #sumsOf({ counts, action, leftovers }: Outcomes, finished: Finished | undefined): Sums {
    const { names, task } = this.#input;
    const { source, record } = task.view;
    const failed = (finished?.records ?? []).filter(({ outcome }) => outcome === 'failed');
    const failedCode = failed.find(({ code }) => code !== undefined)?.code;
    const failing = failed.slice(0, REMEMBERED_FAILURES);
    return {
      outcomes: counts,
      erasedBy: action === undefined || counts.erased === undefined ? {} : { [action]: counts.erased },
      dependents: finished?.dependents ?? {},
      leftovers,
      failing: failing.map(({ identity }) => names.record(source, record.name, identity.key)),
      ...(failedCode === undefined ? {} : { failedCode }),
    };
  }
}

async function nextOf(
  batches: AsyncGenerator<PlannedBatch, void, undefined>,
): Promise<PlannedBatch | undefined> {
  const next = await batches.next();
  return next.done === true ? undefined : next.value;
}

/** Both, each to its end, before the first failure is thrown: an erase that is under way is never left unwatched. */
async function bothEnd<A, B>(a: Promise<A>, b: Promise<B>): Promise<[A, B]> {
  const [first, second] = await Promise.allSettled([a, b]);
  if (first.status === 'rejected') throw first.reason;
  if (second.status === 'rejected') throw second.reason;
  return [first.value, second.value];
}
