import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import type { ErasePolicy, Policy } from '../../../src/policy/policy.ts';
import { BASE, edit, parse } from './base.ts';

const GRAMMAR = readFileSync(join(import.meta.dirname, 'grammar.yaml'), 'utf8');
const { file, warnings } = parse(GRAMMAR);

const DEFAULT_UNKNOWN = ['', '0', '0000-00-00', '1000-01-01'];
const EARLIEST = '1971-01-01';
const ALL = { kind: 'all', of: [] };
const period = (parts: Partial<Record<'years' | 'months' | 'weeks' | 'days', number>>) => {
  return { years: 0, months: 0, weeks: 0, days: 0, ...parts };
};

function policy(name: string): Policy {
  const found = file.policies.find((one) => one.name === name);
  if (found === undefined) throw new Error(`no policy ${name}`);
  return found;
}

describe('the whole language', () => {
  it('reads without a word of complaint', () => {
    expect(warnings).toEqual([]);
    expect(file.file).toBe('policies.yaml');
    expect(file.policies.map((one) => one.name)).toEqual([
      'contacts',
      'agreements',
      'statute/contact',
      'statute/agreement',
      'visits',
    ]);
  });

  it('reads the controller', () => {
    expect(file.controller).toEqual({
      name: 'Eksempel A/S',
      id: 'eksempel-2',
      timezone: 'Europe/Copenhagen',
      financialYearEnd: { month: 6, day: 30 },
    });
  });

  it('reads what goes for holds, and knows what does where nothing is said', () => {
    expect(file.holds).toEqual({ graceHours: 240, reviewRequired: true });
    expect(parse(BASE).file.holds).toEqual({ graceHours: 168, reviewRequired: false });
  });

  it('reads the sources: secrets filled in, scope inherited, integers whole', () => {
    const scope = [
      { column: 'tenant_id', value: 12345678901234567890n },
      { column: 'region', value: 'dk' },
    ];
    const match = [{ theirs: 'contact_id', ours: 'id' }];
    expect(file.sources).toEqual([
      {
        name: 'crm',
        kind: 'sql',
        connection: 'mysql://frist:p%40ss%2Fw%3Ard@db/crm',
        records: [
          {
            name: 'contact',
            table: 'contacts',
            key: ['id'],
            scope,
            subjects: [
              { kind: 'email', column: 'email', normalise: 'lowercase' },
              { kind: 'phone', column: 'phone_no', normalise: 'digits' },
              { kind: 'cpr', column: 'cpr', normalise: 'digits', related: 'person' },
            ],
            datetimesIn: 'Europe/Stockholm',
            related: [
              { name: 'messages', table: 'messages', match, scope, where: ALL },
              {
                name: 'open deals',
                table: 'deals',
                match: [...match, { theirs: 'company', ours: 'company' }],
                scope: [],
                where: { kind: 'is', column: 'status', values: ['open'] },
              },
              { name: 'notes', table: 'notes', match, scope: [{ column: 'tenant', value: 7 }], where: ALL },
              {
                name: 'person',
                table: 'people',
                match: [{ theirs: 'id', ours: 'person_id' }],
                scope,
                where: ALL,
              },
            ],
          },
          {
            name: 'agreement',
            table: 'agreements',
            key: ['tenant', 'number'],
            scope: [],
            subjects: [],
            datetimesIn: 'Europe/Copenhagen',
            related: [],
          },
        ],
      },
      {
        name: 'logs',
        kind: 'memory',
        connection: 'memory:',
        records: [{ name: 'visit', table: 'visits', key: ['id'], scope: [], subjects: [], related: [] }],
      },
    ]);
  });

  it('reads starting points', () => {
    const leaf = {
      kind: 'column',
      notYet: [],
      unknown: DEFAULT_UNKNOWN,
      mayLieAhead: false,
      earliest: EARLIEST,
    };
    expect(policy('contacts').start).toEqual({
      kind: 'latest of',
      of: [
        { ...leaf, column: 'last_contacted_at' },
        {
          ...leaf,
          column: 'sent_at',
          maxOf: {
            related: 'messages',
            where: { kind: 'not', of: { kind: 'is', column: 'direction', values: ['out'] } },
          },
          whenNull: 'unknown',
        },
        {
          kind: 'first known of',
          of: [
            {
              ...leaf,
              column: 'day',
              timeColumn: 'clock',
              encoding: { kind: 'local', zone: 'Europe/Berlin' },
              unknown: [...DEFAULT_UNKNOWN, '1900-01-01', '1'],
            },
            { ...leaf, column: 'created', encoding: { kind: 'epoch seconds' }, earliest: '2001-01-01' },
          ],
        },
      ],
    });
    expect(policy('agreements').start).toEqual({
      ...leaf,
      column: 'ends_on',
      encoding: { kind: 'date' },
      whenNull: 'not yet',
      notYet: ['0'],
      unknown: ['', '0000-00-00', '1000-01-01'],
      mayLieAhead: true,
    });
    expect(policy('visits').start).toMatchObject({ column: 'at', encoding: { kind: 'instant' } });
    expect(policy('statute/contact').start).toMatchObject({ encoding: { kind: 'epoch milliseconds' } });
  });

  it('reads conditions', () => {
    expect(policy('contacts').where).toEqual({
      kind: 'all',
      of: [
        { kind: 'is', column: 'status', values: ['lead', null] },
        { kind: 'compare', column: 'score', op: '<', value: 10 },
        { kind: 'compare', column: 'score', op: '>=', value: 1 },
        { kind: 'is', column: 'active', values: [true] },
      ],
    });
    expect(policy('contacts').exemptions).toEqual([
      {
        name: 'open deal',
        condition: {
          kind: 'related',
          quantifier: 'exists',
          related: 'open deals',
          where: { kind: 'compare', column: 'amount', op: '>', value: 0.5 },
        },
      },
      {
        name: 'customer',
        condition: { kind: 'not', of: { kind: 'is', column: 'customer_number', values: [null] } },
      },
      {
        name: 'odd',
        condition: {
          kind: 'any',
          of: [
            { kind: 'related', quantifier: 'none', related: 'messages', where: ALL },
            {
              kind: 'related',
              quantifier: 'every',
              related: 'notes',
              where: { kind: 'is', column: 'done', values: [1] },
            },
            {
              kind: 'all',
              of: [
                { kind: 'not', of: { kind: 'is', column: 'a', values: [1, 2] } },
                {
                  kind: 'not',
                  of: {
                    kind: 'all',
                    of: [
                      { kind: 'is', column: 'b', values: ['x'] },
                      { kind: 'compare', column: 'c', op: '<=', value: '2020' },
                    ],
                  },
                },
              ],
            },
            {
              kind: 'all',
              of: [
                { kind: 'is', column: 'exists', values: [1] },
                { kind: 'is', column: 'where', values: [null] },
              ],
            },
          ],
        },
      },
    ]);
  });

  it('reads rules, actions, dependents and guards', () => {
    expect(policy('contacts')).toMatchObject({
      kind: 'erase',
      promise: 'CL-1: erased if no longer relevant.',
      because: 'GDPR Art. 5(1)(e)',
      metadata: { owner: 'sales', ticket: '17' },
      source: 'crm',
      record: 'contact',
      specific: true,
      stages: [
        {
          rule: {
            bound: 'within',
            period: period({ years: 1, months: 6 }),
            marginHours: 12,
            allowanceDays: 7,
          },
          action: { kind: 'delete' },
          dependents: [
            { related: 'messages', kind: 'delete' },
            {
              related: 'notes',
              kind: 'anonymise',
              set: [
                { column: 'body', with: { kind: 'constant', value: null } },
                { column: 'title', with: { kind: 'placeholder', template: 'note {key}' } },
                { column: 'size', with: { kind: 'constant', value: 0 } },
              ],
            },
            { related: 'open deals', kind: 'detach', to: -1 },
            { related: 'person', kind: 'keep' },
          ],
        },
      ],
      guards: { maxRecords: 500, maxPercent: 0 },
      firstGuards: { maxRecords: 5, maxPercent: 0.5 },
      schedule: '*/30 1-5,22 * jan-mar mon,fri',
      acknowledgedCascades: ['audit_rows'],
    });
  });

  it('reads stages, rounding and allowances', () => {
    expect(policy('agreements')).toMatchObject({
      stages: [
        {
          rule: { bound: 'after', period: period({ months: 12 }), allowanceDays: 0 },
          action: { kind: 'anonymise', set: [{ column: 'name', with: { kind: 'constant', value: '' } }] },
          dependents: [],
        },
        {
          rule: { bound: 'after', period: period({ months: 24 }), allowanceDays: 7, roundUpTo: 'month' },
          action: { kind: 'delete' },
        },
      ],
      guards: { maxRecords: 500, maxPercent: 10 },
      firstGuards: { maxRecords: 50, maxPercent: 0.5 },
      acknowledgedCascades: [],
    });
    expect(policy('agreements')).not.toHaveProperty('schedule');
  });

  it('reads a default as one policy for each record type', () => {
    for (const record of ['contact', 'agreement']) {
      expect(policy(`statute/${record}`)).toMatchObject({
        kind: 'keep',
        source: 'crm',
        record,
        specific: false,
        rule: { bound: 'keep', period: period({ years: 5 }), roundUpTo: 'financial year' },
        exemptions: [
          { name: 'small', condition: { kind: 'compare', column: 'amount', op: '<', value: 100 } },
        ],
      });
    }
  });

  it('is frozen to the bottom', () => {
    const frozen = (value: unknown): boolean =>
      typeof value !== 'object' ||
      value === null ||
      (Object.isFrozen(value) && Object.values(value).every(frozen));
    expect(frozen(file)).toBe(true);
  });
});

