/** Plans that wait for a person: when, how many, who may let them go, and what is said of those that no longer go. */
import { afterEach, describe, expect, it } from '@jest/globals';
import { approve, type ApproveInput, type ApproveResult, type Left } from '../../../src/erasure/approve.ts';
import { dryRun, inspectPlan } from '../../../src/erasure/dry-run.ts';
import type { Engine } from '../../../src/erasure/engine.ts';
import type { PolicyReport } from '../../../src/erasure/report.ts';
import { sweep } from '../../../src/erasure/sweep.ts';
import { parsePolicies } from '../../../src/policy/parse/parse.ts';
import { compileViews } from '../../../src/policy/view.ts';
import type { Plan } from '../../../src/state/state.ts';
import { contact, POLICIES, TABLES } from '../fixture.ts';
import { createWorld, type World, type WorldOptions } from '../harness.ts';

const START = Date.parse('2026-06-30T03:15:00Z');
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const { signal } = new AbortController();

let now = START;
let world: World | undefined;
afterEach(async () => {
  await world?.close();
  world = undefined;
  now = START;
});

const contacts = (due: number, others = 0): WorldOptions['tables'] =>
  TABLES(
    Array.from({ length: due + others }, (_, id) => contact(id, id < due ? '2025-01-01' : '2026-06-01')),
    [],
  );

async function make(options: Partial<WorldOptions> & Pick<WorldOptions, 'tables'>): Promise<World> {
  world = await createWorld({ policies: POLICIES, now: () => now, ...options });
  return world;
}

async function run(on: World): Promise<PolicyReport> {
  const input = { trigger: 'manual', slot: undefined, asOf: now, setClock: false } as const;
  const [report] = await sweep(on.engine, on.tasks, { ...input, signal });
  if (report === undefined) throw new Error('no report');
  return report;
}

const letGo = (on: World, plan: string, more: Partial<ApproveInput> = {}): Promise<ApproveResult> =>
  approve(on.engine, on.tasks, { plan, why: 'looked at', asOf: now, setClock: false, signal, ...more });

async function planOf(on: World, id: string | undefined): Promise<Plan> {
  const plan = await on.state.plan(id ?? '');
  if (plan === undefined) throw new Error('no plan');
  return plan;
}

async function keysOf(on: World, id: string | undefined): Promise<number> {
  let keys = 0;
  for await (const piece of on.state.planKeys(id ?? '')) keys += piece.length;
  return keys;
}

const alarms = async (on: World): Promise<string[]> =>
  (await on.entries()).flatMap(({ type }) =>
    ['plan', 'guard-tripped', 'approval-required', 'approval'].includes(type) ? [type] : [],
  );

const put = (on: World, id: number, last = '2025-01-01'): void => {
  on.database.tables.get('contacts')?.rows.set(`["${String(id)}"]`, contact(id, last));
};
const asking = (approval: string): string =>
  POLICIES.replace('    action: delete', `    approval: ${approval}\n    action: delete`);

