/** What goes with a record: over chains, by either column, shared, in parts; and what is derived from what was there. */
import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import type { Connector } from '../../../src/connectors/connector.ts';
import type { RecordType, Replacement, Replacements, Stage } from '../../../src/policy/policy.ts';
import { BIG, BIG_NEIGHBOUR } from './fixture.ts';
import type { Harness, Row } from './harness.ts';
import type { Snapshot } from './support.ts';
import { ON, edited, eraseOnce, factsOf, patiently, snapshot } from './support.ts';
import { ALL, PERSON, PERSON_AROUND, UNNAME, is, relatedRows, stage, view } from './views.ts';

/** A person with their profile as a part; nobody else has it. */
const WITH_PROFILE: RecordType = { ...PERSON_AROUND, parts: (PERSON_AROUND.parts ?? []).slice(0, 1) };

/** Remarks are shared: written in a thread of remarks, and deleted when no answer is left. */
const AROUND: RecordType = {
  ...PERSON,
  related: [
    ...PERSON_AROUND.related.filter((one) => one.name !== 'sponsored'),
    { name: 'clubs', table: 'memberships', match: [{ theirs: 'person_id', ours: 'id' }], scope: [], where: ALL },
    { name: 'club badges', table: 'badges', of: 'clubs', match: [{ theirs: 'org', ours: 'org' }], scope: [], where: is('person_id', null) },
    { name: 'badge notes', table: 'notes', of: 'club badges', match: [{ theirs: 'id', ours: 'id' }], scope: [], where: ALL },
    { name: 'all of the club', table: 'memberships', of: 'club badges', match: [{ theirs: 'org', ours: 'org' }], scope: [], where: ALL },
  ],
}; // prettier-ignore

type Edit = (row: Row) => Row | null;
const without = (column: string, ...values: readonly string[]): Edit => (row) => values.includes(row[column] ?? '') ? null : row; // prettier-ignore

