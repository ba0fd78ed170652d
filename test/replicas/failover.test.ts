/** Several daemons over one state on a server: who does what, what happens when one dies, and when the state goes away. */
import { afterEach, describe, expect, it } from '@jest/globals';
import { readdirSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { disagreements, trailOf } from '../support/bad-days/agreement.ts';
import { openDaemon, type Daemon } from '../support/bad-days/daemon.ts';
import { CONTROLLER, install, type Installation } from '../support/bad-days/installation.ts';
import { makePeople, type People } from '../support/bad-days/people.ts';
import { DELETING, KILL, slowDown, speedUp, until } from '../support/bad-days/trouble.ts';
import { engines, freshDatabase, type Engine, type TestDatabase } from '../support/servers/index.ts';

type Server = Exclude<Engine, 'sqlite'>;
const servers = (await engines()).filter((engine): engine is Server => engine !== 'sqlite');
const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (const one of undo.splice(0).reverse()) await one();
});

const MINUTE = 60_000;
const GUESTS = {
  mariadb: 'select id from information_schema.processlist where db = database() and id <> connection_id()',
  postgres:
    'select pid as id from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()',
};

interface World {
  readonly people: People;
  readonly on: Installation;
  readonly state: TestDatabase;
}

async function makeWorld(engine: Server, schedule: string): Promise<World> {
  const people = await makePeople(engine, 60);
  undo.push(() => people.db.drop());
  const state = await freshDatabase(engine);
  undo.push(() => state.drop());
  const on = await install({
    env: { FRIST_CRM: people.db.url },
    settings: { batch: { max: 10 }, schedule, state: { url: state.url } },
  });
  undo.push(() => on.remove());
  return { people, on, state };
}

async function daemonOn(on: Installation, now: () => number): Promise<Daemon> {
  const daemon = await openDaemon(on, now);
  undo.push(() => daemon.end());
  return daemon;
}

/** As if a daemon had swept an hour ago: one that starts now has a slot to catch up at once. */
async function sweptAnHourAgo(on: Installation): Promise<void> {
  const at = new Date(Date.now() - 60 * MINUTE).toISOString();
  await on.state(
    `insert into frist_runs (id, controller, policy, slot, kind, state, as_of, started, finished) values ('earlier', '${CONTROLLER}', 'contacts', '${at}', 'schedule', 'finished', '${at}', '${at}', '${at}')`,
  );
}

async function agrees({ people, on }: World): Promise<void> {
  expect(await people.left()).toEqual(people.kept);
  const told = [{ source: 'crm', record: 'contact', gone: people.due, left: people.kept }];
  expect(await disagreements(on, told)).toEqual([]);
}

const runs = async (on: Installation): Promise<unknown[]> =>
  (await on.state(`select state from frist_runs where id <> 'earlier' order by seq`)).map(
    (row) => row['state'],
  );

describe.each(servers)('daemons over one state on %s', (engine) => {
  it('a standby goes on with the sweep of one that was killed, though its clock is minutes ahead', async () => {
    const world = await makeWorld(engine, '* * * * *');
    const { people, on } = world;
    await sweptAnHourAgo(on);
    await slowDown(people, people.due[15] ?? 0, 2);
    const serving = on.start('serve');
    undo.push(() => serving.child.kill('SIGKILL'));
    await until(people.db, DELETING[engine]);
    let now = Date.now() + 3 * MINUTE;
    const standby = await daemonOn(on, () => now);
    await standby.tick();
    // As long as the leases are good it leaves everything to the other.
    expect(await runs(on)).toEqual(['running']);
    serving.child.kill('SIGKILL');
    await serving.ended;
    await speedUp(people);
    await on.state('update frist_leases set until = 0');
    // The source's server finds out in its own time that its client is gone.
    for (let tries = 0; tries < 40 && (await people.left()).length > people.kept.length; tries += 1) {
      await standby.tick();
      await delay(250);
      now += 250;
    }
    await agrees(world);
    const [first, ...others] = await on.state(
      `select replica, state from frist_runs where id <> 'earlier' order by seq`,
    );
    expect(first).toMatchObject({ state: 'interrupted' });
    expect(others.map((row) => row['replica'])).toContain(standby.app.replica);
    expect(first?.['replica']).not.toBe(standby.app.replica);
  });

  it('one whose state is cut off in the middle of a sweep lives, and goes on when it is back', async () => {
    const world = await makeWorld(engine, '* * * * *');
    const { people, on, state } = world;
    await slowDown(people, people.due[15] ?? 0, 2);
    let now = Math.floor(Date.now() / MINUTE) * MINUTE - 1;
    const daemon = await daemonOn(on, () => now);
    now = Date.now();
    const ticking = daemon.tick();
    await until(people.db, DELETING[engine]);
    for (let cuts = 0; cuts < 30; cuts += 1) {
      for (const { id } of await state.query(GUESTS[engine]))
        await state.query(KILL[engine](id)).catch(() => []);
      await delay(100);
    }
    await ticking;
    await speedUp(people);
    await on.state('update frist_leases set until = 0');
    now += MINUTE;
    await daemon.tick();
    await agrees(world);
  });

  it('do what is done once a day or week once, whoever comes first', async () => {
    const { on } = await makeWorld(engine, '0 0 1 1 *');
    // A Sunday.
    let now = Date.parse('2026-11-22T00:05:00Z');
    // Whatever day it is today: nothing is to be caught up.
    await on.state(`update frist_installation set created = '${new Date(now).toISOString()}'`);
    const clocks = [0, 3 * MINUTE, -2 * MINUTE];
    const daemons: Daemon[] = [];
    for (const ahead of clocks) daemons.push(await daemonOn(on, () => now + ahead));
    for (const time of ['22T05:20', '22T05:21', '23T00:02', '23T00:03']) {
      now = Date.parse(`2026-11-${time}:30Z`);
      await Promise.all(daemons.map((daemon) => daemon.tick()));
    }
    const kinds = trailOf(on).map((entry) => entry['type']);
    const count = (kind: string): number => kinds.filter((one) => one === kind).length;
    expect([count('verification'), count('heartbeat')]).toEqual([1, 1]);
    expect(readdirSync(on.at('data/audit/heads'))).toHaveLength(1);
    const jobs = await on.state('select name, slot from frist_jobs order by name');
    expect(jobs.map((row) => row['name'])).toEqual(
      expect.arrayContaining(['heads', 'heartbeat', 'keys', 'lookup', 'verification']),
    );
    const held = await on.state(`select name from frist_leases where name like 'job:%' and holder <> ''`);
    expect(held).toEqual([]);
  });
});
