/** Runs by slot, and what is remembered of a policy from run to run. */
import type { Knex } from 'knex';
import { FristError } from '../../errors.ts';
import { dropPartitions } from './partitions.ts';
import type { PolicyMemory, Run, RunState } from '../state.ts';
import type { Turn } from '../turn.ts';

interface RunRow {
  readonly id: string;
  readonly controller: string;
  readonly policy: string;
  readonly slot: string;
  readonly kind: Run['trigger'];
  readonly state: RunState;
  readonly running: number | null;
  readonly as_of: string;
  readonly started: string;
  readonly finished: string | null;
  readonly summary: string | null;
  readonly code: string | null;
  readonly oldest_overdue: string | null;
  readonly replica: string | null;
}

interface PolicyRow {
  readonly controller: string;
  readonly policy: string;
  readonly digest: string;
  readonly trusted: string | null;
  readonly population: number | string | null;
  readonly last_success: string | null;
  readonly failing: string | null;
}

export type RunFilter = {
  readonly controller?: string;
  readonly policy?: string;
  readonly states?: readonly RunState[];
  readonly since?: string;
  readonly limit: number;
};

function toRun(row: RunRow): Run {
  return {
    id: row.id,
    controller: row.controller,
    policy: row.policy,
    slot: row.slot,
    trigger: row.kind,
    state: row.state,
    asOf: row.as_of,
    started: row.started,
    ...(row.replica === null ? {} : { replica: row.replica }),
    ...(row.finished === null ? {} : { finished: row.finished }),
    ...(row.summary === null ? {} : { summary: JSON.parse(row.summary) as Readonly<Record<string, number>> }),
    ...(row.code === null ? {} : { code: row.code }),
    ...(row.oldest_overdue === null ? {} : { oldestOverdue: row.oldest_overdue }),
  };
}

/** False when the slot is taken, or another run of this policy is running: there is no overlap, whoever started it. */
export async function startRun(turn: Turn, run: Run): Promise<boolean> {
  const { controller, policy, slot } = run;
  const taken = await turn
    .db<RunRow>('frist_runs')
    .where({ controller, policy })
    .andWhere((either) => void either.where({ slot }).orWhere({ running: 1 }))
    .first('id');
  if (taken !== undefined) return false;
  await turn.db<RunRow>('frist_runs').insert({
    id: run.id,
    controller,
    policy,
    slot,
    kind: run.trigger,
    state: run.state,
    running: run.state === 'running' ? 1 : null,
    as_of: run.asOf,
    started: run.started,
    replica: run.replica ?? null,
    finished: run.finished ?? null,
    summary: run.summary === undefined ? null : JSON.stringify(run.summary),
    code: run.code ?? null,
    oldest_overdue: run.oldestOverdue ?? null,
  });
  return true;
}

/**
 * Ends a running run. Throws STATE_SUPERSEDED when it is not running: another process took it for dead and ended it,
 * and two entries about one end must not stand in the trail.
 */
export async function finishRun(
  turn: Turn,
  id: string,
  state: RunState,
  finished: string,
  summary: Readonly<Record<string, number>>,
  code?: string,
  oldestOverdue?: string,
): Promise<void> {
  const changed = await turn
    .db<RunRow>('frist_runs')
    .where({ id, state: 'running' })
    .update({
      state,
      running: state === 'running' ? 1 : null,
      finished,
      summary: JSON.stringify(summary),
      code: code ?? null,
      oldest_overdue: oldestOverdue ?? null,
    });
  if (changed === 0) throw new FristError('STATE_SUPERSEDED', { what: `run ${id}` });
  await dropPartitions(turn, id);
}

/** Newest first. */
export async function readRuns(db: Knex, filter: RunFilter): Promise<readonly Run[]> {
  const query = db<RunRow>('frist_runs').orderBy('seq', 'desc').limit(filter.limit);
  if (filter.controller !== undefined) query.where({ controller: filter.controller });
  if (filter.policy !== undefined) query.where({ policy: filter.policy });
  if (filter.states !== undefined) query.whereIn('state', [...filter.states]);
  const { since } = filter;
  if (since !== undefined)
    query.where((either) => {
      void either.where('started', '>=', since).orWhere('finished', '>=', since).orWhere({ running: 1 });
    });
  return (await query).map(toRun);
}

/** When the first run of a policy began. */
export async function firstRun(db: Knex, controller: string, policy: string): Promise<string | undefined> {
  const row = await db<RunRow>('frist_runs').where({ controller, policy }).orderBy('seq').first('started');
  return row?.started;
}

/** The latest slot that had a scheduled run, whatever became of it. */
export async function lastSlot(db: Knex, controller: string, policy: string): Promise<string | undefined> {
  const row = await db<RunRow>('frist_runs')
    .where({ controller, policy, kind: 'schedule' })
    .orderBy('slot', 'desc')
    .first('slot');
  return row?.slot;
}

export async function readPolicyMemory(
  db: Knex,
  controller: string,
  policy: string,
): Promise<PolicyMemory | undefined> {
  const row = await db<PolicyRow>('frist_policies').where({ controller, policy }).first();
  if (row === undefined) return undefined;
  return {
    digest: row.digest,
    ...(row.trusted === null ? {} : { trusted: row.trusted }),
    ...(row.population === null ? {} : { population: Number(row.population) }),
    ...(row.last_success === null ? {} : { lastSuccess: row.last_success }),
    ...(row.failing === null ? {} : { failing: JSON.parse(row.failing) as string[] }),
  };
}

export async function rememberPolicy(
  turn: Turn,
  controller: string,
  policy: string,
  memory: PolicyMemory,
): Promise<void> {
  const row = {
    digest: memory.digest,
    trusted: memory.trusted ?? null,
    population: memory.population ?? null,
    last_success: memory.lastSuccess ?? null,
    failing: memory.failing === undefined ? null : JSON.stringify(memory.failing),
  };
  const policies = turn.db<PolicyRow>('frist_policies');
  await policies
    .insert({ controller, policy, ...row })
    .onConflict(['controller', 'policy'])
    .merge(row);
}
