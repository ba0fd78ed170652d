/** Erasing: exactly the records named, and of them only those that are still due; everything else byte for byte. */
import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import type { Connector } from '../../../src/connectors/connector.ts';
import type { Facts, Key, Stage, View } from '../../../src/policy/policy.ts';
import { BIG, BIG_NEIGHBOUR, HARD_TEXT_KEYS } from './fixture.ts';
import type { Harness, Row } from './harness.ts';
import type { Snapshot } from './support.ts';
import { ON, edited, eraseOnce, factsOf, keyTexts, outcomesOf, patiently, snapshot } from './support.ts';
import {
  ANONYMISE,
  COMMENT,
  DELETE,
  DELETE_WITH_ALL,
  UNNAME,
  codeView,
  is,
  membershipView,
  not,
  relatedRows,
  stage,
  view,
} from './views.ts';

type Edit = (row: Row) => Row | null;

const without =
  (column: string, ...values: string[]): Edit =>
  (row) =>
    values.includes(row[column] ?? '') ? null : row;

const setting =
  (column: string, values: readonly string[], set: (row: Row) => Row): Edit =>
  (row) =>
    values.includes(row[column] ?? '') ? { ...row, ...set(row) } : row;

/** Deals of the fixture that refer to person 1 no longer do; its messages in tenant 7 are gone; and so on. */
const annasDependentsGone: Readonly<Record<string, Edit>> = {
  attachments: without('person_id', '1'),
  messages: (row) => (row['person_id'] === '1' && row['tenant_id'] === '7' ? null : row),
  notes: setting('person_id', ['1'], () => ({ body: '', author: 'erased-1' })),
  deals: setting('person_id', ['1'], () => ({ person_id: null })),
};

/** For record types without a starting point: nothing is scanned by it here. */
const NO_START: View['startTree'] = { kind: 'latest of', of: [] };

