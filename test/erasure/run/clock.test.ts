/** Clocks: a run that goes on past midnight, one that jumps while it runs, and a source whose clock is another. */
import { afterEach, describe, expect, it } from '@jest/globals';
import type { PolicyReport } from '../../../src/erasure/report.ts';
import { sweep } from '../../../src/erasure/sweep.ts';
import { contact, POLICIES, TABLES } from '../fixture.ts';
import { createWorld, type World, type Wraps } from '../harness.ts';

const MINUTE = 60_000;
const at = (text: string): number => Date.parse(text);
let world: World | undefined;
afterEach(async () => world?.close());

const OLD = '2025-06-28 12:00:00';
/** Due from 2026-07-01 00:01 on: after twelve months, less two days. */
const DUE_AFTER_MIDNIGHT = '2025-07-03 00:01:00';

async function make(dates: readonly string[], now: () => number, more: Wraps = {}): Promise<World> {
  const contacts = dates.map((last, i) => ({ ...contact(i + 1, null), last_contact: last }));
  world = await createWorld({ tables: TABLES(contacts, []), policies: POLICIES, now, maxBatch: 1, ...more });
  return world;
}

async function run({ engine, tasks }: World, asOf: number): Promise<PolicyReport | undefined> {
  const input = { trigger: 'manual', slot: undefined, asOf, setClock: false } as const;
  return (await sweep(engine, tasks, { ...input, signal: new AbortController().signal }))[0];
}

const ids = (on: World): unknown[] => on.rows('contacts').map((row) => row['id']);

describe('a run', () => {
  it('that goes on past midnight decides by the moment at which it began', async () => {
    const asOf = at('2026-06-30T23:59:00Z');
    let now = asOf;
    const on = await make(
      [OLD, OLD, DUE_AFTER_MIDNIGHT, OLD],
      // Every look at the clock takes it two seconds further.
      () => (now += 2000),
    );
    now = asOf;
    expect(await run(on, asOf)).toMatchObject({ status: 'done', outcomes: { erased: 3 } });
    expect(ids(on)).toEqual(['3']);
    await on.engine.trail.flush();
    const days = (await on.entries())
      .filter(({ type }) => /^run-/.test(type))
      .map((entry) => entry.at.slice(0, 10));
    expect(days).toEqual(['2026-06-30', '2026-07-01']);
    expect(await run(on, at('2026-07-01T23:00:00Z'))).toMatchObject({ outcomes: { erased: 1 } });
  });

  it.each([
    ['forward by a day', 24 * 60],
    ['back by a day', -24 * 60],
  ])('whose clock jumps %s under way erases what was due when it began, and says so', async (_, minutes) => {
    const start = at('2026-06-30T12:00:00Z');
    let now = start;
    const on = await make([OLD, OLD, DUE_AFTER_MIDNIGHT], () => now, {
      wrap: (connector) => ({
        ...connector,
        kind: connector.kind,
        capabilities: connector.capabilities,
        check: (...asked) => connector.check(...asked),
        now: () => connector.now(),
        count: (...asked) => connector.count(...asked),
        scan: (...asked) => connector.scan(...asked),
        read: (...asked) => connector.read(...asked),
        verify: (...asked) => connector.verify(...asked),
        dependents: (...asked) => connector.dependents(...asked),
        erasing: async (...asked) => {
          now = start + minutes * MINUTE;
          return connector.erasing(...asked);
        },
      }),
    });
    expect(await run(on, start)).toMatchObject({ status: 'done', outcomes: { erased: 2 } });
    expect(ids(on)).toEqual(['3']);
    await on.engine.trail.flush();
    const records = (await on.entries()).filter((entry) => entry.type === 'record');
    expect(records.map(({ outcome }) => outcome)).toEqual(['erased', 'erased']);
  });
});

describe('a source whose clock is another', () => {
  const start = at('2026-06-30T12:00:00Z');
  const ahead = (minutes: number): Wraps => ({ memory: { now: () => start + minutes * MINUTE } });

  it.each([6, -6])('by more than five minutes (%s) keeps its policies from erasing', async (minutes) => {
    const on = await make([OLD], () => start, ahead(minutes));
    expect(await run(on, start)).toMatchObject({ status: 'failed', error: { code: 'SOURCE_CLOCK' } });
    expect(ids(on)).toEqual(['1']);
  });

  it.each([4, -4])('by less (%s) is as good as none', async (minutes) => {
    const on = await make([OLD], () => start, ahead(minutes));
    expect(await run(on, start)).toMatchObject({ status: 'done', outcomes: { erased: 1 } });
  });
});
