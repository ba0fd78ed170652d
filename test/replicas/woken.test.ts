/**
 * A replica that falls asleep in the middle of a batch, and wakes when another has its turn: each record goes once and is
 * told once, whether the sleeper's connection to the source lived on or not.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { setTimeout as delay } from 'node:timers/promises';
import { settleAbandoned } from '../../src/erasure/abandoned.ts';
import type { PolicyReport } from '../../src/erasure/report.ts';
import { sweep } from '../../src/erasure/sweep.ts';
import { disagreements, trailOf } from '../support/bad-days/agreement.ts';
import { openDaemon, type Daemon } from '../support/bad-days/daemon.ts';
import { openGate, type Gate, type Held } from '../support/bad-days/gate.ts';
import { documentOf, install, type Installation, type Running } from '../support/bad-days/installation.ts';
import { makePeople, type People } from '../support/bad-days/people.ts';
import { KILL } from '../support/bad-days/trouble.ts';
import { engines, freshDatabase, type Engine, type TestDatabase } from '../support/servers/index.ts';

const servers = (await engines()).filter((engine) => engine !== 'sqlite');
const GUESTS = {
  mariadb: 'select id from information_schema.processlist where db = database() and id <> connection_id()',
  postgres:
    'select pid as id from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()',
};

/** Where it falls asleep, in its second batch of three. */
const POINTS: Readonly<Record<string, readonly [RegExp, Held]>> = {
  'before the first statement': [/(?:START TRANSACTION|BEGIN ISOLATION LEVEL \w+ \w+)\0?$/, 'statement'],
  'between dependents and record': [/DELETE FROM .?contacts/, 'statement'],
  'before the commit': [/COMMIT\0?$/, 'statement'],
  'after the commit': [/COMMIT\0?$/, 'answer'],
};
type Point = keyof typeof POINTS;
type Sleep = 'connected' | 'cut off';

/** All points with either, spread over the engines. */
const CASES: Readonly<Record<Exclude<Engine, 'sqlite'>, readonly (readonly [Point, Sleep])[]>> = {
  mariadb: [
    ['before the first statement', 'connected'],
    ['between dependents and record', 'cut off'],
    ['before the commit', 'connected'],
    ['after the commit', 'cut off'],
  ],
  postgres: [
    ['before the first statement', 'cut off'],
    ['between dependents and record', 'connected'],
    ['before the commit', 'cut off'],
    ['after the commit', 'connected'],
  ],
};
const BATCH = 10;
const EACH = 3 * BATCH;

/** One installation whose state is a server's, a replica of it within the test, and people of whom some become due. */
class World {
  readonly people: People;
  readonly on: Installation;
  readonly gate: Gate;
  readonly other: Daemon;
  readonly #state: TestDatabase;
  readonly #engine: Exclude<Engine, 'sqlite'>;
  #due = 0;

  private constructor(
    engine: Exclude<Engine, 'sqlite'>,
    parts: Pick<World, 'people' | 'on' | 'gate' | 'other'>,
    state: TestDatabase,
  ) {
    ({ people: this.people, on: this.on, gate: this.gate, other: this.other } = parts);
    this.#engine = engine;
    this.#state = state;
  }

  static async make(engine: Exclude<Engine, 'sqlite'>): Promise<World> {
    const people = await makePeople(engine, EACH * 6);
    await people.db.query(`update contacts set last_contact = null`);
    const state = await freshDatabase(engine);
    const gate = await openGate(people.db.url);
    const on = await install({
      env: { FRIST_CRM: people.db.url },
      // However slow the machine is: batches do not shrink.
      settings: { batch: { max: BATCH, target: 600_000 }, state: { url: state.url } },
    });
    const other = await openDaemon(on, Date.now);
    on.env = { FRIST_CRM: gate.url };
    return new World(engine, { people, on, gate, other }, state);
  }

