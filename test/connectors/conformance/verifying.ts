/** A later look, outside the erasing transaction; and how many records have an identifier. */
import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import type { Connector, Verification } from '../../../src/connectors/connector.ts';
import type { Key, View } from '../../../src/policy/policy.ts';
import { HARD_TEXT_KEYS } from './fixture.ts';
import type { Harness } from './harness.ts';
import { ON, eraseOnce, patiently, snapshot } from './support.ts';
import {
  ANONYMISE,
  DELETE,
  DELETE_WITH_ALL,
  MEMBERSHIP,
  PERSON,
  codeView,
  membershipView,
  stage,
  view,
} from './views.ts';

export function verifying(open: () => Harness): void {
  let connector: Connector;
  const verified = (asked: View, stage: number, keys: readonly Key[]): Promise<readonly Verification[]> =>
    patiently(() => connector.verify(asked, stage, keys, ON));
  const found = (kind: string, value: string): Promise<number> =>
    patiently(() => connector.find(PERSON, kind, value));

  beforeAll(() => {
    connector = open().connect();
  });
  beforeEach(async () => {
    await open().reset();
  });
  afterAll(async () => {
    await connector.close();
  });

  it('says gone of what is deleted and present of what is not, in the order asked', async () => {
    const asked = view({ stages: [DELETE_WITH_ALL] });
    await eraseOnce(connector, asked, [['1'], ['101']]);
    expect(await verified(asked, 0, [['102'], ['1'], ['77'], ['101']])).toEqual([
      'present',
      'gone',
      'gone',
      'gone',
    ]);
  });

  it('says done of what is anonymised', async () => {
    const asked = view({ stages: [ANONYMISE, DELETE] });
    await eraseOnce(connector, asked, [['1']], { stage: 0 });
    expect(await verified(asked, 0, [['1'], ['2'], ['77']])).toEqual(['done', 'present', 'gone']);
    // For the stage that deletes, an anonymised record is still there.
    expect(await verified(asked, 1, [['1']])).toEqual(['present']);
  });

  it('says present where a dependent came back', async () => {
    const asked = view({ stages: [DELETE_WITH_ALL, ANONYMISE] });
    await eraseOnce(connector, asked, [['101'], ['102']], { stage: 0 });
    await eraseOnce(connector, asked, [['1'], ['3']], { stage: 1 });
    const late = { tenant_id: '7', body: 'Late words', sent_at: null };
    await open().insert('messages', { id: '98', person_id: '101', ...late });
    await open().insert('messages', { id: '99', person_id: '1', ...late });
    expect(await verified(asked, 0, [['101'], ['102']])).toEqual(['present', 'gone']);
    expect(await verified(asked, 1, [['1'], ['3']])).toEqual(['present', 'done']);
  });

  it('is not disturbed by the rows of another tenant, nor by what is kept', async () => {
    const asked = view({ stages: [DELETE_WITH_ALL] });
    await eraseOnce(connector, asked, [['1']]);
    // Invoices of person 1 and the other tenant's message stay, and that is right.
    expect(await verified(asked, 0, [['1']])).toEqual(['gone']);
  });

  it('takes hard keys as they are', async () => {
    const keys = HARD_TEXT_KEYS.map((key) => [key]);
    await eraseOnce(connector, codeView(), [['7'], [''], ["O'Brien"]]);
    const expected = HARD_TEXT_KEYS.map((key) => (['7', '', "O'Brien"].includes(key) ? 'gone' : 'present'));
    expect(await verified(codeView(), 0, keys)).toEqual(expected);
  });

  it('verifies nothing for no keys, and writes nothing', async () => {
    const before = await snapshot(open());
    expect(await verified(view(), 0, [])).toEqual([]);
    await verified(view({ stages: [DELETE_WITH_ALL] }), 0, [['1'], ['2']]);
    expect(await snapshot(open())).toEqual(before);
  });

  it('counts the rows that would go with records, by relation, as erasing them does', async () => {
    const asked = view({ stages: [DELETE, DELETE_WITH_ALL] });
    const keys = [['1'], ['101'], ['77'], ['8']];
    const before = await snapshot(open());
    const counted = await patiently(() => connector.dependents(asked, 1, keys, ON));
    expect(await snapshot(open())).toEqual(before);
    expect(Object.fromEntries(counted)).toEqual({
      attachments: 2,
      messages: 3,
      notes: 2,
      deals: 1,
      invoices: 2,
    });
    const erased = await eraseOnce(connector, asked, keys, { stage: 1 });
    const touched = [...erased.dependents].map(([name, rows]): [string, number] => [
      name,
      rows.deleted + rows.anonymised + rows.detached + rows.kept,
    ]);
    expect(new Map(touched)).toEqual(new Map(counted));
    expect(await patiently(() => connector.dependents(asked, 0, keys, ON))).toEqual(new Map());
  });

  it('counts a row that belongs to several records once, and none for no records', async () => {
    const asked = membershipView({
      stages: [stage({ kind: 'delete' }, { related: 'person', kind: 'keep' })],
    });
    const counted = await patiently(() =>
      connector.dependents(
        asked,
        0,
        [
          ['a', '1'],
          ['b', '1'],
          ['a', '2'],
        ],
        ON,
      ),
    );
    expect(counted).toEqual(new Map([['person', 2]]));
    const none = await patiently(() => connector.dependents(asked, 0, [], ON));
    expect([...none.values()].filter((count) => count > 0)).toEqual([]);
  });

  it('finds by an identifier in any spelling that its normalisation makes equal', async () => {
    expect(await found('email', 'anna@example.dk')).toBe(1);
    expect(await found('email', 'ANNA@EXAMPLE.DK')).toBe(1);
    expect(await found('email', 'anna@example.d')).toBe(0);
    expect(await found('email', ' Dan@example.dk')).toBe(1);
    expect(await found('phone', '4512345678')).toBe(1);
    expect(await found('phone', '+45 12-34-56-78')).toBe(1);
    expect(await found('phone', '12345678')).toBe(1);
  });

  it('folds letters outside ASCII as well', async () => {
    expect(await found('email', 'ØJVIND.ærø@example.dk')).toBe(1);
  });

  it('finds nobody by an empty identifier, by wildcards, or by a kind the record does not have', async () => {
    expect(await found('email', '')).toBe(0);
    expect(await found('phone', '')).toBe(0);
    expect(await found('phone', 'none')).toBe(0);
    expect(await found('email', '%')).toBe(0);
    expect(await found('email', "' OR '1'='1")).toBe(0);
    expect(await found('customer number', 'anna@example.dk')).toBe(0);
  });

  it('finds through a related row', async () => {
    expect(await patiently(() => connector.find(MEMBERSHIP, 'email', 'anna@example.dk'))).toBe(3);
    expect(await patiently(() => connector.find(MEMBERSHIP, 'email', 'dan@example.dk'))).toBe(0);
  });
}
