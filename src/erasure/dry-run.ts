/** The dry run: pass 1 alone, with what each policy would erase, keep, and why. It writes nowhere. */
import type { Disposition } from '../policy/judge.ts';
import { createJudge } from '../policy/judge.ts';
import type { Facts } from '../policy/policy.ts';
import type { Task } from '../policy/view.ts';
import { dryRunOf } from '../connectors/wrap/dry-run.ts';
import type { Engine } from './engine.ts';
import { checkGuards } from './guard.ts';
import { rangeOf } from './survey/overlap.ts';
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
  return reports.map((report, i) => ({ ...report, ...rangeOf(tasks, reports, i) }));
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
