// The index of the trail: what was put in is found, on every engine, and two writers do not mix.
import { afterAll, beforeEach, describe, expect, it } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import type { Head, IndexRow } from '../../src/state/state.ts';
import { engines } from '../support/servers/index.ts';
import { freshState } from './support.ts';
import type { TestState } from './support.ts';

const head = (size: number): Head => ({ size, root: `root of ${size}` });

/** Rows of the entries `from` up to `to`, three names each. */
function rowsOf(from: number, to: number): IndexRow[] {
  const entries = Array.from({ length: to - from }, (_, i) => from + i);
  return entries.flatMap((entry) => [0, 1, 2].map(() => ({ prefix: randomBytes(8), entry })));
}

describe.each(await engines())('the index of the trail on %s', (engine) => {
  const made: TestState[] = [];
  let test: TestState;
  beforeEach(async () => {
    made.push((test = await freshState(engine)));
  });
  afterAll(async () => {
    for (const one of made) await one.drop();
  });

  it('gives the entries of a prefix, ascending, each once', async () => {
    const { trailIndex } = test.state;
    expect(await trailIndex.reach()).toBeUndefined();
    const rows = rowsOf(0, 700);
    const [, , third] = rows;
    const shared = { prefix: third!.prefix, entry: 2 ** 40 };
    expect(await trailIndex.extend(undefined, head(700), [shared, ...rows])).toBe(true);
    expect(await trailIndex.reach()).toEqual(head(700));
    expect(await trailIndex.find([third!.prefix])).toEqual([0, 2 ** 40]);
    expect(await trailIndex.find(rows.map(({ prefix }) => prefix))).toEqual([
      ...Array.from({ length: 700 }, (_, i) => i),
      2 ** 40,
    ]);
    expect(await trailIndex.find([randomBytes(8)])).toEqual([]);
    expect(await trailIndex.find([])).toEqual([]);
  });

  it('is extended only from where it ends', async () => {
    const here = test.state.trailIndex;
    const there = (await test.open()).trailIndex;
    const rows = rowsOf(0, 10);
    const both = await Promise.all([here, there].map((one) => one.extend(undefined, head(10), rows)));
    expect(both.sort()).toEqual([false, true]);
    expect(await there.extend(head(9), head(20), rowsOf(10, 20))).toBe(false);
    expect(await there.extend({ size: 10, root: 'another' }, head(20), rowsOf(10, 20))).toBe(false);
    const more = rowsOf(10, 20);
    expect(await there.extend(head(10), head(20), more)).toBe(true);
    expect(await here.reach()).toEqual(head(20));
    expect(await here.find([rows[0]!.prefix, more[0]!.prefix])).toEqual([0, 10]);
  });

  it('is empty once it has been dropped', async () => {
    const { trailIndex } = test.state;
    const rows = rowsOf(0, 10);
    await trailIndex.extend(undefined, head(10), rows);
    await trailIndex.drop();
    expect(await trailIndex.reach()).toBeUndefined();
    expect(await trailIndex.find(rows.map(({ prefix }) => prefix))).toEqual([]);
    expect(await trailIndex.extend(undefined, head(10), rows)).toBe(true);
  });
});
