/**
 * Daemons that share a sweep over a real Redis: with all well, while Redis dies and forgets, and in a storm in which they are
 * killed with -9, or put to sleep beyond their leases and woken. In the end each record went once and stands in the trail once.
 */
import { afterEach, describe, expect, it } from '@jest/globals';
import { randomInt } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { disagreements } from '../support/bad-days/agreement.ts';
import { CONTROLLER, install, type Installation, type Running } from '../support/bad-days/installation.ts';
import { KEY_MARK, makePeople, MARK, type People } from '../support/bad-days/people.ts';
import { ask } from '../support/servers/ask.ts';
import { engines, freshDatabase } from '../support/servers/index.ts';
import { startRedis } from '../support/servers/redis.ts';

const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (const one of undo.splice(0).reverse()) await one();
});

const redis = await ask('redis');
const isHere = redis !== undefined && (await engines()).includes('mariadb');
const HOUR = 3_600_000;
/** How often a daemon is killed or put to sleep; some minutes of storm with FRIST_TEST_STORM=100. */
const BLOWS = Number(process.env['FRIST_TEST_STORM'] ?? 8);

interface World {
  readonly people: People;
  readonly on: Installation;
}

async function makeWorld(count: number, url: string): Promise<World> {
  const people = await makePeople('mariadb', count);
  undo.push(() => people.db.drop());
  const state = await freshDatabase('mariadb');
  undo.push(() => state.drop());
  const on = await install({
    env: { FRIST_CRM: people.db.url },
    settings: {
      schedule: '* * * * *',
      state: { url: state.url },
      batch: { max: 10 },
      queue: { redis: url, workers: 2, partition: 50 },
    },
  });
  undo.push(() => on.remove());
  await sweptAnHourAgo(on);
  return { people, on };
}

/** One that starts now has a slot to catch up at once. */
async function sweptAnHourAgo(on: Installation): Promise<void> {
  const at = new Date(Date.now() - HOUR).toISOString();
  await on.state(
    `insert into frist_runs (id, controller, policy, slot, kind, state, as_of, started, finished) values ('earlier', '${CONTROLLER}', 'contacts', '${at}', 'schedule', 'finished', '${at}', '${at}', '${at}')`,
  );
}

function serve(on: Installation): Running {
  const running = on.start('serve');
  undo.push(() => running.child.kill('SIGKILL'));
  return running;
}

const countOf = async (on: Installation, what: string): Promise<number> =>
  Number((await on.state(`select count(*) as n from ${what}`))[0]?.['n']);

/** Looks until it is so. */
async function until(isSo: () => Promise<boolean>): Promise<void> {
  for (let looks = 0; !(await isSo()); looks += 1) {
    if (looks > 6000) throw new Error('it does not come to be so');
    await delay(50);
  }
}

const isOver = async ({ people, on }: World): Promise<boolean> =>
  (await people.left()).length === people.kept.length &&
  (await countOf(on, 'frist_batches')) === 0 &&
  (await countOf(on, "frist_runs where state = 'running'")) === 0;

async function end(daemons: readonly Running[]): Promise<void> {
  for (const { child } of daemons) child.kill('SIGTERM');
  for (const one of daemons) expect(await one.ended).toMatchObject({ status: 0 });
}

async function agrees({ people, on }: World): Promise<void> {
  expect(await people.left()).toEqual(people.kept);
  const told = [{ source: 'crm', record: 'contact', gone: people.due, left: people.kept }];
  expect(await disagreements(on, told)).toEqual([]);
  expect(await countOf(on, 'frist_partitions')).toBe(0);
  expect(await countOf(on, 'frist_partition_records')).toBe(0);
}

/** Everything that is sent to this Redis. */
function overhear(url: string): { readonly heard: () => string } {
  const { hostname, port } = new URL(url);
  let heard = '';
  const socket = connect(Number(port), hostname, () => socket.write('MONITOR\r\n'));
  socket.on('data', (data) => (heard += data.toString('latin1')));
  socket.on('error', () => undefined);
  undo.push(() => socket.destroy());
  return { heard: () => heard };
}

describe('daemons with a queue', () => {
  if (!isHere) {
    it('are left untried: there is no Redis or no MariaDB here', () => undefined);
    return;
  }

  it('share a sweep, tell Redis of nobody, and finish it though Redis dies and forgets', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'frist-redis-'));
    undo.push(() => rmSync(folder, { recursive: true, force: true }));
    const first = await startRedis(join(folder, 'first'));
    const world = await makeWorld(1500, first.url);
    const { on } = world;
    const { heard } = overhear(first.url);
    const daemons = [serve(on), serve(on), serve(on)];
    await until(async () => (await countOf(on, 'frist_partitions where ended = 1')) >= 4);
    const holders = await on.state("select distinct holder from frist_leases where name like 'partition:%'");
    expect(holders.length).toBeGreaterThan(1);
    await first.stop();
    const second = await startRedis(join(folder, 'second'), Number(new URL(first.url).port));
    undo.push(() => second.stop());
    await until(() => isOver(world));
    await end(daemons);
    expect(heard()).toContain('partition');
    expect(heard()).not.toMatch(new RegExp(`${MARK}|${KEY_MARK}`));
    await agrees(world);
  });

  it('are killed and put to sleep in the middle: each record goes once, and is recorded once', async () => {
    const world = await makeWorld(BLOWS * 240, redis ?? '');
    const { on } = world;
    const daemons = [serve(on), serve(on), serve(on)];
    for (let blows = 0; blows < BLOWS && !(await isOver(world)); blows += 1) {
      await until(async () => (await countOf(on, 'frist_batches')) > 0 || (await isOver(world)));
      await delay(randomInt(400));
      const which = randomInt(daemons.length);
      const daemon = daemons[which];
      const sleeps = blows % 4 === 3;
      daemon?.child.kill(sleeps ? 'SIGSTOP' : 'SIGKILL');
      // What it had leased is free, and what others have as well: they find out, or nobody was quicker.
      await on.state('update frist_leases set until = 0');
      if (sleeps) await delay(3000);
      daemon?.child.kill('SIGCONT');
      await on.state("delete from frist_runs where state = 'interrupted'");
      if (!sleeps) daemons[which] = serve(on);
    }
    await until(() => isOver(world));
    await end(daemons);
    await agrees(world);
  });
});