describe('a policy that wants a person', () => {
  it('waits though no guard stops it, each time, and the trail says why', async () => {
    const on = await make({ tables: contacts(3, 1), policies: asking('always') });
    const stopped = await run(on);
    expect(stopped).toMatchObject({ status: 'waiting', guard: { name: 'approval', limit: 0, observed: 3 } });
    expect(on.rows('contacts')).toHaveLength(4);
    const entry = (await on.entries()).find(({ type }) => type === 'approval-required');
    expect(entry).toMatchObject({ plan: stopped.plan, policy: 'contacts', above: 0, records: 3 });
    expect(await letGo(on, stopped.plan ?? '')).toMatchObject({ report: { outcomes: { erased: 3 } } });
    expect(on.rows('contacts')).toHaveLength(1);
    put(on, 9);
    now += DAY;
    expect(await run(on)).toMatchObject({ status: 'waiting', guard: { name: 'approval' } });
    expect(await alarms(on)).toEqual(['plan', 'approval-required', 'approval', 'plan', 'approval-required']);
  });

  it('has nothing to wait for where nothing is due', async () => {
    const on = await make({ tables: contacts(0, 2), policies: asking('always') });
    expect(await run(on)).toMatchObject({ status: 'done' });
    expect(await alarms(on)).toEqual([]);
  });

  it.each([
    ['{ above: 3 }', 'done'],
    ['{ above: 2 }', 'waiting'],
    ['never', 'done'],
  ])('approval: %s', async (approval, status) => {
    const on = await make({ tables: contacts(3), policies: asking(approval) });
    const [dry] = await dryRun(on.engine, on.tasks, { asOf: now, signal });
    expect(dry?.guard?.name).toBe(status === 'waiting' ? 'approval' : undefined);
    expect(await run(on)).toMatchObject({ status });
  });

  it('is stopped by its guards first', async () => {
    const on = await make({ tables: contacts(101), policies: asking('always') });
    expect(await run(on)).toMatchObject({ guard: { name: 'first-run-records' } });
  });

  it('does not want one any more when its wording says so: the plan of the old wording is void', async () => {
    const on = await make({ tables: contacts(3), policies: asking('always') });
    const { plan } = await run(on);
    const other = asking('never');

    const tasks = compileViews(parsePolicies(other, { file: 'p.yaml', resolve: () => undefined }).file);
    const input = { plan: plan ?? '', why: 'x', asOf: now, setClock: false, signal };
    await expect(approve(on.engine, tasks, input)).rejects.toMatchObject({ code: 'PLAN_VOID' });
    expect((await planOf(on, plan)).status).toBe('void');
    expect(on.rows('contacts')).toHaveLength(3);
  });
});

