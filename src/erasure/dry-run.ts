/** The dry run: pass 1 alone, with what each policy would erase, keep, and why. It writes nowhere. */
import type { Disposition } from '../policy/judge.ts';
import { createJudge } from '../policy/judge.ts';
import type { Facts, Key } from '../policy/policy.ts';
import type { Plan } from '../state/state.ts';
import type { Task } from '../policy/view.ts';
import { dryRunOf } from '../connectors/wrap/dry-run.ts';
import { FristError } from '../errors.ts';
import type { Engine } from './engine.ts';
import { checkGuards } from './guard.ts';
import { rangeOf, rowsInDoubt } from './survey/overlap.ts';
import { plannedRecords } from './run/planned.ts';
import { codedError, prepare, silenceOf, type Preparation } from './run/prepare.ts';
import { blankReport, failedReport, type PolicyReport } from './report.ts';
import { Spool } from './survey/spool.ts';
import { survey } from './survey/survey.ts';

export interface DryRunInput {
  readonly asOf: number;
  readonly signal: AbortSignal;
  readonly onDisposition?: (task: Task, facts: Facts, disposition: Disposition) => Promise<void> | void;
}

/** What a sweep at `asOf` would do; one report per task. */
export async function dryRun(
  engine: Engine,
  tasks: readonly Task[],
  input: DryRunInput,
): Promise<PolicyReport[]> {
  const reading: Engine = { ...engine, connector: (source) => dryRunOf(engine.connector(source)) };
  const reports: PolicyReport[] = [];
  for (const one of await prepare(reading, tasks, input.signal)) {
    reports.push(await planOne(reading, one, input));
  }
  return reports.map((report, i) => ({
    ...report,
    ...rowsInDoubt(tasks, reports, i),
    ...rangeOf(tasks, reports, i),
  }));
}

async function planOne(engine: Engine, one: Preparation, input: DryRunInput): Promise<PolicyReport> {
  const blank = blankReport(one.task, 'planned');
  if (!one.ok) return failedReport(blank, one.error, one.findings);
  const { task, connector, digest, elsewhere } = one.prepared;
  const { onDisposition } = input;
  const spool = await Spool.create(engine.settings.spoolFolder, engine.newId());
  try {
    const holds = await engine.state.holds({ active: true });
    const memory = await engine.state.policyMemory(engine.controller.name, task.view.policy);
    const found = await survey({
      task,
      connector,
      elsewhere,
      judge: createJudge(task, { asOf: input.asOf, holds }),
      names: await engine.keys.current(),
      policyDigest: digest,
      asOf: input.asOf,
      spool,
      tryLast: new Set(memory?.failing),
      signal: input.signal,
      countDependents: true,
      ...(onDisposition === undefined
        ? {}
        : { onDisposition: (facts, disposition) => onDisposition(task, facts, disposition) }),
    });
    const guard = checkGuards({
      selected: found.selected,
      population: found.found.population,
      guards: task.policy.guards,
      firstGuards: task.policy.firstGuards,
      trusted: memory?.trusted === digest,
      lastPopulation: memory?.population,
      unwitnessedHours: undefined,
      approveAbove: task.policy.approveAbove,
    });
    const report = { ...blank, plan: found.planId, found: found.found, ...(guard && { guard }) };
    const silence = silenceOf(one.prepared);
    return silence === undefined ? report : failedReport(report, silence);
  } catch (error) {
    return failedReport(blank, codedError(error, task.view.source));
  } finally {
    await spool.close();
  }
}

export interface InspectInput {
  readonly plan: Plan;
  readonly asOf: number;
  readonly signal: AbortSignal;
  /** Gets every record of the plan as it is now; one without a disposition is not there any more. */
  readonly onRecord: (task: Task, key: Key, disposition?: Disposition) => void;
}

/**
 * What would become of the records of a stored plan if it were approved now. Writes nowhere.
 * @throws FristError PLAN_VOID, or why its source cannot be looked at.
 */
export async function inspectPlan(
  engine: Engine,
  tasks: readonly Task[],
  input: InspectInput,
): Promise<void> {
  const { plan, asOf, signal, onRecord } = input;
  const reading: Engine = { ...engine, connector: (source) => dryRunOf(engine.connector(source)) };
  const task = tasks.find(({ view }) => view.policy === plan.policy);
  const [one] = task === undefined ? [] : await prepare(reading, [task], signal);
  if (one?.ok === false) throw one.error;
  if (one?.prepared.digest !== plan.policyDigest) throw new FristError('PLAN_VOID', { plan: plan.id });
  const { prepared } = one;
  const judge = createJudge(prepared.task, { asOf, holds: await engine.state.holds({ active: true }) });
  try {
    for await (const records of plannedRecords(reading, prepared, plan, judge, signal)) {
      for (const { key, facts } of records)
        onRecord(prepared.task, key, facts === undefined ? undefined : judge.judge(facts));
    }
  } catch (error) {
    throw codedError(error, prepared.task.view.source);
  }
}
