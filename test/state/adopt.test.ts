// A state that goes on from the end of a trail, on every engine: what the trail has dealt with is closed, what it still
// has to be told stays, and nothing is taken on trust any more.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { engines } from '../support/servers/index.ts';
import { aBatch, aHold, aPlan, aRun, collect, freshState } from './support.ts';
import type { TestState } from './support.ts';

describe.each(await engines())('a state that is adopted on %s', (engine) => {
  let test: TestState;
  beforeAll(async () => {
    test = await freshState(engine);
  });
  afterAll(async () => {
    await test.drop();
  });

  it('closes what the trail has closed, and keeps the rest', async () => {
    const { state } = test;
    const [ended, running] = [aRun({ policy: 'a' }), aRun({ policy: 'b' })];
    const [settled, open] = [aBatch(), aBatch()];
    const scope = { controller: 'Kunde A/S', policy: 'a', source: 'crm' };
    const waiting = aPlan();
    const proof = {
      ...scope,
      stage: 0,
      action: 'delete',
      sense: 'sense-1',
      due: '2026-12-01T00:00:00Z',
      keys: [['1']],
    } as const;
    const hold = aHold();
    const memory = { digest: 'd', trusted: 'd', population: 500, lastSuccess: '2026-11-01T00:00:00Z' };
    await state.addPlanKeys(waiting.id, 0, [{ key: ['1'], life: 'l' }]);
    await state.transaction(async (t) => {
      for (const run of [ended, running]) await t.startRun(run);
      for (const batch of [settled, open]) await t.openBatch(batch);
      await t.addPlan(waiting);
      await t.addHold(hold);
      await t.rememberPolicy('Kunde A/S', 'a', memory);
      await t.addEpochKey({ epoch: 'e-1', from: '2026-01-01T00:00:00.000Z', wrapped: 'secret' }, undefined);
      for (const { id: batch } of [settled, open]) await t.addProof({ ...proof, batch });
      await t.emit(['{"told":true}']);
      await t.emit(['{"told":false}']);
    });
    await state.acknowledgeOutbox([], { size: 900, root: 'later, of another history' });
    const [told] = await state.pendingOutbox(10);
    const lost = aHold({ subjects: [], sources: ['crm'] });
    const epoch = { epoch: 'e-0', from: '2025-12-01T00:00:00.000Z' };
    const destroyed = { on: '2026-11-22', trueFrom: '2026-12-23' };
    for (const name of ['checkpoint', '.state/pending'])
      await state.trailObjects.replace(name, Buffer.from('of the copy'), null);
    await state.transaction((t) =>
      t.adopt({
        head: { size: 40, root: 'cm9vdA==' },
        object: { key: 'checkpoint', bytes: Buffer.from('of the trail') },
        published: [told?.id ?? 0],
        settled: [settled.id],
        proven: [settled.id],
        ended: [{ run: ended.id, at: '2026-11-02T00:00:00.000Z' }],
        holds: [lost],
        epochs: [{ ...epoch, destroyed }],
      }),
    );
    expect(await state.lastHead()).toEqual({ size: 40, root: 'cm9vdA==' });
    const object = async (name: string): Promise<string | undefined> => (await state.trailObjects.get(name))?.bytes.toString(); // prettier-ignore
    expect([await object('checkpoint'), await object('.state/pending')]).toEqual(['of the trail', undefined]);
    expect((await state.pendingOutbox(10)).map(({ entries }) => entries)).toEqual([['{"told":false}']]);
    expect((await state.openBatches()).map(({ id }) => id)).toEqual([open.id]);
    expect((await state.pendingProofs()).map(({ batch }) => batch)).toEqual([open.id]);
    const runs = new Map((await state.runs({ limit: 10 })).map((run) => [run.id, run.state]));
    expect([runs.get(ended.id), runs.get(running.id)]).toEqual(['interrupted', 'running']);
    expect((await state.plan(waiting.id))?.status).toBe('void');
    expect(await collect(state.planKeys(waiting.id))).toEqual([]);
    expect((await state.holds({ active: true })).map(({ id }) => id)).toEqual([hold.id, lost.id]);
    expect(await state.policyMemory('Kunde A/S', 'a')).toEqual({
      digest: 'd',
      lastSuccess: memory.lastSuccess,
    });
    expect(await state.epochKeys()).toEqual([
      { ...epoch, destroyed },
      { epoch: 'e-1', from: '2026-01-01T00:00:00.000Z', wrapped: 'secret' },
    ]);
    // The policy whose run has ended may run again.
    expect(await state.transaction((t) => t.startRun(aRun({ policy: 'a' })))).toBe(true);
  });
});
