/**
 * One sweep over some policies: recover, prepare, pass 1 for all of them, guards, then pass 2 for those that may go.
 * All policies are looked at before any erases, so that a dry run and a run see the same data.
 *
 * In both passes systems are worked at side by side, and the policies of one system in the order in which they are declared.
 */
import { SourceFailure } from '../connectors/connector.ts';
import { FristError } from '../errors.ts';
import { createJudge } from '../policy/judge.ts';
import type { Task } from '../policy/view.ts';
import { claim, type Claim } from './run/claim.ts';
import type { Engine } from './engine.ts';
import { eraseSelected, failureOf } from './batch/erase-selected.ts';
import { checkGuards, type Tripped } from './guard.ts';
import { checkClock } from './run/clock.ts';
import { refuseWhilePaused } from './run/pause.ts';
import { placeOf } from './run/place.ts';
import { codedError, prepare, silenceOf, type Prepared } from './run/prepare.ts';
import { eraseShared } from './partition/share.ts';
import { maySplit } from './partition/split.ts';
import { provePending } from './prove.ts';
import { recoverOpen } from './recover.ts';
import { blankReport, failedReport, resultReport, type PolicyReport } from './report.ts';
import { Spool } from './survey/spool.ts';
import { survey, type Survey } from './survey/survey.ts';
import { expirePlans, keepPlan } from './run/plans.ts';
import { rememberFailing, rememberLook, rememberSuccess } from './run/remember.ts';
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

/**
 * Erases what is due. Answers one report per task, in the order given; one failing policy does not stop the others.
 * @throws FristError PAUSED, PAUSED_BY_FILE; and of state and trail
 */
export async function sweep(
  engine: Engine,
  tasks: readonly Task[],
  input: SweepInput,
): Promise<PolicyReport[]> {
  await refuseWhilePaused(engine);
  const reports = new Map<Task, PolicyReport>();
  const walks: Walk[] = [];
  await expirePlans(engine);
  try {
    for (const task of tasks) {
      const claimed = await claim(engine, { ...input, policy: task.view.policy }, input.signal);
      if (claimed === undefined) reports.set(task, skippedReport(task, input));
      else walks.push({ task, claim: claimed, report: blankReport(task, 'planned'), over: false });
    }
    await engine.trail.flush();
    await prepareAll(engine, walks, input);
    for (const walk of walks) {
      await guarded(walk, async () => {
        await recoverOpen(engine, known(walk.prepared), walk.claim);
        await provePending(engine, known(walk.prepared), walk.claim);
      });
    }
    await sideBySide(walks, (walk) => guarded(walk, () => look(engine, walk, input)));
    await sideBySide(walks, (walk) => guarded(walk, () => erase(engine, walk, input)));
  } catch (error) {
    // A trail that cannot be written, mostly: the runs were claimed, and did nothing.
    if (error instanceof FristError) for (const walk of walks) walk.report = failedReport(walk.report, error);
    throw error;
  } finally {
    for (const walk of walks) {
      await end(walk);
      reports.set(walk.task, walk.report);
    }
  }
  return tasks.flatMap((task) => reports.get(task) ?? []);
}

/** Whose turn it is not. The daemon comes again; who asked for a run must hear that there was none. */
function skippedReport(task: Task, input: SweepInput): PolicyReport {
  const report = blankReport(task, 'skipped');
  if (input.trigger !== 'manual') return report;
  return {
    ...failedReport(report, new FristError('RUN_BUSY', { policy: report.policy })),
    status: 'skipped',
  };
}

/** Runs one step of one policy; a failure of its source ends this policy alone. */
async function guarded(walk: Walk, step: () => Promise<void>): Promise<void> {
  if (walk.over) return;
  try {
    await step();
  } catch (error) {
    walk.over = true;
    walk.report = isStop(error, walk.claim.signal)
      ? { ...walk.report, status: 'stopped' }
      : failedReport(walk.report, codedError(error, walk.task.view.source));
  }
}

/**
 * Every walk in its order; those of different systems at the same time. Where a policy asks another source, what is erased
 * there first changes the answer: then one after the other. Each comes to its end before the first failure is thrown.
 */
