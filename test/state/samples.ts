// Things to put into a state.
import type { Hold, OpenBatch, PendingProof, Plan, Run } from '../../src/state/state.ts';

export const clock = (): number => Date.now();

let counter = 0;
const next = (kind: string): string => `${kind}-${++counter}`;

export function aHold(changes: Partial<Hold> = {}): Hold {
  const subjects = [['email', 'åse@example.dk']] as const;
  return { id: next('hold'), kind: 'hold', subjects, placed: '2026-11-01T08:00:00Z', by: 'op-1', ...changes };
}

export function aRun(changes: Partial<Run> = {}): Run {
  const id = next('run');
  return {
    id,
    controller: 'Kunde A/S',
    policy: 'applicants',
    slot: `slot-${id}`,
    trigger: 'schedule',
    state: 'running',
    asOf: '2026-11-22T02:00:00Z',
    started: '2026-11-22T02:00:01Z',
    ...changes,
  };
}

export function aBatch(changes: Partial<OpenBatch> = {}): OpenBatch {
  return {
    id: next('batch'),
    run: 'run-1',
    controller: 'Kunde A/S',
    policy: 'applicants',
    source: 'ats',
    stage: 0,
    asOf: '2026-11-22T02:00:00Z',
    opened: '2026-11-22T02:00:02Z',
    epoch: 'epoch-1',
    keys: [['1'], ['2']],
    detail: '{}',
    ...changes,
  };
}

export function aProof(changes: Partial<PendingProof> = {}): PendingProof {
  return {
    batch: next('batch'),
    controller: 'Kunde A/S',
    policy: 'applicants',
    source: 'ats',
    stage: 0,
    action: 'delete',
    sense: 'cc',
    due: '2026-11-29T02:00:02Z',
    keys: [['1'], ['2']],
    ...changes,
  };
}

export function aPlan(changes: Partial<Plan> = {}): Plan {
  return {
    id: next('plan'),
    run: 'run-1',
    controller: 'Kunde A/S',
    policy: 'applicants',
    policyDigest: 'aa',
    catalogue: 'bb',
    asOf: '2026-11-22T02:00:00Z',
    created: '2026-11-22T02:00:02Z',
    expires: '2026-11-29T02:00:02Z',
    status: 'waiting',
    count: 101,
    population: 5_000_000_000,
    guard: { name: 'first run', limit: 100, observed: 101 },
    summary: { due: 101, held: 2 },
    requestedBy: 'op-1',
    ...changes,
  };
}
