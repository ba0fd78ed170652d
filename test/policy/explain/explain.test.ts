import { describe, expect, it } from '@jest/globals';
import { explainDisposition } from '../../../src/policy/explain/disposition.ts';
import { explainLimit, explainPolicy, explainRule } from '../../../src/policy/explain/policy.ts';
import { createJudge } from '../../../src/policy/judge.ts';
import { ALWAYS } from '../../../src/policy/policy.ts';
import { compileViews, withEncodings } from '../../../src/policy/view.ts';
import { erase, fileOf, keep, leaf, rule, stage } from '../policies.ts';

describe('explainRule', () => {
  it.each([
    [rule('within', { months: 3 }), 'within 3 months of rejected_at'],
    [rule('after', { years: 1, months: 6 }), '1 year 6 months after rejected_at'],
    [
      rule('keep', { years: 5 }, { roundUpTo: 'financial year' }),
      '5 years after the end of the financial year of rejected_at',
    ],
    [
      rule('within', { weeks: 26 }, { roundUpTo: 'month' }),
      'within 26 weeks of the end of the month of rejected_at',
    ],
  ])('says what the rule says', (by, words) => {
    expect(explainRule(by, leaf('rejected_at'))).toBe(words);
  });

  it('names the parts of a start', () => {
    const sent = leaf('sent_at', { maxOf: { related: 'messages', where: ALWAYS } });
    const start = {
      kind: 'latest of' as const,
      of: [leaf('at'), { kind: 'first known of' as const, of: [sent, leaf('made')] }],
    };
    expect(explainRule(rule('after', { days: 1 }), start)).toBe(
      '1 day after the latest of at, the first known of messages.sent_at, made',
    );
  });
});

describe('explainPolicy', () => {
  it('tells a policy with everything', () => {
    const policy = erase('contacts', {
      promise: 'IM-9: within 12 months of the last processing',
      because: 'GDPR Art. 5(1)(e)',
      where: {
        kind: 'all',
        of: [
          { kind: 'is', column: 'status', values: ['lead', 'lost', null] },
          { kind: 'not', of: { kind: 'compare', column: 'score', op: '>=', value: 5 } },
          {
            kind: 'any',
            of: [
              { kind: 'related', quantifier: 'none', related: 'orders', where: ALWAYS },
              {
                kind: 'related',
                quantifier: 'every',
                related: 'orders',
                where: { kind: 'is', column: 'paid', values: [true] },
              },
            ],
          },
        ],
      },
      exemptions: [
        {
          name: 'open deal',
          condition: {
            kind: 'related',
            quantifier: 'exists',
            related: 'deals',
            where: { kind: 'is', column: 'status', values: ['open'] },
          },
        },
        {
          name: 'customer',
          condition: { kind: 'not', of: { kind: 'is', column: 'number', values: [null] } },
        },
      ],
      stages: [
        stage(rule('within', { months: 12 }), {
          action: { kind: 'anonymise', set: [] },
          dependents: [
            { related: 'messages', kind: 'delete' },
            { related: 'invoices', kind: 'keep' },
          ],
        }),
        stage(rule('after', { months: 24 })),
      ],
    });
    expect(explainPolicy(policy)).toEqual([
      'It keeps the promise "IM-9: within 12 months of the last processing".',
      'It rests on GDPR Art. 5(1)(e).',
      'Records of crm.contact are anonymised within 12 months of created_at, beginning 2 days before the end.',
      'With them go, in this order: messages (delete), invoices (keep).',
      'Records of crm.contact are deleted 24 months after created_at, at the latest 7 days later.',
      'It is about records where status is “lead”, “lost” or empty and score is not at least 5 and (there are no orders or all orders have paid is true).',
      'It does not apply where there are deals with status is “open”: open deal.',
      'It does not apply where number is not empty: customer.',
    ]);
  });

  it('tells a minimum, and what has no latitude', () => {
    expect(explainPolicy(keep('bookkeeping'))).toEqual([
      'Records of crm.contact are kept until 5 years after created_at.',
    ]);
    const strict = erase('all', {
      specific: false,
      stages: [stage(rule('within', { days: 5 }, { marginHours: 0 }))],
    });
    expect(explainPolicy(strict)).toEqual([
      'Records of crm.contact are deleted within 5 days of created_at.',
    ]);
  });
});

describe('explainLimit', () => {
  const where = { kind: 'is', column: 'booked', values: [true] } as const;
  const years = rule('keep', { years: 5 }, { roundUpTo: 'financial year' });
  const start = leaf('booked_on');

  it.each([
    [
      { name: 'books', where: ALWAYS, start, rule: years },
      'Policy books keeps a record until 5 years after the end of the financial year of booked_on.',
    ],
    [
      { name: 'books', where, start, rule: years, exemptions: [{ name: 'a draft', condition: where }] },
      'Policy books keeps a record where booked is true until 5 years after the end of the financial year of booked_on, unless: a draft.',
    ],
    [{ name: 'leads', where }, 'Policy leads comes before it for a record where booked is true.'],
  ])('tells what another policy keeps from this one', (limit, words) => {
    expect(explainLimit(limit)).toBe(words);
  });
});

describe('explainDisposition', () => {
  it('names the first of many holds', () => {
    const task = withEncodings(compileViews(fileOf([erase('own')]))[0]!, [{ kind: 'date' }]);
    const holds = ['h1', 'h2', 'h3', 'h4', 'h5'].map((id) => ({
      id,
      kind: 'hold' as const,
      subjects: [['phone', '1'] as const],
    }));
    const judge = createJudge(task, { asOf: Date.UTC(2026, 0), holds });
    const found = judge.judge({
      key: ['1'],
      starts: ['2020-01-01'],
      truths: [],
      subjects: ['ann@x.dk'],
      done: [false],
    });
    expect(explainDisposition(task, found)).toBe(
      'kept: it cannot be told whether hold h1, h2, h3 and 2 more is about it; would be due since 2021-01-02, overdue since 2021-01-09',
    );
  });
});
