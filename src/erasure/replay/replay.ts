/**
 * After a source has been restored from a backup: erases again what the trail says was erased, and is back.
 *
 * It is an ordinary run over fewer records. Of those that are back it erases what the policies of today erase, under the
 * holds of today, with the same guards, batches and entries; what a hold, a statutory minimum or a change of mind keeps,
 * it keeps and reports. So it never erases what the next sweep would not. The trail tells it apart by the trigger of its
 * run, and an entry of its own says what was found.
 *
 * What a crash leaves is what it leaves of a sweep: open batches, which the next run or replay looks at first.
 */
import { formatEntry } from '../../audit/entry.ts';
import { dryRunOf } from '../../connectors/wrap/dry-run.ts';
import { FristError } from '../../errors.ts';
import { createJudge, type Disposition } from '../../policy/judge.ts';
import type { Facts } from '../../policy/policy.ts';
import type { Task } from '../../policy/view.ts';
import { eraseSelected, failureOf } from '../batch/erase-selected.ts';
import type { Engine, Names } from '../engine.ts';
import { checkGuards } from '../guard.ts';
import { recoverOpen } from '../recover.ts';
import { blankReport, failedReport, resultReport, type PolicyReport } from '../report.ts';
import { claim, type Claim } from '../run/claim.ts';
import { checkClock } from '../run/clock.ts';
import { refuseWhilePaused } from '../run/pause.ts';
import { keepPlan } from '../run/plans.ts';
import { codedError, prepare, silenceOf, type Prepared } from '../run/prepare.ts';
import { rememberLook } from '../run/remember.ts';
import { Spool } from '../survey/spool.ts';
import { lookBack, type Back, type Sight } from './look.ts';
import type { Past } from './past.ts';

export interface ReplayInput {
  readonly past: Past;
  /** Only what was erased from this day on (UTC) was asked about; for the entry. */
  readonly since: string | undefined;
  readonly asOf: number;
  readonly setClock: boolean;
  readonly signal: AbortSignal;
  readonly onRecord?: (task: Task, facts: Facts, sight: Sight, disposition: Disposition) => void;
}

export interface ReplayReport extends PolicyReport {
  readonly back?: Back['back'];
  readonly changed?: number;
  readonly anotherLife?: number;
}

/**
 * Erases again what is back of the records of these tasks, policy by policy; one that fails does not stop the others.
 * @throws FristError PAUSED, PAUSED_BY_FILE; and of state and trail
 */
export async function replay(
  engine: Engine,
  tasks: readonly Task[],
  input: ReplayInput,
): Promise<ReplayReport[]> {
  await refuseWhilePaused(engine);
  const reports: ReplayReport[] = [];
  for (const task of tasks) reports.push(await replayOne(engine, task, tasks, input));
  return reports;
}

/** What `replay` would do. It writes nowhere. */
export async function lookForReplay(
  engine: Engine,
  tasks: readonly Task[],
  input: ReplayInput,
): Promise<ReplayReport[]> {
  const reading: Engine = { ...engine, connector: (source) => dryRunOf(engine.connector(source)) };
  const reports: ReplayReport[] = [];
  for (const task of tasks) reports.push(await lookOne(reading, task, tasks, input));
  return reports;
}

async function lookOne(
  engine: Engine,
  task: Task,
  tasks: readonly Task[],
  input: ReplayInput,
): Promise<ReplayReport> {
  const { state, controller, settings } = engine;
  const { signal } = input;
  const blank = blankReport(task, 'planned');
  const spool = await Spool.create(settings.spoolFolder, engine.newId());
  try {
    const preparation = await preparedOf(engine, task, signal);
    if ('refused' in preparation) return preparation.refused;
    const { prepared } = preparation;
    const { trusted, population } = (await state.policyMemory(controller.name, task.view.policy)) ?? {};
    const names = await engine.keys.current();
    const found = await look(engine, prepared, tasks, input, { names, spool, signal });
    const guard = guardOf(prepared, found, { trusted, lastPopulation: population }, undefined);
    const report = { ...blank, ...toldOf(found), ...(guard === undefined ? {} : { guard }) };
    const silence = silenceOf(prepared);
    return silence === undefined ? report : failedReport(report, silence);
  } catch (error) {
    return failed(blank, error, task, signal);
  } finally {
    await spool.close();
  }
}

async function replayOne(
  engine: Engine,
  task: Task,
  tasks: readonly Task[],
  input: ReplayInput,
): Promise<ReplayReport> {
  const { policy } = task.view;
  const { asOf, setClock } = input;
  const claimed = await claim(
    engine,
    { policy, trigger: 'replay', slot: undefined, asOf, setClock },
    input.signal,
  );
  let report: ReplayReport = blankReport(task, 'planned');
  if (claimed === undefined)
    return { ...failedReport(report, new FristError('RUN_BUSY', { policy })), status: 'skipped' };
  const spool = await Spool.create(engine.settings.spoolFolder, claimed.run);
  try {
    await engine.trail.flush();
    const preparation = await preparedOf(engine, task, claimed.signal);
    report =
      'refused' in preparation
        ? preparation.refused
        : await carryOut(engine, preparation.prepared, tasks, input, claimed, spool);
  } catch (error) {
    report = failed(report, error, task, claimed.signal);
  } finally {
    await spool.close();
    await claimed.close(report);
  }
  return report;
}

