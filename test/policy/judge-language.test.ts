/** The judge on what the language of real schemas adds: other sources, other rows, JSON, and what is done meanwhile. */
import { describe, expect, it } from '@jest/globals';
import { answersBy, lookedUp } from '../../src/policy/elsewhere.ts';
import { explainDisposition } from '../../src/policy/explain/disposition.ts';
import { createJudge, type Disposition } from '../../src/policy/judge.ts';
import { ALWAYS } from '../../src/policy/policy.ts';
import type {
  Condition,
  ElsewhereAnswer,
  ElsewhereStart,
  ErasePolicy,
  Facts,
  FoundElsewhere,
  Policy,
  RecordType,
} from '../../src/policy/policy.ts';
import { windows } from '../../src/policy/time/window.ts';
import { compileViews, policyText, withEncodings, type Task } from '../../src/policy/view.ts';
import { contact, erase, fileOf, keep, leaf, rule, stage } from './policies.ts';

const asOf = Date.UTC(2026, 0, 1);
const is = (column: string): Condition => ({ kind: 'is', column, values: ['yes'] });

const customer: RecordType = { ...contact, name: 'customer', table: 'customers' };

function ready(policies: readonly Policy[], type: RecordType = contact): Task {
  const file = fileOf(policies, [type]);
  const other = { name: 'shop', kind: 'sql', connection: '', records: [customer] };
  const [task] = compileViews({ ...file, sources: [...file.sources, other] });
  const instant = { kind: 'instant' } as const;
  return withEncodings(
    task!,
    task!.view.starts.map(() => instant),
    task!.inquiries.map(() => instant),
  );
}

const facts = (more: Partial<Facts> = {}): Facts => ({
  key: ['1'],
  starts: ['2020-01-01 00:00:00'],
  truths: [],
  subjects: ['ann@x.dk'],
  done: [false],
  ...more,
});

const judged = (task: Task, one: Facts): Disposition => createJudge(task, { asOf, holds: [] }).judge(one);
const told = (task: Task, one: Facts): string => explainDisposition(task, judged(task, one));
const found = (...starts: FoundElsewhere['start'][]): ElsewhereAnswer =>
  starts.map((start) => ({ met: true, start }));

const asked = { source: 'shop', record: 'customer', by: 'email', where: ALWAYS } as const;

describe('an exemption that another source knows', () => {
  const policy = (whenNone: 'keep' | 'not met'): ErasePolicy =>
    erase('own', {
      exemptions: [{ name: 'customer', elsewhere: { ...asked, where: is('active'), whenNone } }],
    });
  const task = ready([policy('keep')]);

  it.each<[ElsewhereAnswer, string, string]>([
    [[{ met: true, start: null }], 'exempt', 'exempt'],
    [
      [
        { met: false, start: null },
        { met: true, start: null },
      ],
      'exempt',
      'exempt',
    ],
    [[{ met: false, start: null }], 'erase', 'erase'],
    [[], 'unknown elsewhere', 'erase'],
    ['unreachable', 'unknown elsewhere', 'unknown elsewhere'],
  ])('answered with %j: %s, or with `if none: not met` %s', (answer, kept, otherwise) => {
    const one = facts({ elsewhere: [answer] });
    expect(judged(task, one).verdict).toBe(kept);
    expect(judged(ready([policy('not met')]), one).verdict).toBe(otherwise);
  });

  it('keeps the record until somebody has asked', () => {
    expect(judged(task, facts()).verdict).toBe('unknown elsewhere');
    expect(told(task, facts())).toContain('kept: customer: shop could not be asked; would be due since');
  });

  it('names it, once it is met', () => {
    const judge = createJudge(task, { asOf, holds: [] });
    expect(judge.exemptions(facts({ elsewhere: [found(null)] }))).toEqual(['customer']);
  });

  it('makes a statute protect while in doubt, and a rule that would go first wait', () => {
    const doubtful = policy('keep').exemptions;
    const statute = ready([
      erase('own'),
      keep('statute', { exemptions: doubtful, rule: rule('keep', { years: 9 }) }),
    ]);
    expect(judged(statute, facts()).verdict).toBe('protected');
    expect(judged(statute, facts({ elsewhere: [found(null)] })).verdict).toBe('erase');
    const rival = erase('rival', { exemptions: doubtful, stages: [stage(rule('after', { months: 6 }))] });
    const rivals = ready([erase('own'), rival]);
    expect(judged(rivals, facts()).verdict).toBe('erase');
    expect(judged(rivals, facts({ elsewhere: [[{ met: false, start: null }]] })).verdict).toBe('other rule');
  });

  it('is asked about once, however many policies want to know', () => {
    const twice = ready([policy('keep'), keep('k', { exemptions: policy('keep').exemptions })]);
    expect(twice.inquiries).toHaveLength(1);
    expect(twice.view.exempt).toEqual([]);
  });
});

