/** What the daemon does for its trail, over a real installation: heads, heartbeat, verification; and outages. */
import { existsSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from '@jest/globals';
import { trailOf } from '../support/bad-days/agreement.ts';
import { openDaemon, type Daemon } from '../support/bad-days/daemon.ts';
import { install, type Installation } from '../support/bad-days/installation.ts';
import { makePeople, type People } from '../support/bad-days/people.ts';

const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (const one of undo.splice(0).reverse()) await one();
});

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
/** A Sunday. */
const MIDNIGHT = Date.parse('2026-11-22T00:00:00Z');

interface World {
  readonly people: People;
  readonly on: Installation;
  readonly daemon: Daemon;
  now: number;
}

async function world(start: string): Promise<World> {
  const people = await makePeople('sqlite', 60);
  undo.push(() => people.db.drop());
  const on = await install({
    env: { FRIST_CRM: people.db.url },
    settings: { batch: { max: 10 }, schedule: '15 3 * * *' },
  });
  undo.push(() => on.remove());
  // The second place for heads lies where the daemon itself can write; that it should not is the operator's to see to.
  const settings = JSON.parse(readFileSync(on.at('settings.json'), 'utf8')) as { audit: object };
  settings.audit = { ...settings.audit, heads: { store: on.at('heads') } };
  on.write('settings.json', JSON.stringify(settings));
  // Whatever day it is today: nothing is to be caught up.
  await on.state(`update frist_installation set created = '${new Date(start).toISOString()}'`);
  const result = { people, on, now: Date.parse(start) } as World;
  const daemon = await openDaemon(on, () => result.now);
  undo.push(() => daemon.end());
  return Object.assign(result, { daemon });
}

/** Looks at the clock at this time of the day. */
async function tickAt(world: World, time: string, day = 0): Promise<void> {
  world.now = MIDNIGHT + day * DAY + Date.parse(`1970-01-01T${time}:30Z`);
  await world.daemon.tick();
}

const kinds = (on: Installation, kind: string): unknown[] =>
  trailOf(on).filter((entry) => entry['type'] === kind);

describe('the daemon', () => {
  it('copies the head every day to both places, and verifies its trail against them every week', async () => {
    const on = await world('2026-11-22T00:01:00Z');
    // Every day: what is caught up runs beside the sweep, and could see the trail before or after it.
    for (const day of [0, 1, 2, 3, 4, 5, 6, 7]) {
      await tickAt(on, '03:15', day);
      await tickAt(on, '04:45', day);
      await tickAt(on, '05:15', day);
    }
    const heads = readdirSync(on.on.at('heads/heads'));
    expect(heads).toHaveLength(8);
    expect(readdirSync(on.on.at('data/audit/heads'))).toEqual(heads);
    expect(kinds(on.on, 'verification')).toMatchObject([
      { result: 'verified', heads: 2 },
      { result: 'verified', heads: 16, since: expect.any(Number) },
    ]);
    expect(await on.on.json('status')).toMatchObject({ verification: { verified: true } });
  });

  it('tells when its trail does not verify, until it does again', async () => {
    const on = await world('2026-11-22T00:01:00Z');
    await tickAt(on, '03:15');
    const bundle = readdirSync(on.on.at('data/audit/tile/entries'), { recursive: true, withFileTypes: true })
      .filter((file) => file.isFile())
      .map((file) => `${file.parentPath}/${file.name}`)
      .at(0) as string;
    const whole = readFileSync(bundle);
    writeFileSync(bundle, Buffer.from(whole.toString('latin1').replace('"v":1', '"v":2'), 'latin1'));
    await tickAt(on, '05:15');
    expect(await on.on.json('status')).toMatchObject({ exit: 4, verification: { verified: false } });
    writeFileSync(bundle, whole);
    await tickAt(on, '05:15', 7);
    expect(kinds(on.on, 'verification')).toMatchObject([
      { result: 'failed', code: 'AUDIT_CORRUPT' },
      { result: 'verified' },
    ]);
    expect((await on.on.json('status')).statuses).not.toContain(4);
  });

  it('gives a sign of life at the end of each day on which nothing was due', async () => {
    const on = await world('2026-11-22T00:01:00Z');
    await tickAt(on, '03:15');
    expect(await on.people.left()).toEqual(on.people.kept);
    await tickAt(on, '23:59');
    expect(kinds(on.on, 'heartbeat')).toHaveLength(0);
    for (const day of [1, 2]) {
      await tickAt(on, '03:15', day);
      await tickAt(on, '23:59', day);
      await on.daemon.tick();
      expect(kinds(on.on, 'heartbeat')).toHaveLength(day);
    }
  });

  it('begins no sweep while its trail cannot be written, and sweeps when it can', async () => {
    const on = await world('2026-11-22T03:14:00Z');
    renameSync(on.on.at('data/audit'), on.on.at('away'));
    await tickAt(on, '03:15');
    await tickAt(on, '03:16');
    expect(await on.people.left()).toHaveLength(60);
    expect(await on.on.state('select id from frist_runs')).toEqual([]);
    expect(existsSync(on.on.at('data/audit'))).toBe(false);
    renameSync(on.on.at('away'), on.on.at('data/audit'));
    await tickAt(on, '03:17');
    expect(await on.people.left()).toEqual(on.people.kept);
    await tickAt(on, '03:18');
    expect(await on.on.state('select slot from frist_runs')).toEqual([{ slot: '2026-11-22T03:17:00.000Z' }]);
  });
});
