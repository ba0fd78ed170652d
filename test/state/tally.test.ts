// What the state counts, on each engine: by the database, without the keys and identifiers of anybody.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { engines } from '../support/servers/index.ts';
import { aBatch, aHold, aProof, aRun, freshState, type TestState } from './support.ts';

const NOW = '2026-11-22T05:00:00.000Z';

describe.each(await engines())('a tally on %s', (engine) => {
  let test: TestState;
  beforeAll(async () => {
    test = await freshState(engine);
  });
  afterAll(async () => {
    await test.drop();
  });

  it('is of nothing where there is nothing', async () => {
    expect(await test.state.tally(NOW)).toEqual({
      holds: 0,
      holdsPastReview: 0,
      openBatches: [],
      pendingProofs: 0,
      overdueProofs: 0,
      unpublished: 0,
      totals: [],
    });
  });

  it('counts what there is, and what is late', async () => {
    const batch = aBatch();
    await test.state.transaction(async (t) => {
      await t.addHold(aHold({ review: '2026-11-22' }));
      await t.addHold(aHold({ review: '2026-11-21' }));
      const released = aHold({ review: '2026-11-20' });
      await t.addHold(released);
      await t.releaseHold(released.id, NOW, '2027-01-01T00:00:00.000Z');
      await t.openBatch(batch);
      await t.addProof(aProof({ due: NOW }));
      await t.addProof(aProof({ due: '2026-11-22T04:59:59.999Z' }));
      await t.emit(['{"at":"first"}', '{"at":"second"}']);
      await t.emit(['{"at":"third"}']);
    });
    const { id, controller, policy, source, stage, opened } = batch;
    expect(await test.state.tally(NOW)).toEqual({
      holds: 2,
      holdsPastReview: 1,
      openBatches: [{ id, controller, policy, source, stage, opened }],
      pendingProofs: 2,
      overdueProofs: 1,
      unpublished: 3,
      oldestUnpublished: '{"at":"first"}',
      totals: [],
    });
  });

  it('adds up, by policy, and only with what else the transaction does', async () => {
    const count = (policy: string, n: number): Promise<void> =>
      test.state.transaction((t) => t.count('Æ A/S', policy, 'delete', n));
    await count('Kunde', 3);
    await count('kunde', 5);
    await count('Kunde', 4);
    const lost = test.state.transaction(async (t) => {
      await t.count('Æ A/S', 'Kunde', 'delete', 100);
      throw new Error('no');
    });
    await expect(lost).rejects.toThrow('no');
    const totals = [...(await test.state.tally(NOW)).totals].sort((a, b) => a.total - b.total);
    expect(totals).toEqual([
      { controller: 'Æ A/S', policy: 'kunde', what: 'delete', total: 5 },
      { controller: 'Æ A/S', policy: 'Kunde', what: 'delete', total: 7 },
    ]);
  });

  it('knows the day of the oldest that a run left overdue', async () => {
    const run = aRun();
    await test.state.transaction(async (t) => {
      await t.startRun(run);
      await t.finishRun(run.id, 'failed', NOW, { overdue: 2 }, 'SOURCE_TIMEOUT', '2026-11-01');
    });
    expect(await test.state.runs({ limit: 1 })).toMatchObject([{ id: run.id, oldestOverdue: '2026-11-01' }]);
  });
});