describe('a starting point that another source knows', () => {
  const start = (more: Partial<ElsewhereStart> = {}): ElsewhereStart => {
    const there = leaf('ended_at', { whenNull: 'not yet' });
    return { ...asked, kind: 'elsewhere', start: there, whenNone: 'keep', whenSeveral: 'keep', ...more };
  };
  const own = (from: ErasePolicy['start']): Task => ready([erase('own', { start: from })]);
  const at = (answer: ElsewhereAnswer): Facts => facts({ starts: [], elsewhere: [answer] });

  it('counts from there', () => {
    const task = own(start());
    expect(judged(task, at(found('2020-01-01 00:00:00')))).toMatchObject({
      verdict: 'erase',
      due: Date.UTC(2021, 0, 1),
    });
    expect(judged(task, at(found('2025-06-01 00:00:00'))).verdict).toBe('pending');
    expect(judged(task, at(found(null))).verdict).toBe('pending');
    expect(judged(task, at(found('2099-01-01 00:00:00'))).verdict).toBe('implausible');
  });

  it('is not known where nobody, or several, can be meant; the file may say otherwise', () => {
    const two = found('2020-01-01 00:00:00', '2025-06-01 00:00:00');
    expect(told(own(start()), at([]))).toBe('kept: shop.customer.ended_at: shop has no record of the person');
    expect(told(own(start()), at(two))).toBe(
      'kept: shop.customer.ended_at: shop has several records of the person, which differ',
    );
    expect(judged(own(start({ whenNone: 'unknown' })), at([])).verdict).toBe('undated');
    expect(judged(own(start({ whenSeveral: 'latest' })), at(two)).verdict).toBe('pending');
    const alike = found('2020-01-01 00:00:00', '2020-01-01 00:00:00');
    expect(judged(own(start()), at(alike)).verdict).toBe('erase');
  });

  it('still runs where one of several has not ended', () => {
    const task = own(start({ whenSeveral: 'latest' }));
    expect(judged(task, at(found('2020-01-01 00:00:00', null))).verdict).toBe('pending');
  });

  it('counts only records that meet the condition', () => {
    const task = own(start({ where: is('b2b') }));
    const others = [{ met: false, start: '2020-01-01 00:00:00' }];
    expect(judged(task, at(others)).verdict).toBe('unknown elsewhere');
  });

  it('speaks for a whole list while it is silent, and lets the next stand in where it says "unknown"', () => {
    const local = leaf('created_at');
    const list = (kind: 'latest of' | 'first known of', more: Partial<ElsewhereStart> = {}): Task =>
      own({ kind, of: [start(more), local] });
    const one = (answer: ElsewhereAnswer): Facts => facts({ elsewhere: [answer] });
    expect(judged(list('first known of'), one([])).verdict).toBe('unknown elsewhere');
    expect(judged(list('latest of'), one('unreachable')).verdict).toBe('unknown elsewhere');
    expect(judged(list('first known of', { whenNone: 'unknown' }), one([])).verdict).toBe('erase');
    expect(judged(list('latest of'), one(found('2025-06-01 00:00:00'))).verdict).toBe('pending');
  });

  it('is spooled and dated by the value that it rests on', () => {
    const judge = createJudge(own(start({ whenSeveral: 'latest' })), { asOf, holds: [] });
    const raw = judge.startRaw(at(found('2019-01-01 00:00:00', '2020-01-01 00:00:00')));
    expect(raw).toEqual(['2020-01-01 00:00:00']);
    expect([judge.startDayOf(raw), judge.promisedDayOf(raw, 0)]).toEqual(['2020-01-01', '2021-01-07']);
    expect(judge.startRaw(at('unreachable'))).toEqual([null]);
  });

  it('lets no pre-filter leave a record out by what it does not know', () => {
    expect(own(start()).view.startTree).toEqual({ kind: 'latest of', of: [] });
    const list = own({ kind: 'first known of', of: [start(), leaf('created_at')] });
    expect(list.view.startTree).toEqual({
      kind: 'first known of',
      of: [
        { kind: 'latest of', of: [] },
        { kind: 'column', index: 0 },
      ],
    });
    expect(windows(list, asOf).map((one) => one.index)).toEqual([0]);
  });

  it('is part of what the policy means', () => {
    const text = policyText(own(start()));
    expect(text).toContain('"table":"customers"');
    expect(text).not.toBe(policyText(own(start({ whenNone: 'unknown' }))));
  });
});

