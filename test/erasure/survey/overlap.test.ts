import { describe, expect, it } from '@jest/globals';
import { rangeOf } from '../../../src/erasure/survey/overlap.ts';
import type { PolicyReport } from '../../../src/erasure/report.ts';
import { ALWAYS } from '../../../src/policy/policy.ts';
import type { Condition, ErasePolicy, RecordType, Related } from '../../../src/policy/policy.ts';
import { compileViews } from '../../../src/policy/view.ts';
import { contact, erase, fileOf, rule, stage } from '../../policy/policies.ts';

const related = (name: string, of?: string): Related => ({
  name,
  table: `${name}_table`,
  match: [{ theirs: 'x', ours: 'id' }],
  scope: [],
  where: ALWAYS,
  ...(of === undefined ? {} : { of }),
});
const type: RecordType = {
  ...contact,
  parts: [{ name: 'person', table: 'people', match: [{ theirs: 'id', ours: 'person_id' }], scope: [] }],
  related: [related('deals'), related('lines', 'deals')],
  selections: [{ name: 'drop', sql: 'SELECT 1' }],
};
const others: RecordType[] = [
  { ...contact, name: 'deal', table: 'deals_table' },
  { ...contact, name: 'person', table: 'people' },
  { ...contact, name: 'visit', table: 'visits' },
];

/** Whether erasing the earlier record type makes a range of the later policy's number. */
function isRange(
  earlier: string,
  later: Partial<ErasePolicy>,
  acknowledgedCascades: readonly string[] = [],
): boolean {
  const policies = [erase('first', { record: earlier, acknowledgedCascades }), erase('later', later)];
  // Of a report nothing else is read.
  const report = { found: { by: { erase: 2 } } } as PolicyReport;
  return rangeOf(compileViews(fileOf(policies, [type, ...others])), [report, report], 1).range !== undefined;
}

const count = (name: string): Condition => ({
  kind: 'count',
  related: name,
  where: ALWAYS,
  op: '>',
  number: 0,
});

describe('a number is a range', () => {
  it.each<[string, Partial<ErasePolicy>]>([
    ['deal', { where: count('deals') }],
    ['deal', { where: count('lines') }],
    ['deal', { exemptions: [{ name: 'open', condition: { kind: 'not', of: count('deals') } }] }],
    [
      'deal',
      {
        stages: [
          stage(rule('after', { months: 1 }), { instead: { when: count('deals'), set: [], dependents: [] } }),
        ],
      },
    ],
    ['person', {}],
    ['visit', { where: { kind: 'selected', selection: 'drop' } }],
  ])('where an earlier policy erases %s, which it reads', (earlier, later) => {
    expect(isRange(earlier, later)).toBe(true);
  });

  it('where the database takes its rows along with those of an earlier policy', () => {
    expect(isRange('visit', {}, ['contacts'])).toBe(true);
    expect(isRange('visit', { where: count('deals') }, ['deals_*'])).toBe(true);
    expect(isRange('visit', {}, ['deals_*'])).toBe(false);
  });

  it('nowhere else', () => {
    expect([isRange('visit', { where: count('deals') }), isRange('deal', {})]).toEqual([false, false]);
  });
});
