/** Holds on records and on policies, and the grace of those that were released, as the judge takes them. */
import { describe, expect, it } from '@jest/globals';
import { unknownToFile, withHeldRecords } from '../../src/policy/held.ts';
import { createJudge, type Disposition, type Hold } from '../../src/policy/judge.ts';
import type { Facts, Policy, RecordType } from '../../src/policy/policy.ts';
import { compileViews, withEncodings, type Task } from '../../src/policy/view.ts';
import { contact, erase, fileOf, rule, stage } from './policies.ts';

const AS_OF = Date.UTC(2026, 0, 1);
const CONTROLLER = 'Eksempel A/S';

const taskOf = (policies: Policy[], records?: readonly RecordType[]): Task => {
  const [task] = compileViews(fileOf(policies, records));
  return withEncodings(
    task!,
    task!.view.starts.map(() => ({ kind: 'instant' })),
  );
};
const factsOf = (task: Task, more: Partial<Facts> = {}): Facts => ({
  key: ['42'],
  starts: ['2020-01-01 00:00:00'],
  truths: task.view.conditions.map(() => false),
  subjects: task.view.record.subjects.map(() => 'ann@x.dk'),
  done: [false],
  ...more,
});
const judged = (task: Task, holds: readonly Hold[], facts: Partial<Facts> = {}): Disposition =>
  createJudge(task, { asOf: AS_OF, holds }).judge(factsOf(task, facts));

const on = (record: string, key: readonly string[], more: Partial<Hold> = {}): Hold => ({
  id: 'h',
  kind: 'hold',
  subjects: [],
  records: [{ controller: CONTROLLER, source: 'crm', record, key }],
  ...more,
});

describe('a hold on a record', () => {
  const task = taskOf([erase('own')]);

  it('keeps that record and no other, and makes nobody unknown', () => {
    expect(judged(task, [on('contact', ['42'])]).reasons[0]).toEqual({
      kind: 'held',
      hold: 'h',
      restriction: false,
    });
    expect(judged(task, [on('contact', ['43'])]).verdict).toBe('erase');
    expect(judged(task, [on('contact', ['43'])], { subjects: [null] }).verdict).toBe('erase');
  });

  it('is on the record of one controller, source and type', () => {
    const [record] = on('contact', ['42']).records!;
    for (const other of [{ controller: 'Andre A/S' }, { source: 'ats' }, { record: 'lead' }]) {
      expect(judged(task, [on('contact', ['42'], { records: [{ ...record!, ...other }] })]).verdict).toBe(
        'erase',
      );
    }
  });

  it('tells keys of several columns apart', () => {
    const member: RecordType = { ...contact, key: ['team', 'id'] };
    const several = taskOf([erase('own')], [member]);
    const key = ['1', '23'];
    expect(judged(several, [on('contact', key)], { key }).verdict).toBe('held');
    expect(judged(several, [on('contact', ['12', '3'])], { key }).verdict).toBe('erase');
  });

  it('restricts as it holds, and says so', () => {
    expect(judged(task, [on('contact', ['42'], { kind: 'restriction' })]).reasons[0]).toMatchObject({
      kind: 'held',
      restriction: true,
    });
  });
});