async function sideBySide(walks: readonly Walk[], step: (walk: Walk) => Promise<void>): Promise<void> {
  const asks = walks.some(({ task }) => task.inquiries.length > 0);
  const lanes = Map.groupBy(walks, ({ task }) => (asks ? '' : placeOf(task)));
  const ends = await Promise.allSettled(
    [...lanes.values()].map(async (lane) => {
      for (const walk of lane) await step(walk);
    }),
  );
  const failed = ends.find((end) => end.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}

/** Whether it ended because it was told to. */
function isStop(error: unknown, signal: AbortSignal): boolean {
  const gaveUp = error instanceof SourceFailure && error.failure === 'transient';
  return signal.aborted && (gaveUp || error === signal.reason);
}

/** A run whose end cannot be written down must not keep the next one, or the end of another policy, from being. */
async function end(walk: Walk): Promise<void> {
  try {
    await walk.spool?.close();
    await walk.claim.close(walk.report);
  } catch (error) {
    if (!(error instanceof FristError)) throw error;
    walk.report = failedReport(walk.report, error);
  }
}

async function prepareAll(engine: Engine, walks: readonly Walk[], input: SweepInput): Promise<void> {
  const prepared = await prepare(
    engine,
    walks.map((walk) => walk.task),
    input.signal,
  );
  for (const walk of walks) {
    const one = prepared.find((candidate) => candidate.task === walk.task);
    if (one?.ok === true) {
      walk.prepared = one.prepared;
    } else {
      walk.over = true;
      if (input.signal.aborted) walk.report = { ...walk.report, status: 'stopped' };
      else if (one !== undefined) walk.report = failedReport(walk.report, one.error, one.findings);
    }
  }
}

/** Pass 1 and the guards. */
async function look(engine: Engine, walk: Walk, input: SweepInput): Promise<void> {
  const prepared = known(walk.prepared);
  const { task, connector, elsewhere } = prepared;
  const { policy } = task.view;
  const gap = input.setClock ? undefined : await checkClock(engine, policy, walk.claim.run, connector);
  const holds = await engine.state.holds({ active: true });
  const judge = createJudge(task, { asOf: input.asOf, holds });
  walk.spool = await Spool.create(engine.settings.spoolFolder, walk.claim.run);
  const memory = await rememberLook(engine, prepared, walk.claim);
  walk.survey = await survey({
    task,
    connector,
    elsewhere,
    judge,
    names: walk.claim.names,
    policyDigest: prepared.digest,
    asOf: input.asOf,
    spool: walk.spool,
    tryLast: new Set(memory.failing),
    signal: walk.claim.signal,
    countDependents: false,
  });
  const tripped = checkGuards({
    selected: walk.survey.selected,
    population: walk.survey.found.population,
    guards: task.policy.guards,
    firstGuards: task.policy.firstGuards,
    trusted: memory.trusted === prepared.digest,
    lastPopulation: memory.lastPopulation,
    unwitnessedHours: gap,
    approveAbove: task.policy.approveAbove,
  });
  walk.report = { ...walk.report, plan: walk.survey.planId, found: walk.survey.found };
  if (tripped !== undefined) await stop(engine, walk, tripped, input.asOf);
}

/**
 * Nothing of the policy is erased. While another source that it asks is silent no plan is kept either: its catalogue is
 * not known, so that the plan would be void as soon as the source is back.
 */
async function stop(engine: Engine, walk: Walk, tripped: Tripped, asOf: number): Promise<void> {
  const prepared = known(walk.prepared);
  walk.over = true;
  walk.report = { ...walk.report, guard: tripped };
  const silence = silenceOf(prepared);
  if (silence !== undefined) {
    walk.report = failedReport(walk.report, silence);
    return;
  }
  const { run } = walk.claim;
  const stopped = { run, survey: known(walk.survey), spool: known(walk.spool), tripped, asOf };
  walk.report = { ...walk.report, plan: await keepPlan(engine, prepared, stopped), status: 'waiting' };
}

/** Pass 2. */
async function erase(engine: Engine, walk: Walk, input: SweepInput): Promise<void> {
  const prepared = known(walk.prepared);
  const found = known(walk.survey);
  if (found.selected > 0) {
    const { task, claim } = walk;
    const records = known(walk.spool).read();
    const selected = { task, claim, plan: found.planId, asOf: input.asOf, records };
    const { helpers } = engine;
    const shared =
      helpers !== undefined && found.selected > helpers.size && (await maySplit(prepared, claim.signal));
    const result = shared
      ? await eraseShared(engine, helpers, prepared, selected)
      : await eraseSelected(engine, prepared, selected);
    walk.report = resultReport(walk.report, result, failureOf(prepared, result));
    if (result.failing.length > 0) await rememberFailing(engine, prepared, claim, result.failing);
  } else {
    const silence = silenceOf(prepared);
    walk.report =
      silence === undefined ? { ...walk.report, status: 'done' } : failedReport(walk.report, silence);
  }
  if (walk.report.status === 'done')
    await rememberSuccess(engine, prepared, walk.claim, found.found.population, walk.report);
}

function known<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('a step of the sweep ran before the one it builds on');
  return value;
}