describe('what is left out', () => {
  const minimal = parse(BASE).file;

  it('has the published defaults', () => {
    expect(minimal.policies[0]).toMatchObject({
      guards: { maxRecords: 10_000, maxPercent: 10 },
      firstGuards: { maxRecords: 100, maxPercent: 1 },
      metadata: {},
    });
    const { rule } = (parse(edit(BASE, '    margin: 2 days\n', '')).file.policies[0] as ErasePolicy)
      .stages[0]!;
    expect(rule).not.toHaveProperty('marginHours');
    expect(parse(edit(BASE, '  financial year ends: 12-31\n', '')).file.controller.financialYearEnd).toEqual({
      month: 12,
      day: 31,
    });
  });

  it('takes 02-29 for the last day of February', () => {
    expect(parse(edit(BASE, '12-31', '02-29')).file.controller.financialYearEnd).toEqual({
      month: 2,
      day: 29,
    });
  });

  it('has no margin where 0 is written', () => {
    const { stages } = parse(edit(BASE, 'margin: 2 days', 'margin: 0')).file.policies[0] as ErasePolicy;
    expect(stages[0]!.rule.marginHours).toBe(0);
  });
});

describe('positions', () => {
  const { locate } = parse(BASE);

  it('are those of values, or of keys above blocks', () => {
    expect(locate(['controller', 'timezone'])).toEqual({ line: 4, column: 13 });
    expect(locate(['sources', 'crm', 'records', 'contact', 'table'])).toEqual({ line: 13, column: 16 });
    expect(locate(['sources', 'crm'])).toEqual({ line: 7, column: 3 });
    expect(locate(['sources', 'crm', 'records', 'contact', 'scope'])).toEqual({ line: 15, column: 16 });
    expect(locate(['policies', 'contacts', 'dependents', 1, 'detach'])).toEqual({ line: 43, column: 17 });
  });

  it('are the nearest place above where there is no such place', () => {
    expect(locate(['policies', 'contacts', 'nothing'])).toEqual({ line: 27, column: 3 });
    expect(locate([])).toEqual({ line: 1, column: 1 });
    expect(locate(['policies', 'nothing', 'at all'])).toEqual({ line: 26, column: 1 });
  });

  it('find a column below the place that is named', () => {
    expect(locate(['policies', 'contacts', 'unless', 'customer_number'])).toEqual({ line: 39, column: 19 });
    expect(locate(['policies', 'contacts', 'start', 'last_contacted_at'])).toEqual({ line: 32, column: 21 });
    expect(locate(['policies', 'old', 'set', 'name'])).toEqual({ line: 56, column: 16 });
  });

  it('know the policy of which a default was made', () => {
    const at = parse(GRAMMAR).locate(['policies', 'statute/contact', 'keep']);
    expect(at).toEqual({
      line: GRAMMAR.split('\n').findIndex((row) => row.startsWith('    keep: 5 years')) + 1,
      column: 11,
    });
  });
});

it('the example of the demo is valid', () => {
  const text = readFileSync(join(import.meta.dirname, '../../../config/policies.example.yaml'), 'utf8');
  const env = Object.fromEntries(
    ['CRM', 'NEWSLETTER', 'ATS', 'CHAT'].map((name) => [`FRIST_${name}`, 'sqlite:x']),
  );
  const example = parse(text, env);
  expect(example.warnings).toEqual([]);
  expect(example.file.policies.length).toBeGreaterThan(3);
});
