/** What conditions, related rows, MAX and subjects mean: the same in every system. NULL is a value like another. */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Connector } from '../../../src/connectors/connector.ts';
import type { Condition, RecordType, StartColumn } from '../../../src/policy/policy.ts';
import { BIG, BIG_NEIGHBOUR, FIXTURE, LARGEST } from './fixture.ts';
import type { Harness, Row } from './harness.ts';
import { conditionsOnPeople, meets } from './oracle.ts';
import { ON, factsOf, patiently } from './support.ts';
import {
  ALL,
  MEMBERSHIP,
  PERSON,
  is,
  latestOf,
  membershipView,
  not,
  relatedRows,
  view,
  MEETING,
  startAt,
} from './views.ts';

const NEVER: Condition = { kind: 'any', of: [] };
const compare = (
  column: string,
  op: '<' | '<=' | '>' | '>=',
  value: string | number | bigint,
): Condition => ({
  kind: 'compare',
  column,
  op,
  value,
});

/** Among people 1-6: status lead, hired, NULL, lead, Lead, ''; score 5, 10, NULL, 9, -3, 0; active 1 0 NULL 1 NULL 0. */
const SIX = ['1', '2', '3', '4', '5', '6'];

const cases: readonly (readonly [string, Condition, readonly string[]])[] = [
  ['nothing demanded', ALL, SIX],
  ['one of no conditions', NEVER, []],
  ['equal, case and all', is('status', 'lead'), ['1', '4']],
  ['equal to the empty text', is('status', ''), ['6']],
  ['one of several', is('status', 'hired', 'Lead'), ['2', '5']],
  ['one of none', is('status'), []],
  ['NULL', is('status', null), ['3']],
  ['NULL or a value', is('status', null, 'hired'), ['2', '3']],
  ['not a value, NULL included', not(is('status', 'lead')), ['2', '3', '5', '6']],
  ['not NULL', not(is('status', null)), ['1', '2', '4', '5', '6']],
  ['neither NULL nor a value', not(is('status', null, 'lead')), ['2', '5', '6']],
  ['not one of none', not(is('status')), SIX],
  ['a number', is('score', 9), ['4']],
  ['a large number', is('id', 9007199254740993n, 2), ['2']],
  ['true', is('active', true), ['1', '4']],
  ['false', is('active', false), ['2', '6']],
  ['not true, NULL included', not(is('active', true)), ['2', '3', '5', '6']],
  ['less, as numbers', compare('score', '<', 10), ['1', '4', '5', '6']],
  ['at most', compare('score', '<=', 5), ['1', '5', '6']],
  ['more', compare('score', '>', 9), ['2']],
  ['at least', compare('score', '>=', 9n), ['2', '4']],
  ['not less, NULL included', not(compare('score', '<', 10)), ['2', '3']],
  ['earlier', compare('started_at', '<', '2020-01-31 10:00:01'), ['1', '6']],
  ['not earlier, NULL included', not(compare('started_at', '<', '2024-02-29 23:59:59')), ['3', '4', '5']],
  ['both', { kind: 'all', of: [is('status', 'lead'), compare('score', '>', 5)] }, ['4']],
  ['either', { kind: 'any', of: [is('status', 'hired'), compare('score', '<', 0)] }, ['2', '5']],
  ['neither, NULL included', not({ kind: 'any', of: [is('status', 'lead'), is('score', 10)] }), ['3', '5', '6']],
  ['not not', not(not(is('status', 'lead'))), ['1', '4']],
  ['some related row', relatedRows('exists', 'deals'), ['1', '2', '4']],
  ['no related row', relatedRows('none', 'deals'), ['3', '5', '6']],
  ['some row of a filtered relation', relatedRows('exists', 'open deals'), ['2']],
  ['no row of a filtered relation', relatedRows('none', 'open deals'), ['1', '3', '4', '5', '6']],
  ['some related row that', relatedRows('exists', 'deals', is('status', 'won', 'lost')), ['1', '4']],
  ['some related row with NULL', relatedRows('exists', 'deals', is('status', null)), ['2']],
  ['every related row, of none as well', relatedRows('every', 'deals', is('status', 'won')), ['1', '3', '5', '6']],
  ['every related row, NULL is not the value', relatedRows('every', 'deals', is('status', 'open')), ['3', '5', '6']],
  ['every related row is not, NULL included', relatedRows('every', 'deals', not(is('status', 'lost'))), ['1', '2', '3', '5', '6']],
  ['not every', not(relatedRows('every', 'deals', is('status', 'open'))), ['1', '2', '4']],
  ['related rows of the same tenant only', relatedRows('exists', 'messages', compare('sent_at', '>', '2023-01-01 00:00:00')), []],
  ['related by a parent id stored as text', relatedRows('exists', 'links'), ['1']],
  ['related by that, and no other spelling of it', relatedRows('every', 'links', is('url', 'https://secret.example/1')), SIX],
  ['related by a natural key, never by NULL', relatedRows('exists', 'mails'), ['1', '2', '5']],
  ['related by a natural key, case and all', relatedRows('exists', 'mails', is('id', 3, 4)), []],
]; // prettier-ignore