  /** Three batches of people are due, whose keys it answers. */
  async makeDue(): Promise<readonly number[]> {
    const keys = this.people.due.slice(this.#due, (this.#due += EACH));
    await this.people.db.query(
      `update contacts set last_contact = '2024-02-29 12:00:00' where id in (${keys.join()})`,
    );
    return keys;
  }

  /** A run that has fallen asleep there, with this batch and the next one open. */
  async asleep(point: Point): Promise<Running> {
    const [statement, held] = POINTS[point] ?? [/$^/, 'statement'];
    const reached = this.gate.stop(statement, held, 2);
    const running = this.on.start('run', '--json');
    const early = running.ended.then(({ stdout, stderr }) => {
      throw new Error(`it ended before it fell asleep: ${stdout} ${stderr}`);
    });
    await Promise.race([reached, early]);
    // Who sleeps while it publishes keeps the lock of the trail's folder.
    while ((await this.open()) !== 2 || (await this.on.state('select id from frist_outbox')).length > 0)
      await delay(20);
    await delay(100);
    running.child.kill('SIGSTOP');
    return running;
  }

  async open(): Promise<number> {
    return Number((await this.on.state('select count(*) as n from frist_batches'))[0]?.['n']);
  }

  /** Its leases run out. */
  async minuteLater(): Promise<void> {
    await this.on.state('update frist_leases set until = 0');
  }

  /** The source's server ends all connections. */
  async cut(): Promise<void> {
    const { query } = this.people.db;
    for (const { id } of await query(GUESTS[this.#engine])) await query(KILL[this.#engine](id));
  }

  async recover(): Promise<void> {
    const { controllers } = this.other.app;
    for (const { engine, tasks } of controllers)
      await settleAbandoned(engine, tasks, new AbortController().signal);
  }

  async sweep(): Promise<readonly PolicyReport[]> {
    const [controlled] = this.other.app.controllers;
    if (controlled === undefined) throw new Error('no controller');
    const asOf = Math.floor(Date.now() / 1000) * 1000;
    const input = { trigger: 'manual', slot: undefined, asOf, setClock: false } as const;
    return await sweep(controlled.engine, controlled.tasks, {
      ...input,
      signal: new AbortController().signal,
    });
  }

  outcomes(after: number): readonly unknown[] {
    const settled = trailOf(this.on).filter((entry) => entry['type'] === 'batch-settled');
    return settled.slice(after).map((entry) => entry['outcomes']);
  }

  async close(): Promise<void> {
    this.gate.open();
    await this.other.end();
    await this.gate.close();
    this.on.remove();
    await this.people.db.drop();
    await this.#state.drop();
  }
}

describe.each(servers)('a replica that falls asleep in a batch on %s', (engine) => {
  let world: World;
  beforeAll(async () => {
    world = await World.make(engine);
  });
  afterAll(() => world.close());

  it.each(CASES[engine])('%s, %s', async (point, sleep) => {
    const { people, on, gate } = world;
    const before = world.outcomes(0).length;
    const due = await world.makeDue();
    const running = await world.asleep(point);
    try {
      if (sleep === 'cut off') await world.cut();
      await world.minuteLater();
      await world.recover();
      const done = point === 'after the commit' ? { 'absent-after-crash': BATCH } : { 'not-erased': BATCH };
      if (sleep === 'connected') {
        // Its session has the lock of the policy: nobody else erases, nobody says what became of its batches.
        expect([await world.open(), world.outcomes(before).length]).toEqual([2, 1]);
        expect(await world.sweep()).toMatchObject([{ status: 'failed', error: { code: 'SOURCE_BUSY' } }]);
      } else {
        expect(world.outcomes(before)).toEqual([{ erased: BATCH }, done, { 'not-erased': BATCH }]);
        expect(await world.sweep()).toMatchObject([{ status: 'done' }]);
        expect((await people.left()).filter((key) => due.includes(key))).toEqual([]);
      }
      const told = trailOf(on).length;
      gate.open();
      running.child.kill('SIGCONT');
      const { exit, policies } = documentOf(await running.ended);
      expect([exit, policies?.[0]?.error?.code]).toEqual([
        2,
        expect.stringMatching(/^STATE_(?:LEASE_LOST|SUPERSEDED)$/),
      ]);
      // What it wakes to is not its own to tell.
      expect(trailOf(on)).toHaveLength(told);
    } finally {
      running.child.kill('SIGKILL');
    }
    if (sleep === 'connected') {
      // The batch that was under way in its unbroken session was finished; nobody heard of it.
      await world.recover();
      expect(world.outcomes(before)).toContainEqual({ 'absent-after-crash': BATCH });
      expect(await world.sweep()).toMatchObject([{ status: 'done' }]);
    }
    const left = await people.left();
    const gone = [...people.due, ...people.kept].filter((key) => !left.includes(key));
    expect(due.filter((key) => !gone.includes(key))).toEqual([]);
    expect(await disagreements(on, [{ source: 'crm', record: 'contact', gone, left }])).toEqual([]);
  });
});
