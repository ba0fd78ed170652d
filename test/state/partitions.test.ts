// Partitions of a run: they are there while it runs, say what came of them, and go with it, records and all.
import { existsSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Run } from '../../src/state/state.ts';
import { engines } from '../support/servers/index.ts';
import { aRun, codeOf, collect, freshState, type TestState } from './support.ts';

describe.each(await engines())('partitions on %s', (engine) => {
  let test: TestState;
  beforeAll(async () => {
    test = await freshState(engine);
  });
  afterAll(async () => {
    await test.drop();
  });

  /** A running run with two partitions, of two pieces each. */
  async function running(controller: string): Promise<Run> {
    const run = aRun({ controller });
    await test.state.transaction(async (t) => {
      await t.startRun(run);
      for (const number of [1, 2]) {
        const name = { run: run.id, number };
        await t.addPartitionRecords(name, 0, `person-${String(number)} first`);
        await t.addPartitionRecords(name, 1, `person-${String(number)} second`);
        await t.addPartition({ ...name, controller, policy: run.policy, work: 'work' });
      }
    });
    return run;
  }

  const finish = (run: Run): Promise<void> =>
    test.state.transaction((t) => t.finishRun(run.id, 'finished', '2026-11-22T03:00:00Z', {}));

  it('come back as they were written, and tell what came of them', async () => {
    const run = await running('one');
    const name = { run: run.id, number: 2 };
    expect(await collect(test.state.partitionRecords(name))).toEqual(['person-2 first', 'person-2 second']);
    expect(await test.state.transaction((t) => t.tellPartition(run.id, 2, 'some'))).toBe(true);
    const [first, second] = await test.state.partitions(run.id);
    const bare = { run: run.id, controller: 'one', policy: run.policy, work: 'work' };
    expect(first).toEqual({ ...bare, number: 1, ended: false, withdrawn: false });
    expect(second).toEqual({ ...bare, number: 2, ended: false, withdrawn: false, told: 'some' });
    await finish(run);
  });

  it('forget their records when they end, and end once', async () => {
    const run = await running('two');
    await test.state.transaction((t) => t.endPartition(run.id, 1, 'all'));
    expect(await collect(test.state.partitionRecords({ run: run.id, number: 1 }))).toEqual([]);
    expect((await test.state.partitions(run.id))[0]).toMatchObject({ ended: true, told: 'all' });
    for (const again of [
      test.state.transaction((t) => t.endPartition(run.id, 1, 'more')),
      test.state.transaction((t) => t.tellPartition(run.id, 1, 'more')),
    ])
      expect(await codeOf(again)).toBe('STATE_SUPERSEDED');
    await finish(run);
  });

  it('are withdrawn, all that have not ended', async () => {
    const run = await running('three');
    await test.state.transaction((t) => t.endPartition(run.id, 1, 'all'));
    await test.state.transaction((t) => t.withdrawPartitions(run.id));
    expect((await test.state.partitions(run.id)).map((one) => one.withdrawn)).toEqual([false, true]);
    expect(await test.state.transaction((t) => t.tellPartition(run.id, 2))).toBe(false);
    await finish(run);
  });

  it('go with their run, with those who worked at them, and with nothing left on disk', async () => {
    const run = await running('four');
    const other = await running('five');
    await test.state.lease(`partition:${run.id}:1`, 'somebody', 60_000);
    await finish(run);
    expect(await test.state.partitions(run.id)).toEqual([]);
    expect(await collect(test.state.partitionRecords({ run: run.id, number: 1 }))).toEqual([]);
    expect(await codeOf(test.state.transaction((t) => t.tellPartition(run.id, 1)))).toBe('STATE_SUPERSEDED');
    const leases = await test.database.query('select name from frist_leases');
    expect(leases).toEqual([]);
    expect(await test.state.partitions(other.id)).toHaveLength(2);
    await finish(other);
    if (engine !== 'sqlite') return;
    const file = test.url.slice('sqlite:'.length);
    const there = ['', '-wal', '-journal'].map((end) => file + end).filter((path) => existsSync(path));
    expect(there.filter((path) => readFileSync(path).includes('person-'))).toEqual([]);
  });
});
