// What the report finds in the trail of a run is what the run said, and what status says of it.
import { afterEach, expect, it } from '@jest/globals';
import { formatEntry } from '../../../src/audit/entry.ts';
import type { PolicyFindings } from '../../../src/audit/report/report.ts';
import { Tally } from '../../../src/audit/report/tally.ts';
import { approve } from '../../../src/erasure/approve.ts';
import type { PolicyReport } from '../../../src/erasure/report.ts';
import { sweep } from '../../../src/erasure/sweep.ts';
import { contact, note, POLICIES, TABLES } from '../fixture.ts';
import { createWorld, type World } from '../harness.ts';

const AS_OF = Date.parse('2026-06-30T03:15:00Z');
const NEVER = new AbortController().signal;

let world: World | undefined;
afterEach(async () => {
  await world?.close();
  world = undefined;
});

async function make(people: number, due: number): Promise<World> {
  const rows = Array.from({ length: people }, (_, i) => contact(i, i < due ? '2025-01-01' : '2026-06-01'));
  world = await createWorld({
    tables: TABLES(rows, [note(1, 0)]),
    policies: POLICIES,
    now: () => AS_OF,
  });
  return world;
}

async function run(on: World, signal = NEVER): Promise<PolicyReport> {
  const input = { trigger: 'manual', slot: undefined, asOf: AS_OF, setClock: false, signal } as const;
  const [report] = await sweep(on.engine, on.tasks, input);
  if (report === undefined) throw new Error('no report');
  return report;
}

async function findings(on: World): Promise<PolicyFindings> {
  const tally = new Tally({ from: '2026-06-01', to: '2026-06-30' });
  for (const entry of await on.entries()) tally.add(formatEntry(entry));
  const [policy, ...others] = tally.findings('2026-06-30').policies;
  if (policy === undefined || others.length > 0) throw new Error('not one policy');
  return policy;
}

async function lastRun(on: World): Promise<string | undefined> {
  return (await on.state.runs({ limit: 1 }))[0]?.state;
}

it('a run that erases', async () => {
  const on = await make(20, 5);
  const report = await run(on);
  expect(report).toMatchObject({ found: { byAction: { delete: 5 } }, erasedBy: { delete: 5 } });
  const { period, end, controller } = await findings(on);
  expect(controller).toBe(on.engine.controller.name);
  expect(period).toMatchObject({ due: 5, erased: 5, deleted: 5, late: 5, seenGone: 5 });
  expect(period.dependents).toEqual(report.dependents);
  expect(end).toMatchObject({
    population: 20,
    kept: { pending: 15 },
    left: 0,
    overdue: 0,
    looked: '2026-06-30',
  });
  expect(await lastRun(on)).toBe('finished');
});

it('a run that a guard stops, and its approval', async () => {
  const on = await make(150, 120);
  const { plan = '', found } = await run(on);
  const waiting = await findings(on);
  expect(waiting.period).toMatchObject({ due: 120, erased: 0 });
  expect(waiting.end).toMatchObject({ left: 120, overdue: 120, oldest: found?.oldestOverdue });
  expect(waiting.runs).toEqual({ waiting: 1 });
  expect(await lastRun(on)).toBe('waiting');

  on.database.tables.get('contacts')?.rows.delete('["4"]');
  await approve(on.engine, on.tasks, { plan, why: 'seen', asOf: AS_OF, setClock: false, signal: NEVER });
  const approved = await findings(on);
  expect(approved.period).toMatchObject({ due: 119, erased: 119 });
  expect(approved.end).toMatchObject({ left: 0, overdue: 0 });
  // It looked at the records of its plan alone, and says nothing of others.
  expect((await on.state.runs({ limit: 1 }))[0]?.summary).toEqual({ erased: 119 });
  expect(approved.runs).toEqual({ waiting: 1, done: 1 });
  expect(await lastRun(on)).toBe('finished');
});

it('a run that is told to stop', async () => {
  const on = await make(20, 5);
  expect(await run(on, AbortSignal.abort())).toMatchObject({ status: 'stopped' });
  expect((await findings(on)).runs).toEqual({ stopped: 1 });
  expect(await lastRun(on)).toBe('stopped');
});
