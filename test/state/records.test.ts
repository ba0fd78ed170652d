// What each part of the state remembers, and what it forgets.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { engines } from '../support/servers/index.ts';
import { aBatch, aHold, aPlan, aRun, codeOf, collect, freshState } from './support.ts';
import type { Hold, PlanKey } from '../../src/state/state.ts';
import type { TestState } from './support.ts';

describe.each(await engines())('the state on %s', (engine) => {
  let test: TestState;
  beforeAll(async () => {
    test = await freshState(engine);
  });
  afterAll(async () => {
    await test.drop();
  });

  describe('holds', () => {
    it('come back as they were placed, in their order', async () => {
      const hold = aHold({
        kind: 'restriction',
        subjects: [
          ['email', 'Åse "Ø" O\'Brien\u0000\\@example.dk'],
          ['phone', '🜁 \ud800'],
        ],
        sources: ['crm', 'ats'],
        review: '2027-01-01',
      });
      const bare = aHold({
        subjects: [],
        records: [{ controller: 'Æ A/S', source: 'crm', record: 'contact', key: ['\u0000', '7'] }],
        policies: [{ controller: 'Æ A/S', policy: 'contacts' }],
      });
      await test.state.transaction(async (t) => {
        await t.addHold(hold);
        await t.addHold(bare);
        expect((await t.activeHolds()).map(({ id }) => id)).toEqual([hold.id, bare.id]);
      });
      expect(await test.state.holds({ active: true })).toEqual([hold, bare]);
    });

    it('end once, keep id, dates and who, and forget whom they were about', async () => {
      const hold = aHold({ sources: ['crm'] });
      await test.state.transaction((t) => t.addHold(hold));
      const at = '2026-11-22T09:00:00Z';
      const release = (id: string): Promise<boolean> => test.state.transaction((t) => t.releaseHold(id, at));
      expect(await release('nobody')).toBe(false);
      expect(await release(hold.id)).toBe(true);
      expect(await release(hold.id)).toBe(false);
      expect(await test.state.holds({ active: false })).toEqual([{ ...hold, subjects: [], released: at }]);
      const active = await test.state.holds({ active: true });
      expect(active.map(({ id }) => id)).not.toContain(hold.id);
      const [row] = await test.database.query(`select subjects from frist_holds where id = '${hold.id}'`);
      expect(row).toEqual({ subjects: null });
    });

    it('go on for their grace, and are forgotten when it is over', async () => {
      const records = [{ controller: 'c', source: 'crm', record: 'contact', key: ['4711'] }];
      const hold = aHold({ records });
      const [at, until] = ['2026-11-22T09:00:00.000Z', '2026-11-29T09:00:00.000Z'];
      const find = async (active: boolean): Promise<Hold | undefined> =>
        (await test.state.holds({ active })).find((one) => one.id === hold.id);
      await test.state.transaction((t) => t.addHold(hold));
      await test.state.transaction((t) => t.releaseHold(hold.id, at, until));
      expect(await find(true)).toEqual({ ...hold, released: at, until });
      expect(await test.state.transaction((t) => t.releaseHold(hold.id, at))).toBe(false);
      expect(await test.state.transaction((t) => t.forgetHolds('2026-11-29T08:59:59.999Z'))).toBe(0);
      expect(await test.state.transaction((t) => t.forgetHolds(until))).toBe(1);
      expect(await test.state.transaction((t) => t.forgetHolds(until))).toBe(0);
      const { records: _, ...left } = hold;
      expect([await find(true), await find(false)]).toEqual([
        undefined,
        { ...left, subjects: [], released: at, until },
      ]);
    });
  });

  describe('batches', () => {
    it('come back with every key as it was, and are gone when settled', async () => {
      const seen = fc.asyncProperty(
        fc.array(fc.array(fc.string({ unit: 'binary' }), { minLength: 1, maxLength: 3 }), { maxLength: 20 }),
        async (keys) => {
          const batch = aBatch({ keys, stage: 1, detail: '{"a":"Ø\\u0000"}' });
          await test.state.transaction((t) => t.openBatch(batch));
          expect(await test.state.openBatches()).toEqual([batch]);
          await test.state.transaction((t) => t.settleBatch(batch.id));
          expect(await test.state.openBatches()).toEqual([]);
        },
      );
      await fc.assert(seen, { numRuns: 20 });
    });

    it('are settled once', async () => {
      const first = aBatch();
      const second = aBatch();
      await test.state.transaction(async (t) => {
        await t.openBatch(first);
        await t.openBatch(second);
      });
      expect((await test.state.openBatches()).map(({ id }) => id)).toEqual([first.id, second.id]);
      await test.state.transaction((t) => t.settleBatch(first.id));
      const again = test.state.transaction(async (t) => {
        await t.emit(['{"told":"twice"}']);
        await t.settleBatch(first.id);
      });
      expect(await codeOf(again)).toBe('STATE_SUPERSEDED');
      expect(await test.state.pendingOutbox(10)).toEqual([]);
      await test.state.transaction((t) => t.settleBatch(second.id));
    });
  });

  describe('jobs', () => {
    const end = (name: string, slot: string, note?: string): Promise<boolean> =>
      test.state.transaction((t) => t.endJob(name, slot, note));

    it('end each slot once, and never go back', async () => {
      expect(await test.state.job('heads')).toBeUndefined();
      expect(await end('heads', '2026-11-22T04:45:00.000Z')).toBe(true);
      expect(await end('heads', '2026-11-22T04:45:00.000Z')).toBe(false);
      expect(await end('heads', '2026-11-21T04:45:00.000Z')).toBe(false);
      expect(await end('Heads', '2026-11-21T04:45:00.000Z')).toBe(true);
      expect(await end('heads', '2026-11-23T04:45:00.000Z', '{"a":"Ø"}')).toBe(true);
      expect(await test.state.job('heads')).toEqual({ slot: '2026-11-23T04:45:00.000Z', note: '{"a":"Ø"}' });
      expect(await end('heads', '2026-11-24T04:45:00.000Z')).toBe(true);
      expect(await test.state.job('heads')).toEqual({ slot: '2026-11-24T04:45:00.000Z' });
    });

    it('end a slot in one of two processes', async () => {
      const other = await test.open();
      const ended = await Promise.all(
        [test.state, other].map((state) =>
          state.transaction((t) => t.endJob('race', '2026-11-22T04:45:00.000Z')),
        ),
      );
      expect(ended.sort()).toEqual([false, true]);
    });
  });

  describe('runs', () => {
    it('have a slot each, and one at a time', async () => {
      const start = (changes: Parameters<typeof aRun>[0]): Promise<boolean> =>
        test.state.transaction((t) => t.startRun(aRun({ policy: 'slots', ...changes })));
      expect(await start({ id: 'first', slot: '2026-11-22T02:00:00Z' })).toBe(true);
      expect(await start({ slot: '2026-11-22T02:00:00Z' })).toBe(false);
      expect(await start({ slot: '2026-11-23T02:00:00Z' })).toBe(false);
      expect(await start({ slot: 'manual', trigger: 'manual' })).toBe(false);
      expect(await start({ policy: 'Slots', slot: '2026-11-22T02:00:00Z' })).toBe(true);
      expect(await start({ controller: 'Other', slot: '2026-11-22T02:00:00Z' })).toBe(true);
      await test.state.transaction((t) =>
        t.finishRun('first', 'finished', '2026-11-22T02:10:00Z', { erased: 5 }),
      );
      expect(await start({ slot: '2026-11-22T02:00:00Z' })).toBe(false);
      expect(await start({ slot: 'manual', trigger: 'manual' })).toBe(true);
    });

    it('are found that were not over at a moment', async () => {
      for (const started of ['2026-11-20T03:15:00.000Z', '2026-11-21T03:15:00.000Z']) {
        const run = aRun({ policy: `since ${started}`, controller: 'Since', started });
        await test.state.transaction((t) => t.startRun(run));
        await test.state.transaction((t) =>
          t.finishRun(run.id, 'finished', `${started.slice(0, 11)}05:00:00.000Z`, {}),
        );
      }
      const since = async (moment: string): Promise<number> =>
        (await test.state.runs({ controller: 'Since', since: moment, limit: Number.MAX_SAFE_INTEGER }))
          .length;
      expect(await since('2026-11-20T05:00:00.000Z')).toBe(2);
      expect(await since('2026-11-20T05:00:00.001Z')).toBe(1);
      expect(await since('2026-11-22T00:00:00.000Z')).toBe(0);
      await test.state.transaction((t) =>
        t.startRun(aRun({ policy: 'running', controller: 'Since', started: '2026-11-01T00:00:00.000Z' })),
      );
      expect(await since('2026-11-22T00:00:00.000Z')).toBe(1);
    });

    it('end once; a crash leaves them running until somebody ends them', async () => {
      const run = aRun({ policy: 'ends' });
      await test.state.transaction((t) => t.startRun(run));
      const filter = { controller: run.controller, policy: 'ends', limit: 5 };
      expect(await test.state.runs({ ...filter, states: ['running'] })).toEqual([run]);
      const end = (state: 'interrupted' | 'failed', code?: string): Promise<void> =>
        test.state.transaction((t) => t.finishRun(run.id, state, '2026-11-22T03:00:00Z', {}, code));
      await end('interrupted', 'STATE_LEASE_LOST');
      expect(await codeOf(end('failed'))).toBe('STATE_SUPERSEDED');
      expect(await test.state.runs(filter)).toEqual([
        {
          ...run,
          state: 'interrupted',
          finished: '2026-11-22T03:00:00Z',
          summary: {},
          code: 'STATE_LEASE_LOST',
        },
      ]);
    });

    it('are told newest first, with the first ever; the last slot is of a scheduled one', async () => {
      const policy = 'newest';
      for (const [id, slot, trigger] of [
        ['n1', '2026-11-22T02:00:00Z', 'schedule'],
        ['n2', '2026-11-21T02:00:00Z', 'schedule'],
        ['n3', '2026-12-31T02:00:00Z', 'manual'],
      ] as const) {
        const started = `2026-11-22T02:00:0${id.slice(1)}Z`;
        await test.state.transaction((t) => t.startRun(aRun({ id, slot, trigger, policy, started })));
        await test.state.transaction((t) => t.finishRun(id, 'finished', '2026-11-22T03:00:00Z', {}));
      }
      const ids = async (limit: number): Promise<string[]> =>
        (await test.state.runs({ policy, limit })).map(({ id }) => id);
      expect(await ids(10)).toEqual(['n3', 'n2', 'n1']);
      expect(await ids(1)).toEqual(['n3']);
      expect(await test.state.lastSlot('Kunde A/S', policy)).toBe('2026-11-22T02:00:00Z');
      expect(await test.state.lastSlot('kunde a/s', policy)).toBeUndefined();
      expect(await test.state.firstRun('Kunde A/S', policy)).toBe('2026-11-22T02:00:01Z');
      expect(await test.state.firstRun('Kunde A/S', 'none')).toBeUndefined();
    });
  });

  it('remembers a policy, and replaces what it remembered', async () => {
    const remember = (policy: string, memory: object): Promise<void> =>
      test.state.transaction((t) => t.rememberPolicy('K', policy, { digest: 'd', ...memory }));
    await remember('p', { trusted: 'd', population: 5_000_000_000, lastSuccess: '2026-11-22T02:00:00Z' });
    expect(await test.state.policyMemory('K', 'p')).toEqual({
      digest: 'd',
      trusted: 'd',
      population: 5_000_000_000,
      lastSuccess: '2026-11-22T02:00:00Z',
    });
    await remember('P', { digest: 'other' });
    await remember('p', { digest: 'e' });
    expect(await test.state.policyMemory('K', 'p')).toEqual({ digest: 'e' });
    expect(await test.state.policyMemory('K', 'P')).toEqual({ digest: 'other' });
    expect(await test.state.policyMemory('K', 'q')).toBeUndefined();
  });

  describe('plans', () => {
    it('come back as they were made, and change their status once', async () => {
      const plan = aPlan({ policy: 'one' });
      const other = aPlan({ policy: 'two' });
      await test.state.transaction(async (t) => {
        await t.addPlan(plan);
        await t.addPlan(other);
      });
      expect(await test.state.plan(plan.id)).toEqual(plan);
      expect(await test.state.plan('none')).toBeUndefined();
      const approve = (): Promise<boolean> =>
        test.state.transaction((t) => t.setPlanStatus(plan.id, 'waiting', 'approved'));
      expect(await Promise.all([approve(), approve()])).toEqual(expect.arrayContaining([true, false]));
      expect(await test.state.plans({ status: 'approved' })).toEqual([{ ...plan, status: 'approved' }]);
      expect(await test.state.plans({ policy: 'two' })).toEqual([other]);
      expect((await test.state.plans({})).map(({ id }) => id)).toEqual([plan.id, other.id]);
    });

    it('have their keys in pieces, in order, until they are over', async () => {
      const plan = aPlan();
      const other = aPlan();
      const of = (...key: string[]): PlanKey => ({ key, life: `life of ${key[0] ?? ''}` });
      const pieces = [[of('1', 'Ø\u0000')], [of('2', ''), of('3', "'")], []];
      for (const at of [2, 0, 1]) await test.state.addPlanKeys(plan.id, at, pieces[at]!);
      await test.state.addPlanKeys(other.id, 0, [of('9')]);
      await test.state.transaction(async (t) => {
        await t.addPlan(plan);
        await t.addPlan(other);
      });
      const move = (from: 'waiting' | 'approved', to: 'approved' | 'applied'): Promise<boolean> =>
        test.state.transaction((t) => t.setPlanStatus(plan.id, from, to));
      expect(await collect(test.state.planKeys(plan.id))).toEqual(pieces);
      await move('waiting', 'approved');
      expect(await collect(test.state.planKeys(plan.id))).toEqual(pieces);
      expect(await move('waiting', 'applied')).toBe(false);
      expect(await collect(test.state.planKeys(plan.id))).toEqual(pieces);
      await move('approved', 'applied');
      expect(await collect(test.state.planKeys(plan.id))).toEqual([]);
      expect(await collect(test.state.planKeys(other.id))).toEqual([[of('9')]]);
      await test.state.dropPlanKeys(other.id);
      expect(await collect(test.state.planKeys(other.id))).toEqual([]);
    });

    it('leave no keys behind that no plan ever named, and none is taken too early', async () => {
      const plan = aPlan();
      await test.state.transaction((t) => t.addPlan(plan));
      for (const id of [plan.id, 'lost', 'on its way'])
        await test.state.addPlanKeys(id, 0, [{ key: ['1'], life: 'l' }]);
      await test.database.query(
        `update frist_plan_keys set written = written - 90000000 where plan <> 'on its way'`,
      );
      await (await test.open()).close();
      const left = await test.database.query('select plan from frist_plan_keys order by plan');
      expect(left.map((row) => row['plan'])).toEqual(['on its way', plan.id].sort());
    });
  });

  it('keeps the key of each epoch until it is destroyed, and then what the epoch was', async () => {
    const first = { epoch: 'e1', wrapped: 'AAAA', from: '2026-10-01T00:00:00Z' };
    const second = { epoch: 'e2', wrapped: 'BBBB', from: '2026-11-01T00:00:00Z' };
    const gone = { on: '2027-12-06', trueFrom: '2028-01-06' };
    const add = (key: typeof first, after?: string): Promise<boolean> =>
      test.state.transaction((t) => t.addEpochKey(key, after));
    const destroy = (epoch: string): Promise<boolean> =>
      test.state.transaction((t) => t.destroyEpochKey(epoch, gone));
    expect(await add(first)).toBe(true);
    // Of two processes that begin an epoch, one does.
    expect(await add(second)).toBe(false);
    expect(await add(second, 'e1')).toBe(true);
    expect(await add({ ...second, epoch: 'e3' }, 'e1')).toBe(false);
    expect(await test.state.epochKeys()).toEqual([first, second]);
    // Recovery names the records of an open batch under the key of their batch.
    const batch = aBatch({ epoch: 'e1' });
    await test.state.transaction((t) => t.openBatch(batch));
    expect(await destroy('e1')).toBe(false);
    await test.state.transaction((t) => t.settleBatch(batch.id));
    expect(await destroy('e1')).toBe(true);
    expect(await destroy('e1')).toBe(false);
    expect(await destroy('e0')).toBe(false);
    expect(await test.state.epochKeys()).toEqual([
      { epoch: 'e1', from: first.from, destroyed: gone },
      second,
    ]);
  });
});
