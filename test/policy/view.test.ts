import { describe, expect, it } from '@jest/globals';
import { FristError } from '../../src/errors.ts';
import type { Condition } from '../../src/policy/policy.ts';
import { compileViews, policyText, withEncodings } from '../../src/policy/view.ts';
import { contact, erase, fileOf, keep, leaf, rule, stage } from './policies.ts';

const is = (column: string): Condition => ({ kind: 'is', column, values: ['yes'] });
const anonymise = stage(rule('after', { months: 12 }), { action: { kind: 'anonymise', set: [] } });

describe('compileViews', () => {
  it('asks for each fact once, the policy’s own first', () => {
    const own = erase('own', {
      start: { kind: 'latest of', of: [leaf('a'), { kind: 'first known of', of: [leaf('b'), leaf('a')] }] },
      where: is('p'),
      exemptions: [{ name: 'open deal', condition: is('q') }],
    });
    const bookkeeping = keep('bookkeeping', {
      start: leaf('b'),
      where: is('q'),
      exemptions: [{ name: 'archived', condition: is('r') }],
    });
    const [task] = compileViews(fileOf([bookkeeping, own]));
    expect(task?.view.starts.map((start) => start.column)).toEqual(['a', 'b']);
    expect(task?.view.conditions).toEqual([is('p'), is('q'), is('r')]);
    expect(task?.view.startTree).toEqual({
      kind: 'latest of',
      of: [
        { kind: 'column', index: 0 },
        {
          kind: 'first known of',
          of: [
            { kind: 'column', index: 1 },
            { kind: 'column', index: 0 },
          ],
        },
      ],
    });
    expect(task?.own).toMatchObject({ where: 0, exempt: [{ name: 'open deal', condition: 1 }] });
    expect(task?.keeps).toMatchObject([
      { policy: 'bookkeeping', where: 1, start: { index: 1 }, exempt: [{ condition: 2 }] },
    ]);
    expect(task?.view).toMatchObject({
      policy: 'own',
      source: 'crm',
      record: { name: 'contact' },
      where: is('p'),
      exempt: [is('q')],
    });
    expect(task?.policies).toEqual(['own', 'bookkeeping']);
  });

  it('keeps starts apart that differ in what their values mean', () => {
    const [task] = compileViews(
      fileOf([erase('own', { start: leaf('a') }), keep('k', { start: leaf('a', { whenNull: 'not yet' }) })]),
    );
    expect(task?.view.starts).toHaveLength(2);
  });

  it('asks no source for what every record meets', () => {
    const [task] = compileViews(fileOf([erase('own')]));
    expect(task?.view.conditions).toEqual([]);
    expect(task?.own.where).toBe('always');
  });

  it('makes one task per erase policy, in the order of the file; a default yields to what names the record', () => {
    const deal = { ...contact, name: 'deal', table: 'deals' };
    const policies = [
      erase('contacts'),
      keep('bookkeeping'),
      erase('rest/contact', { specific: false }),
      erase('rest/deal', { record: 'deal', specific: false }),
    ];
    const tasks = compileViews(fileOf(policies, [contact, deal]));
    expect(tasks.map((task) => [task.policy.name, task.view.record.name, task.overridden])).toEqual([
      ['contacts', 'contact', []],
      ['rest/contact', 'contact', [{ policy: 'contacts', where: 'always' }]],
      ['rest/deal', 'deal', []],
    ]);
  });

  it('names what no cascade may take along: rows that are kept, and rows of people, with their parts', () => {
    const part = { name: 'address', table: 'addresses', match: [], scope: [] };
    const invoice = { ...contact, name: 'invoice', table: 'invoices', parts: [part], subjects: [] };
    const records = [contact, invoice, { ...contact, name: 'log', table: 'logs', subjects: [] }];
    const [task] = compileViews(fileOf([erase('own'), keep('books', { record: 'invoice' })], records));
    expect(task?.view.guarded).toEqual([
      { table: 'contacts', scope: [], record: 'contact' },
      { table: 'invoices', scope: [], record: 'invoice', keptBy: 'books' },
      { table: 'addresses', scope: [], record: 'invoice', keptBy: 'books' },
    ]);
  });

  it('refuses a policy on a record type that is not there', () => {
    expect(() => compileViews(fileOf([erase('own', { record: 'deal' })]))).toThrow(FristError);
  });

  it('knows the rivals: other policies of its rank that delete', () => {
    const policies = [
      erase('first'),
      erase('own'),
      erase('last'),
      erase('anonymising', { stages: [anonymise] }),
      erase('default', { specific: false }),
      erase('elsewhere', { record: 'deal' }),
    ];
    const own = compileViews(fileOf(policies, [contact, { ...contact, name: 'deal' }])).find(
      (task) => task.policy.name === 'own',
    );
    expect(own?.rivals.map((rival) => [rival.policy, rival.before])).toEqual([
      ['first', true],
      ['last', false],
    ]);
  });
});

