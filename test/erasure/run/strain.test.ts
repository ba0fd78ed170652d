/** A source that is busier than its file allows: erasing waits, and says so once; one that cannot tell has failed. */
import { afterEach, expect, it } from '@jest/globals';
import { SourceFailure, type Strain } from '../../../src/connectors/connector.ts';
import type { Engine } from '../../../src/erasure/engine.ts';
import type { PolicyReport } from '../../../src/erasure/report.ts';
import { sweep } from '../../../src/erasure/sweep.ts';
import { contact, POLICIES, TABLES } from '../fixture.ts';
import { createWorld, SILENT, type World } from '../harness.ts';

const NOW = Date.parse('2026-06-30T03:15:00Z');
const DUE = [1, 2, 3, 4, 5, 6, 7, 8];
const STRAIN: Strain = { name: 'replica lag', limit: 10, observed: 12 };

let world: World | undefined;
afterEach(() => world?.close());

const create = async (): Promise<World> =>
  (world = await createWorld({
    tables: TABLES(
      DUE.map((id) => contact(id, '2025-01-01')),
      [],
    ),
    policies: POLICIES,
    now: () => NOW,
  }));

async function run(
  at: World,
  engine: Engine,
  signal = new AbortController().signal,
): Promise<PolicyReport[]> {
  const input = { trigger: 'manual', slot: undefined, asOf: NOW, setClock: false } as const;
  return sweep(engine, at.tasks, { ...input, signal });
}

it('erases nothing until the source is well again', async () => {
  const at = await create();
  const left: number[] = [];
  const told: unknown[] = [];
  const engine: Engine = {
    ...at.engine,
    logger: { ...SILENT, warn: (event, fields) => told.push([event, fields]) },
    // Before the second batch it is strained three times.
    strain: (source) => {
      expect(source).toBe('crm');
      left.push(at.rows('contacts').length);
      return Promise.resolve(left.length > 1 && left.length < 5 ? STRAIN : undefined);
    },
  };
  expect(await run(at, engine)).toMatchObject([{ status: 'done', outcomes: { erased: 8 } }]);
  expect(left).toEqual([8, 5, 5, 5, 5, 2]);
  expect(told).toEqual([['erasing waits', { policy: 'contacts', source: 'crm', guard: 'replica lag' }]]);
});

it('is told to stop while it waits, and leaves nothing open', async () => {
  const at = await create();
  const stop = new AbortController();
  const engine: Engine = {
    ...at.engine,
    strain: () => Promise.resolve(STRAIN),
    sleep: async (milliseconds, signal) => {
      if (milliseconds === 1000) stop.abort();
      else await at.engine.sleep(milliseconds, signal);
    },
  };
  expect(await run(at, engine, stop.signal)).toMatchObject([
    { status: 'stopped', outcomes: { 'not-erased': 3 } },
  ]);
  expect(at.rows('contacts')).toHaveLength(8);
  expect(await at.state.openBatches()).toEqual([]);
});

it('is paused while it waits', async () => {
  const at = await create();
  const engine: Engine = {
    ...at.engine,
    strain: async () => {
      await at.state.transaction((t) => t.setPause({ since: '2026-06-30T03:00:00.000Z', by: 'x' }));
      return STRAIN;
    },
  };
  expect(await run(at, engine)).toMatchObject([{ status: 'stopped', error: { code: 'PAUSED' } }]);
  expect(at.rows('contacts')).toHaveLength(8);
});

it('fails where nobody can tell how busy the source is', async () => {
  const at = await create();
  const strain = (): Promise<never> =>
    Promise.reject(new SourceFailure('fatal', 'ER_SPECIFIC_ACCESS_DENIED'));
  expect(await run(at, { ...at.engine, strain })).toMatchObject([
    { status: 'failed', error: { code: 'SOURCE_REFUSED' }, outcomes: { 'not-erased': 3 } },
  ]);
  expect(at.rows('contacts')).toHaveLength(8);
  expect(await at.state.openBatches()).toEqual([]);
});