describe('answers of another source', () => {
  const task = ready([
    erase('own', {
      exemptions: [{ name: 'c', elsewhere: { ...asked, where: is('active'), whenNone: 'keep' } }],
    }),
  ]);
  const [inquiry] = task.inquiries;
  const row = (email: string, active: boolean, more: Partial<Facts> = {}): Facts =>
    facts({ starts: [], truths: [active], subjects: [email], ...more });

  it('are looked up and told apart by the normalised identifier', () => {
    expect(lookedUp(inquiry!, task, facts({ subjects: [' Ann@X.dk'] }))).toBe('ann@x.dk');
    expect(lookedUp(inquiry!, task, facts({ subjects: [null] }))).toBe('');
    expect([
      ...answersBy(inquiry!, [row('ANN@x.dk', false), row('bo@x.dk', true), row('ann@x.dk', true)]),
    ]).toEqual([
      [
        'ann@x.dk',
        [
          { met: false, start: null },
          { met: true, start: null },
        ],
      ],
      ['bo@x.dk', [{ met: true, start: null }]],
    ]);
  });

  it('that cannot be read are none, and every row of a record counts', () => {
    const lost = row('ann@x.dk', true, { unreadable: ['attribs'] });
    expect([...answersBy(inquiry!, [row('ann@x.dk', true), lost, row('ann@x.dk', true)])]).toEqual([
      ['ann@x.dk', 'unreachable'],
    ]);
    const many = row('bo@x.dk', false, { also: [row('bo@x.dk', true)] });
    expect(answersBy(inquiry!, [many]).get('bo@x.dk')).toHaveLength(2);
  });
});

describe('what is done instead', () => {
  const instead = { when: is('invoiced'), set: [], dependents: [] };
  const task = ready([erase('own', { stages: [stage(rule('after', { months: 12 }), { instead })] })]);
  const one = (invoiced: boolean, anonymised = false): Facts =>
    facts({ truths: [!invoiced, invoiced], done: [false, anonymised] });

  it('is a stage of its own, with the opposite condition', () => {
    expect(task.view.stages.map(({ action, when, at }) => [action.kind, when, at])).toEqual([
      ['delete', { kind: 'not', of: is('invoiced') }, []],
      ['anonymise', is('invoiced'), ['anonymise instead']],
    ]);
  });

  it('happens while the condition holds; then the record is done, and deleted once it no longer holds', () => {
    expect(judged(task, one(true))).toMatchObject({ verdict: 'erase', stage: 1 });
    expect(judged(task, one(true, true)).verdict).toBe('done');
    expect(judged(task, one(false, true))).toMatchObject({ verdict: 'erase', stage: 0, overdue: true });
  });

  it('makes no other policy wait for a deletion that does not come', () => {
    const own = erase('own', { stages: [stage(rule('after', { months: 18 }))] });
    const rival = erase('rival', { stages: [stage(rule('after', { months: 12 }), { instead })] });
    const rivals = ready([own, rival]);
    const [invoiced, not] = [facts({ truths: [false, true] }), facts({ truths: [true, false] })];
    expect([judged(rivals, invoiced).verdict, judged(rivals, not).verdict]).toEqual(['erase', 'other rule']);
  });
});

