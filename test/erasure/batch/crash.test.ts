/**
 * A process that dies at any of its calls to source, state or trail, before or after the call was carried out: the
 * next one finishes the work, and the trail claims no more and no less than happened.
 */
import { afterAll, describe, expect, it } from '@jest/globals';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import type { Entry } from '../../../src/audit/entry.ts';
import { SourceFailure } from '../../../src/connectors/connector.ts';
import { approve } from '../../../src/erasure/approve.ts';
import { sweep } from '../../../src/erasure/sweep.ts';
import { FristError } from '../../../src/errors.ts';
import type { Row, TableSpec } from '../../connectors/conformance/harness.ts';
import { createDeath, type Death, type Fate } from '../../support/death.ts';
import { FATES } from '../../support/faults.ts';
import * as elsewhere from '../elsewhere-fixture.ts';
import { contact, note, POLICIES, TABLES } from '../fixture.ts';
import { createWorld, type World, type Wraps } from '../harness.ts';

const AS_OF = Date.parse('2026-06-30T03:15:00Z');
/** Hundreds of worlds, none of which has to survive the machine. */
const FOLDER = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();
const LEASE_MS = 5 * 60_000;
let now = AS_OF;

/** Somebody's work, and the process that dies in it. */
interface Scenario {
  readonly policies: string;
  readonly tables: () => TableSpec[];
  readonly source: string;
  readonly record: string;
  /** Tables that hold the keys in `kept`, and no others, in the end. */
  readonly left: readonly string[];
  readonly due: readonly number[];
  readonly kept: readonly number[];
  /** What other processes have done before. */
  readonly before: (world: World) => Promise<void>;
  readonly act: (world: World) => Promise<void>;
  /** Names of the calls at which it is tried; left out: all. */
  readonly at?: RegExp;
  /** To die before a call is much the same as to die after the one before it; one scenario tries both. */
  readonly fates?: readonly Fate[];
}

const run = async ({ engine, tasks }: World): Promise<void> => {
  const asOf = Math.floor(now / 1000) * 1000;
  const input = { trigger: 'manual', slot: undefined, asOf, setClock: false } as const;
  await sweep(engine, tasks, { ...input, signal: new AbortController().signal });
};

/** Approves what waits, if anything does. */
const approveAll = async ({ engine, tasks, state }: World): Promise<void> => {
  const signal = new AbortController().signal;
  const waiting = [
    ...(await state.plans({ status: 'waiting' })),
    ...(await state.plans({ status: 'approved' })),
  ];
  for (const { id } of waiting)
    await approve(engine, tasks, { plan: id, why: 'looked at it', asOf: now, setClock: false, signal });
};

const mortals = (death: Death): Wraps => ({
  wrap: (connector) => death.mortal(connector, ['erasing']),
  wrapState: (state) => death.mortal(state),
  wrapStore: (store) => death.mortal(store),
});

/** The same with a process that lives on: the call fails as its kind fails. */
const fallible = (death: Death): Wraps => ({
  wrap: (connector) =>
    death.mortal(
      connector,
      ['erasing'],
      (name) => new SourceFailure(name === 'erase' ? 'uncertain' : 'transient', 'FAULT'),
    ),
  wrapState: (state) => death.mortal(state, [], () => new FristError('STATE_BUSY', { code: 'FAULT' })),
  wrapStore: (store) =>
    death.mortal(store, [], () => new FristError('AUDIT_STORE', { key: 'checkpoint', code: 'FAULT' })),
});

/** The leases of a dead process run out, and the server ends its connections, which frees its locks. */
const bury = (world: World): void => {
  now += LEASE_MS;
  world.database.locks.clear();
};

const DUE = [1, 2, 3, 4, 5, 6, 7];
const KEPT = [8, 9];
const nothing = (): Promise<void> => Promise.resolve();
const RUN: Scenario = {
  policies: POLICIES,
  tables: () =>
    TABLES(
      [...DUE.map((id) => contact(id, '2025-01-01')), ...KEPT.map((id) => contact(id, '2026-06-01'))],
      [...DUE, ...KEPT].map((id) => note(id, id)),
    ),
  source: 'crm',
  record: 'contact',
  left: ['contacts', 'notes'],
  due: DUE,
  kept: KEPT,
  before: nothing,
  act: run,
};
const AFTER: readonly Fate[] = ['applied'];

let second: number | undefined;

/** The second batch has been erased, and nobody has heard of it. */
async function crashInTheMiddle(world: World): Promise<void> {
  if (second === undefined) {
    const { calls } = await rehearse(RUN);
    second = calls.indexOf('erase', calls.indexOf('erase') + 1);
  }
  await run(await world.again(mortals(createDeath(second, 'applied')))).catch(() => undefined);
  bury(world);
}

const chats = (): TableSpec[] => {
  const people = [1, 2, 3, 4, 5].map((id): Row => elsewhere.chat(id, `p${String(id)}@example.org`));
  const customers = [elsewhere.customer(1, 'p4@example.org', 'active')];
  return elsewhere.TABLES(people, customers);
};