describe('a hold on a record of another type', () => {
  const ticket: RecordType = { ...contact, name: 'ticket', table: 'tickets', subjects: [] };
  const person: RecordType = { ...contact, name: 'person', table: 'people', key: ['no'] };
  const lead: RecordType = { ...contact, name: 'lead' };
  const owner: RecordType = {
    ...contact,
    parts: [{ name: 'person', table: 'people', match: [{ theirs: 'no', ours: 'person_no' }], scope: [] }],
    related: [
      {
        name: 'tickets',
        table: 'tickets',
        match: [{ theirs: 'contact_id', ours: 'id' }],
        scope: [],
        where: { kind: 'all', of: [] },
      },
    ],
  };
  const all = [owner, ticket, person, lead];
  const deletesTickets = erase('own', {
    stages: [stage(rule('after', { months: 12 }), { dependents: [{ kind: 'delete', related: 'tickets' }] })],
  });
  const task = taskOf([deletesTickets], all);

  it('asks the source for it wherever its row would go with the record', () => {
    const holds = ['ticket', 'person', 'lead'].map((name) => on(name, ['7'], { id: name }));
    const asking = withHeldRecords(task, holds);
    expect(asking.view.conditions.slice(task.view.conditions.length)).toEqual([
      {
        kind: 'related',
        quantifier: 'exists',
        related: 'tickets',
        where: { kind: 'all', of: [{ kind: 'is', column: 'id', values: ['7'], asRead: true }] },
      },
      { kind: 'all', of: [{ kind: 'is', column: 'no', part: 'person', values: ['7'], asRead: true }] },
      { kind: 'all', of: [{ kind: 'is', column: 'id', values: ['7'], asRead: true }] },
    ]);
    expect(judged(asking, holds).verdict).toBe('erase');
    holds.forEach((hold, i) => {
      const truths = asking.view.conditions.map((_, at) => at === task.view.conditions.length + i);
      expect(judged(asking, holds, { truths }).reasons.filter((one) => one.kind === 'held')).toEqual([
        { kind: 'held', hold: hold.id, restriction: false },
      ]);
    });
  });

  it('keeps what may have it in it while the source has not been asked: the hold came later', () => {
    const earlier = withHeldRecords(task, [on('ticket', ['7'], { id: 'earlier' })]);
    const holds = [on('ticket', ['7'], { id: 'earlier' }), on('ticket', ['8'], { id: 'later' })];
    expect(judged(earlier, holds).reasons[0]).toEqual({ kind: 'subject unknown', holds: ['later'] });
  });

  it('leaves a task alone whose records cannot have it in them', () => {
    const keeps = taskOf([erase('own')], all);
    const holds = [on('ticket', ['7'])];
    expect(withHeldRecords(keeps, holds)).toBe(keeps);
    expect(judged(keeps, holds).verdict).toBe('erase');
  });

  it('keeps all whose cascades may take it along', () => {
    const cascading = taskOf([erase('own', { acknowledgedCascades: ['tickets'] })], [contact, ticket]);
    expect(judged(cascading, [on('ticket', ['7'])]).verdict).toBe('subject unknown');
  });

  it('keeps all that may be part of a held record, or where a pattern names the table', () => {
    const [people] = compileViews(fileOf([erase('own', { record: 'person' })], all));
    const parts = withEncodings(people!, [{ kind: 'instant' }]);
    expect(judged(parts, [on('contact', ['7'])]).verdict).toBe('subject unknown');
    const archive: RecordType = { ...lead, name: 'old', table: 'contac*' };
    const patterned = taskOf([erase('own')], [contact, archive]);
    expect(judged(patterned, [on('old', ['ts', '7'])]).verdict).toBe('subject unknown');
  });

  it('asks for some and keeps the rest where very many are held', () => {
    const holds = Array.from({ length: 60 }, (_, i) => on('ticket', [String(i)], { id: `h-${String(i)}` }));
    const asking = withHeldRecords(task, holds);
    expect(asking.view.conditions).toHaveLength(task.view.conditions.length + 50);
    expect(judged(asking, holds).verdict).toBe('subject unknown');
  });

  it('knows a file by its path, whichever type of files it belongs to', () => {
    const log: RecordType = {
      ...contact,
      name: 'log',
      table: 'logs/*.log',
      files: true,
      key: ['path'],
      subjects: [],
    };
    const any: RecordType = { ...log, name: 'any', table: 'logs/*' };
    const files = taskOf([erase('own', { record: 'log' })], [log, any]);
    const key = ['logs/a.log'];
    expect(judged(files, [on('any', key)], { key }).verdict).toBe('held');
    expect(judged(files, [on('any', ['logs/b.log'])], { key }).verdict).toBe('erase');
  });
});

