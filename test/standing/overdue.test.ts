import { describe, expect, it } from '@jest/globals';
import { overdueSince } from '../../src/standing/overdue.ts';
import type { Plan, Run } from '../../src/state/state.ts';

const RUN: Run = {
  id: 'look',
  controller: 'Eksempel A/S',
  policy: 'contacts',
  slot: '',
  trigger: 'manual',
  state: 'finished',
  asOf: '',
  started: '',
};
const PLAN: Plan = {
  id: 'plan-1',
  run: 'look',
  controller: 'Eksempel A/S',
  policy: 'contacts',
  policyDigest: '',
  catalogue: '',
  asOf: '',
  created: '',
  expires: '',
  status: 'applied',
  count: 10,
  population: 0,
  guard: { name: 'records', limit: 0, observed: 0 },
  summary: {},
  requestedBy: '',
};
const look: Run = { ...RUN, summary: { erase: 12, overdue: 12 } };
const failed: Run = { ...RUN, id: 'failed', state: 'failed', summary: {} };

describe('what is overdue since the last look', () => {
  it('is unknown where nobody has looked', () => {
    expect(overdueSince([], [])).toBeUndefined();
    expect(overdueSince([failed], [])).toBeUndefined();
  });

  it('stands through a run that could not look', () => {
    expect(overdueSince([failed, look], [])).toBe(12);
  });

  it('is what a replay has not erased', () => {
    const replay: Run = { ...RUN, id: 'replay', trigger: 'replay', summary: { erased: 5 } };
    expect(overdueSince([replay, look], [])).toBe(7);
    expect(overdueSince([{ ...replay, summary: {} }, look], [])).toBe(12);
  });

  it('is what an approved plan was not about', () => {
    const approval: Run = { ...RUN, id: 'approval', trigger: 'approval', summary: { erased: 8 } };
    expect(overdueSince([approval, look], [PLAN])).toBe(2);
    expect(overdueSince([approval, look], [{ ...PLAN, run: 'earlier' }])).toBe(4);
    expect(overdueSince([approval, { ...look, summary: { overdue: 3 } }], [PLAN])).toBe(0);
  });
});