async function carryOut(
  engine: Engine,
  prepared: Prepared,
  tasks: readonly Task[],
  input: ReplayInput,
  claimed: Claim,
  spool: Spool,
): Promise<ReplayReport> {
  const { task, connector } = prepared;
  const { run, names, signal } = claimed;
  const { asOf } = input;
  await recoverOpen(engine, prepared, claimed);
  const gap = input.setClock ? undefined : await checkClock(engine, task.view.policy, run, connector);
  const memory = await rememberLook(engine, prepared, claimed);
  const found = await look(engine, prepared, tasks, input, { names, spool, signal });
  const report: ReplayReport = { ...blankReport(task, 'planned'), ...toldOf(found) };
  // Who is asked elsewhere and does not answer keeps records, and may be why one was not known again.
  const silence = silenceOf(prepared);
  if (silence !== undefined) return failedReport(report, silence);
  await engine.state.transaction((t) => t.emit([entryOf(engine, task, run, input, found)]));
  const tripped = guardOf(prepared, found, memory, gap);
  if (tripped !== undefined) {
    const plan = await keepPlan(engine, prepared, { run, survey: found.survey, spool, tripped, asOf });
    return { ...report, plan, guard: tripped, status: 'waiting' };
  }
  if (found.survey.selected === 0) return { ...report, status: 'done' };
  const records = spool.read();
  const plan = found.survey.planId;
  const result = await eraseSelected(engine, prepared, { claim: claimed, plan, asOf, records });
  return resultReport(report, result, failureOf(prepared, result));
}

/** The policy held against its source; the failed report where it does not fit. */
async function preparedOf(
  engine: Engine,
  task: Task,
  signal: AbortSignal,
): Promise<{ readonly prepared: Prepared } | { readonly refused: ReplayReport }> {
  const [one] = await prepare(engine, [task], signal);
  if (one?.ok === true) return one;
  const error = one?.error ?? new FristError('CHECK_FAILED', { policy: task.view.policy, count: 1 });
  return { refused: failedReport(blankReport(task, 'planned'), error, one?.findings) };
}

async function look(
  engine: Engine,
  { task, connector, elsewhere, digest }: Prepared,
  tasks: readonly Task[],
  { past, asOf, onRecord }: ReplayInput,
  run: { readonly names: Names; readonly spool: Spool; readonly signal: AbortSignal },
): Promise<Back> {
  const holds = await engine.state.holds({ active: true });
  const epochs: Names[] = [];
  for (const epoch of past.epochs) epochs.push(await engine.keys.of(epoch));
  const { record } = task.view;
  const siblings = tasks
    .filter(({ view }) => view.record.name === record.name)
    .map(({ view }) => view.policy);
  return lookBack({
    ...run,
    task,
    connector,
    elsewhere,
    judge: createJudge(task, { asOf, holds }),
    epochs,
    past,
    siblings: new Set(siblings),
    policyDigest: digest,
    asOf,
    ...(onRecord === undefined
      ? {}
      : { onRecord: (facts, sight, disposition) => onRecord(task, facts, sight, disposition) }),
  });
}

function guardOf(
  { task, digest }: Prepared,
  { survey }: Back,
  memory: { readonly trusted: string | undefined; readonly lastPopulation: number | undefined },
  gap: number | undefined,
): ReturnType<typeof checkGuards> {
  const { guards, firstGuards, approveAbove } = task.policy;
  return checkGuards({
    selected: survey.selected,
    population: survey.found.population,
    guards,
    firstGuards,
    trusted: memory.trusted === digest,
    lastPopulation: memory.lastPopulation,
    unwitnessedHours: gap,
    approveAbove,
  });
}

function toldOf({
  back,
  changed,
  anotherLife,
  survey,
}: Back): Pick<ReplayReport, 'back' | 'changed' | 'anotherLife' | 'plan'> {
  return { back, changed, anotherLife, ...(survey.selected === 0 ? {} : { plan: survey.planId }) };
}

function entryOf(engine: Engine, task: Task, run: string, input: ReplayInput, found: Back): string {
  return formatEntry({
    v: 1,
    type: 'replay',
    eid: engine.newId(),
    at: new Date(engine.now()).toISOString(),
    run,
    policy: task.view.policy,
    source: task.view.source,
    back: { ...found.back },
    changed: found.changed,
    anotherLife: found.anotherLife,
    ...(input.since === undefined ? {} : { since: input.since }),
  });
}

function failed(report: ReplayReport, error: unknown, task: Task, signal: AbortSignal): ReplayReport {
  if (signal.aborted && !(error instanceof FristError)) return { ...report, status: 'stopped' };
  return failedReport(report, codedError(error, task.view.source));
}