describe('withEncodings', () => {
  it('gives each start its encoding', () => {
    const [task] = compileViews(fileOf([erase('own')]));
    expect(withEncodings(task!, [{ kind: 'date' }]).starts).toEqual([
      leaf('created_at', { encoding: { kind: 'date' } }),
    ]);
  });

  it('refuses to leave one out', () => {
    const [task] = compileViews(fileOf([erase('own')]));
    expect(() => withEncodings(task!, [])).toThrow(FristError);
  });
});

describe('policyText', () => {
  const text = (...args: Parameters<typeof fileOf>): string => policyText(compileViews(fileOf(...args))[0]!);

  it('is the same whatever the order of keys, and is canonical JSON', () => {
    const policy = erase('own');
    const turned = Object.fromEntries(Object.entries(policy).reverse()) as unknown as typeof policy;
    expect(text([turned])).toBe(text([policy]));
    expect(text([policy])).toMatch(
      /^\{"controller":\{"financialYearEnd":\{"day":31,"month":12\},"timezone":"UTC"\},"policy":\{"ack/,
    );
  });

  it('changes with the policy, its record type, and the calendar', () => {
    const texts = [
      text([erase('own')]),
      text([erase('own', { promise: 'IM-9' })]),
      text([erase('own', { stages: [stage(rule('after', { months: 13 }))] })]),
      text([erase('own')], [{ ...contact, scope: [{ column: 'tenant_id', value: 7 }] }]),
      text([erase('own')], [{ ...contact, scope: [{ column: 'tenant_id', value: 7n }] }]),
      text([erase('own')], [{ ...contact, scope: [{ column: 'tenant_id', value: '7' }] }]),
    ];
    expect(new Set(texts).size).toBe(texts.length);
  });

  it('changes with what keeps records from it: erasing more is another policy', () => {
    const own = erase('own');
    const rule8 = rule('keep', { years: 8 });
    const texts = [
      text([own]),
      text([own, keep('k')]),
      text([own, keep('k', { rule: rule8 })]),
      text([own, keep('k', { where: is('p') })]),
      text([own, keep('k', { start: leaf('b') })]),
      text([own, keep('k', { exemptions: [{ name: 'old', condition: is('p') }] })]),
      text([own, keep('k'), keep('l')]),
    ];
    expect(new Set(texts).size).toBe(texts.length);
    expect(text([own, keep('l'), keep('k', { because: 'Tax law' })])).toBe(texts.at(-1));
  });

  it('of a default changes with the policies that it yields to', () => {
    const own = erase('own', { specific: false });
    const yields = [
      text([own]),
      text([own, erase('named')]),
      text([own, erase('named', { where: is('p') })]),
    ];
    expect(new Set(yields).size).toBe(3);
  });

  it('holds no connection, and does not change with what keeps nothing from it', () => {
    const own = text([erase('own')]);
    expect(own).not.toContain('secret');
    expect(text([erase('own'), erase('other')])).toBe(own);
    const visit = { ...contact, name: 'visit' };
    expect(text([erase('own'), keep('k', { record: 'visit' })], [contact, visit])).toBe(own);
  });
});