describe('text that should be JSON and is not', () => {
  it('keeps the record, whatever else was read', () => {
    const task = ready([erase('own')]);
    const one = facts({ unreadable: ['attribs'] });
    expect(judged(task, one)).toMatchObject({
      verdict: 'unreadable',
      reasons: [{ kind: 'unreadable', columns: ['attribs'] }],
    });
    expect(told(task, one)).toBe('kept: attribs should hold JSON and does not');
    expect(judged(task, facts({ unreadable: [] })).verdict).toBe('erase');
  });
});

describe('rows that are one record', () => {
  const task = ready([erase('own', { where: is('lead') })], { ...contact, repeats: true });
  const row = (year: string, more: Partial<Facts> = {}): Facts =>
    facts({ starts: [`${year}-06-01 00:00:00`], truths: [true], ...more });
  const together = (...rows: Facts[]): Facts => ({ ...rows[0]!, also: rows.slice(1) });

  it('go when the last of them is due', () => {
    const [old, older, fresh] = [row('2023'), row('2020'), row('2025')];
    expect(judged(task, together(older, old))).toMatchObject({ verdict: 'erase', due: Date.UTC(2024, 5, 1) });
    expect(judged(task, together(old, older))).toMatchObject({ verdict: 'erase', due: Date.UTC(2024, 5, 1) });
    expect(judged(task, together(old, fresh)).verdict).toBe('pending');
    expect(judged(task, together(fresh, old)).verdict).toBe('pending');
  });

  it('are dated by the row that decides', () => {
    const judge = createJudge(task, { asOf, holds: [] });
    expect(judge.startRaw(together(row('2020'), row('2023')))).toEqual(['2023-06-01 00:00:00']);
  });

  it('stay together with one that the policy is not about, that is held, or cannot be read', () => {
    const others = [row('2020', { truths: [false] }), row('2020', { unreadable: ['x'] })];
    expect(others.map((one) => judged(task, together(row('2020'), one)).verdict)).toEqual([
      'out of scope',
      'unreadable',
    ]);
    const hold = { id: 'h', kind: 'hold' as const, subjects: [['email', 'bo@x.dk'] as const] };
    const judge = createJudge(task, { asOf, holds: [hold] });
    const shared = together(row('2020'), row('2020', { subjects: ['bo@x.dk'] }));
    expect(judge.verdict(shared).verdict).toBe('held');
  });

  it('do not wait for one that is done', () => {
    const done = row('2020', { done: [true] });
    expect(judged(task, together(done, row('2021'))).verdict).toBe('erase');
    expect(judged(task, together(done, done)).verdict).toBe('done');
  });

  it('take the step that all of them have come to', () => {
    const anonymise = stage(rule('after', { months: 6 }), { action: { kind: 'anonymise', set: [] } });
    const staged = ready([erase('own', { stages: [anonymise, stage(rule('after', { months: 24 }))] })], {
      ...contact,
      repeats: true,
    });
    const at = (year: string): Facts => facts({ starts: [`${year}-01-01 00:00:00`], done: [false, false] });
    expect(judged(staged, together(at('2020'), at('2025'))).stage).toBe(0);
    expect(judged(staged, together(at('2025'), at('2020'))).stage).toBe(0);
    expect(judged(staged, together(at('2020'), at('2021'))).stage).toBe(1);
  });

  it('are all read: no window leaves one of them out', () => {
    expect(windows(task, asOf)).toEqual([]);
  });
});
