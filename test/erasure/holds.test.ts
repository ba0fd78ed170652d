/** Holds on records and policies, their grace, and what is remembered of them, through whole runs. */
import { afterEach, describe, expect, it } from '@jest/globals';
import { approve } from '../../src/erasure/approve.ts';
import { dryRun } from '../../src/erasure/dry-run.ts';
import { keyInSource, matchesOfRecords } from '../../src/erasure/holds/matches.ts';
import { placeHold, type PlaceInput, type Placed } from '../../src/erasure/holds/place.ts';
import { releaseHold } from '../../src/erasure/holds/release.ts';
import type { PolicyReport } from '../../src/erasure/report.ts';
import { sweep } from '../../src/erasure/sweep.ts';
import type { Connector, ErasingSession } from '../../src/connectors/connector.ts';
import type { HeldRecord } from '../../src/policy/subject.ts';
import { contact, note, POLICIES, TABLES } from './fixture.ts';
import { createWorld, type World, type WorldOptions } from './harness.ts';

const AS_OF = Date.parse('2026-06-30T03:15:00Z');
const DAY = 86_400_000;
const { signal } = new AbortController();

let world: World | undefined;
let now = AS_OF;
afterEach(async () => {
  await world?.close();
  world = undefined;
  now = AS_OF;
});

/** Notes are records in their own right, about nobody: only their key says which one is held. */
const WITH_NOTES = POLICIES.replace(
  'policies:\n',
  '      note: { table: notes, key: id, subject: none }\npolicies:\n',
);

const make = async (tables: WorldOptions['tables'], more: Partial<WorldOptions> = {}): Promise<World> => {
  world = await createWorld({ tables, policies: WITH_NOTES, now: () => now, ...more });
  return world;
};
const people = (count: number): WorldOptions['tables'] =>
  TABLES(
    Array.from({ length: count }, (_, i) => contact(i + 1, '2025-01-01')),
    [note(10, 1), note(11, 1), note(20, 2)],
  );
const run = async (on: World): Promise<PolicyReport> => {
  const input = { trigger: 'manual', slot: undefined, asOf: now, setClock: false, signal } as const;
  const [report] = await sweep(on.engine, on.tasks, input);
  if (report === undefined) throw new Error('no report');
  return report;
};
const hold = (on: World, input: Omit<PlaceInput, 'why' | 'waitMs' | 'signal'>): Promise<Placed> =>
  placeHold(on, [], { why: 'case 7', waitMs: 0, signal, ...input });
const record = (type: string, ...key: string[]): HeldRecord => ({
  controller: 'Test',
  source: 'crm',
  record: type,
  key,
});
const ids = (on: World, table = 'contacts'): string[] => on.rows(table).map((row) => String(row['id']));

describe('a hold on a record', () => {
  it('keeps it, and what would take it along, exactly', async () => {
    const on = await make(people(4));
    await hold(on, { records: [record('contact', '4')] });
    await hold(on, { records: [record('note', '11')], kind: 'restriction' });
    const [plan] = await dryRun(on.engine, on.tasks, { asOf: AS_OF, signal });
    const report = await run(on);
    for (const found of [plan?.found, report.found])
      expect(found).toMatchObject({
        by: { held: 2, erase: 2 },
        heldBy: { hold: 1, restriction: 1 },
        overdue: 2,
      });
    expect(ids(on)).toEqual(['1', '4']);
    expect(ids(on, 'notes')).toEqual(['10', '11']);
  });

  it('stands in the trail by its commitment, never by its key', async () => {
    const on = await make(people(1));
    const { hold: placed } = await hold(on, {
      records: [record('contact', '730001')],
      kind: 'restriction',
      review: '2027-01-31',
    });
    await hold(on, { policies: [{ controller: 'Test', policy: 'contacts' }] });
    const entries = (await on.entries()).filter((entry) => entry.type === 'hold-placed');
    expect(entries).toMatchObject([
      {
        hold: placed.id,
        kind: 'restriction',
        review: '2027-01-31',
        subject: [],
        records: [on.names.record('crm', 'contact', ['730001'])],
        source: 'crm',
        controller: 'Test',
        who: 'tester',
      },
      { policy: 'contacts', controller: 'Test', subject: [] },
    ]);
    expect(JSON.stringify(entries)).not.toContain('730001');
    expect(entries[1]).not.toHaveProperty('kind');
  });

  it('is known by the key as the source writes it, and must be there', async () => {
    const on = await make(people(1));
    const [type] = on.sources[0]!.records;
    expect(await keyInSource(on.engine, 'crm', type!, ['1'])).toEqual(['1']);
    expect(await keyInSource(on.engine, 'crm', type!, ['9'])).toBeUndefined();
    const matches = await matchesOfRecords([on], [record('contact', '1'), record('contact', '9')]);
    expect(matches.map((match) => match.records)).toEqual([1, 0]);
  });
});

