/**
 * Whatever the tables, the rows and the policy: a database and the policy core in memory read the same facts, find the
 * same records due, and are left with the same rows.
 */
import { describe, expect, it } from '@jest/globals';
import type { Connector } from '../../../src/connectors/connector.ts';
import { createJudge } from '../../../src/policy/judge.ts';
import type { Judge } from '../../../src/policy/judge.ts';
import type { Encoding, Facts, View } from '../../../src/policy/policy.ts';
import { windows } from '../../../src/policy/time/window.ts';
import { compileViews, withEncodings } from '../../../src/policy/view.ts';
import type { Task } from '../../../src/policy/view.ts';
import { newSeed, seeded } from '../../support/random.ts';
import { engines } from '../../support/servers/index.ts';
import type { Engine } from '../../support/servers/index.ts';
import { ON, batchOf, inSession, keyText, scanAll } from '../conformance/support.ts';
import type { Harness } from '../conformance/harness.ts';
import { memoryHarness } from '../memory-harness.ts';
import { sqlHarness } from '../sql-harness.ts';
import { AS_OF, makeWorld } from './world.ts';
import type { World } from './world.ts';

const RUNS: Readonly<Record<Engine, number>> = { sqlite: 150, mariadb: 25, postgres: 15 };

const byKey = (facts: readonly Facts[]): readonly Facts[] =>
  [...new Map(facts.map((one) => [keyText(one.key), one])).entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, one]) => one); // prettier-ignore

function taskOf(world: World): Task {
  const [task] = compileViews(world.file);
  if (task === undefined) throw new Error('no task');
  return withEncodings(task, task.view.starts.map((one) => one.encoding as Encoding)); // prettier-ignore
}

/** Everything that can be seen of one connector on the world, and what a run leaves. */
async function lived(harness: Harness, world: World, task: Task): Promise<Readonly<Record<string, unknown>>> {
  const connector = harness.connect({ pageSize: 3 });
  const { view } = task;
  const judge = createJudge(task, { asOf: AS_OF, holds: [] });
  const facts = byKey(await scanAll(connector, view));
  const due = dueOf(judge, facts);
  const bounded = byKey(await scanAll(connector, view, windows(task, AS_OF)));
  const counted = await connector.count(view, ON);
  const seen = { facts, due, dueByBounds: dueOf(judge, bounded), counted };
  const erased = await erase(connector, view, judge, world);
  const tables: [string, unknown][] = [];
  for (const { name } of world.tables)
    tables.push([name, (await harness.rows(name)).map((row) => JSON.stringify(Object.entries(row).sort())).sort()]); // prettier-ignore
  return { ...seen, ...erased, tables };
}

const dueOf = (judge: Judge, facts: readonly Facts[]): readonly string[] =>
  facts.filter((one) => judge.verdict(one).verdict === 'erase').map((one) => keyText(one.key));

/** All keys that there are, due or not: what may go is decided under the lock. */
async function erase(connector: Connector, view: View, judge: Judge, world: World): Promise<object> {
  const rows = world.tables[0]?.rows ?? [];
  const keys = rows.map((row) => view.record.key.map((name) => row[name] ?? ''));
  const foreseen = await connector.dependents(view, 0, keys.slice(0, 3), ON);
  const stillDue = (facts: readonly Facts[]): boolean[] =>
    facts.map((one) => world.careless || judge.verdict(one).verdict === 'erase');
  const result = await inSession(connector, view, (session) =>
    session.erase(batchOf(view, keys, { stillDue }), ON),
  );
  const gone = keys.filter((_, i) => result.outcomes[i] === 'erased');
  const after = await connector.verify(view, 0, gone, ON);
  return { foreseen, outcomes: result.outcomes, dependents: result.dependents, after };
}

async function inBoth(engine: Engine, world: World): Promise<boolean> {
  const task = taskOf(world);
  const harness = await sqlHarness(engine)(world.tables);
  const memory = await memoryHarness()(world.tables);
  try {
    const { findings } = await harness.connect().check([task.view], ON);
    if (findings.some((one) => one.severity === 'error')) return false;
    const [there, here] = [await lived(harness, world, task), await lived(memory, world, task)];
    expect(there).toEqual(here);
    expect(here['dueByBounds']).toEqual(here['due']);
    return true;
  } finally {
    await harness.close();
    await memory.close();
  }
}

describe.each(await engines())('whatever stands in %s', (engine) => {
  it('means the same as in memory', async () => {
    const first = newSeed();
    let taken = 0;
    for (let seed = first; seed < first + RUNS[engine]; seed += 1)
      try {
        if (await inBoth(engine, makeWorld(seeded(seed)))) taken += 1;
      } catch (error) {
        process.stderr.write(`Failed with the world of FRIST_TEST_SEED=${String(seed)} on ${engine}.\n`);
        throw error;
      }
    // Most of what chance makes, `check` has nothing against.
    expect(taken).toBeGreaterThan(RUNS[engine] / 3);
  });
});
