// The daemon over real sources: what it catches up, what it leaves to others, how it says that it could not work, and
// how it ends.
import { afterEach, describe, expect, it } from '@jest/globals';
import { renameSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { disagreements, trailOf } from '../support/bad-days/agreement.ts';
import { openDaemon, type Daemon } from '../support/bad-days/daemon.ts';
import {
  CONTROLLER,
  documentOf,
  install,
  POLICIES,
  type Installation,
  type Running,
} from '../support/bad-days/installation.ts';
import { makePeople, type People } from '../support/bad-days/people.ts';
import { DELETING, slowDown, speedUp, until } from '../support/bad-days/trouble.ts';
import { openSqlite } from '../support/servers/clients.ts';
import { engines, freshDatabase, type Engine } from '../support/servers/index.ts';

const all = await engines();
const servers = all.filter((engine) => engine !== 'sqlite');
const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (const one of undo.splice(0).reverse()) await one();
});

const MINUTE = 60_000;
const EVERY_MINUTE = { batch: { max: 10 }, schedule: '* * * * *' };

async function makeWorld(
  engine: Engine,
  settings: Readonly<Record<string, unknown>> = {},
): Promise<readonly [People, Installation]> {
  const people = await makePeople(engine, 60);
  undo.push(() => people.db.drop());
  const on = await install({
    env: { FRIST_CRM: people.db.url },
    settings: { ...EVERY_MINUTE, ...settings },
  });
  undo.push(() => on.remove());
  return [people, on];
}

async function daemonOn(on: Installation, now: () => number, files?: readonly string[]): Promise<Daemon> {
  const daemon = await openDaemon(on, now, files);
  undo.push(() => daemon.end());
  return daemon;
}

async function agrees(people: People, on: Installation): Promise<void> {
  const left = await people.left();
  const gone = people.due.filter((key) => !left.includes(key));
  expect(await disagreements(on, [{ source: 'crm', record: 'contact', gone, left }])).toEqual([]);
}

const minuteOf = (time: number): string => new Date(Math.floor(time / MINUTE) * MINUTE).toISOString();

async function slots(on: Installation): Promise<readonly unknown[]> {
  const rows = await on.state(`select slot from frist_runs where kind = 'schedule' order by slot`);
  return rows.map((row) => row['slot']);
}

/** Some who are kept have become due. */
async function grow(people: People, keys: readonly number[]): Promise<void> {
  await people.db.query(
    `update contacts set last_contact = '2024-01-01 12:00:00' where id in (${keys.join()})`,
  );
}

describe.each(all)('slots on %s', (engine) => {
  it('missed while it was down are one run, not many', async () => {
    const [people, on] = await makeWorld(engine);
    let now = Date.now();
    const first = await openDaemon(on, () => now);
    // It was begun within this minute; the next one is its first slot.
    now += MINUTE;
    await first.tick();
    await first.end();
    expect(await people.left()).toEqual(people.kept);
    await grow(people, people.kept.slice(0, 5));
    const before = now;
    now += 3 * MINUTE;
    const second = await daemonOn(on, () => now);
    await second.tick();
    await second.tick();
    expect(await slots(on)).toEqual([minuteOf(before), minuteOf(now)]);
    expect(await people.left()).toEqual(people.kept.slice(5));
  });

  it('are run by one of two daemons', async () => {
    const [people, on] = await makeWorld(engine);
    let now = Date.now();
    const daemons = [await daemonOn(on, () => now), await daemonOn(on, () => now)];
    now += MINUTE;
    await Promise.all(daemons.map((daemon) => daemon.tick()));
    await Promise.all(daemons.map((daemon) => daemon.tick()));
    expect(await slots(on)).toEqual([minuteOf(now)]);
    expect(trailOf(on).filter((entry) => entry['type'] === 'run-started')).toHaveLength(1);
    expect(await people.left()).toEqual(people.kept);
    await agrees(people, on);
  });

  it('of two controllers with one schedule are both run', async () => {
    const [people, on] = await makeWorld(engine);
    const others = await makePeople(engine, 30);
    undo.push(() => others.db.drop());
    on.env = { ...on.env, FRIST_OTHER: others.db.url };
    on.write('other.yaml', POLICIES.replace(CONTROLLER, 'Other A/S').replace('FRIST_CRM', 'FRIST_OTHER'));
    let now = Date.now();
    const daemon = await daemonOn(on, () => now, ['policies.yaml', 'other.yaml']);
    now += MINUTE;
    await daemon.tick();
    expect(await people.left()).toEqual(people.kept);
    expect(await others.left()).toEqual(others.kept);
  });
});

