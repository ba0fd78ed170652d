import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { FristError } from '../../src/errors.ts';
import { createJudge, type Hold } from '../../src/policy/judge.ts';
import type { Condition, Facts, Policy } from '../../src/policy/policy.ts';
import { compileViews, withEncodings, type Task } from '../../src/policy/view.ts';
import { anyCase, subjectOf, taskOf } from './file-arbitrary.ts';
import { decide } from './oracle/judge.ts';
import { erase, fileOf, keep, leaf, rule, stage } from './policies.ts';

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
      'unknown elsewhere',
      'unreadable',
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

  const is = (column: string): Condition => ({ kind: 'is', column, values: ['yes'] });
  const ready = (...policies: Policy[]): Task => {
    const [task] = compileViews(fileOf(policies));
    return withEncodings(
      task!,
      task!.view.starts.map(() => ({ kind: 'instant' })),
    );
  };
  const facts = (more: Partial<Facts> = {}): Facts => ({
    key: ['1'],
    starts: ['2020-01-01 00:00:00'],
    truths: [],
    subjects: ['ann@x.dk'],
    done: [false],
    ...more,
  });
  const asOf = Date.UTC(2026, 0, 1);

  it('tells every reason, those that win first', () => {
    const holds: Hold[] = [
      { id: 'restriction', kind: 'restriction', subjects: [['email', 'ANN@x.dk']] },
      { id: 'other', kind: 'hold', subjects: [['phone', '1']] },
    ];
    const task = ready(
      erase('own', { specific: false, exemptions: [{ name: 'open deal', condition: is('p') }] }),
      keep('short', { rule: rule('keep', { years: 8 }) }),
      keep('endless', { start: leaf('never') }),
      keep('long', { rule: rule('keep', { years: 9 }) }),
      erase('named'),
    );
    const found = createJudge(task, { asOf, holds }).judge(
      facts({ starts: ['2020-01-01 00:00:00', null], truths: [true] }),
    );
    expect(found).toEqual({
      verdict: 'held',
      stage: 0,
      due: Date.UTC(2021, 0, 1),
      overdue: true,
      overdueSince: Date.UTC(2021, 0, 8),
      reasons: [
        { kind: 'held', hold: 'restriction', restriction: true },
        { kind: 'subject unknown', holds: ['other'] },
        { kind: 'protected', policy: 'endless', until: undefined },
        { kind: 'protected', policy: 'long', until: Date.UTC(2029, 0, 1) },
        { kind: 'protected', policy: 'short', until: Date.UTC(2028, 0, 1) },
        { kind: 'exempt', exemption: 'open deal' },
        { kind: 'other rule', policy: 'named', why: 'names the record' },
        { kind: 'due', stage: 0, due: Date.UTC(2021, 0, 1) },
      ],
    });
  });

  it('drops the fraction of a second of asOf', () => {
    const judge = (at: number): string =>
      createJudge(ready(erase('own')), { asOf: at, holds: [] }).verdict(facts()).verdict;
    expect([judge(Date.UTC(2021, 0, 1) - 1), judge(Date.UTC(2021, 0, 1) + 999)]).toEqual([
      'pending',
      'erase',
    ]);
  });

  it('lets the first in the file go first where several are due at the same instant', () => {
    const names = ['a', 'b', 'c'];
    const winners = names.map((own) => {
      const tasks = compileViews(fileOf(names.map((name) => erase(name))));
      const task = withEncodings(
        tasks.find((one) => one.policy.name === own)!,
        [{ kind: 'instant' }],
      );
      const [first] = createJudge(task, { asOf, holds: [] }).judge(facts()).reasons;
      return first?.kind === 'other rule' ? first.policy : own;
    });
    expect(winners).toEqual(['a', 'a', 'a']);
  });

  it('protects by the later reading of a start that the clock showed twice', () => {
    const file = fileOf([
      erase('own'),
      keep('k', { start: leaf('local'), rule: rule('keep', { years: 1 }) }),
    ]);
    const task = withEncodings(compileViews(file)[0]!, [
      { kind: 'instant' },
      { kind: 'local', zone: 'Europe/Copenhagen' },
    ]);
    const one = facts({ starts: ['2020-01-01 00:00:00', '2024-10-27 02:30:00'] });
    const verdicts = ['2025-10-27T01:29:59Z', '2025-10-27T01:30:00Z'].map(
      (at) => createJudge(task, { asOf: Date.parse(at), holds: [] }).verdict(one).verdict,
    );
    expect(verdicts).toEqual(['protected', 'erase']);
  });

  it('protects by a whole day that ends after an instant of the same day', () => {
    const latest = { kind: 'latest of' as const, of: [leaf('instant'), leaf('day')] };
    const file = fileOf([
      erase('own', { start: leaf('a') }),
      keep('k', { start: latest, rule: rule('keep', { months: 1 }) }),
    ]);
    const task = withEncodings(compileViews(file)[0]!, [
      { kind: 'instant' },
      { kind: 'instant' },
      { kind: 'date' },
    ]);
    const one = facts({ starts: ['2020-01-01 00:00:00', '2024-01-30 12:00:00', '2024-01-30'] });
    const verdicts = ['2024-02-29T23:59:59Z', '2024-03-01T00:00:00Z'].map(
      (at) => createJudge(task, { asOf: Date.parse(at), holds: [] }).verdict(one).verdict,
    );
    expect(verdicts).toEqual(['protected', 'erase']);
  });

  it('lets a policy that anonymises, and may long have done so, stand in nobody’s way', () => {
    const anonymise = erase('names', {
      stages: [stage(rule('after', { months: 6 }), { action: { kind: 'anonymise', set: [] } })],
    });
    const [own, names] = [ready(erase('own'), anonymise), ready(anonymise, erase('own'))];
    expect(createJudge(own, { asOf, holds: [] }).verdict(facts())).toEqual({
      verdict: 'erase',
      stage: 0,
      overdue: true,
    });
    expect(createJudge(names, { asOf, holds: [] }).verdict(facts())).toEqual({ verdict: 'other rule' });
    const notes = ready(erase('notes', { stages: anonymise.stages }), anonymise);
    expect(createJudge(notes, { asOf, holds: [] }).verdict(facts()).verdict).toBe('erase');
  });

  it('decides nothing on facts that do not fit, as a missing truth would read as "not protected"', () => {
    const task = ready(erase('own'), keep('k', { where: is('p'), rule: rule('keep', { years: 9 }) }));
    const judge = createJudge(task, { asOf, holds: [] });
    expect(judge.verdict(facts({ truths: [true] })).verdict).toBe('protected');
    for (const wrong of [{ truths: [] }, { starts: [] }, { subjects: [] }].map((one) =>
      facts({ truths: [true], ...one }),
    )) {
      expect(() => judge.verdict(wrong)).toThrow(FristError);
      expect(() => judge.judge(wrong)).toThrow(FristError);
    }
  });

  it('refuses a task without encodings', () => {
    expect(() => createJudge(compileViews(fileOf([erase('own')]))[0]!, { asOf, holds: [] })).toThrow(
      FristError,
    );
  });

  it('tells the raw start, its day, and the promised day', () => {
    const task = ready(
      erase('own', {
        start: { kind: 'latest of', of: [leaf('a'), leaf('b'), leaf('a')] },
        stages: [stage(rule('within', { months: 3 })), stage(rule('after', { months: 6 }))],
      }),
      keep('k', { start: leaf('c') }),
    );
    const judge = createJudge(task, { asOf, holds: [] });
    const one = facts({
      starts: ['2025-01-31 08:00:00', '2024-01-01 00:00:00', '2020-01-01 00:00:00'],
      done: [false, false],
    });
    expect(judge.startRaw(one)).toEqual(['2025-01-31 08:00:00', '2024-01-01 00:00:00']);
    expect(judge.startDayOf(judge.startRaw(one))).toBe('2025-01-31');
    expect([0, 1, 2].map((index) => judge.promisedDayOf(judge.startRaw(one), index))).toEqual([
      '2025-04-30',
      '2025-08-07',
      undefined,
    ]);
    expect(judge.promisedDay(one, 0)).toBe('2025-04-30');
    expect(judge.startDayOf([null, ''])).toBeUndefined();
    expect(judge.promisedDayOf([null, ''], 0)).toBeUndefined();
    expect(() => judge.promisedDay(facts({ starts: [null, null, null] }), 0)).toThrow(FristError);
  });

  it('names the exemptions that the record meets', () => {
    const exemptions = ['p', 'q', 'r'].map((name) => ({ name, condition: is(name) }));
    const judge = createJudge(ready(erase('own', { exemptions })), { asOf, holds: [] });
    expect(judge.exemptions(facts({ truths: [true, false, true] }))).toEqual(['p', 'r']);
  });
});