describe('a hold that comes while a run erases', () => {
  /** Does something before the second batch is erased, which was opened long before. */
  const meanwhile = (act: () => Promise<unknown>): ((connector: Connector) => Connector) => {
    let batches = 0;
    return (connector) => {
      const erasing = connector.erasing.bind(connector);
      const watched = async (...args: Parameters<Connector['erasing']>): Promise<ErasingSession> => {
        const session = await erasing(...args);
        const erase = session.erase.bind(session);
        return Object.assign(session, {
          erase: async (...batch: Parameters<ErasingSession['erase']>) => {
            batches += 1;
            if (batches === 2) await act();
            return erase(...batch);
          },
        });
      };
      return Object.assign(connector, { erasing: watched });
    };
  };

  it('of a note keeps everybody whose notes are not asked about any more', async () => {
    const on = await make(people(9), {
      maxBatch: 2,
      wrap: meanwhile(() => hold(on, { records: [record('note', '9999')] })),
    });
    const { outcomes } = await run(on);
    // Batches one and two knew nothing of it, nor may the third, which is opened while the second is erased.
    expect(outcomes?.changed).toBeGreaterThanOrEqual(3);
    expect(ids(on)).toHaveLength(outcomes?.changed ?? 0);
    // The next run asks, and it is nobody's.
    expect(await run(on)).toMatchObject({ outcomes: { erased: outcomes?.changed } });
  });

  it('on the policy keeps what has not been opened, and names what had', async () => {
    const placing: { placed?: Placed } = {};
    const on = await make(people(9), {
      maxBatch: 2,
      wrap: meanwhile(async () => {
        placing.placed = await hold(on, { policies: [{ controller: 'Test', policy: 'contacts' }] });
      }),
    });
    const report = await run(on);
    const before = placing.placed?.before ?? [];
    expect(placing.placed?.settled).toBe(false);
    expect(before.map(({ policy, source, now: seen }) => [policy, source, seen])).toEqual(
      before.map(() => ['contacts', 'crm', 'unknown']),
    );
    // The first two may have been settled by then; all others that went have been named.
    expect(ids(on)).toHaveLength(9 - (report.outcomes?.erased ?? 0));
    expect(report.outcomes?.erased).toBeLessThanOrEqual(2 + before.length);
    expect(ids(on).length).toBeGreaterThanOrEqual(3);
    expect(await run(on)).toMatchObject({ found: { by: { held: ids(on).length } } });
  });
});

