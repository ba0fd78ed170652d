// What is forgotten must not stand in the bytes of SQLite's files either.
import { existsSync, readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { State } from '../../src/state/state.ts';
import { openState } from '../../src/state/open.ts';
import { aBatch, aHold, aPlan, clock, freshState } from './support.ts';
import type { TestState } from './support.ts';

describe('the file of a state', () => {
  let test: TestState;
  let reader: State;
  beforeEach(async () => {
    test = await freshState('sqlite');
    reader = await test.open();
  });
  afterEach(async () => {
    await test.drop();
  });

  /** Everything on disk, as bytes. */
  function files(): Buffer {
    const file = test.url.slice('sqlite:'.length);
    const there = ['', '-wal', '-journal'].map((end) => file + end).filter((path) => existsSync(path));
    return Buffer.concat(there.map((path) => readFileSync(path)));
  }

  it('holds a secret while it is needed, and not afterwards', async () => {
    const batch = aBatch({ keys: [['key-4711']], detail: 'detail-4711' });
    const hold = aHold({ subjects: [['email', 'subject-4711@example.dk']] });
    const plan = aPlan();
    await test.state.transaction(async (t) => {
      await t.openBatch(batch);
      await t.addHold(hold);
      await t.addPlan(plan);
    });
    await test.state.addPlanKeys(plan.id, 0, [{ key: ['plan-4711'], life: 'l' }]);
    for (const secret of ['key-4711', 'detail-4711', 'subject-4711', 'plan-4711']) {
      expect(files().includes(secret)).toBe(true);
    }
    await test.state.transaction((t) => t.settleBatch(batch.id));
    expect(files().includes('key-4711') || files().includes('detail-4711')).toBe(false);
    await test.state.transaction((t) => t.releaseHold(hold.id, '2026-11-22T00:00:00Z'));
    expect(files().includes('subject-4711')).toBe(false);
    await test.state.transaction((t) => t.setPlanStatus(plan.id, 'waiting', 'void'));
    expect(files().includes('4711')).toBe(false);
  });

  it('overwrites what is forgotten after entries were published, which need it not', async () => {
    const batch = aBatch({ keys: [['key-4711']], detail: `detail-4711 ${'x'.repeat(20_000)}` });
    await test.state.transaction(async (t) => {
      await t.openBatch(batch);
      await t.emit([`{"n":"${'x'.repeat(20_000)}"}`]);
    });
    const rows = await test.state.pendingOutbox(10);
    await test.state.acknowledgeOutbox(
      rows.map(({ id }) => id),
      { size: 1, root: 'AA==' },
    );
    await test.state.transaction((t) => t.settleBatch(batch.id));
    expect(files().includes('4711')).toBe(false);
  });

  /** Pseudo-random, so that a failure can be repeated: 0 <= x < n. */
  function chance(seed: number): (n: number) => number {
    let x = seed;
    return (n) => {
      x = (Math.imul(x, 1_103_515_245) + 12_345) & 0x7fffffff;
      return (x >>> 8) % n;
    };
  }

  // 2 and 50 are two of sixty that find a copy when the filler of migrations.ts is empty.
  it.each([1, 2, 3, 50])('keeps no copy of what came and went among others (seed %d)', async (seed) => {
    const pick = chance(seed);
    const there: { secret: string; forget: () => Promise<unknown> }[] = [];
    const gone: string[] = [];
    // Half of the seeds forget while others come, half when all are there; the tree of the file is rebuilt differently.
    const atOnce = seed % 2 === 0;
    const forgetOne = async (): Promise<void> => {
      const [one] = there.splice(pick(there.length), 1);
      await one!.forget();
      gone.push(one!.secret);
    };
    for (let n = 0; n < 400; n++) {
      const secret = `<${n}>`;
      // In every part of it, because a part of it is enough.
      const text = secret.repeat(1 + (pick(4) === 0 ? pick(2000) : pick(60)));
      if (pick(2) === 0) {
        const record = { controller: 'c', source: 's', record: 'r', key: [text] };
        const hold = aHold(pick(2) === 0 ? { subjects: [['email', text]] } : { records: [record] });
        await test.state.transaction((t) => t.addHold(hold));
        const [at, until] = ['2026-11-22T00:00:00Z', pick(2) === 0 ? '2026-11-23T00:00:00Z' : undefined];
        const forget = async (): Promise<void> => {
          await test.state.transaction((t) => t.releaseHold(hold.id, at, until));
          if (until !== undefined) await test.state.transaction((t) => t.forgetHolds(until));
        };
        there.push({ secret, forget });
      } else {
        const batch = aBatch({ keys: [[text]], detail: text });
        await test.state.transaction((t) => t.openBatch(batch));
        there.push({ secret, forget: () => test.state.transaction((t) => t.settleBatch(batch.id)) });
      }
      await reader.openBatches();
      if (!atOnce) for (let left = pick(3); left > 0 && there.length > 0; left--) await forgetOne();
    }
    while (there.length > 20) await forgetOne();
    const bytes = files();
    expect(gone.filter((secret) => bytes.includes(secret))).toEqual([]);
    expect(there.filter(({ secret }) => !bytes.includes(secret))).toEqual([]);
  });

  it('is cleaned at the next opening when a crash came before the cleaning', async () => {
    // Past the code, as a process that was killed between its commit and the emptying of the log leaves it.
    await test.database.query('pragma secure_delete = on');
    const hold = aHold({ subjects: [['email', 'left-4711']] });
    await test.state.transaction((t) => t.addHold(hold));
    await test.database.query('update frist_holds set subjects = null');
    expect(files().includes('left-4711')).toBe(true);
    await (await openState(test.url, { clock })).close();
    expect(files().includes('left-4711')).toBe(false);
  });
});
