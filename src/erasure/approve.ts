/**
 * Lets a waiting plan go: erases exactly the approved records that are still due now, under the holds of now, and never
 * others. Which of the approved it no longer erased, and why, is counted, and told one by one to whoever asked.
 */
import { formatEntry } from '../audit/entry.ts';
import { FristError } from '../errors.ts';
import { createJudge, type Disposition, type Judge, type Verdict } from '../policy/judge.ts';
import type { Key } from '../policy/policy.ts';
import type { Task } from '../policy/view.ts';
import type { Plan } from '../state/state.ts';
import { claim, type Claim } from './run/claim.ts';
import type { Engine } from './engine.ts';
import { eraseSelected, failureOf } from './batch/erase-selected.ts';
import { bearWitness, checkClock } from './run/clock.ts';
import { codedError, prepare, silenceOf, type Prepared } from './run/prepare.ts';
import { refuseWhilePaused } from './run/pause.ts';
import { plannedRecords, standingOf } from './run/planned.ts';
import { isReplay } from './run/plans.ts';
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
  /** Gets every approved record that is not erased any more. Its key is for the eyes of the operator alone. */
  readonly onLeft?: (left: Left) => void;
}

/** A record that was approved and is not due any more; without a disposition it is not there. */
export interface Left {
  readonly task: Task;
  readonly key: Key;
  readonly disposition?: Disposition;
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
  await refuseWhilePaused(engine);
  const plan = await approvable(engine, input.plan);
  const task = tasks.find((one) => one.view.policy === plan.policy);
  if (task === undefined) return voided(engine, plan);
  const claimed = await claim(
    engine,
    {
      policy: plan.policy,
      // That it was a replay, the trail tells by the trigger; that somebody approved it, by the approval.
      trigger: isReplay(plan) ? 'replay' : 'approval',
      slot: undefined,
      asOf: input.asOf,
      setClock: input.setClock,
    },
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
    // Somebody else may have carried it out before it was our turn.
    await approvable(engine, plan.id);
    await recordApproval(engine, plan, input.why);
    // Who lets a plan go that waited for a second clock has looked at this one.
    if (plan.guard.name === 'clock-gap' && !input.setClock) await bearWitness(engine);
    report = await apply(engine, prepared, plan, claimed, input, noLonger);
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
  const status = standingOf(plan, engine.now());
  if (status === 'expired') {
    // One that was approved may be being carried out at this moment: `expirePlans` tells.
    await engine.state.transaction((t) => t.setPlanStatus(id, 'waiting', 'expired'));
    throw new FristError('PLAN_EXPIRED', { plan: id, expires: plan.expires });
  }
  // `approved` but not `applied`: the process died while it erased; approving again takes the work up.
  if (status !== 'waiting' && status !== 'approved')
    throw new FristError('PLAN_NOT_WAITING', { plan: id, status });
  const { operator, approveOwn } = engine.settings;
  if (!approveOwn && plan.requestedBy === operator) throw new FristError('PLAN_OWN', { plan: id, operator });
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
  { asOf, onLeft }: ApproveInput,
  noLonger: Partial<Record<Verdict | 'absent', number>>,
): Promise<PolicyReport> {
  const { task } = prepared;
  const holds = await engine.state.holds({ active: true });
  const judge = createJudge(task, { asOf, holds });
  const leave = (key: Key, disposition?: Disposition): void => {
    add(noLonger, disposition?.verdict ?? 'absent');
    onLeft?.({ task, key, ...(disposition === undefined ? {} : { disposition }) });
  };
  const records = stillDue(engine, prepared, plan, judge, claimed, leave);
  const result = await eraseSelected(engine, prepared, { claim: claimed, plan: plan.id, asOf, records });
  const report = resultReport(
    { ...blankReport(task, 'planned'), plan: plan.id },
    result,
    failureOf(prepared, result),
  );
  if (report.status !== 'done') return report;
  // An applied plan forgets its keys.
  await engine.state.transaction(async (t) => {
    await claimed.stillOurs(t);
    await t.setPlanStatus(plan.id, 'approved', 'applied');
  });
  // A replay has looked at a part only: nobody has seen yet what else the policy would erase.
  if (!isReplay(plan)) await rememberSuccess(engine, prepared, claimed, plan.population, report);
  return report;
}

async function* stillDue(
  engine: Engine,
  prepared: Prepared,
  plan: Plan,
  judge: Judge,
  { names, signal }: Claim,
  leave: (key: Key, disposition?: Disposition) => void,
): AsyncIterable<readonly Selected[]> {
  const { view } = prepared.task;
  for await (const records of plannedRecords(engine, prepared, plan, judge, signal)) {
    const selected: Selected[] = [];
    for (const { key, facts } of records) {
      if (facts === undefined) {
        leave(key);
        continue;
      }
      const verdict = judge.verdict(facts);
      if (verdict.verdict !== 'erase') {
        leave(key, judge.judge(facts));
        continue;
      }
      const commitment = names.record(view.source, view.record.name, key);
      const { stage } = verdict;
      selected.push({ commitment, stage, key, starts: judge.startRaw(facts), subjects: facts.subjects });
    }
    yield selected;
  }
}