describe('a hold that was released', () => {
  it('keeps what it covered for its grace, which is no arrear, and is then forgotten', async () => {
    const on = await make(people(3));
    const { hold: placed } = await hold(on, { subjects: [['email', 'person1@example.org']] });
    await run(on);
    expect(ids(on)).toEqual(['1']);
    const until = await releaseHold(on.engine, placed.id, 'settled', 7 * 24);
    expect(until).toBe(new Date(AS_OF + 7 * DAY).toISOString());
    await expect(releaseHold(on.engine, placed.id, 'again', 0)).rejects.toMatchObject({
      code: 'HOLD_UNKNOWN',
    });
    now = AS_OF + 6 * DAY;
    expect(await run(on)).toMatchObject({ found: { by: { held: 1 }, heldBy: { grace: 1 }, overdue: 0 } });
    const { found } = (await dryRun(on.engine, on.tasks, { asOf: AS_OF + 8 * DAY, signal }))[0]!;
    expect(found).toMatchObject({ by: { erase: 1 } });
    const forget = (): Promise<number> =>
      on.state.transaction((t) => t.forgetHolds(new Date(now).toISOString()));
    expect(await forget()).toBe(0);
    now = AS_OF + 7 * DAY;
    expect(await forget()).toBe(1);
    expect(await on.state.holds({ active: true })).toEqual([]);
    const [forgotten] = await on.state.holds({ active: false });
    expect(forgotten).toMatchObject({ id: placed.id, subjects: [], until });
    expect(await run(on)).toMatchObject({ outcomes: { erased: 1 } });
    expect((await on.entries()).find((entry) => entry.type === 'hold-released')).toMatchObject({
      until: '2026-07-07',
    });
  });

  it('lets go at once without a grace', async () => {
    const on = await make(people(1));
    const { hold: placed } = await hold(on, { records: [record('contact', '1')] });
    await run(on);
    expect(await releaseHold(on.engine, placed.id, 'settled', 0)).toBeUndefined();
    expect(await on.state.holds({ active: false })).toMatchObject([{ subjects: [] }]);
    expect((await on.state.holds({ active: false }))[0]).not.toHaveProperty('records');
    expect(await run(on)).toMatchObject({ outcomes: { erased: 1 } });
  });
});

describe('an approved plan', () => {
  it('leaves what a hold of any kind has come to be on since', async () => {
    const narrow = WITH_NOTES.replace(
      'policies:\n',
      'first run guards: { records: 1, percent: 100 }\npolicies:\n',
    );
    const on = await make(people(5), { policies: narrow });
    const stopped = await run(on);
    await hold(on, { records: [record('contact', '3')] });
    await hold(on, { records: [record('note', '20')] });
    const { hold: ended } = await hold(on, { subjects: [['email', 'person4@example.org']] });
    await releaseHold(on.engine, ended.id, 'settled', 24);
    const plan = stopped.plan ?? '';
    const input = { plan, why: 'looked', asOf: AS_OF, setClock: false, signal };
    const result = await approve(on.engine, on.tasks, input);
    expect(result.report).toMatchObject({ outcomes: { erased: 2 } });
    expect(ids(on)).toEqual(['2', '3', '4']);
  });
});

describe('a hold on what the policy file calls otherwise now', () => {
  it('stops everything of that file until somebody has looked', async () => {
    const on = await make(people(2));
    const { hold: placed } = await hold(on, { policies: [{ controller: 'Test', policy: 'leads' }] });
    for (const report of [await run(on), ...(await dryRun(on.engine, on.tasks, { asOf: AS_OF, signal }))])
      expect(report).toMatchObject({ status: 'failed', error: { code: 'HOLD_ASTRAY' } });
    expect(ids(on)).toHaveLength(2);
    await releaseHold(on.engine, placed.id, 'renamed', 24);
    expect(await run(on)).toMatchObject({ outcomes: { erased: 2 } });
  });

  it.each([
    ['a policy', { policies: [{ controller: 'Formerly', policy: 'contacts' }] }],
    ['a record', { records: [{ ...record('contact', '1'), controller: 'Formerly' }] }],
  ])('stops everything that is new where it was placed under another controller, on %s', async (_, on) => {
    const made = await make(people(2));
    await hold(made, on);
    expect(await run(made)).toMatchObject({
      error: { code: 'HOLD_ASTRAY', message: expect.stringContaining('controller Formerly') },
    });
    expect(ids(made)).toHaveLength(2);
    // Its file was given too: it is no former name of this one.
    const controllers = ['Test', 'Formerly'];
    expect(await run({ ...made, engine: { ...made.engine, controllers } })).toMatchObject({ status: 'done' });
    expect(await run(made)).toMatchObject({ status: 'done' });
  });

  it('of another controller on what this one does not have is none of its business', async () => {
    const made = await make(people(2));
    await hold(made, { policies: [{ controller: 'Andre', policy: 'members' }] });
    expect(await run(made)).toMatchObject({ status: 'done', outcomes: { erased: 2 } });
  });
});
