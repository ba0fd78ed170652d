import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { createJudge } from '../../../src/policy/judge.ts';
import type { Encoding, Raw, StartTree, Window } from '../../../src/policy/policy.ts';
import { ALWAYS } from '../../../src/policy/policy.ts';
import { createReader } from '../../../src/policy/time/raw.ts';
import { zoneOf } from '../../../src/policy/time/zone.ts';
import { compileViews, withEncodings, type Task } from '../../../src/policy/view.ts';
import { windows } from '../../../src/policy/time/window.ts';
import { anyCase, taskOf } from '../file-arbitrary.ts';
import { HOLD_RULES } from '../policies.ts';

/** What `Window` says a source may leave out; values compare as their column's type does: numbers, or text. */
function leftOut(task: Task, starts: readonly Raw[], found: readonly Window[]): boolean {
  const inside = (index: number): boolean => {
    const window = found.find((one) => one.index === index);
    const raw = starts[index] ?? null;
    if (window === undefined || raw === null) return false;
    const { kind } = task.starts[index]!.encoding;
    if (kind !== 'epoch seconds' && kind !== 'epoch milliseconds')
      return raw > window.dueBefore && raw < window.aheadAfter;
    return Number(raw) > Number(window.dueBefore) && Number(raw) < Number(window.aheadAfter);
  };
  const plain = (tree: StartTree): boolean => {
    if (tree.kind === 'column') return inside(tree.index);
    return tree.kind === 'latest of' ? tree.of.some(plain) : tree.of.every(plain);
  };
  return plain(task.view.startTree);
}

/** Texts that are no date at all can sort anywhere; only text columns hold them (see the header of window.ts). */
function allRead(task: Task, starts: readonly Raw[]): boolean {
  const zone = zoneOf('UTC');
  return task.starts.every((start, i) => {
    const value = createReader(start, zone, zone, { instant: 0, day: 0 })(starts[i] ?? null);
    return value.kind !== 'unknown' || value.why !== 'unreadable';
  });
}

describe('windows', () => {
  it('leave out no record that is due, and none that counts as undated or implausible by its one start', () => {
    const seen = { leftOut: 0, due: 0, other: 0 };
    fc.assert(
      fc.property(anyCase, (made) => {
        // Records that cannot be read are scanned whatever the windows say: `Facts.unreadable`.
        fc.pre(!made.unreadable);
        const { task, facts } = taskOf(made);
        const { verdict, due } = createJudge(task, { asOf: made.asOf, holds: [] }).judge(facts);
        const out = leftOut(task, facts.starts, windows(task, made.asOf));
        if (out) seen.leftOut += 1;
        if (verdict === 'out of scope' || verdict === 'pending' || !allRead(task, facts.starts)) return;
        // Beside a part that is plainly not due, nobody needs to know what another source would say of the start.
        if (verdict === 'unknown elsewhere' && due === undefined) return;
        if (verdict === 'undated' || verdict === 'implausible') {
          if (task.view.startTree.kind !== 'column') return;
          seen.other += 1;
        } else {
          seen.due += 1;
        }
        expect(out).toBe(false);
      }),
      { numRuns: 2500 },
    );
    expect(Object.values(seen).every((n) => n > 50)).toBe(true);
  });

  const task = (encoding: Encoding, bound: 'within' | 'after', months: number, more = {}): Task => {
    const [compiled] = compileViews({
      file: 'policies.yaml',
      controller: { name: 'x', timezone: 'Europe/Copenhagen', financialYearEnd: { month: 12, day: 31 } },
      sources: [
        {
          name: 'crm',
          kind: 'sql',
          connection: '',
          records: [
            { name: 'contact', table: 'contacts', key: ['id'], scope: [], subjects: [], related: [] },
          ],
        },
      ],
      policies: [
        {
          kind: 'erase',
          name: 'own',
          metadata: {},
          source: 'crm',
          record: 'contact',
          specific: true,
          start: {
            kind: 'column',
            column: 'at',
            notYet: [],
            unknown: [],
            mayLieAhead: false,
            earliest: '1971-01-01',
            ...more,
          },
          where: ALWAYS,
          exemptions: [],
          stages: [
            {
              rule: { bound, period: { years: 0, months, weeks: 0, days: 0 }, allowanceDays: 7 },
              action: { kind: 'delete' },
              dependents: [],
            },
          ],
          guards: { maxRecords: 1, maxPercent: 1 },
          firstGuards: { maxRecords: 1, maxPercent: 1 },
          acknowledgedCascades: [],
        },
      ],
      holds: HOLD_RULES,
    });
    return withEncodings(compiled!, [encoding]);
  };
  const asOf = Date.UTC(2026, 5, 15, 12);

  it('stand in the form of the encoding, some days outside the boundary', () => {
    const forms: Encoding[] = [
      { kind: 'instant' },
      { kind: 'local', zone: 'America/New_York' },
      { kind: 'date' },
      { kind: 'epoch seconds' },
      { kind: 'epoch milliseconds' },
    ];
    expect(forms.map((encoding) => windows(task(encoding, 'after', 12), asOf))).toEqual([
      [{ index: 0, dueBefore: '2025-06-20 00:00:00', aheadAfter: '2026-06-12 00:00:00' }],
      [{ index: 0, dueBefore: '2025-06-20 00:00:00', aheadAfter: '2026-06-12 00:00:00' }],
      [{ index: 0, dueBefore: '2025-06-20', aheadAfter: '2026-06-12' }],
      [{ index: 0, dueBefore: '1750377600', aheadAfter: '1781222400' }],
      [{ index: 0, dueBefore: '1750377600000', aheadAfter: '1781222400000' }],
    ]);
  });

  it('are missing where nothing could be left out', () => {
    const short = task({ kind: 'date' }, 'within', 0);
    const days = { ...short.view.stages[0]!.rule, period: { years: 0, months: 0, weeks: 0, days: 5 } };
    const view = { ...short.view, stages: [{ ...short.view.stages[0]!, rule: days }] };
    expect(windows({ ...short, view }, asOf)).toEqual([]);
  });

  it('leave out everything ahead where a start may lie ahead', () => {
    const ahead = { mayLieAhead: true };
    expect(windows(task({ kind: 'date' }, 'after', 12, ahead), asOf)[0]?.aheadAfter).toBe('9999-12-31');
    expect(windows(task({ kind: 'epoch seconds' }, 'after', 12, ahead), asOf)[0]?.aheadAfter).toBe(
      '2147472000',
    );
  });

  it('give way to values that the file calls unknown, on the shorter side', () => {
    const bounds = (unknown: string): unknown =>
      windows(task({ kind: 'date' }, 'after', 12, { unknown: [unknown] }), asOf).map((one) => [
        one.dueBefore,
        one.aheadAfter,
      ]);
    expect(bounds('2025-07-01')).toEqual([['2025-07-04', '2026-06-12']]);
    expect(bounds('2026-06-01')).toEqual([['2025-06-20', '2026-05-29']]);
    expect(bounds('1900-01-01')).toEqual([['2025-06-20', '2026-06-12']]);
  });
});