export function erasing(open: () => Harness): void {
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

  it('deletes the records named and nothing else', async () => {
    expect(await outcomesOf(connector, view(), [['101'], ['103']])).toEqual(['erased', 'erased']);
    await expectNow({ people: without('id', '101', '103') });
  });

  it('deletes with dependents of every kind', async () => {
    const result = await eraseOnce(connector, view({ stages: [DELETE_WITH_ALL] }), [['1']]);
    expect(result.outcomes).toEqual(['erased']);
    await expectNow({ people: without('id', '1'), ...annasDependentsGone });
    const none = { deleted: 0, anonymised: 0, detached: 0, kept: 0 };
    expect(Object.fromEntries(result.dependents)).toEqual({
      attachments: { ...none, deleted: 1 },
      messages: { ...none, deleted: 2 },
      notes: { ...none, anonymised: 2 },
      deals: { ...none, detached: 1 },
      invoices: { ...none, kept: 2 },
    });
  });

  it('anonymises, with dependents of every kind', async () => {
    expect(await outcomesOf(connector, view({ stages: [ANONYMISE] }), [['1'], [BIG]])).toEqual([
      'erased',
      'erased',
    ]);
    const blank = (row: Row): Row => ({
      name: null,
      phone: '',
      email: `erased-${row['id'] ?? ''}@invalid`,
      score: '0',
      active: '0',
    });
    await expectNow({
      ...annasDependentsGone,
      people: setting('id', ['1', BIG], blank),
      messages: (row) =>
        ['1', BIG].includes(row['person_id'] ?? '') && row['tenant_id'] === '7' ? null : row,
      notes: setting('person_id', ['1'], () => ({ body: null })),
    });
  });

  it('anonymises a second time without changing anything', async () => {
    const anonymising = view({ stages: [ANONYMISE] });
    await eraseOnce(connector, anonymising, [['1'], ['2']]);
    const once = await snapshot(open());
    const again = await outcomesOf(connector, anonymising, [['1'], ['2']]);
    for (const outcome of again) expect(['erased', 'changed']).toContain(outcome);
    expect(await snapshot(open())).toEqual(once);
  });

  it('recognises what is done already, per stage', async () => {
    const staged = view({ stages: [ANONYMISE, DELETE] });
    const doneOf = async (id: string): Promise<readonly boolean[]> =>
      factsOf(await patiently(() => connector.read(staged, [[id]], ON)), id).done;
    expect(await doneOf('1')).toEqual([false, false]);
    await eraseOnce(connector, staged, [['1']], { stage: 0 });
    expect(await doneOf('1')).toEqual([true, false]);
    expect(await doneOf('2')).toEqual([false, false]);
    // A dependent that came back, or a column that was filled again, is work again.
    await open().insert('messages', {
      id: '99',
      tenant_id: '7',
      person_id: '1',
      body: 'New words',
      sent_at: null,
    });
    expect(await doneOf('1')).toEqual([false, false]);
    await open().remove('messages', { id: '99' });
    expect(await doneOf('1')).toEqual([true, false]);
    await open().update('people', { id: '1' }, { name: 'Named again' });
    expect(await doneOf('1')).toEqual([false, false]);
    await eraseOnce(connector, staged, [['1']], { stage: 1 });
    expect(await patiently(() => connector.read(staged, [['1']], ON))).toEqual([]);
  });

  it('deletes by keys beyond 2^53 without touching the neighbour or its rows', async () => {
    const deleting = view({ stages: [stage({ kind: 'delete' }, { related: 'messages', kind: 'delete' }, { related: 'links', kind: 'delete' })] }); // prettier-ignore
    expect(await outcomesOf(connector, deleting, [[BIG]])).toEqual(['erased']);
    await expectNow({
      people: without('id', BIG),
      messages: without('person_id', BIG),
      links: without('owner', BIG),
    });
    expect(await outcomesOf(connector, deleting, [[BIG_NEIGHBOUR]])).toEqual(['erased']);
    await expectNow({
      people: without('id', BIG, BIG_NEIGHBOUR),
      messages: without('person_id', BIG, BIG_NEIGHBOUR),
      links: without('owner', BIG, BIG_NEIGHBOUR),
    });
  });

  it('deletes rows that hold the parent id as text, and no other spelling of it', async () => {
    const deleting = view({ stages: [stage(UNNAME, { related: 'links', kind: 'delete' })] });
    await eraseOnce(connector, deleting, [['1']]);
    await expectNow({ people: setting('id', ['1'], () => ({ name: null })), links: without('id', '1') });
  });

  it('deletes by text keys, one at a time, and nothing that resembles them', async () => {
    const deleting = codeView({ stages: [stage({ kind: 'delete' }, { related: 'uses', kind: 'delete' })] });
    const gone: string[] = [];
    for (const key of HARD_TEXT_KEYS) {
      expect(await outcomesOf(connector, deleting, [[key]])).toEqual(['erased']);
      gone.push(key);
      const left: Edit = (row) => (gone.includes(row['code'] ?? 'none') ? null : row);
      await expectNow({ codes: left, uses: left });
    }
  });

  it('puts the key into a placeholder as it is', async () => {
    const set = [{ column: 'label', with: { kind: 'placeholder', template: 'was {key}' } }] as const;
    const keys: readonly Key[] = [["O'Brien"], ['{key}'], ['😀'], ['$&'], ['007']];
    await eraseOnce(connector, codeView({ stages: [stage({ kind: 'anonymise', set })] }), keys);
    await expectNow({
      codes: setting('code', keys.flat(), (row) => ({ label: `was ${row['code'] ?? ''}` })),
    });
  });

  it('takes composite keys and composite matches as a whole', async () => {
    const deleting = membershipView({
      stages: [
        stage({ kind: 'delete' }, { related: 'badges', kind: 'delete' }, { related: 'person', kind: 'keep' }),
      ],
    });
    expect(
      await outcomesOf(connector, deleting, [
        ['a', '1'],
        ['b', '2'],
      ]),
    ).toEqual(['erased', 'erased']);
    const exactly: Edit = (row) =>
      ['a1', 'b2'].includes(`${row['org'] ?? '-'}${row['person_id'] ?? '-'}`) ? null : row;
    await expectNow({ memberships: (row) => (row['org'] === 'a1' ? row : exactly(row)), badges: exactly });
  });

  it('detaches by all columns of a composite match', async () => {
    const detaching = membershipView({
      stages: [stage({ kind: 'delete' }, { related: 'badges', kind: 'detach' })],
    });
    await eraseOnce(connector, detaching, [['a', '1']]);
    const pair = (row: Row): boolean => row['org'] === 'a' && row['person_id'] === '1';
    await expectNow({
      memberships: (row) => (pair(row) ? null : row),
      badges: (row) => (pair(row) ? { ...row, org: null, person_id: null } : row),
    });
  });

  const comments = (...stages: Stage[]): View =>
    view({ record: COMMENT, starts: [], stages, startTree: NO_START });

  it('deletes dependents in the table of the record itself, records of the same batch among them', async () => {
    const deleting = comments(stage({ kind: 'delete' }, { related: 'replies', kind: 'delete' }));
    const result = await eraseOnce(connector, deleting, [['2'], ['1']]);
    expect(result.outcomes).toEqual(['erased', 'erased']);
    // 4 answers 2, and goes with it; 5 is somebody else's.
    await expectNow({ comments: without('id', '1', '2', '3', '4') });
  });

  it('detaches in the table of the record itself what is anonymised in the same batch', async () => {
    const set = [{ column: 'body', with: { kind: 'constant', value: null } }] as const;
    const detaching = comments(stage({ kind: 'anonymise', set }, { related: 'replies', kind: 'detach' }));
    expect(await outcomesOf(connector, detaching, [['1'], ['2']])).toEqual(['erased', 'erased']);
    const detachedFrom = (row: Row): Row =>
      ['1', '2'].includes(row['parent_id'] ?? '') ? { ...row, parent_id: null } : row;
    await expectNow({
      comments: (row) =>
        ['1', '2'].includes(row['id'] ?? '') ? { ...detachedFrom(row), body: null } : detachedFrom(row),
    });
  });

  it('never takes NULL for a match', async () => {
    const deleting = view({ stages: [stage({ kind: 'delete' }, { related: 'mails', kind: 'delete' })] });
    expect(await outcomesOf(connector, deleting, [['3'], ['6']])).toEqual(['erased', 'erased']);
    await expectNow({ people: without('id', '3', '6') });
  });

  it('touches only dependents that meet the filter of their relation', async () => {
    const deleting = view({ stages: [stage(UNNAME, { related: 'open deals', kind: 'delete' })] });
    await eraseOnce(connector, deleting, [['1'], ['2'], ['4']]);
    await expectNow({
      people: setting('id', ['1', '2', '4'], () => ({ name: null })),
      deals: (row) => (row['person_id'] === '2' && row['status'] === 'open' ? null : row),
    });
  });

  it('reports what is not there as already absent, at its own position', async () => {
    const keys = [['77'], ['101'], ['78'], ['102']];
    const result = await eraseOnce(connector, view(), keys);
    expect(result.outcomes).toEqual(['already-absent', 'erased', 'already-absent', 'erased']);
    expect(result.facts.map((one) => one?.key)).toEqual([undefined, ['101'], undefined, ['102']]);
    await expectNow({ people: without('id', '101', '102') });
  });

  it('does not see records of another tenant', async () => {
    const keys = [['8'], ['9']];
    expect(await outcomesOf(connector, view({ stages: [DELETE_WITH_ALL] }), keys)).toEqual([
      'already-absent',
      'already-absent',
    ]);
    await expectNow({});
  });

  it('leaves alone, with all its dependents, what is no longer due', async () => {
    const stillDue = (facts: readonly Facts[]): boolean[] => facts.map((one) => one.key[0] !== '1');
    const asked = view({ stages: [DELETE_WITH_ALL] });
    expect(await outcomesOf(connector, asked, [['101'], ['1'], ['102']], { stillDue })).toEqual([
      'erased',
      'changed',
      'erased',
    ]);
    await expectNow({
      people: without('id', '101', '102'),
      attachments: without('person_id', '101'),
      messages: without('person_id', '101'),
    });
  });

  it('asks once more with what is true under the lock', async () => {
    const asked = view({ conditions: [relatedRows('exists', 'open deals')] });
    await open().update('people', { id: '101' }, { started_at: '2026-01-01 00:00:00' });
    const seen: Facts[] = [];
    const stillDue = (facts: readonly Facts[]): boolean[] => {
      seen.push(...facts);
      return facts.map(() => false);
    };
    const result = await eraseOnce(connector, asked, [['101'], ['77'], ['2']], { stillDue });
    expect(result.outcomes).toEqual(['changed', 'already-absent', 'changed']);
    expect(factsOf(seen, '101').starts).toEqual(['2026-01-01 00:00:00']);
    expect(factsOf(seen, '2').truths).toEqual([true]);
    expect(result.facts[0]).toEqual(factsOf(seen, '101'));
    expect(result.facts[1]).toBeUndefined();
  });

  it('leaves alone what the policy is no longer about, whatever the answer', async () => {
    await open().update('people', { id: '102' }, { status: 'hired' });
    await open().update('people', { id: '103' }, { status: null });
    before = await snapshot(open());
    const asked = view({ where: is('status', 'lead'), stages: [DELETE_WITH_ALL] });
    expect(await outcomesOf(connector, asked, [['101'], ['102'], ['103']])).toEqual([
      'erased',
      'changed',
      'changed',
    ]);
    await expectNow({
      people: without('id', '101'),
      attachments: without('person_id', '101'),
      messages: without('person_id', '101'),
    });
  });

  it('erases what the policy is about because a column is NULL', async () => {
    const asked = view({ where: not(is('status', 'lead')) });
    expect(await outcomesOf(connector, asked, [['3'], ['6'], ['101']])).toEqual([
      'erased',
      'erased',
      'changed',
    ]);
    await expectNow({ people: without('id', '3', '6') });
  });

  it('leaves alone what has become exempt, whatever the answer', async () => {
    const asked = view({
      exempt: [is('name', 'Nobody'), relatedRows('exists', 'deals', is('status', 'new'))],
    });
    await open().insert('deals', { id: '9', person_id: '101', status: 'new', amount: null });
    before = await snapshot(open());
    expect(await outcomesOf(connector, asked, [['101'], ['102']])).toEqual(['changed', 'erased']);
    await expectNow({ people: without('id', '102') });
  });

  it('gives the facts as they were under the lock', async () => {
    const asked = view({ conditions: [is('status', 'lead')], stages: [ANONYMISE] });
    const read = await patiently(() => connector.read(asked, [['1'], ['2']], ON));
    const result = await eraseOnce(connector, asked, [['2'], ['1']]);
    expect(result.facts).toEqual([factsOf(read, '2'), factsOf(read, '1')]);
  });

  it('does nothing with an empty batch', async () => {
    const result = await eraseOnce(connector, view({ stages: [DELETE_WITH_ALL] }), []);
    expect(result.outcomes).toEqual([]);
    expect(result.facts).toEqual([]);
    await expectNow({});
  });

  it('takes a batch of the largest size it names', async () => {
    const size = Math.min(connector.capabilities.maxBatch, 5000);
    const strangers: Key[] = Array.from({ length: size - 3 }, (_, i) => ['a', String(1_000_000 + i)]);
    const keys: Key[] = [['a', '1'], ...strangers, ['b', '1'], ['a', '2']];
    const outcomes = await outcomesOf(connector, membershipView(), keys);
    expect(outcomes.flatMap((outcome, i) => (outcome === 'erased' ? [keys[i] ?? []] : []))).toEqual([
      ['a', '1'],
      ['b', '1'],
      ['a', '2'],
    ]);
    expect(outcomes.filter((outcome) => outcome === 'already-absent')).toHaveLength(strangers.length);
    const left = await patiently(() =>
      connector.read(
        membershipView(),
        [
          ['a', '1'],
          ['b', '1'],
          ['b', '2'],
        ],
        ON,
      ),
    );
    expect(keyTexts(left.map((one) => one.key))).toEqual(keyTexts([['b', '2']]));
  });

  it('erases nothing under a key that only resembles one', async () => {
    for (const key of ['1x', '01', '1.0', ' 1', '', 'abc', '1e0']) {
      const outcomes = await outcomesOf(connector, view(), [[key]]).catch(() => ['already-absent']);
      expect(outcomes).toEqual(['already-absent']);
    }
    await expectNow({});
  });

  it('works through several batches in one session', async () => {
    const anonymising: Stage = ANONYMISE;
    const asked = view({ stages: [anonymising, DELETE] });
    await eraseOnce(connector, asked, [['101']], { stage: 0 });
    await eraseOnce(connector, asked, [['101'], ['102']], { stage: 1 });
    await expectNow({
      people: without('id', '101', '102'),
      attachments: without('person_id', '101'),
      messages: without('person_id', '101'),
    });
  });
}