const epochs = (more: Partial<StartColumn>): StartColumn =>
  latestOf('mails', 'at_epoch', { encoding: { kind: 'epoch seconds' }, ...more });

export function meaning(open: () => Harness): void {
  let connector: Connector;

  beforeAll(async () => {
    await open().reset();
    connector = open().connect();
  });
  afterAll(async () => {
    await connector.close();
  });

  it.each(cases)('%s', async (_, condition, expected) => {
    const read = await patiently(() =>
      connector.read(
        view({ conditions: [condition] }),
        SIX.map((id) => [id]),
        ON,
      ),
    );
    const true_ = SIX.filter((id) => factsOf(read, id).truths[0] === true);
    expect(true_).toEqual(expected);
  });

  it('means by any combination of conditions what a plain reading means', async () => {
    const people = FIXTURE.find((spec) => spec.name === 'people')?.rows ?? [];
    const some = people.filter((row) => row['tenant_id'] === '7').slice(0, 12);
    const world = { tables: FIXTURE, record: PERSON };
    const property = fc.asyncProperty(
      fc.array(conditionsOnPeople, { minLength: 20, maxLength: 20 }),
      async (conditions) => {
        const asked = some.map((row) => [row['id'] ?? '']);
        const read = await patiently(() => connector.read(view({ conditions }), asked, ON));
        for (const row of some) {
          const plain = conditions.map((condition) => meets(world, 'people', condition, row));
          expect(factsOf(read, row['id'] ?? '').truths).toEqual(plain);
        }
      },
    );
    await fc.assert(property, { numRuns: 20 });
  });

  it('keeps neighbours apart in related rows as well', async () => {
    const conditions = [
      relatedRows('exists', 'messages', is('body', 'Big words')),
      relatedRows('exists', 'messages', is('body', 'Neighbouring words')),
      relatedRows('exists', 'links', is('url', 'https://secret.example/big')),
      relatedRows('exists', 'links', is('url', 'https://secret.example/neighbour')),
      is('id', 9007199254740993n),
    ];
    const read = await patiently(() =>
      connector.read(view({ conditions }), [[BIG], [BIG_NEIGHBOUR], [LARGEST]], ON),
    );
    expect(factsOf(read, BIG).truths).toEqual([true, false, true, false, true]);
    expect(factsOf(read, BIG_NEIGHBOUR).truths).toEqual([false, true, false, true, false]);
    expect(factsOf(read, LARGEST).truths).toEqual([false, false, false, false, false]);
  });

  it('relates by all columns of a composite match, never by NULL', async () => {
    const asked = membershipView({ conditions: [relatedRows('exists', 'badges')] });
    const read = await patiently(() =>
      connector.read(
        asked,
        [
          ['a', '1'],
          ['a', '2'],
          ['b', '1'],
          ['b', '2'],
          ['A', '1'],
        ],
        ON,
      ),
    );
    expect(
      read
        .filter((one) => one.truths[0] === true)
        .map((one) => one.key.join())
        .sort(),
    ).toEqual(['a,1', 'a,2', 'b,1']);
  });

  describeLargest(open, () => connector);

  it('reads a day as a day, and puts a time of day behind it where there is one', async () => {
    const asked = view({
      record: MEETING,
      starts: [startAt('day'), startAt('day', { timeColumn: 'clock' })],
    });
    const read = await patiently(() => connector.read(asked, SIX.map((id) => [id]), ON)); // prettier-ignore
    expect(SIX.map((id) => factsOf(read, id).starts)).toEqual([
      ['2020-05-05', '2020-05-05 14:30'],
      ['2020-05-05', '2020-05-05'],
      ['2020-05-05', '2020-05-05'],
      ['2024-02-29', '2024-02-29'],
      [null, null],
      // Not a time: whoever reads it decides what that means.
      ['2024-02-29', '2024-02-29 noon'],
    ]);
  });

  it('reads a subject through a related row', async () => {
    const read = await patiently(() =>
      connector.read(
        membershipView(),
        [
          ['a', '1'],
          ['a', '12'],
        ],
        ON,
      ),
    );
    expect(factsOf(read, 'a', '1').subjects).toEqual(['Anna@Example.DK']);
    // Nobody there: unknown.
    expect(factsOf(read, 'a', '12').subjects).toEqual([null]);
  });

  it('takes a subject with several different values in related rows as unknown', async () => {
    const person: RecordType = {
      ...PERSON,
      subjects: [{ kind: 'status', column: 'status', related: 'deals', normalise: 'exact' }],
    };
    const read = await patiently(() => connector.read(view({ record: person }), [['1'], ['2'], ['3']], ON));
    expect(factsOf(read, '1').subjects).toEqual(['won']);
    expect(factsOf(read, '3').subjects).toEqual([null]);
    await open().update('deals', { id: '3' }, { status: 'won' });
    const again = await patiently(() => connector.read(view({ record: person }), [['2']], ON));
    await open().reset();
    expect(factsOf(again, '2').subjects).toEqual([null]);
  });

  it('knows a record type without subjects', async () => {
    const nobody = { ...MEMBERSHIP, subjects: [] };
    const read = await patiently(() => connector.read(membershipView({ record: nobody }), [['a', '1']], ON));
    expect(factsOf(read, 'a', '1').subjects).toEqual([]);
  });
}