describe('plans that wait', () => {
  it('let nobody go who has a key of theirs by now, though he is due as well', async () => {
    const on = await make({ tables: contacts(3), policies: asking('always') });
    const { plan } = await run(on);
    const [first] = on.rows('contacts');
    const key = String(first?.['id']);
    on.database.tables
      .get('contacts')
      ?.rows.set(`["${key}"]`, { ...contact(Number(key), '2025-01-01'), email: 'another@example.org' });
    const result = await letGo(on, plan ?? '');
    expect(result).toMatchObject({ report: { outcomes: { erased: 2 } }, noLonger: { absent: 1 } });
    expect(on.rows('contacts')).toMatchObject([{ id: key, email: 'another@example.org' }]);
  });

  it('let the same person go whose address is written otherwise by now', async () => {
    const on = await make({ tables: contacts(3), policies: asking('always') });
    const { plan } = await run(on);
    const [first] = on.rows('contacts');
    Object.assign(first ?? {}, { email: String(first?.['email']).toUpperCase() });
    expect(await letGo(on, plan ?? '')).toMatchObject({ report: { outcomes: { erased: 3 } } });
  });

  it('are one for each reason, with one alarm, until it has expired', async () => {
    const on = await make({ tables: contacts(101) });
    const { plan } = await run(on);
    expect(await keysOf(on, plan)).toBe(101);
    for (let night = 0; night < 3; night += 1) {
      now += DAY;
      put(on, 200 + night);
      expect(await run(on)).toMatchObject({ status: 'waiting', plan });
    }
    expect(await alarms(on)).toEqual(['plan', 'guard-tripped']);
    now += 4 * DAY;
    const next = await run(on);
    expect(next).toMatchObject({ status: 'waiting', guard: { observed: 104 } });
    expect(next.plan).not.toBe(plan);
    expect([(await planOf(on, plan)).status, await keysOf(on, plan)]).toEqual(['expired', 0]);
    expect(await alarms(on)).toEqual(['plan', 'guard-tripped', 'plan', 'guard-tripped']);
    await expect(letGo(on, plan ?? '')).rejects.toMatchObject({ code: 'PLAN_EXPIRED' });
    expect(on.rows('contacts')).toHaveLength(104);
  });

  it('do not expire while they are carried out', async () => {
    const others: { act?: () => Promise<unknown> } = {};
    const on = await make({
      tables: contacts(101),
      maxBatch: 60,
      wrap: (connector) => {
        const verify = connector.verify.bind(connector);
        return Object.assign(connector, {
          verify: async (...asked: Parameters<typeof verify>) => {
            await others.act?.();
            return verify(...asked);
          },
        });
      },
    });
    const { plan = '' } = await run(on);
    now += 7 * DAY - 1000;
    others.act = async () => {
      now += 1000;
      expect(await run(on)).toMatchObject({ status: 'skipped' });
      await expect(letGo(on, plan)).rejects.toMatchObject({ code: 'PLAN_EXPIRED' });
      expect([(await planOf(on, plan)).status, await keysOf(on, plan)]).toEqual(['approved', 101]);
    };
    expect(await letGo(on, plan)).toMatchObject({ report: { status: 'done', outcomes: { erased: 101 } } });
    expect((await planOf(on, plan)).status).toBe('applied');
  });

  it('wait beside each other where the reasons differ', async () => {
    const on = await make({ tables: contacts(101, 20) });
    const first = await run(on);
    await on.state.transaction((t) =>
      t.rememberPolicy('Test', 'contacts', { digest: 'other', population: 1000 }),
    );
    now += DAY;
    const second = await run(on);
    expect([first.guard?.name, second.guard?.name]).toEqual(['first-run-records', 'population-moved']);
    expect(await on.state.plans({ status: 'waiting' })).toHaveLength(2);
  });

  it('let exactly their records go; those that came later go with the next run', async () => {
    const on = await make({ tables: contacts(101) });
    const { plan = '' } = await run(on);
    now += DAY;
    put(on, 300);
    await run(on);
    expect(await letGo(on, plan)).toMatchObject({ report: { status: 'done', outcomes: { erased: 101 } } });
    expect(on.rows('contacts')).toHaveLength(1);
    expect(await keysOf(on, plan)).toBe(0);
    expect(await run(on)).toMatchObject({ status: 'done', outcomes: { erased: 1 } });
  });

  it('may come again, the same records at the same moment, once they are void', async () => {
    const on = await make({ tables: contacts(101) });
    const { plan = '' } = await run(on);
    await on.state.transaction((t) => t.setPlanStatus(plan, 'waiting', 'void'));
    expect(await run(on)).toMatchObject({ status: 'waiting', plan });
    expect([(await planOf(on, plan)).status, await keysOf(on, plan)]).toEqual(['waiting', 101]);
  });

  it('are taken up by another approval where the first was cut short', async () => {
    const on = await make({ tables: contacts(101) });
    const { plan = '' } = await run(on);
    const stop = new AbortController();
    const stopping: Engine = {
      ...on.engine,
      // The rest after the first batch, not the pause before the lease is renewed.
      sleep: (milliseconds, until) => {
        if (milliseconds < 1000) stop.abort();
        return on.engine.sleep(milliseconds, until);
      },
      settings: { ...on.engine.settings, pace: { maxBatch: 10, targetMs: 1, rest: 1 } },
    };
    const input = { plan, why: 'x', asOf: now, setClock: false, signal: stop.signal };
    let tick = 0;
    const cut = await approve({ ...stopping, now: () => now + (tick += 1) }, on.tasks, input);
    expect(cut.report).toMatchObject({ status: 'stopped' });
    expect((await planOf(on, plan)).status).toBe('approved');
    now += HOUR;
    const left = on.rows('contacts').length;
    expect([left > 0, left < 101]).toEqual([true, true]);
    expect(await letGo(on, plan)).toMatchObject({ report: { status: 'done' } });
    expect(on.rows('contacts')).toEqual([]);
  });
});

