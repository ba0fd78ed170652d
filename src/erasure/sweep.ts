/**
 * One sweep over some policies: recover, prepare, pass 1 for all of them, guards, then pass 2 for those that may go.
 * All policies are looked at before any erases, so that a dry run and a run see the same data.
 */
import { createJudge, type Judge } from '../policy/judge.ts';
import type { Task } from '../policy/view.ts';
import { FristError } from '../errors.ts';
import { cutBatches } from './batches.ts';
import { claim, type Claim } from './claim.ts';
import type { Engine } from './engine.ts';
import { execute, type ExecuteResult } from './execute.ts';
import { checkGuards } from './guard.ts';
import { createPace } from './pace.ts';
import { codedError, prepare, type Prepared } from './prepare.ts';
import { recover } from './recover.ts';
import { blankReport, failedReport, resultReport, type PolicyReport } from './report.ts';
import { Spool, type Selected } from './spool.ts';
import { survey, type Survey } from './survey.ts';
import { rememberLook, rememberSuccess, storeWaitingPlan } from './remember.ts';
import type { Run } from '../state/state.ts';

export interface SweepInput {
  readonly trigger: Run['trigger'];
  readonly slot: string | undefined;
  readonly asOf: number;
  /** Whether `asOf` was given by hand. */
  readonly setClock: boolean;
  readonly signal: AbortSignal;
}

/** A policy on its way through the sweep. */
interface Walk {
  readonly task: Task;
  readonly claim: Claim;
  prepared?: Prepared;
  spool?: Spool;
  survey?: Survey;
  report: PolicyReport;
  /** Set when nothing more is to be done with it. */
  over: boolean;
}

/** Erases what is due. Answers one report per task, in the order given; one failing policy does not stop the others. */
export async function sweep(engine: Engine, tasks: readonly Task[], input: SweepInput): Promise<PolicyReport[]> {
  const reports = new Map<Task, PolicyReport>();
  const walks: Walk[] = [];
  for (const task of tasks) {
    const claimed = await claim(engine, { ...input, policy: task.view.policy }, input.signal);
    const report = blankReport(task, claimed === undefined ? 'skipped' : 'planned');
    reports.set(task, report);
    if (claimed !== undefined) walks.push({ task, claim: claimed, report, over: false });
  }
  try {
    await engine.trail.flush();
    await prepareAll(engine, walks, input);
    for (const walk of walks) await guarded(walk, () => recoverOpen(engine, walk));
    for (const walk of walks) await guarded(walk, () => look(engine, walk, input));
    for (const walk of walks) await guarded(walk, () => erase(engine, walk, input));
  } finally {
    for (const walk of walks) {
      await walk.spool?.close();
      await walk.claim.close(walk.report);
      reports.set(walk.task, walk.report);
    }
  }
  return tasks.flatMap((task) => reports.get(task) ?? []);
}

/** Runs one step of one policy; a failure of its source ends this policy alone. */
async function guarded(walk: Walk, step: () => Promise<void>): Promise<void> {
  if (walk.over) return;
  try {
    await step();
  } catch (error) {
    if (walk.claim.signal.aborted) walk.report = { ...walk.report, status: 'stopped' };
    else walk.report = failedReport(walk.report, codedError(error, walk.task.view.source));
    walk.over = true;
  }
}

async function prepareAll(engine: Engine, walks: readonly Walk[], input: SweepInput): Promise<void> {
  const prepared = await prepare(engine, walks.map((walk) => walk.task), input.signal);
  for (const walk of walks) {
    const one = prepared.find((candidate) => candidate.task === walk.task);
    if (one?.ok === true) {
      walk.prepared = one.prepared;
    } else {
      walk.over = true;
      if (one !== undefined) walk.report = failedReport(walk.report, one.error, one.findings);
    }
    await guarded(walk, () => refuseEarlierClock(engine, walk, input));
  }
}

/** A clock that stands before the last run has been set back; what is due by it cannot be trusted. */
async function refuseEarlierClock(engine: Engine, walk: Walk, input: SweepInput): Promise<void> {
  if (input.setClock) return;
  const runs = await engine.state.runs({ controller: engine.controller.name, policy: walk.task.view.policy, limit: 2 });
  const last = runs.find((run) => run.id !== walk.claim.run);
  if (last !== undefined && Date.parse(last.asOf) > input.asOf) {
    throw new FristError('CLOCK_BACKWARDS', { asOf: new Date(input.asOf).toISOString(), last: last.asOf });
  }
}