/** MAX over related rows. */
function describeLargest(open: () => Harness, connector: () => Connector): void {
  const startsOf = async (id: string, ...starts: StartColumn[]): Promise<Row> => {
    const read = await patiently(() => connector().read(view({ starts }), [[id]], ON));
    return Object.fromEntries(factsOf(read, id).starts.map((raw, i) => [String(i), raw]));
  };

  it('takes the largest integer over related rows as an integer', async () => {
    expect(await startsOf('1', epochs({}))).toEqual({ 0: '10' });
  });

  it('takes the largest only over related rows that meet the filter', async () => {
    const filtered = epochs({ maxOf: { related: 'mails', where: is('id', 1) } });
    expect(await startsOf('1', filtered, epochs({}))).toEqual({ 0: '9', 1: '10' });
  });

  it('has no largest where there are no rows, or none with a value', async () => {
    expect(await startsOf('4', epochs({}))).toEqual({ 0: null });
    expect(await startsOf('2', epochs({}))).toEqual({ 0: null });
  });

  it('keeps the scope when it takes the largest', async () => {
    expect(await startsOf('1', latestOf('messages', 'sent_at'))).toEqual({ 0: '2022-02-02 00:00:00' });
  });

  it('skips NULL where it means unknown', async () => {
    expect(await startsOf('4', latestOf('messages', 'sent_at'))).toEqual({ 0: '2020-01-01 00:00:00' });
  });

  // One agreement that still runs outweighs all that have ended: else a customer would be erased.
  it('lets one related row that is "not yet" outweigh every known one', async () => {
    const running = latestOf('messages', 'sent_at', { whenNull: 'not yet' });
    expect(await startsOf('4', running)).toEqual({ 0: null });
    expect(await startsOf('1', running)).toEqual({ 0: '2022-02-02 00:00:00' });
    const forever = epochs({ notYet: ['9'] });
    expect(await startsOf('1', forever)).toEqual({ 0: '9' });
    await open().reset();
  });
}