describe('who lets a plan go', () => {
  const as = (on: World, operator: string): World => ({
    ...on,
    engine: { ...on.engine, settings: { ...on.engine.settings, approveOwn: false, operator } },
  });

  it('can be forbidden to be who made it', async () => {
    const on = await make({ tables: contacts(101) });
    const { plan = '' } = await run(on);
    await expect(letGo(as(on, 'tester'), plan)).rejects.toMatchObject({ code: 'PLAN_OWN', exit: 1 });
    expect(on.rows('contacts')).toHaveLength(101);
    expect(await letGo(as(on, 'dpo.1'), plan)).toMatchObject({ report: { outcomes: { erased: 101 } } });
    const entry = (await on.entries()).find(({ type }) => type === 'approval');
    expect(entry).toMatchObject({ plan, who: 'dpo.1', why: { bytes: expect.any(Number) } });
  });
});

describe('approved records that do not go any more', () => {
  it('are told one by one with their reasons, to whoever asks and nobody else', async () => {
    const on = await make({ tables: contacts(103) });
    const { plan = '' } = await run(on);
    put(on, 7, '2026-06-29');
    on.database.tables.get('contacts')?.rows.delete('["8"]');
    const seen: unknown[] = [];
    await inspectPlan(on.engine, on.tasks, {
      plan: await planOf(on, plan),
      asOf: now,
      signal,
      onRecord: (_, key, disposition) => {
        if (disposition?.verdict !== 'erase') seen.push([key, disposition?.verdict]);
      },
    });
    const left: Left[] = [];
    const result = await letGo(on, plan, { onLeft: (one) => left.push(one) });
    expect(result).toMatchObject({
      report: { status: 'done', outcomes: { erased: 101 } },
      noLonger: { pending: 1, absent: 1 },
    });
    const told = left.map(({ key, disposition }) => [key, disposition?.verdict]);
    expect(told.sort()).toEqual([
      [['7'], 'pending'],
      [['8'], undefined],
    ]);
    expect(seen.sort()).toEqual(told);
    expect(on.rows('contacts')).toHaveLength(1);
  });

  it('a plan whose wording has changed is not looked at, and stays as it is', async () => {
    const on = await make({ tables: contacts(101) });
    const plan = await planOf(on, (await run(on)).plan);
    const input = { asOf: now, signal, onRecord: () => undefined };
    const other = { ...plan, policyDigest: 'another' };
    await expect(inspectPlan(on.engine, on.tasks, { ...input, plan: other })).rejects.toMatchObject({
      code: 'PLAN_VOID',
    });
    expect((await planOf(on, plan.id)).status).toBe('waiting');
  });
});

describe('a clock that nobody bore witness to for two days', () => {
  it('is not believed after a run that found nothing to erase either', async () => {
    const on = await make({ tables: contacts(0, 1), memory: {} });
    expect(await run(on)).toMatchObject({ status: 'done' });
    now += 3 * DAY;
    expect(await run(on)).toMatchObject({ status: 'done' });
    now += HOUR;
    put(on, 5);
    const stopped = await run(on);
    expect(stopped).toMatchObject({
      status: 'waiting',
      guard: { name: 'clock-gap', limit: 48, observed: 73 },
    });
    expect(await letGo(on, stopped.plan ?? '')).toMatchObject({ report: { outcomes: { erased: 1 } } });
    now += HOUR;
    put(on, 6);
    expect(await run(on)).toMatchObject({ status: 'done', outcomes: { erased: 1 } });
  });

  it('is not believed because the plan about it expired', async () => {
    const on = await make({ tables: contacts(0, 1), memory: {} });
    await run(on);
    put(on, 5);
    now += 3 * DAY;
    for (let night = 0; night < 9; night += 1) {
      expect(await run(on)).toMatchObject({ status: 'waiting', guard: { name: 'clock-gap' } });
      now += DAY;
    }
    expect(on.rows('contacts')).toHaveLength(2);
  });

  it('has a witness in a source with a clock of its own', async () => {
    const on = await make({ tables: contacts(0, 1) });
    await run(on);
    put(on, 5);
    now += 30 * DAY;
    expect(await run(on)).toMatchObject({ status: 'done', outcomes: { erased: 1 } });
  });
});
