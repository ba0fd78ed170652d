/** The kill switch: no batch begins while it is on, whatever is under way, and the work goes on when it is off. */
import { afterEach, expect, it } from '@jest/globals';
import type { Connector } from '../../../src/connectors/connector.ts';
import { approve } from '../../../src/erasure/approve.ts';
import type { PolicyReport } from '../../../src/erasure/report.ts';
import { sweep } from '../../../src/erasure/sweep.ts';
import type { State } from '../../../src/state/state.ts';
import { contact, POLICIES, TABLES } from '../fixture.ts';
import { createWorld, type World } from '../harness.ts';

const NOW = Date.parse('2026-06-30T03:15:00Z');
const DUE = [1, 2, 3, 4, 5, 6, 7, 8];
const PAUSE = { since: '2026-06-30T03:00:00.000Z', by: 'operator.1' };

let world: World | undefined;
afterEach(() => world?.close());

async function createPeople(wrap?: (connector: Connector, state: () => State) => Connector): Promise<World> {
  world = await createWorld({
    tables: TABLES(
      DUE.map((id) => contact(id, '2025-01-01')),
      [],
    ),
    policies: POLICIES,
    now: () => NOW,
    wrap: (connector) => wrap?.(connector, () => (world as World).state) ?? connector,
  });
  return world;
}

const pause = (state: State, to: typeof PAUSE | undefined): Promise<boolean> =>
  state.transaction((t) => t.setPause(to));

async function run({ engine, tasks }: World): Promise<PolicyReport[]> {
  const input = { trigger: 'manual', slot: undefined, asOf: NOW, setClock: false } as const;
  return sweep(engine, tasks, { ...input, signal: new AbortController().signal });
}

/** A connector during whose erasing of the first batch somebody pauses. */
function pausing(connector: Connector, state: () => State): Connector {
  const erasing: Connector['erasing'] = async (...asked) => {
    const session = await connector.erasing(...asked);
    return {
      release: () => session.release(),
      erase: async (...batch) => {
        const result = await session.erase(...batch);
        await pause(state(), PAUSE);
        return result;
      },
    };
  };
  return new Proxy(connector, {
    get: (target, name) => {
      const member: unknown = name === 'erasing' ? erasing : Reflect.get(target, name);
      return typeof member === 'function' ? (member.bind(target) as unknown) : member;
    },
  });
}

it('ends a run between two batches; what was opened is settled as not erased, and the next run finishes', async () => {
  const at = await createPeople(pausing);
  const [report] = await run(at);
  expect(report).toMatchObject({
    status: 'stopped',
    error: { code: 'PAUSED' },
    outcomes: { erased: 3, 'not-erased': 3 },
  });
  expect(at.rows('contacts')).toHaveLength(5);
  expect(await at.state.openBatches()).toEqual([]);
  expect(await at.state.runs({ limit: 1 })).toMatchObject([{ state: 'stopped', code: 'PAUSED' }]);
  await pause(at.state, undefined);
  const later = await at.again({ wrap: (connector) => connector });
  expect(await run(later)).toMatchObject([{ status: 'done', outcomes: { erased: 5 } }]);
  const types = (await at.entries()).map((entry) => entry.type);
  // Nothing failed.
  expect(types).not.toContain('policy-failed');
});

it('lets no run begin, and leaves no trace of one', async () => {
  const at = await createPeople();
  await pause(at.state, PAUSE);
  const before = (await at.entries()).length;
  await expect(run(at)).rejects.toMatchObject({ code: 'PAUSED' });
  expect(await at.state.runs({ limit: 1 })).toEqual([]);
  expect(await at.entries()).toHaveLength(before);
  expect(at.rows('contacts')).toHaveLength(8);
});

it('lets no approval begin either', async () => {
  const at = await createPeople();
  await pause(at.state, PAUSE);
  const input = { plan: 'any', why: 'x', asOf: NOW, setClock: false, signal: new AbortController().signal };
  await expect(approve(at.engine, at.tasks, input)).rejects.toMatchObject({ code: 'PAUSED' });
});

it('is on while its file is there, too', async () => {
  const at = await createPeople();
  let looks = 0;
  // It comes when the run is about to send its second batch.
  const engine = { ...at.engine, pauseFile: () => Promise.resolve(++looks > 3 ? '/var/pause' : undefined) };
  expect(await run({ ...at, engine })).toMatchObject([
    { status: 'stopped', error: { code: 'PAUSED_BY_FILE', message: expect.stringContaining('/var/pause') } },
  ]);
  expect(at.rows('contacts')).toHaveLength(5);
});

it('stands until it is ended, once', async () => {
  const at = await createPeople();
  expect(await pause(at.state, PAUSE)).toBe(true);
  expect(await pause(at.state, { since: '2026-06-30T04:00:00.000Z', by: 'another' })).toBe(false);
  expect(await at.state.pause()).toEqual(PAUSE);
  expect(await pause(at.state, undefined)).toBe(true);
  expect(await pause(at.state, undefined)).toBe(false);
  expect(await at.state.pause()).toBeUndefined();
});
