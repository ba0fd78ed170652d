/** The second look at what was erased: all of it or a sample, and later where the source cannot be asked at once. */
import { afterEach, expect, it } from '@jest/globals';
import { SourceFailure, type Connector } from '../../../src/connectors/connector.ts';
import type { Engine } from '../../../src/erasure/engine.ts';
import type { PolicyReport } from '../../../src/erasure/report.ts';
import { sweep } from '../../../src/erasure/sweep.ts';
import { contact, POLICIES, TABLES } from '../fixture.ts';
import { createWorld, type World } from '../harness.ts';

const NOW = Date.parse('2026-06-30T03:15:00Z');
const DUE = [1, 2, 3, 4, 5, 6, 7, 8];

let world: World | undefined;
afterEach(() => world?.close());

/** How the source answers who looks again. */
interface Looks {
  /** Keys that were asked about, each time. */
  readonly asked: string[][];
  away: boolean;
  /** Keys that are there again. */
  readonly back: Set<string>;
}

function looking(connector: Connector, looks: Looks): Connector {
  const verify: Connector['verify'] = async (view, stage, keys, signal) => {
    if (looks.away) throw new SourceFailure('transient', 'GONE_AWAY');
    looks.asked.push(keys.map(([id = '']) => id));
    const seen = await connector.verify(view, stage, keys, signal);
    return seen.map((one, i) => (looks.back.has(keys[i]?.[0] ?? '') ? 'present' : one));
  };
  return new Proxy(connector, {
    get: (target, name) => {
      const member: unknown = name === 'verify' ? verify : Reflect.get(target, name);
      return typeof member === 'function' ? (member.bind(target) as unknown) : member;
    },
  });
}

async function create(maxBatch = 3): Promise<readonly [World, Looks]> {
  const looks: Looks = { asked: [], away: false, back: new Set() };
  world = await createWorld({
    tables: TABLES(
      DUE.map((id) => contact(id, '2025-01-01')),
      [],
    ),
    policies: POLICIES,
    now: () => NOW,
    maxBatch,
    wrap: (connector) => looking(connector, looks),
  });
  return [world, looks];
}

async function run({ tasks }: World, engine: Engine): Promise<PolicyReport[]> {
  const input = { trigger: 'manual', slot: undefined, asOf: NOW, setClock: false } as const;
  return sweep(engine, tasks, { ...input, signal: new AbortController().signal });
}

const settled = async (at: World): Promise<unknown[]> =>
  (await at.entries()).filter((entry) => entry.type === 'batch-settled' || entry.type === 'proof');

it('stays pending while the source cannot be asked, and is closed by the next run', async () => {
  const [at, looks] = await create();
  looks.away = true;
  expect(await run(at, at.engine)).toMatchObject([{ status: 'done', outcomes: { erased: 8 } }]);
  expect(await settled(at)).toMatchObject([
    { verification: 'pending' },
    { verification: 'pending' },
    { verification: 'pending' },
  ]);
  const proofs = await at.state.pendingProofs();
  expect(proofs.map(({ keys, action, due }) => [keys.flat().length, action, due])).toEqual([
    [3, 'delete', '2026-07-07T03:15:00.000Z'],
    [3, 'delete', '2026-07-07T03:15:00.000Z'],
    [2, 'delete', '2026-07-07T03:15:00.000Z'],
  ]);
  await run(at, at.engine);
  expect(await at.state.pendingProofs()).toEqual(proofs);
  looks.away = false;
  looks.back.add('4');
  await run(at, at.engine);
  expect(looks.asked.flat().sort()).toEqual(DUE.map(String));
  expect(await at.state.pendingProofs()).toEqual([]);
  const closing = (await settled(at)).slice(3) as { readonly leftovers?: number }[];
  expect(closing).toMatchObject([
    { type: 'proof', batch: proofs[0]?.batch, looked: 3 },
    { type: 'proof', batch: proofs[1]?.batch, looked: 3, leftovers: 1 },
    { type: 'proof', batch: proofs[2]?.batch, looked: 2 },
  ]);
  expect(closing[0]).not.toHaveProperty('leftovers');
});

it('is taken at a share of each batch where that was set, and the trail says at how many', async () => {
  const [at, looks] = await create();
  const verify = { percent: 34, withinDays: 7 };
  await run(at, { ...at.engine, settings: { ...at.engine.settings, verify } });
  expect(looks.asked).toEqual([['1', '3'], ['4', '6'], ['7']]);
  expect(await settled(at)).toMatchObject([
    { verification: 'verified', looked: 2, outcomes: { erased: 3 } },
    { verification: 'verified', looked: 2, outcomes: { erased: 3 } },
    { verification: 'verified', looked: 1, outcomes: { erased: 2 } },
  ]);
});

it('is taken at all of them unless something else was set, and then the trail need not say so', async () => {
  const [at, looks] = await create();
  await run(at, at.engine);
  expect(looks.asked.flat().sort()).toEqual(DUE.map(String));
  for (const entry of await settled(at)) expect(entry).not.toHaveProperty('looked');
});

it('is not told of a policy that is about something else by now', async () => {
  const [at, looks] = await create();
  looks.away = true;
  await run(at, at.engine);
  looks.away = false;
  const [proof] = await at.state.pendingProofs();
  if (proof === undefined) throw new Error('a proof was to be pending');
  await at.state.transaction(async (t) => {
    await t.closeProof(proof.batch);
    await t.addProof({ ...proof, sense: 'of other records' });
  });
  await run(at, at.engine);
  expect(await at.state.pendingProofs()).toEqual([{ ...proof, sense: 'of other records' }]);
});