describe('a hold on a person whom a part of the record is about', () => {
  const person: RecordType = { ...contact, name: 'person', table: 'people' };
  const owner: RecordType = {
    ...contact,
    subjects: [{ kind: 'member', column: 'member_no', normalise: 'exact' }],
    parts: [{ name: 'who', table: 'people', match: [{ theirs: 'id', ours: 'person_id' }], scope: [] }],
  };
  const hold: Hold = { id: 'h', kind: 'hold', subjects: [['email', 'Ann@x.dk']] };

  it('reaches the record by the identifiers of the record type of the part', () => {
    const task = taskOf([erase('own')], [owner, person]);
    expect(task.view.record.subjects).toEqual([
      ...owner.subjects,
      { kind: 'email', column: 'email', part: 'who', normalise: 'lowercase' },
    ]);
    const verdicts = ['ann@x.dk', 'bob@x.dk', null].map(
      (email) => judged(task, [hold], { subjects: ['7', email] }).verdict,
    );
    expect(verdicts).toEqual(['held', 'erase', 'subject unknown']);
    // What the trail commits to is what the record type itself declares.
    expect(task.ownSubjects).toBe(1);
  });

  it('adds nothing where the record type declares the same', () => {
    const email = { kind: 'email', column: 'email', part: 'who', normalise: 'lowercase' } as const;
    const task = taskOf([erase('own')], [{ ...owner, subjects: [email] }, person]);
    expect(task.view.record.subjects).toEqual([email]);
  });
});

describe('a hold on a policy', () => {
  const hold = (policy: string, controller = CONTROLLER): Hold => ({
    id: 'h',
    kind: 'hold',
    subjects: [],
    policies: [{ controller, policy }],
  });

  it('keeps all that the policy would erase, of this controller', () => {
    const task = taskOf([erase('own')]);
    expect(judged(task, [hold('own')], { subjects: [null] }).verdict).toBe('held');
    expect(judged(task, [hold('other')]).verdict).toBe('erase');
    expect(judged(task, [hold('own', 'Andre A/S')]).verdict).toBe('erase');
    // A policy on `crm.*` is one for each record type.
    expect(judged(taskOf([erase('own/contact')]), [hold('own')]).verdict).toBe('held');
    expect(judged(taskOf([erase('owner')]), [hold('own')]).verdict).toBe('erase');
  });

  it('is told apart from one on nothing, which keeps everything', () => {
    const task = taskOf([erase('own')]);
    expect(judged(task, [{ id: 'h', kind: 'hold', subjects: [] }]).verdict).toBe('subject unknown');
  });
});

describe('a hold that was released', () => {
  const task = taskOf([erase('own')]);
  const holds = (until: string): Hold[] => [
    { id: 'h', kind: 'hold', subjects: [['email', 'ann@x.dk']], until },
  ];

  it('keeps what it covered until its grace is over, to the second', () => {
    expect(judged(task, holds('2026-01-01T00:00:00.001Z')).reasons[0]).toEqual({
      kind: 'held',
      hold: 'h',
      restriction: false,
      until: AS_OF + 1,
    });
    expect(judged(task, holds('2026-01-01T00:00:00.000Z')).verdict).toBe('erase');
    expect(judged(task, holds('2026-01-08T00:00:00.000Z'), { subjects: [null] }).verdict).toBe(
      'subject unknown',
    );
  });

  it('never ends at a moment that does not read', () => {
    expect(judged(task, holds('soon')).verdict).toBe('held');
  });
});

describe('unknownToFile', () => {
  it('names what a hold is on and the file does not have, of its own controller', () => {
    const holds: Hold[] = [
      on('contact', ['1'], { id: 'known' }),
      on('kontakt', ['1'], { id: 'type' }),
      { id: 'policy', kind: 'hold', subjects: [], policies: [{ controller: CONTROLLER, policy: 'renamed' }] },
      { id: 'theirs', kind: 'hold', subjects: [], policies: [{ controller: 'Andre', policy: 'x' }] },
    ];
    expect(unknownToFile(fileOf([erase('own')]), holds)).toEqual([
      { hold: 'type', what: 'record type crm.kontakt' },
      { hold: 'policy', what: 'policy renamed' },
    ]);
  });
});