describe.each(servers)('a daemon on %s', (engine) => {
  it('leaves a policy alone that is running by hand, and a run by hand is told that it is busy', async () => {
    const [people, on] = await makeWorld(engine);
    await slowDown(people, people.due[15] ?? 0, 4);
    // Begun before the minute that it is now; a clock that ran ahead would take the other's lease for run out.
    let now = Math.floor(Date.now() / MINUTE) * MINUTE - 1;
    const daemon = await daemonOn(on, () => now);
    now = Date.now();
    const running = on.start('run', '--json');
    await until(people.db, DELETING[engine]);
    await daemon.tick();
    expect(await slots(on)).toEqual([]);
    const second = await on.json('run');
    expect(second).toMatchObject({ exit: 2, policies: [{ status: 'skipped', error: { code: 'RUN_BUSY' } }] });
    expect(documentOf(await running.ended)).toMatchObject({ exit: 0 });
    await grow(people, people.kept.slice(0, 5));
    now += MINUTE;
    await daemon.tick();
    expect(await slots(on)).toEqual([minuteOf(now)]);
    expect(await people.left()).toEqual(people.kept.slice(5));
  });

  it('whose trail went away in the middle of a sweep goes on when it is back', async () => {
    const [people, on] = await makeWorld(engine);
    await slowDown(people, people.due[15] ?? 0, 2);
    let now = Date.now();
    const daemon = await daemonOn(on, () => now);
    now += MINUTE;
    const ticking = daemon.tick();
    await until(people.db, DELETING[engine]);
    renameSync(on.at('data/audit'), on.at('away'));
    await ticking;
    const left = await people.left();
    expect(left.length).toBeGreaterThan(people.kept.length);
    renameSync(on.at('away'), on.at('data/audit'));
    await speedUp(people);
    now += MINUTE;
    await daemon.tick();
    expect(await people.left()).toEqual(people.kept);
    await agrees(people, on);
  });
});

/** As if a daemon had swept an hour ago: one that starts now has a slot to catch up at once. */
async function sweptAnHourAgo(on: Installation): Promise<void> {
  const state = openSqlite(on.at('data/state.db'));
  const at = new Date(Date.now() - 60 * MINUTE).toISOString();
  await state.query(
    `insert into frist_runs (id, controller, policy, slot, kind, state, as_of, started, finished) values ('earlier', '${CONTROLLER}', 'contacts', '${at}', 'schedule', 'finished', '${at}', '${at}', '${at}')`,
  );
  await state.close();
}

/** A daemon that does not outlive its test. */
function serve(on: Installation): Running {
  const serving = on.start('serve');
  undo.push(() => serving.child.kill('SIGKILL'));
  return serving;
}

/** Where the daemon listens, once it says so. */
async function portOf(serving: Running): Promise<number> {
  for (;;) {
    const line = /"event":"daemon started".*?"port":(\d+)/.exec(serving.errors());
    if (line !== null) return Number(line[1]);
    if (serving.child.exitCode !== null) throw new Error(`it ended: ${serving.errors()}`);
    await delay(20);
  }
}

async function ask(port: number, path: string): Promise<readonly [number, unknown]> {
  const answer = await fetch(`http://127.0.0.1:${String(port)}${path}`);
  return [answer.status, await answer.json()];
}

describe('frist serve', () => {
  it('says that it lives, and whether it could work; and ends well when told to', async () => {
    const [people, on] = await makeWorld('sqlite');
    const serving = serve(on);
    const port = await portOf(serving);
    expect(await ask(port, '/healthz')).toEqual([200, { status: 'ok' }]);
    expect(await ask(port, '/readyz')).toEqual([200, { status: 'ok' }]);
    expect((await ask(port, '/'))[0]).toBe(404);
    renameSync(on.at('data/audit'), on.at('away'));
    expect(await ask(port, '/readyz')).toEqual([503, { status: 'not ready', obstacles: ['AUDIT_STORE'] }]);
    // It lives all the same: a restart would not help.
    expect((await ask(port, '/healthz'))[0]).toBe(200);
    renameSync(on.at('away'), on.at('data/audit'));
    expect((await ask(port, '/readyz'))[0]).toBe(200);
    serving.child.kill('SIGTERM');
    expect(await serving.ended).toMatchObject({ status: 0, stdout: '' });
    expect(trailOf(on).map((entry) => entry['type'])).toContain('daemon');
    expect(await people.left()).toHaveLength(60);
  });

  it.each(servers)('says so when its state on %s is out of reach', async (engine) => {
    const state = await freshDatabase(engine);
    const [, on] = await makeWorld('sqlite', { state: { url: state.url } });
    const serving = serve(on);
    const port = await portOf(serving);
    expect((await ask(port, '/readyz'))[0]).toBe(200);
    await state.drop();
    expect(await ask(port, '/readyz')).toMatchObject([
      503,
      { obstacles: [expect.stringMatching(/^STATE_/)] },
    ]);
    serving.child.kill('SIGTERM');
    const ended = await serving.ended;
    expect([0, 2]).toContain(ended.status);
    expect(ended.stderr).not.toMatch(/DEFECT|\n\s+at /);
  });

  it.each(servers)(
    'on %s, told to stop in the middle of a batch, finishes it and ends well',
    async (engine) => {
      const [people, on] = await makeWorld(engine);
      await sweptAnHourAgo(on);
      await slowDown(people, people.due[15] ?? 0, 2);
      const serving = serve(on);
      await until(people.db, DELETING[engine]);
      serving.child.kill('SIGTERM');
      expect((await serving.ended).status).toBe(0);
      expect(await people.left()).toHaveLength(40);
      await agrees(people, on);
      await speedUp(people);
      expect(await on.json('run')).toMatchObject({ exit: 0 });
      expect(await people.left()).toEqual(people.kept);
      await agrees(people, on);
    },
  );

  it('a second one on the same port says so, and ends', async () => {
    const [, on] = await makeWorld('sqlite');
    const serving = serve(on);
    const port = await portOf(serving);
    on.env = { ...on.env, FRIST_HTTP_PORT: String(port) };
    expect(await on.frist('serve')).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/HTTP_LISTEN: Cannot listen on 127.0.0.1:\d+ \(EADDRINUSE\)/),
    });
    serving.child.kill('SIGTERM');
    expect((await serving.ended).status).toBe(0);
  });
});
