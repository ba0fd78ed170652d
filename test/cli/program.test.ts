import { describe, expect, it } from '@jest/globals';
import { momentOf, momentToErase } from '../../src/cli/shared/as-of.ts';
import { exitOf, statusesOfPlan, statusesOfRun } from '../../src/cli/shared/exit.ts';
import { readCommandLine } from '../../src/cli/program.ts';
import { number, policyText, table } from '../../src/cli/print/text.ts';
import type { PolicyReport } from '../../src/erasure/report.ts';

const read = (
  ...argv: string[]
): { readonly result: ReturnType<typeof readCommandLine>; readonly printed: string } => {
  let printed = '';
  const print = (text: string): void => {
    printed += text;
  };
  return { result: readCommandLine(argv, '1.2.3', { out: print, err: print }), printed };
};

describe('command line', () => {
  it('reads verbs, their argument and their options', () => {
    expect(
      read('approve', 'plan-1', '--why', 'seen', '-p', 'a.yaml', 'b.yaml', '--json').result,
    ).toMatchObject({
      verb: 'approve',
      argument: 'plan-1',
      options: { why: 'seen', policies: ['a.yaml', 'b.yaml'], json: true },
    });
    const add = read('hold', 'add', '--subject', 'email=a@b.dk', '--subject', 'phone=1', '--why', 'x');
    expect(add.result).toMatchObject({
      verb: 'hold add',
      options: { subject: ['email=a@b.dk', 'phone=1'], source: [] },
    });
  });

  it.each([
    ['an unknown verb', ['erase-all']],
    ['an unknown option', ['run', '--force']],
    ['a missing reason', ['approve', 'plan-1']],
    ['a missing argument', ['approve', '--why', 'x']],
    ['an argument too many', ['status', 'now']],
    ['no verb', []],
  ])('refuses %s with status 1 and says what is wrong', (_, argv) => {
    const { result, printed } = read(...argv);
    expect(result).toBe(1);
    expect(printed).not.toBe('');
    expect(printed).not.toMatch(/\.ts:\d/);
  });

  it('answers 0 for help and version', () => {
    expect(read('--help').result).toBe(0);
    expect(read('hold', '--help').result).toBe(0);
    expect(read('--version').printed).toBe('1.2.3\n');
  });
});

describe('--as-of', () => {
  const now = Date.parse('2026-06-30T03:15:00.789Z');

  it('is the clock, to the second, when it is not given', () => {
    expect(momentOf(undefined, now)).toEqual({ asOf: Date.parse('2026-06-30T03:15:00Z'), set: false });
  });

  it.each(['2026-06-30', '2026-06-30T03:15:00', 'yesterday', '2026-13-01T00:00:00Z', ''])(
    'refuses %p',
    (text) => {
      expect(() => momentOf(text, now)).toThrow(/no instant/);
    },
  );

  it('may erase only where a set clock is allowed, and not ahead of the clock', () => {
    expect(() => momentToErase('2026-06-29T00:00:00Z', now, false)).toThrow(/clock\.settable/);
    expect(() => momentToErase('2026-07-01T00:00:00Z', now, true)).toThrow(/ahead of the clock/);
    expect(momentToErase('2026-06-29T00:00:00+02:00', now, true)).toEqual({
      asOf: Date.parse('2026-06-28T22:00:00Z'),
      set: true,
    });
  });
});

const report = (change: Partial<PolicyReport>): PolicyReport => ({
  policy: 'p',
  source: 's',
  record: 'r',
  status: 'done',
  ...change,
});
const found = {
  population: 9,
  matching: 9,
  by: {},
  byAction: {},
  overdue: 2,
  exemptBy: {},
  heldBy: {},
  dependents: {},
};

describe('exit status', () => {
  const error = (code: string): Pick<PolicyReport, 'error' | 'status'> => ({
    status: 'failed',
    error: { code, message: '', remedy: '' },
  });

  it.each([
    ['all well', [report({ found })], []],
    ['waiting with overdue records', [report({ status: 'waiting', found })], [3, 5]],
    ['failed', [report({ ...error('SOURCE_LOST') })], [2]],
    [
      'failed with overdue records left, and waiting',
      [report({ ...error('SOURCE_LOST'), found }), report({ status: 'waiting' })],
      [2, 3, 5],
    ],
    [
      'a policy that does not fit comes first',
      [report(error('CHECK_FAILED')), report(error('SOURCE_LOST'))],
      [1, 2],
    ],
  ])('%s', (_, reports, statuses) => {
    expect(statusesOfRun(reports)).toEqual(statuses);
    expect(exitOf(statuses)).toBe(statuses[0] ?? 0);
  });

  it('goes by gravity, not by number', () => {
    expect(exitOf([5, 3, 2, 4])).toBe(4);
    expect(exitOf([5, 3, 2])).toBe(2);
  });

  it('of a dry run tells only what kept it from looking', () => {
    expect(statusesOfPlan([report({ status: 'planned', found })])).toEqual([]);
    expect(statusesOfPlan([report({ ...error('SOURCE_LOST'), found })])).toEqual([2]);
  });
});

describe('text', () => {
  it('says of a policy with stages what is deleted and what is anonymised', () => {
    const both = { delete: 1200, anonymise: 34 };
    const staged = report({
      found: { ...found, by: { erase: 1234 }, byAction: both },
      outcomes: { erased: 1234 },
      erasedBy: both,
    });
    expect(policyText(staged, 'would')).toContain(
      '  due 1,234 (to delete 1,200, to anonymise 34), 2 of them overdue\n',
    );
    expect(policyText(staged, 'did')).toContain('  erased 1,234 (deleted 1,200, anonymised 34)');
    const one = report({ found: { ...found, by: { erase: 5 }, byAction: { delete: 5 } } });
    expect(policyText(one, 'would')).toContain('  due 5, 2 of them overdue');
  });

  it('aligns columns and parts thousands', () => {
    expect(
      table([
        ['a', 'n'],
        ['long', 7],
        ['b', 1234],
      ]),
    ).toBe('a     n\nlong     7\nb     1234'.replace('a     n', 'a     n'));
    expect(number(1234567)).toBe('1,234,567');
  });
});
