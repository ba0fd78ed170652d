/** What stands around a record: parts, chains, JSON, several ways to belong; and people by their identifiers. */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Connector } from '../../../src/connectors/connector.ts';
import type { RecordType } from '../../../src/policy/policy.ts';
import { BIG, FIXTURE } from './fixture.ts';
import type { Harness } from './harness.ts';
import { conditionsAroundPeople, meets } from './oracle.ts';
import { ON, factsOf, keysOf, patiently, scanAll } from './support.ts';
import {
  ALL,
  MEMBERSHIP,
  PERSON,
  PERSON_AROUND,
  is,
  membershipView,
  relatedRows,
  startAt,
  view,
} from './views.ts';

const world = { tables: FIXTURE, record: PERSON_AROUND };
const people = (FIXTURE.find((spec) => spec.name === 'people')?.rows ?? []).filter((row) => row['tenant_id'] === '7'); // prettier-ignore

export function around(open: () => Harness): void {
  let connector: Connector;
  beforeAll(async () => {
    await open().reset();
    connector = open().connect();
  });
  afterAll(async () => {
    await connector.close();
  });

  it('agrees with the meaning of conditions, whatever they are made of', async () => {
    const some = people.slice(0, 12);
    const property = fc.asyncProperty(
      fc.array(conditionsAroundPeople, { minLength: 20, maxLength: 20 }),
      async (conditions) => {
        const asked = some.map((row) => [row['id'] ?? '']);
        const around = view({ record: PERSON_AROUND, conditions });
        const read = await patiently(() => connector.read(around, asked, ON));
        for (const row of some) {
          const plain = conditions.map((condition) => meets(world, 'people', condition, row));
          expect(factsOf(read, row['id'] ?? '').truths).toEqual(plain);
        }
      },
    );
    await fc.assert(property, { numRuns: 15 });
  });

  it('hands out records whose JSON is broken, whatever is asked of them, and says where', async () => {
    const where = { kind: 'is', part: 'profile', column: 'doc', path: ['n'], values: [7] } as const;
    const asked = view({ record: PERSON_AROUND, where });
    const facts = await scanAll(connector, asked);
    expect(keysOf(facts)).toEqual([JSON.stringify(['1']), JSON.stringify(['5'])]);
    expect(factsOf(facts, '5').unreadable).toEqual(['profile.doc']);
    expect(factsOf(facts, '1').unreadable).toBeUndefined();
    expect((await patiently(() => connector.count(asked, ON))).matching).toBe(2);
    // A view that does not look inside does not mind.
    const plain = await patiently(() => connector.read(view({ record: PERSON_AROUND }), [['5']], ON));
    expect(factsOf(plain, '5').unreadable).toBeUndefined();
  });

  it('knows only rows that meet the type as its records', async () => {
    const leads: RecordType = { ...PERSON, where: is('status', 'lead') };
    const all = people.filter((row) => row['status'] === 'lead').length;
    expect(await patiently(() => connector.count(view({ record: leads }), ON))).toEqual({
      population: all,
      matching: all,
    });
    expect(
      await patiently(() => connector.read(view({ record: leads }), [['1'], ['2'], ['5']], ON)),
    ).toHaveLength(1);
  });

  it('takes the smallest over related rows, over chains too', async () => {
    const smallest = (related: string, column: string): ReturnType<typeof startAt> =>
      startAt(column, { minOf: { related, where: ALL } });
    const starts = [smallest('messages', 'sent_at'), smallest('message files', 'id')];
    const read = await patiently(() =>
      connector.read(view({ record: PERSON_AROUND, starts }), [['1'], ['2'], ['101']], ON),
    );
    expect(factsOf(read, '1').starts).toEqual(['2021-01-01 00:00:00', '1']);
    expect(factsOf(read, '2').starts).toEqual([null, null]);
    expect(factsOf(read, '101').starts).toEqual(['2020-01-01 00:00:00', '2']);
  });

  it('finds the records of several people at once', async () => {
    const conditions = [relatedRows('exists', 'messages')];
    const people = async (...values: readonly string[]): Promise<readonly string[]> =>
      keysOf(await patiently(() => connector.lookup(view({ conditions }), 0, values, ON)));
    const key = (id: string): string => JSON.stringify([id]);
    expect(await people('anna@example.dk', 'dan@example.dk', 'nobody@example.dk', '')).toEqual([
      key('1'),
      key('4'),
    ]);
    expect(await people('øjvind.ærø@example.dk')).toEqual([key('6')]);
    expect(await people('Anna@Example.DK', '%', "' OR '1'='1")).toEqual([]);
    expect(await people('big@example.dk')).toEqual([key(BIG)]);
    expect(await people()).toEqual([]);
    const [anna] = await patiently(() => connector.lookup(view({ conditions }), 0, ['anna@example.dk'], ON));
    expect(anna?.truths).toEqual([true]);
    const phones = await patiently(() => connector.lookup(view(), 1, ['4512345678', '12345678'], ON));
    expect(keysOf(phones)).toEqual([key('1'), key('4')]);
  });

  it('finds the records of people whose identifier stands in a related row', async () => {
    const found = await patiently(() => connector.lookup(membershipView(), 0, ['anna@example.dk'], ON));
    expect(keysOf(found)).toEqual(
      [
        ['A', '1'],
        ['a', '1'],
        ['b', '1'],
      ]
        .map((key) => JSON.stringify(key))
        .sort(),
    );
    expect(MEMBERSHIP.subjects).toHaveLength(1);
  });
}