async function recoverOpen(engine: Engine, walk: Walk): Promise<void> {
  const prepared = known(walk.prepared);
  for (const batch of await engine.state.openBatches()) {
    if (batch.controller !== engine.controller.name || batch.policy !== walk.task.view.policy) continue;
    const judge = createJudge(prepared.task, { asOf: Date.parse(batch.asOf), holds: [] });
    const { task, connector } = prepared;
    await recover({ engine, task, connector, judge, batch, signal: walk.claim.signal });
    engine.logger.warn('batch recovered', { policy: batch.policy, batch: batch.id });
  }
}

/** Pass 1 and the guards. */
async function look(engine: Engine, walk: Walk, input: SweepInput): Promise<void> {
  const prepared = known(walk.prepared);
  const { task, connector } = prepared;
  const holds = await engine.state.holds({ active: true });
  const judge = createJudge(task, { asOf: input.asOf, holds });
  walk.spool = await Spool.create(engine.settings.spoolFolder, walk.claim.run);
  walk.survey = await survey({
    task,
    connector,
    judge,
    names: engine.names,
    policyDigest: prepared.digest,
    asOf: input.asOf,
    spool: walk.spool,
    signal: walk.claim.signal,
    countDependents: false,
  });
  const memory = await rememberLook(engine, prepared, walk.survey);
  const tripped = checkGuards({
    selected: walk.survey.selected,
    population: walk.survey.found.population,
    guards: task.policy.guards,
    firstGuards: task.policy.firstGuards,
    trusted: memory.trusted === prepared.digest,
    lastPopulation: memory.lastPopulation,
  });
  walk.report = { ...walk.report, plan: walk.survey.planId, found: walk.survey.found };
  if (tripped !== undefined) {
    const { survey: found, spool } = { survey: walk.survey, spool: walk.spool };
    await storeWaitingPlan(engine, prepared, { run: walk.claim.run, survey: found, spool, tripped, asOf: input.asOf });
    walk.report = { ...walk.report, status: 'waiting', guard: tripped };
    walk.over = true;
  }
}

/** Pass 2. */
async function erase(engine: Engine, walk: Walk, input: SweepInput): Promise<void> {
  const prepared = known(walk.prepared);
  const found = known(walk.survey);
  if (found.selected > 0) {
    const result = await eraseSelected(engine, prepared, {
      run: walk.claim.run,
      plan: found.planId,
      asOf: input.asOf,
      records: known(walk.spool).read(),
      signal: walk.claim.signal,
    });
    walk.report = resultReport(walk.report, result, failureOf(walk.task, result));
  } else {
    walk.report = { ...walk.report, status: 'done' };
  }
  if (walk.report.status === 'done') await rememberSuccess(engine, prepared, found.found.population);
}

/** Why a policy failed though it ran: its source broke off, records that the data forbid to erase, or leftovers. */
export function failureOf(task: Task, result: ExecuteResult): FristError | undefined {
  const { policy, source } = task.view;
  if (result.failure !== undefined) return codedError(result.failure, source);
  const failed = result.outcomes.failed ?? 0;
  if (failed > 0) return new FristError('RECORD_FAILED', { policy, count: failed, code: result.failedCode ?? '' });
  return result.leftovers > 0 ? new FristError('LEFTOVERS', { policy, count: result.leftovers }) : undefined;
}

export interface EraseSelectedInput {
  readonly run: string;
  readonly plan: string;
  readonly asOf: number;
  readonly records: AsyncIterable<readonly Selected[]>;
  readonly signal: AbortSignal;
}

/** Erases records that were selected (by a sweep) or approved, under the source's advisory lock. */
export async function eraseSelected(
  engine: Engine,
  prepared: Prepared,
  input: EraseSelectedInput,
): Promise<ExecuteResult> {
  const { task, connector } = prepared;
  const { maxBatch } = engine.settings.pace;
  const pace = createPace({ ...engine.settings.pace, maxBatch: Math.min(maxBatch, connector.capabilities.maxBatch) });
  const session = await connector.erasing(task.view, input.signal);
  try {
    return await execute({
      engine,
      task,
      run: input.run,
      plan: input.plan,
      asOf: input.asOf,
      connector,
      session,
      pace,
      batches: cutBatches(input.records, () => pace.size()),
      judgeUnder: judgeCache(engine, task, input.asOf),
      signal: input.signal,
    });
  } finally {
    await session.release();
  }
}

/** A judge is dear to make; a new one is needed only when the holds have changed. */
function judgeCache(engine: Engine, task: Task, asOf: number): Parameters<typeof execute>[0]['judgeUnder'] {
  let last: { readonly of: string; readonly judge: Judge } | undefined;
  return (holds) => {
    const of = holds.map((hold) => hold.id).sort().join(' ');
    if (last?.of !== of) last = { of, judge: createJudge(task, { asOf, holds }) };
    return last.judge;
  };
}

function known<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('a step of the sweep ran before the one it builds on');
  return value;
}
