/**
 * Lets a waiting plan go: erases exactly the approved records that are still due now, under the holds of now, and never
 * others. Which of the approved it no longer erased, and why, is counted.
 */
import { formatEntry } from '../audit/entry.ts';
import { FristError } from '../errors.ts';
import { createJudge, type Judge, type Verdict } from '../policy/judge.ts';
import type { Task } from '../policy/view.ts';
import type { Plan } from '../state/state.ts';
import { claim, type Claim } from './run/claim.ts';
import type { Engine } from './engine.ts';
import { eraseSelected, failureOf } from './batch/erase-selected.ts';
import { checkClock } from './run/clock.ts';
import { codedError, prepare, silenceOf, type Prepared } from './run/prepare.ts';
import { recoverOpen } from './recover.ts';
import { rememberSuccess } from './run/remember.ts';
import { add, blankReport, failedReport, resultReport, type PolicyReport } from './report.ts';
import type { Selected } from './survey/spool.ts';

export interface ApproveInput {
  readonly plan: string;
  readonly why: string;
  readonly asOf: number;
  readonly setClock: boolean;
  readonly signal: AbortSignal;
}

/** Of the approved records, those that are not erased any more, by the reason; `absent` means they are not there. */
export type NoLonger = Readonly<Partial<Record<Verdict | 'absent', number>>>;

export interface ApproveResult {
  readonly report: PolicyReport;
  readonly noLonger: NoLonger;
}

/** Approves and erases. Throws a coded error when the plan cannot be approved; nothing is erased then. */
export async function approve(
  engine: Engine,
  tasks: readonly Task[],
  input: ApproveInput,
): Promise<ApproveResult> {
  const plan = await approvable(engine, input.plan);
  const task = tasks.find((one) => one.view.policy === plan.policy);
  if (task === undefined) return voided(engine, plan);
  const claimed = await claim(
    engine,
    { policy: plan.policy, trigger: 'approval', slot: undefined, asOf: input.asOf, setClock: input.setClock },
    input.signal,
  );
  if (claimed === undefined) throw new FristError('RUN_BUSY', { policy: plan.policy });
  let report = blankReport(task, 'planned');
  const noLonger: Partial<Record<Verdict | 'absent', number>> = {};
  try {
    const [preparation] = await prepare(engine, [task], claimed.signal);
    if (preparation?.ok !== true) {
      const error = preparation?.error ?? new FristError('CHECK_FAILED', { policy: plan.policy, count: 1 });
      report = failedReport(report, error, preparation?.findings);
      return { report, noLonger };
    }
    const { prepared } = preparation;
    // Its catalogue cannot be compared; the plan can be approved once the source is back.
    const silence = silenceOf(prepared);
    if (silence !== undefined) {
      report = failedReport(report, silence);
      return { report, noLonger };
    }
    if (prepared.digest !== plan.policyDigest || prepared.catalogue !== plan.catalogue) {
      report = { ...report, status: 'skipped' };
      return await voided(engine, plan);
    }
    if (!input.setClock) await checkClock(engine, plan.policy, claimed.run, prepared.connector);
    await recoverOpen(engine, prepared, claimed);
    await recordApproval(engine, plan, input.why);
    report = await apply(engine, prepared, plan, claimed, input.asOf, noLonger);
  } catch (error) {
    report = failedReport(report, codedError(error, task.view.source));
    if (error instanceof FristError) throw error;
  } finally {
    await claimed.close(report);
  }
  return { report, noLonger };
}

async function approvable(engine: Engine, id: string): Promise<Plan> {
  const plan = await engine.state.plan(id);
  if (plan === undefined || plan.controller !== engine.controller.name)
    throw new FristError('PLAN_UNKNOWN', { plan: id });
  // `approved` but not `applied`: the process died while it erased; approving again takes the work up.
  if (plan.status !== 'waiting' && plan.status !== 'approved') {
    throw new FristError('PLAN_NOT_WAITING', { plan: id, status: plan.status });
  }
  if (Date.parse(plan.expires) <= engine.now()) {
    await engine.state.transaction((t) => t.setPlanStatus(id, plan.status, 'expired'));
    throw new FristError('PLAN_EXPIRED', { plan: id, expires: plan.expires });
  }
  return plan;
}

async function voided(engine: Engine, plan: Plan): Promise<never> {
  await engine.state.transaction((t) => t.setPlanStatus(plan.id, plan.status, 'void'));
  throw new FristError('PLAN_VOID', { plan: plan.id });
}

async function recordApproval(engine: Engine, plan: Plan, why: string): Promise<void> {
  const evidence = await engine.evidence.put(why);
  await engine.state.transaction(async (t) => {
    if (plan.status === 'waiting' && !(await t.setPlanStatus(plan.id, 'waiting', 'approved'))) {
      throw new FristError('PLAN_NOT_WAITING', { plan: plan.id, status: 'approved' });
    }
    await t.emit([
      formatEntry({
        v: 1,
        type: 'approval',
        eid: engine.newId(),
        at: new Date(engine.now()).toISOString(),
        plan: plan.id,
        policy: plan.policy,
        who: engine.settings.operator,
        why: evidence,
      }),
    ]);
  });
  await engine.trail.flush();
}

async function apply(
  engine: Engine,
  prepared: Prepared,
  plan: Plan,
  claimed: Claim,
  asOf: number,
  noLonger: Partial<Record<Verdict | 'absent', number>>,
): Promise<PolicyReport> {
  const { task } = prepared;
  const holds = await engine.state.holds({ active: true });
  const judge = createJudge(task, { asOf, holds });
  const records = stillDue(engine, prepared, plan, judge, noLonger, claimed);
  const result = await eraseSelected(engine, prepared, { claim: claimed, plan: plan.id, asOf, records });
  const report = resultReport(
    { ...blankReport(task, 'planned'), plan: plan.id },
    result,
    failureOf(prepared, result),
  );
  if (report.status !== 'done') return report;
  // An applied plan forgets its keys.
  await engine.state.transaction((t) => t.setPlanStatus(plan.id, 'approved', 'applied'));
  await rememberSuccess(engine, prepared, plan.population);
  return report;
}

async function* stillDue(
  engine: Engine,
  prepared: Prepared,
  plan: Plan,
  judge: Judge,
  noLonger: Partial<Record<Verdict | 'absent', number>>,
  { names, signal }: Claim,
): AsyncIterable<readonly Selected[]> {
  const { view } = prepared.task;
  for await (const keys of engine.state.planKeys(plan.id)) {
    const selected: Selected[] = [];
    const found = await prepared.connector.read(view, keys, signal);
    if (found.length < keys.length) add(noLonger, 'absent', keys.length - found.length);
    const complete = await prepared.elsewhere.ask(found, judge, signal);
    for (const facts of found.map(complete)) {
      const verdict = judge.verdict(facts);
      if (verdict.verdict !== 'erase') {
        add(noLonger, verdict.verdict);
        continue;
      }
      selected.push({
        commitment: names.record(view.source, view.record.name, facts.key),
        stage: verdict.stage,
        key: facts.key,
        starts: judge.startRaw(facts),
        subjects: facts.subjects,
      });
    }
    yield selected;
  }
}
