/** The constructs that real schemas need, as they are read, and as frist says that it understood them. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { explainPolicy } from '../../../src/policy/explain/policy.ts';
import { explainRecord } from '../../../src/policy/explain/record.ts';
import type { ErasePolicy, RecordType } from '../../../src/policy/policy.ts';
import { compileViews } from '../../../src/policy/view.ts';
import { edit, parse, problemsOf } from './base.ts';

const REAL = readFileSync(join(import.meta.dirname, 'real.yaml'), 'utf8');
const { file, warnings } = parse(REAL);

const [crm, ats] = file.sources;
const [applicant, archived] = (ats?.records ?? []) as readonly [RecordType, RecordType];
const [applicants, archive] = file.policies as readonly [ErasePolicy, ErasePolicy];
const ALWAYS = { kind: 'all', of: [] };
const scope = [{ column: 'site_id', value: 7 }];

describe('record types', () => {
  it('have parts, a discriminator, and selections', () => {
    expect(warnings).toEqual([]);
    expect(applicant).toMatchObject({
      where: {
        kind: 'all',
        of: [
          { kind: 'selected', selection: 'not imported' },
          { kind: 'is', column: 'entry_type', values: ['applicant'] },
        ],
      },
      parts: [
        { name: 'person', table: 'people', match: [{ theirs: 'id', ours: 'person_id' }], scope: [] },
        {
          name: 'address',
          table: 'addresses',
          match: [{ theirs: 'id', ours: 'address_id', part: 'person' }],
          scope,
        },
      ],
      subjects: [
        { kind: 'email', part: 'person', column: 'email', normalise: 'lowercase' },
        { kind: 'number', part: 'address', column: 'attribs', path: ['no'], normalise: 'exact' },
      ],
      selections: [{ name: 'not imported', sql: 'SELECT entry_id FROM imports WHERE batch IS NULL' }],
    });
  });

  it('have related rows of every kind', () => {
    const related = Object.fromEntries(applicant.related.map(({ name, ...rest }) => [name, rest]));
    const own = { theirs: 'entry_id', ours: 'entry_id' };
    expect(related).toEqual({
      applications: {
        table: 'applications',
        match: [own],
        scope,
        where: { kind: 'related', quantifier: 'none', related: 'withdrawals', where: ALWAYS },
      },
      withdrawals: {
        table: 'withdrawals',
        of: 'applications',
        match: [{ theirs: 'application_id', ours: 'id' }],
        scope,
        where: ALWAYS,
      },
      changes: {
        table: 'status_history',
        of: 'applications',
        match: [{ theirs: 'application_id', ours: 'id' }],
        scope,
        where: ALWAYS,
      },
      consent: {
        table: 'extra_fields',
        match: [{ theirs: 'item_id', ours: 'entry_id' }],
        scope,
        where: {
          kind: 'all',
          of: [
            { kind: 'is', column: 'name', values: ['consent'] },
            { kind: 'is', column: 'value', values: ['yes'] },
          ],
        },
      },
      messages: {
        table: 'messages',
        match: [{ theirs: 'from_id', ours: 'entry_id' }],
        orMatch: [
          [
            { theirs: 'to_id', ours: 'entry_id' },
            { theirs: 'kind', ours: 'kind' },
          ],
        ],
        scope,
        where: ALWAYS,
      },
      'opt-outs': {
        table: 'unsubscribed',
        match: [{ theirs: 'email', ours: 'email', part: 'person' }],
        ignoreCase: true,
        scope,
        where: ALWAYS,
      },
      'log lines': {
        table: 'history',
        match: [{ theirs: 'url', ours: 'entry_id', inText: { before: 'entry=', after: '&' } }],
        scope,
        where: ALWAYS,
      },
      links: { table: 'entry_events', match: [own], scope, where: ALWAYS },
      events: {
        table: 'events',
        of: 'links',
        match: [{ theirs: 'id', ours: 'event_id' }],
        scope,
        where: ALWAYS,
      },
      payroll: {
        table: 'payroll',
        match: [{ theirs: 'person_no', ours: 'number', part: 'person' }],
        scope,
        where: ALWAYS,
      },
    });
  });

  it('have patterns of tables, several rows for one record, and names in backticks', () => {
    expect(archived).toMatchObject({
      table: 'chat_*_archive',
      repeats: true,
      subjects: [{ kind: 'email', column: 'a.b' }],
      related: [{ table: 'chat_*_files' }],
    });
    expect(applicant.repeats).toBeUndefined();
  });

  it('stand beside what is left alone knowingly', () => {
    expect(crm?.notCovered).toEqual([
      { table: 'staff', reason: 'Employees' },
      { table: 'public.orders', column: 'note', reason: 'never personal' },
    ]);
    expect(ats).not.toHaveProperty('notCovered');
  });
});

describe('policies', () => {
  it('start in a history, and have conditions on JSON, parts, counts and rows of rows', () => {
    expect(applicants.start).toMatchObject({
      kind: 'column',
      column: 'changed_at',
      maxOf: { related: 'changes', where: { column: 'to_status', values: ['rejected', 'withdrawn'] } },
    });
    expect(applicants.where).toEqual({
      kind: 'all',
      of: [
        { kind: 'is', column: 'attribs', path: ['origin', '0'], values: ['web'] },
        { kind: 'is', part: 'person', column: 'died_on', values: [null] },
      ],
    });
    expect(applicants.exemptions.slice(1)).toEqual([
      {
        name: 'still applying',
        condition: {
          kind: 'count',
          related: 'applications',
          op: '>=',
          number: 2,
          where: {
            kind: 'related',
            quantifier: 'exists',
            related: 'changes',
            where: { kind: 'is', column: 'open', values: [true] },
          },
        },
      },
      {
        name: 'customer',
        elsewhere: {
          source: 'crm',
          record: 'customer',
          by: 'email',
          where: { kind: 'is', column: 'active', values: [true] },
          whenNone: 'not met',
        },
      },
    ]);
  });

  it('erase shared rows, some of the rows, and files', () => {
    const [stage] = applicants.stages;
    const mails = { root: 's3://mails/2026', path: [{ column: 'file_name' }] };
    expect(stage?.dependents).toEqual([
      { related: 'events', kind: 'delete', unlessOwned: ['links'] },
      { related: 'links', kind: 'delete' },
      {
        related: 'messages',
        where: { kind: 'is', column: 'private', values: [true] },
        kind: 'delete',
        files: mails,
      },
      { related: 'messages', kind: 'keep' },
      { related: 'changes', kind: 'delete' },
      { related: 'applications', kind: 'delete' },
    ]);
    expect(stage?.files).toEqual({
      root: '/srv/portraits',
      path: [{ part: 'person', column: 'folder' }, '/', { column: 'photo' }, '.jpg'],
    });
  });

  it('anonymise instead, in every way', () => {
    const set = applicants.stages[0]?.instead?.set;
    expect(set?.map(({ with: by, ...field }) => [field, by])).toEqual([
      [{ column: 'title' }, { kind: 'constant', value: null }],
      [
        { part: 'person', column: 'name' },
        { kind: 'keep first', characters: 1 },
      ],
      [
        { part: 'person', column: 'born_on' },
        { kind: 'generalise', to: 'decade' },
      ],
      [
        { part: 'person', column: 'salary' },
        { kind: 'round', to: 1000 },
      ],
      [
        { part: 'person', column: 'email' },
        { kind: 'keep domain', local: 'erased-{key}' },
      ],
      [
        { column: 'remarks' },
        {
          kind: 'redact',
          patterns: [{ named: 'email' }, { named: 'cpr' }, { matching: 'K-\\d+' }],
          with: '[x]',
        },
      ],
      [{ column: 'notes' }, { kind: 'redact', patterns: [{ named: 'phone' }], with: '…' }],
      [{ column: 'attribs', path: ['nick/name'] }, { kind: 'remove' }],
      [
        { column: 'attribs', path: ['phone'] },
        { kind: 'constant', value: '' },
      ],
    ]);
  });

  it('start elsewhere', () => {
    expect(archive.start).toMatchObject({
      kind: 'latest of',
      of: [
        { column: 'stored_at', minOf: { related: 'files', where: ALWAYS } },
        {
          kind: 'elsewhere',
          source: 'crm',
          record: 'customer',
          by: 'email',
          where: { column: 'kind', values: ['former'] },
          start: { column: 'attribs', path: ['ended'], encoding: { kind: 'date' }, whenNull: 'not yet' },
          whenNone: 'unknown',
          whenSeveral: 'latest',
        },
        { column: 'sent_at' },
      ],
    });
  });

  it('become what is asked of sources', () => {
    const [first, second] = compileViews(file);
    expect(first?.view.stages.map((stage) => [stage.action.kind, stage.at])).toEqual([
      ['delete', []],
      ['anonymise', ['anonymise instead']],
    ]);
    expect(second?.inquiries.map(({ view, ours, theirs }) => [view.record.name, ours, theirs])).toEqual([
      ['customer', 0, 0],
    ]);
  });
});

describe('read aloud', () => {
  it('says the hard case', () => {
    expect(explainPolicy(applicants)).toEqual([
      'It keeps the promise "IM-10: Applications are erased within 3 months of the rejection, unless you let us keep them".',
      'Records of ats.applicant are deleted within 3 months of changes.changed_at where to_status is “rejected” or “withdrawn”, beginning 2 days before the end.',
      'With them go, in this order: events (delete, unless links still refer to them), links (delete), messages with private is true (delete, with their files in s3://mails/2026), messages (keep), changes (delete), applications (delete).',
      'With it goes the file /srv/portraits/{person.folder}/{photo}.jpg.',
      'While there are payroll, they are anonymised instead: title (empty), person.name (only its first character), person.born_on (only its decade), person.salary (rounded down to a multiple of 1000), person.email (“erased-{key}” at the same domain), remarks (email, cpr, what matches “K-\\d+” in it replaced by “[x]”), notes (phone in it replaced by “…”), attribs/nick~1name (removed), attribs/phone (empty).',
      'With them go, in this order: opt-outs (delete), log lines (delete), payroll (keep).',
      'With it goes the file /srv/portraits/{photo:1-2}/{photo}.jpg.',
      'It is about records where attribs/origin/0 is “web” and person.died_on is empty.',
      'It does not apply where there are consent: consent.',
      'It does not apply where there are at least 2 applications with there are changes with open is true: still applying.',
      'It does not apply where crm.customer with active is true has the same email: customer. Where crm cannot be asked, the record is kept and reported.',
    ]);
  });

  it('says what the records are', () => {
    expect(explainRecord(applicant)).toEqual([
      'A record is a row of entries where site_id is 7, and it is among those selected as not imported and entry_type is “applicant”, with its row of people (person) and its row of addresses (address).',
      'It is about the person with that email in person.email, or number in address.attribs/no.',
      'applications are rows of applications with there are no withdrawals whose entry_id is its entry_id.',
      'withdrawals are rows of withdrawals whose application_id is the id of applications.',
      'changes are rows of status_history whose application_id is the id of applications.',
      'consent are rows of extra_fields with name is “consent” and value is “yes” whose item_id is its entry_id.',
      'messages are rows of messages whose from_id is its entry_id, or whose to_id is its entry_id and kind is its kind.',
      'opt-outs are rows of unsubscribed whose email is its person.email, whatever letters are capitals.',
      'log lines are rows of history whose url holds “entry={entry_id}&”.',
      'links are rows of entry_events whose entry_id is its entry_id.',
      'events are rows of events whose id is the event_id of links.',
      'payroll are rows of payroll whose person_no is its person.number.',
    ]);
    expect(explainRecord(archived).slice(0, 2)).toEqual([
      'All rows of every table chat_*_archive with one room and sent_at are a record.',
      'It is about the person with that email in `a.b`.',
    ]);
  });

  it('says what a start elsewhere comes to', () => {
    expect(explainPolicy(archive)).toEqual([
      'Records of ats.archived are deleted 24 months after the latest of the earliest files.stored_at, attribs/ended of crm.customer with kind is “former” with the same email, sent_at, at the latest 7 days later.',
      'Where crm cannot be asked, the record is kept and reported.',
    ]);
  });
});

describe('what reads a column', () => {
  it('lets a natural key go with the rows that it finds, and only with them', () => {
    const text = edit(REAL, '        - delete: opt-outs\n', '');
    expect(problemsOf(text)).toMatchObject([
      {
        code: 'protected-column',
        path: ['policies', 'applicants', 'anonymise instead', 'set', 'person.email'],
      },
    ]);
    const some = edit(
      REAL,
      '        - delete: opt-outs\n',
      '        - delete: opt-outs\n          where: { list: 1 }\n',
    );
    expect(problemsOf(some).map((one) => one.code)).toEqual(['protected-column']);
  });

  it('tells records of one table apart by what makes them so', () => {
    const statute = `  statute:
    records: ats.hired
    start: signed_on
    keep: 5 years
`;
    const hired = (type: string): string =>
      edit(
        `${REAL}${statute}`,
        '      archived:\n',
        `      hired: { table: Entries, key: entry_id, where: { entry_type: ${type} }, subject: none }\n      archived:\n`,
      );
    expect(problemsOf(hired('employee'))).toEqual([]);
    expect(problemsOf(hired('applicant')).map((one) => one.code)).toEqual(['keep-bypassed']);
    expect(problemsOf(hired('[employee, applicant]')).map((one) => one.code)).toEqual(['keep-bypassed']);
  });

  it('sees kept rows in tables that a pattern may mean', () => {
    const statute = '  statute:\n    records: ats.files\n    start: stored_at\n    keep: 5 years\n';
    const kept = (table: string): readonly string[] => {
      const text = edit(
        `${REAL}${statute}`,
        '      archived:\n',
        `      files: { table: ${table}, key: id, subject: none }\n      archived:\n`,
      );
      const deleting = edit(
        text,
        '    after: 24 months\n    action: delete\n',
        '    after: 24 months\n    action: delete\n    dependents:\n      - delete: files\n',
      );
      return problemsOf(deleting).map((one) => one.code);
    };
    expect(['chat_2024_files', 'Chat_*', 'chats_2024_files', 'chat_2024_archive'].map(kept)).toEqual([
      ['keep-bypassed'],
      ['keep-bypassed', 'keep-bypassed'],
      [],
      ['keep-bypassed'],
    ]);
  });
});
