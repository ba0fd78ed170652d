/** Policies for tests that need no more than a few words of one. */
import type {
  ErasePolicy,
  KeepPolicy,
  PolicyFile,
  RecordType,
  Rule,
  Stage,
  StartColumn,
} from '../../src/policy/policy.ts';
import { ALWAYS } from '../../src/policy/policy.ts';
import { EARLIEST_BY_DEFAULT, UNKNOWN_BY_DEFAULT } from '../../src/policy/time/raw.ts';

export const leaf = (column: string, more: Partial<StartColumn> = {}): StartColumn => ({
  kind: 'column',
  column,
  whenNull: 'unknown',
  notYet: [],
  unknown: UNKNOWN_BY_DEFAULT,
  mayLieAhead: false,
  earliest: EARLIEST_BY_DEFAULT,
  ...more,
});

export const rule = (
  bound: Rule['bound'],
  length: Partial<Rule['period']>,
  more: Partial<Rule> = {},
): Rule => ({
  bound,
  period: { years: 0, months: 0, weeks: 0, days: 0, ...length },
  allowanceDays: 7,
  ...more,
});

export const stage = (by: Rule, more: Partial<Stage> = {}): Stage => ({
  rule: by,
  action: { kind: 'delete' },
  dependents: [],
  ...more,
});

const guards = { maxRecords: 10, maxPercent: 10 };

export const erase = (name: string, more: Partial<ErasePolicy> = {}): ErasePolicy => ({
  kind: 'erase',
  name,
  metadata: {},
  source: 'crm',
  record: 'contact',
  specific: true,
  start: leaf('created_at'),
  where: ALWAYS,
  exemptions: [],
  stages: [stage(rule('after', { months: 12 }))],
  guards,
  firstGuards: guards,
  acknowledgedCascades: [],
  ...more,
});

export const keep = (name: string, more: Partial<KeepPolicy> = {}): KeepPolicy => ({
  kind: 'keep',
  name,
  metadata: {},
  source: 'crm',
  record: 'contact',
  specific: true,
  start: leaf('created_at'),
  where: ALWAYS,
  exemptions: [],
  rule: rule('keep', { years: 5 }),
  ...more,
});

export const contact: RecordType = {
  name: 'contact',
  table: 'contacts',
  key: ['id'],
  scope: [],
  subjects: [{ kind: 'email', column: 'email', normalise: 'lowercase' }],
  related: [],
};

/** As they are where a file says nothing of holds. */
export const HOLD_RULES: PolicyFile['holds'] = { graceHours: 168, reviewRequired: false };

export const fileOf = (
  policies: PolicyFile['policies'],
  records: readonly RecordType[] = [contact],
): PolicyFile => ({
  file: 'policies.yaml',
  controller: { name: 'Eksempel A/S', timezone: 'UTC', financialYearEnd: { month: 12, day: 31 } },
  sources: [{ name: 'crm', kind: 'sql', connection: 'mysql://user:secret@db/crm', records }],
  policies,
  holds: HOLD_RULES,
});
