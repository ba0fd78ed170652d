// What runs that fail, hang or are cut short are told as.
import { describe, expect, it } from '@jest/globals';
import { alarmsOf } from '../../src/alerts/alarms.ts';
import { isAtWork, type Alarm } from '../../src/alerts/causes.ts';
import type { PolicyStanding, Standing } from '../../src/standing/standing.ts';
import type { Run, RunState } from '../../src/state/state.ts';

const HOUR = 3_600_000;
const NOW = Date.parse('2026-01-31T12:00:00Z');
const ago = (hours: number): string => new Date(NOW - hours * HOUR).toISOString();
const run = (state: RunState, hours: number, code?: string): Run =>
  ({ state, started: ago(hours), ...(code === undefined ? {} : { code }) }) as Run;

/** A policy whose slot was 33 hours ago, and a batch of it that is as old as its run. */
function alarms(standing: Partial<PolicyStanding>, deadlineMs = 6 * HOUR): Alarm[] {
  const policy = { controller: 'c', policy: 'p', waiting: [], ...standing } as unknown as PolicyStanding;
  const opened = policy.lastRun?.started;
  const openBatches = opened === undefined ? [] : [{ id: 'b', controller: 'c', policy: 'p', opened }];
  const tally = { openBatches, overdueProofs: 0, holdsPastReview: 0 };
  const whole = { policies: [policy], tally, astray: [] } as unknown as Standing;
  const behind = { slotOf: () => ago(33), jobs: [] };
  return alarmsOf({ standing: whole, behind, missing: [], undelivered: [], now: NOW, deadlineMs });
}
const causes = (found: readonly Alarm[]): string[] => found.map(({ cause }) => cause);

describe('a run that is going on', () => {
  it('excuses what was due, and its open batch, until its deadline', () => {
    expect(alarms({ lastRun: run('running', 5.9) })).toEqual([]);
    expect(causes(alarms({ lastRun: run('running', 6.1) }))).toEqual(['FristNoSuccess', 'FristBatchOpen']);
  });

  it('hangs after twelve hours, whatever its deadline; then the watch outside hears nothing', () => {
    expect(alarms({ lastRun: run('running', 11) }, 99 * HOUR)).toEqual([]);
    const found = alarms({ lastRun: run('running', 13) }, 99 * HOUR);
    expect(causes(found)).toEqual(['FristNoSuccess', 'FristBatchOpen']);
    expect(isAtWork(found)).toBe(false);
  });

  it('excuses nothing where another since has not come to its end', () => {
    const found = alarms({ lastRun: run('running', 0.1), lastEnded: run('stopped', 7) });
    expect(causes(found)).toEqual(['FristNoSuccess']);
  });
});

describe('a run that failed', () => {
  const failed = (code: string) =>
    alarms({ lastEnded: run('failed', 3), lastResult: run('failed', 3, code) });

  it('is one alarm, whatever its code', () => {
    const [lost, unreachable] = [failed('SOURCE_LOST'), failed('SOURCE_UNREACHABLE')];
    expect(causes(lost)).toEqual(['FristRunFailed']);
    expect(lost[0]!.about).toEqual(unreachable[0]!.about);
    expect([lost[0]!.text, unreachable[0]!.text]).toEqual([
      expect.stringContaining('SOURCE_LOST'),
      expect.stringContaining('SOURCE_UNREACHABLE'),
    ]);
  });

  it.each(['stopped', 'interrupted'] as const)('is not over with one that was %s', (state) => {
    const standing = { lastResult: run('failed', 3, 'SOURCE_LOST'), lastEnded: run(state, 2) };
    expect(causes(alarms({ ...standing, lastRun: run(state, 0.5) }))).toContain('FristRunFailed');
  });

  it.each(['finished', 'waiting'] as const)('is over with one that is %s', (state) => {
    const last = run(state, 0.5);
    expect(causes(alarms({ lastResult: last, lastEnded: last, lastRun: last }))).not.toContain(
      'FristRunFailed',
    );
  });
});
