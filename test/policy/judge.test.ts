import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { createJudge } from '../../src/policy/judge.ts';
import { anyCase, subjectOf, taskOf } from './file-arbitrary.ts';
import { decide } from './oracle/judge.ts';

describe('createJudge', () => {
  it('decides as the oracle does, at every boundary', () => {
    const seen = new Map<string, number>();
    fc.assert(
      fc.property(anyCase, (made) => {
        const { task, facts, at } = taskOf(made);
        const expected = decide(made.file, at, subjectOf(made), made.holds, made.asOf);
        const found = createJudge(task, { asOf: made.asOf, holds: made.holds }).judge(facts);
        seen.set(found.verdict, (seen.get(found.verdict) ?? 0) + 1);
        expect({
          verdict: found.verdict,
          stage: found.stage,
          due: found.due,
          overdue: found.overdue,
        }).toEqual({
          stage: undefined,
          due: undefined,
          ...expected,
        });
      }),
      { numRuns: 1500 },
    );
    // A property that never met a verdict says nothing about it.
    expect([...seen.keys()].sort()).toEqual([
      'done',
      'erase',
      'exempt',
      'held',
      'implausible',
      'other rule',
      'out of scope',
      'pending',
      'protected',
      'subject unknown',
      'undated',
    ]);
  });

  it('gives the same decision with and without reasons', () => {
    fc.assert(
      fc.property(anyCase, (made) => {
        const { task, facts } = taskOf(made);
        const judge = createJudge(task, { asOf: made.asOf, holds: made.holds });
        const { verdict, stage, overdue, reasons } = judge.judge(facts);
        expect(judge.verdict(facts)).toEqual(verdict === 'erase' ? { verdict, stage, overdue } : { verdict });
        expect(reasons.length).toBeGreaterThan(0);
      }),
      { numRuns: 1000 },
    );
  });
});
