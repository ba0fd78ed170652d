/**
 * One run of one policy: claimed so that no other process, and no manual run beside a scheduled one, does the same at
 * the same time; and closed with what came of it.
 */
import { formatEntry } from '../../audit/entry.ts';
import type { Run, RunState } from '../../state/state.ts';
import type { Engine, Names } from '../engine.ts';
import type { PolicyReport } from '../report.ts';
import { holdPolicy, type Ours } from './lease.ts';

export interface ClaimInput {
  readonly policy: string;
  readonly trigger: Run['trigger'];
  /** The scheduled moment, ISO; undefined for a run that has no slot. */
  readonly slot: string | undefined;
  readonly asOf: number;
  readonly setClock: boolean;
}

/** A claimed run. */
export interface Claim extends Ours {
  readonly run: string;
  readonly policy: string;
  /** The names of all that this run writes into the trail. */
  readonly names: Names;
  close(report: PolicyReport): Promise<void>;
}

/** Claims a policy for a run; undefined when it runs already, or its slot has been taken. */
export async function claim(
  engine: Engine,
  input: ClaimInput,
  signal: AbortSignal,
): Promise<Claim | undefined> {
  const { state, controller } = engine;
  const names = await engine.keys.current();
  const run = engine.newId();
  const held = await holdPolicy(engine, input.policy, run, signal);
  if (held === undefined) return undefined;
  await closeInterrupted(engine, input.policy);
  const started = new Date(engine.now()).toISOString();
  const asOf = new Date(input.asOf).toISOString();
  const claimed = await state.transaction(async (t) => {
    const row: Run = {
      id: run,
      controller: controller.name,
      policy: input.policy,
      slot: input.slot ?? `manual:${run}`,
      trigger: input.trigger,
      state: 'running',
      asOf,
      started,
      replica: engine.replica,
    };
    if (!(await t.startRun(row))) return false;
    await t.emit([
      formatEntry({
        v: 1,
        type: 'run-started',
        eid: engine.newId(),
        at: started,
        run,
        policy: input.policy,
        trigger: input.trigger,
        asOf: asOf.slice(0, 10),
        controller: controller.name,
        ...(input.setClock ? { setClock: true } : {}),
      }),
    ]);
    return true;
  });
  if (!claimed) {
    await held.release();
    return undefined;
  }
  return {
    run,
    policy: input.policy,
    names,
    signal: held.signal,
    stillOurs: held.stillOurs,
    close: async (report) => {
      try {
        await finish(engine, run, input.policy, report);
      } finally {
        await held.release();
      }
    },
  };
}

/** A run that says `running` while its lease is free, or ours, belongs to a process that died. */
export async function closeInterrupted(engine: Engine, policy: string): Promise<void> {
  const running = await engine.state.runs({
    controller: engine.controller.name,
    policy,
    states: ['running'],
    limit: 100,
  });
  for (const run of running) {
    const ended = {
      state: 'interrupted',
      result: 'interrupted',
      dispositions: {},
      outcomes: {},
      code: undefined,
    } as const;
    await finishRun(engine, run.id, policy, ended);
  }
}

/** What the state remembers of a run that ended. */
const ENDS: Readonly<Record<PolicyReport['status'], RunState>> = {
  planned: 'finished',
  done: 'finished',
  skipped: 'finished',
  waiting: 'waiting',
  failed: 'failed',
  stopped: 'stopped',
};

async function finish(engine: Engine, run: string, policy: string, report: PolicyReport): Promise<void> {
  const overdue = overdueLeft(report);
  const { population, oldestOverdue } = report.found ?? {};
  await finishRun(engine, run, policy, {
    state: ENDS[report.status],
    result: report.status,
    dispositions: { ...report.found?.by, ...(overdue === undefined ? {} : { overdue }) },
    outcomes: { ...report.outcomes },
    code: report.error?.code,
    population,
    oldestOverdue: (overdue ?? 0) > 0 ? oldestOverdue : undefined,
  });
}

/**
 * How many records are still there past their promised moment, and nothing suspends them; undefined where nobody looked
 * at all of them, as an approval and a replay do not.
 */
function overdueLeft({ status, found, outcomes }: PolicyReport): number | undefined {
  if (found === undefined) return undefined;
  if (status === 'done') return 0;
  const left = (found.by.erase ?? 0) - (outcomes?.erased ?? 0) - (outcomes?.['already-absent'] ?? 0);
  return Math.min(found.overdue, Math.max(0, left));
}

interface Ended {
  readonly state: RunState;
  readonly result: string;
  readonly dispositions: Readonly<Record<string, number>>;
  readonly outcomes: Readonly<Record<string, number>>;
  readonly code: string | undefined;
  readonly population?: number | undefined;
  readonly oldestOverdue?: string | undefined;
}

async function finishRun(engine: Engine, run: string, policy: string, ended: Ended): Promise<void> {
  const { state, result, dispositions, outcomes, code, population, oldestOverdue } = ended;
  const at = new Date(engine.now()).toISOString();
  const entries = [
    formatEntry({
      v: 1,
      type: 'run-finished',
      eid: engine.newId(),
      at,
      run,
      policy,
      result,
      dispositions,
      outcomes,
      ...(population === undefined ? {} : { population }),
      ...(oldestOverdue === undefined ? {} : { oldestOverdue }),
    }),
  ];
  if (code !== undefined && state !== 'stopped') {
    entries.unshift(formatEntry({ v: 1, type: 'policy-failed', eid: engine.newId(), at, run, policy, code }));
  }
  await engine.state.transaction(async (t) => {
    await t.finishRun(run, state, at, { ...dispositions, ...outcomes }, code, oldestOverdue);
    await t.emit(entries);
  });
  await engine.trail.flush();
}