export function going(open: () => Harness): void {
  let connector: Connector;
  let before: Snapshot;
  beforeAll(() => {
    connector = open().connect();
  });
  beforeEach(async () => {
    await open().reset();
    before = await snapshot(open());
  });
  afterAll(async () => {
    await connector.close();
  });

  const expectNow = async (edits: Readonly<Record<string, Edit>>): Promise<void> => {
    expect(await snapshot(open())).toEqual(edited(before, edits));
  };
  const anonymising = (...dependents: Stage['dependents']): Stage => stage(UNNAME, ...dependents);
  const unnamed: Edit = (row) => (row['id'] === '1' ? { ...row, name: null } : row);

  it('deletes over a chain what belongs to the records, and nothing that hangs on other links', async () => {
    const deleting = view({
      record: PERSON_AROUND,
      stages: [
        anonymising({ related: 'message files', kind: 'delete' }, { related: 'messages', kind: 'delete' }),
      ],
    });
    const record = { ...deleting, record: { ...deleting.record, parts: [] } };
    const plain = view({ record: AROUND, stages: record.stages });
    const { outcomes, dependents } = await eraseOnce(connector, plain, [['1']]);
    expect(outcomes).toEqual(['erased']);
    expect(dependents.get('message files')?.deleted).toBe(1);
    await expectNow({
      people: unnamed,
      attachments: without('id', '1'),
      messages: (row) => (row['person_id'] === '1' && row['tenant_id'] === '7' ? null : row),
    });
    const read = await patiently(() => connector.read(plain, [['1'], ['101']], ON));
    expect([factsOf(read, '1').done, factsOf(read, '101').done]).toEqual([[true], [false]]);
  });

  it('deletes only the rows that the dependent chooses', async () => {
    const choosing = view({
      record: AROUND,
      stages: [anonymising({ related: 'notes', kind: 'delete', where: is('body', null) })],
    });
    await eraseOnce(connector, choosing, [['1'], ['2']]);
    await expectNow({
      people: (row) => (['1', '2'].includes(row['id'] ?? '') ? { ...row, name: null } : row),
      notes: without('id', '2'),
    });
  });

  it('deletes what holds the key in a text, and what holds a longer one not', async () => {
    const record = { ...AROUND, related: AROUND.related };
    const mentioning = view({ record, stages: [anonymising({ related: 'mentions', kind: 'delete' })] });
    await eraseOnce(connector, mentioning, [['1']]);
    // '…/1.0' ends the value with a full stop, which is no part of a word.
    await expectNow({ people: unnamed, links: without('id', '1', '3') });
  });

  it('deletes by a natural key in any case where that is said', async () => {
    const mailing = view({
      record: AROUND,
      stages: [anonymising({ related: 'mails in any case', kind: 'delete' })],
    });
    await eraseOnce(connector, mailing, [['1']]);
    await expectNow({ people: unnamed, mails: without('id', '1', '2', '3') });
  });

  it('detaches the columns by which a row refers, and not the others', async () => {
    const record: RecordType = {
      ...PERSON,
      related: [
        {
          name: 'notes or badges',
          table: 'notes',
          match: [{ theirs: 'person_id', ours: 'id' }],
          orMatch: [[{ theirs: 'body', ours: 'name' }]],
          scope: [],
          where: ALL,
        },
      ],
    };
    await open().update('notes', { id: '3' }, { body: 'Anna Secretname' });
    before = await snapshot(open());
    const detaching = view({ record, stages: [anonymising({ related: 'notes or badges', kind: 'detach' })] });
    const { dependents } = await eraseOnce(connector, detaching, [['1']]);
    expect(dependents.get('notes or badges')?.detached).toBe(3);
    await expectNow({
      people: unnamed,
      notes: (row) =>
        row['person_id'] === '1'
          ? { ...row, person_id: null }
          : row['id'] === '3'
            ? { ...row, body: null }
            : row,
    });
  });

  it('detaches to what means none, where a column has another word for it', async () => {
    const detaching = view({
      record: AROUND,
      stages: [anonymising({ related: 'notes', kind: 'detach', to: -1 })],
    });
    const { dependents } = await eraseOnce(connector, detaching, [['1']]);
    expect(dependents.get('notes')?.detached).toBe(2);
    await expectNow({
      people: unnamed,
      notes: (row) => (row['person_id'] === '1' ? { ...row, person_id: '-1' } : row),
    });
    const read = await patiently(() => connector.read(detaching, [['1']], ON));
    expect(factsOf(read, '1').done).toEqual([true]);
  });

  it('deletes shared rows, and what is theirs, when nobody is left who owns them, and counts them before', async () => {
    const sharing = view({
      record: AROUND,
      stages: [
        anonymising(
          { related: 'badge notes', kind: 'delete' },
          { related: 'club badges', kind: 'delete', unlessOwned: ['clubs'] },
          { related: 'clubs', kind: 'delete' },
        ),
      ],
    });
    const counts = async (...ids: readonly string[]): Promise<readonly unknown[]> => {
      const all = await patiently(() => connector.dependents(sharing, 0, ids.map((id) => [id]), ON)); // prettier-ignore
      return [all.get('club badges'), all.get('badge notes')];
    };
    // The note of a badge goes with it, and stays with it.
    expect(await counts('1')).toEqual([0, 0]);
    await eraseOnce(connector, sharing, [['1']]);
    const read = await patiently(() => connector.read(sharing, [['1']], ON));
    expect(factsOf(read, '1').done).toEqual([true]);
    await expectNow({ people: unnamed, memberships: without('person_id', '1') });
    await open().remove('memberships', { org: 'a', person_id: '12' });
    expect(await counts('2')).toEqual([1, 1]);
    before = await snapshot(open());
    const { dependents } = await eraseOnce(connector, sharing, [['2']]);
    expect(dependents.get('club badges')?.deleted).toBe(1);
    expect(dependents.get('badge notes')?.deleted).toBe(1);
    await expectNow({
      people: (row) => (row['id'] === '2' ? { ...row, name: null } : row),
      memberships: without('person_id', '2'),
      badges: without('id', '4'),
      notes: without('id', '4'),
    });
  });

  it('counts a row that is reached in two ways with the first that takes it, before and when it goes', async () => {
    const others = { name: 'written by', table: 'notes', match: [{ theirs: 'person_id', ours: 'id' }], scope: [], where: ALL }; // prettier-ignore
    const record = { ...AROUND, related: [...AROUND.related, others] };
    const dependents: Stage['dependents'] = [
      { related: 'notes', kind: 'delete', where: is('body', null) },
      { related: 'written by', kind: 'delete' },
    ];
    const twice = view({ record, stages: [anonymising(...dependents)] });
    const counts = await patiently(() => connector.dependents(twice, 0, [['1']], ON));
    expect(Object.fromEntries(counts)).toEqual({ notes: 1, 'written by': 1 });
    const result = await eraseOnce(connector, twice, [['1']]);
    expect([...result.dependents].map(([name, { deleted }]) => [name, deleted])).toEqual([...counts]);
  });

  it('erases a part with its record, in its own way', async () => {
    const deleting = view({ record: WITH_PROFILE });
    await eraseOnce(connector, deleting, [[BIG]]);
    await expectNow({ people: without('id', BIG), profiles: without('id', BIG) });
    const set: Replacements = [
      { column: 'doc', part: 'profile', with: { kind: 'placeholder', template: 'erased-{key}' } },
    ];
    const anonymise = view({ record: WITH_PROFILE, stages: [stage({ kind: 'anonymise', set })] });
    before = await snapshot(open());
    await eraseOnce(connector, anonymise, [['4'], [BIG_NEIGHBOUR]]);
    await expectNow({ profiles: (row) => (row['id'] === '4' ? { ...row, doc: 'erased-4' } : row) });
    const read = await patiently(() => connector.read(anonymise, [['4'], ['1'], [BIG_NEIGHBOUR]], ON));
    expect(['4', '1'].map((id) => factsOf(read, id).done)).toEqual([[true], [false]]);
  });

  it('does what a stage does only to records that meet its condition', async () => {
    const invoiced = relatedRows('exists', 'invoices');
    const either = view({
      record: AROUND,
      stages: [
        { ...anonymising(), when: invoiced },
        { ...stage({ kind: 'delete' }), when: { kind: 'not', of: invoiced } },
      ],
    });
    expect((await eraseOnce(connector, either, [['1'], ['101']], { stage: 1 })).outcomes).toEqual(['changed', 'erased']); // prettier-ignore
    expect((await eraseOnce(connector, either, [['1'], ['103']], { stage: 0 })).outcomes).toEqual(['erased', 'changed']); // prettier-ignore
    await expectNow({ people: (row) => (row['id'] === '101' ? null : unnamed(row)) });
  });

  it('asks for what the batch itself takes away before it does', async () => {
    const asking = view({
      record: AROUND,
      where: { kind: 'all', of: [is('status', 'lead'), relatedRows('exists', 'notes')] },
      stages: [anonymising({ related: 'notes', kind: 'delete' })],
    });
    expect((await eraseOnce(connector, asking, [['1'], ['2'], ['101']])).outcomes).toEqual(['erased', 'changed', 'changed']); // prettier-ignore
    await expectNow({ people: unnamed, notes: without('person_id', '1') });
  });

  it.each<readonly [string, string, Replacement, Readonly<Record<string, string | null>>]>([
    ['the first characters', 'name', { kind: 'keep first', characters: 7 }, { 1: 'Anna Se', 4: null, 5: '', 6: "Øjvind " }],
    ['the domain of an address', 'email', { kind: 'keep domain', local: 'x{key}' }, { 1: 'x1@Example.DK', 3: null, 5: 'x5', 6: 'x6@example.dk' }],
    ['the decade of a moment', 'seen_at', { kind: 'generalise', to: 'decade' }, { 1: '2020-01-01 00:00:00', 2: null, 5: '2020-01-01 00:00:00' }],
    ['the month of a moment', 'seen_at', { kind: 'generalise', to: 'month' }, { 1: '2021-03-01 00:00:00', 5: '2024-02-01 00:00:00' }],
    ['the tens of a number', 'score', { kind: 'round', to: 10 }, { 1: '0', 2: '10', 3: null, 5: '-10', [BIG]: '90' }],
    ['all but what patterns find', 'phone', { kind: 'redact', patterns: [{ named: 'phone' }], with: '…' }, { 1: '…', 2: null, 3: '' }],
  ])('keeps %s, and knows it again', async (_, column, by, wanted) => {
    const record: RecordType = { ...PERSON, subjects: [] };
    const deriving = view({ record, stages: [stage({ kind: 'anonymise', set: [{ column, with: by }] })] });
    const keys = Object.keys(wanted).map((id) => [id]);
    await eraseOnce(connector, deriving, keys);
    await expectNow({
      people: (row) => (row['id'] !== null && row['id'] !== undefined && row['id'] in wanted ? { ...row, [column]: wanted[row['id']] ?? null } : row),
    });
    const read = await patiently(() => connector.read(deriving, keys, ON));
    expect(read.map((one) => one.done)).toEqual(keys.map(() => [true]));
    before = await snapshot(open());
    await eraseOnce(connector, deriving, keys);
    await expectNow({});
  }); // prettier-ignore
}