const SCENARIOS: Readonly<Record<string, Scenario>> = {
  'a run': RUN,
  'an approval': {
    ...RUN,
    policies: POLICIES.replace('\nsources:', '\nfirst run guards: { records: 2, percent: 100 }\nsources:'),
    before: run,
    act: approveAll,
    fates: AFTER,
  },
  // Until it looks for more: from there on it is a run like any other.
  'a recovery': {
    ...RUN,
    before: crashInTheMiddle,
    act: run,
    at: /^(?!.*after the first scan)/,
    fates: AFTER,
  },
  'a run that asks elsewhere': {
    ...RUN,
    policies: elsewhere.policies(elsewhere.ACTIVE),
    tables: chats,
    source: 'chat',
    record: 'chat',
    left: ['chats'],
    due: [1, 2, 3, 5],
    kept: [4],
    at: /^(?:lookup|read|erase)/,
  },
};

/** What must be true whatever happened: every record that went stands in the trail once, no other does, all intents are closed. */
function checkTrail(scenario: Scenario, world: World, entries: readonly Entry[]): void {
  const { source, record, due, kept } = scenario;
  const named = new Map(
    [...due, ...kept].map((id) => [world.names.record(source, record, [String(id)]), id]),
  );
  const gone: number[] = [];
  const open = new Set<string>();
  const runs = new Set<string>();
  for (const entry of entries) {
    if (entry.type === 'run-started') runs.add(entry.run);
    if (entry.type === 'run-finished') expect(runs.delete(entry.run)).toBe(true);
    if (entry.type === 'batch-opened') open.add(entry.batch);
    if (entry.type === 'batch-settled') expect(open.delete(entry.batch)).toBe(true);
    if (entry.type !== 'record') continue;
    // Its intent came first.
    expect(open.has(entry.batch)).toBe(true);
    expect(['erased', 'absent-after-crash']).toContain(entry.outcome);
    gone.push(named.get(entry.commitments.record) ?? 0);
  }
  expect([[...open], [...runs]]).toEqual([[], []]);
  expect(gone.sort()).toEqual(due);
}

/** The world before the process begins that dies at call number `at`; without one it only learns which calls there are. */
async function rehearse(scenario: Scenario): Promise<Death> {
  const death = createDeath();
  const world = await worldOf(scenario);
  try {
    await scenario.before(world);
    bury(world);
    await scenario.act(await world.again(mortals(death)));
    return death;
  } finally {
    await world.close();
  }
}

const worldOf = ({ tables, policies }: Scenario): Promise<World> => {
  now = AS_OF;
  return createWorld({ tables: tables(), policies, now: () => now, folder: FOLDER });
};

async function dieAndGoOn(scenario: Scenario, at: number, fate: Fate, wraps = mortals): Promise<boolean> {
  const world = await worldOf(scenario);
  try {
    await scenario.before(world);
    bury(world);
    const death = createDeath(at, fate);
    await scenario.act(await world.again(wraps(death))).catch((error: unknown) => {
      if (wraps === fallible) expect(error).toBeInstanceOf(FristError);
    });
    bury(world);
    const next = await world.again();
    await approveAll(next);
    await run(next);
    await approveAll(next);
    await next.engine.trail.flush();
    for (const table of scenario.left)
      expect(next.rows(table).map((row) => Number(row['id']))).toEqual(scenario.kept);
    checkTrail(scenario, next, await next.entries());
    expect(await next.state.openBatches()).toEqual([]);
    expect(await next.state.runs({ states: ['running'], limit: 1 })).toEqual([]);
    return death.happened();
  } finally {
    await world.close();
  }
}

/** The calls at which it is tried. */
async function momentsOf(scenario: Scenario): Promise<number[]> {
  const { calls } = await rehearse(scenario);
  const scanned = calls.indexOf('scan');
  const labelled = calls.map((name, i) => (i > scanned ? `${name} after the first scan` : name));
  return [...labelled.keys()].filter((i) => scenario.at?.test(labelled[i] ?? '') ?? true);
}

/** Tries every moment; answers how many there are. */
async function tryAll(scenario: Scenario, fate: Fate, wraps = mortals): Promise<number> {
  const moments = await momentsOf(scenario);
  let happened = 0;
  for (const at of moments) {
    try {
      if (await dieAndGoOn(scenario, at, fate, wraps)) happened += 1;
    } catch (error) {
      throw new Error(`at call ${String(at)}, ${fate}`, { cause: error });
    }
  }
  expect(moments.length).toBeGreaterThan(5);
  // The last calls may be fewer in one world than in another: who waits for the trail looks by the clock.
  expect(happened).toBeGreaterThan(moments.length * 0.8);
  return moments.length;
}

describe.each(Object.entries(SCENARIOS))('death of the process in %s', (name, scenario) => {
  let tried = 0;

  it.each(scenario.fates ?? FATES)(
    'at every call, %s: nothing double, nothing lost, nothing untrue',
    async (fate) => {
      tried = await tryAll(scenario, fate);
    },
  );

  afterAll(() => {
    process.stdout.write(`${name}: died at each of ${String(tried)} calls\n`);
  });
});

it.each(FATES)(
  'a call that fails once, %s, whichever: a coded error at most, and the same in the end',
  (fate) => tryAll(RUN, fate, fallible),
);
