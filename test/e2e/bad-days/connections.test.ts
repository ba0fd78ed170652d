// Locks, deadlocks, and connections that end at the worst moment. Nothing is half-erased, the exit status says so, the
// next run finishes the work, and source, state and trail agree record by record.
import { afterEach, describe, expect, it } from '@jest/globals';
import { setTimeout as delay } from 'node:timers/promises';
import { disagreements, trailOf } from '../../support/bad-days/agreement.ts';
import { install, indecent, type Document, type Installation } from '../../support/bad-days/installation.ts';
import { keyOf, makePeople, type People } from '../../support/bad-days/people.ts';
import { openWire, type Fate } from '../../support/bad-days/proxy.ts';
import {
  DELETING,
  KILL,
  slowDown,
  speedUp,
  stranger,
  until,
  WAITING,
} from '../../support/bad-days/trouble.ts';
import { engines, type Engine } from '../../support/servers/index.ts';

const all = await engines();
type Server = Exclude<Engine, 'sqlite'>;
const servers = all.filter((engine): engine is Server => engine !== 'sqlite');

interface World {
  readonly engine: Engine;
  readonly people: People;
  readonly installation: Installation;
}

const worlds: World[] = [];
afterEach(async () => {
  for (const { people, installation } of worlds.splice(0)) {
    installation.remove();
    await people.db.drop();
  }
});

async function makeWorld(engine: Engine, count = 60, url?: (real: string) => string): Promise<World> {
  const people = await makePeople(engine, count);
  const { db } = people;
  const installation = await install({
    env: { FRIST_CRM: url?.(db.url) ?? db.url },
    settings: { batch: { max: 10 } },
  });
  const world = { engine, people, installation };
  worlds.push(world);
  return world;
}

async function agrees({ people, installation }: World): Promise<void> {
  const left = new Set(await people.left());
  const gone = people.due.filter((key) => !left.has(key));
  const told = [{ source: 'crm', record: 'contact', gone, left: [...left] }];
  expect(await disagreements(installation, told)).toEqual([]);
  for (const { stdout, stderr } of installation.printed) expect(indecent(stdout + stderr)).toBeUndefined();
}

/** After everything bad has gone away. */
async function finishes(world: World): Promise<void> {
  const { people, installation } = world;
  const kept = await people.everythingOf(people.kept);
  expect(await installation.json('run')).toMatchObject({ exit: 0, policies: [{ status: 'done' }] });
  expect(await people.left()).toEqual(people.kept);
  expect(await people.everythingOf(people.kept)).toBe(kept);
  expect(await people.everythingOf(people.due)).toBe('[[],[]]');
  await agrees(world);
}

const codeOf = (document: Document): string | undefined => document.policies?.[0]?.error?.code;

describe('rows that somebody else has locked', () => {
  const HOLD: Readonly<Record<Engine, (key: number) => string>> = {
    mariadb: (key) => `begin; update contacts set name = name where id = ${key}`,
    postgres: (key) => `begin; update contacts set name = name where id = ${key}`,
    sqlite: () => 'begin immediate',
  };

  const LOCKED = keyOf(40);

  async function waitInVain(engine: Engine): Promise<readonly [Engine, Document, World]> {
    // Enough rows that the server looks for keys instead of reading, and waiting for, all of them.
    const world = await makeWorld(engine, 300);
    const other = await stranger(world.people);
    await other.query(HOLD[engine](LOCKED));
    const document = await world.installation.json('run');
    await other.query('rollback');
    await other.close();
    return [engine, document, world];
  }

  it('for long: the policy fails, what was erased before stands, and the next run does the rest', async () => {
    for (const [engine, document, world] of await Promise.all(all.map(waitInVain))) {
      const { people } = world;
      expect([engine, document.exit, codeOf(document)]).toEqual([engine, 2, 'SOURCE_LOCKED']);
      const before = Math.floor(people.due.indexOf(LOCKED) / 10) * 10;
      const left = await people.left();
      // Batches of ten, in the order of the keys: those before the locked one have gone, whole.
      expect([engine, people.kept.filter((key) => !left.includes(key))]).toEqual([engine, []]);
      expect(people.due.filter((key) => !left.includes(key))).toEqual(
        people.due.slice(0, engine === 'sqlite' ? 0 : before),
      );
      await agrees(world);
      await finishes(world);
    }
  });

  it.each(servers)('in a circle (%s): the deadlock passes, and the same run does it all', async (engine) => {
    const world = await makeWorld(engine);
    const { people, installation } = world;
    const other = await stranger(people);
    if (engine === 'postgres') await other.query(`set deadlock_timeout = '1h'`);
    // The heavier transaction survives on MariaDB.
    await other.query('create table weight (n int)');
    await other.query('begin');
    await other.query(`insert into weight values ${Array.from({ length: 500 }, (_, n) => `(${n})`).join()}`);
    await other.query(`update contacts set name = name where id = ${people.due[9]}`);
    const running = installation.start('run', '--json');
    await until(people.db, WAITING[engine]);
    await other.query(`update contacts set name = name where id = ${people.due[0]}`);
    await other.query('commit');
    await other.close();
    expect((await running.ended).status).toBe(0);
    await finishes(world);
  });
});

describe.each(servers)('a connection that is killed in the middle of a batch on %s', (engine) => {
  it('once: the same run tries again and does it all', async () => {
    const world = await makeWorld(engine);
    const { people, installation } = world;
    await slowDown(people, people.due[12] ?? 0, 3);
    const running = installation.start('run', '--json');
    const { id } = await until(people.db, DELETING[engine]);
    await people.db.query(KILL[engine](id));
    expect((await running.ended).status).toBe(0);
    await finishes(world);
  });

  it('again and again: the policy fails, nothing is half-erased, and the next run does the rest', async () => {
    const world = await makeWorld(engine);
    const { people, installation } = world;
    await slowDown(people, people.due[12] ?? 0, 3);
    const running = installation.start('run', '--json');
    let ended = false;
    void running.ended.then(() => (ended = true));
    while (!ended) {
      const [guest] = await people.db.query(DELETING[engine]);
      if (guest !== undefined) await people.db.query(KILL[engine](guest['id']));
      await delay(50);
    }
    const document = JSON.parse((await running.ended).stdout) as Document;
    expect([document.exit, codeOf(document)]).toEqual([2, 'SOURCE_LOST']);
    expect(await people.left()).toEqual([...people.kept, ...people.due.slice(10)].sort((a, b) => a - b));
    await agrees(world);
    await speedUp(people);
    await finishes(world);
  });
});

describe.each(servers)('a wire that is cut at a COMMIT on %s', (engine) => {
  async function cut(fate: Fate, lateMs?: number): Promise<void> {
    const people = await makePeople(engine, 60);
    const wire = await openWire(people.db.url);
    try {
      const installation = await install({ env: { FRIST_CRM: wire.url }, settings: { batch: { max: 10 } } });
      const world = { engine, people, installation };
      worlds.push(world);
      wire.arm(fate, lateMs);
      const document = await installation.json('run');
      await wire.happened();
      expect([document.exit, codeOf(document)]).toEqual([2, 'SOURCE_LOST']);
      const left = await people.left();
      expect(people.due.filter((key) => !left.includes(key))).toHaveLength(fate === 'lost' ? 0 : 10);
      await finishes(world);
      // Nobody saw it happen.
      const unseen = trailOf(installation).filter((entry) => entry['outcome'] === 'absent-after-crash');
      expect(unseen).toHaveLength(fate === 'lost' ? 0 : 10);
    } finally {
      await wire.close();
    }
  }

  it('before the server has it: nothing went', () => cut('lost'));
  it('after the server has carried it out: what went is called absent, not erased', () => cut('unheard'));
  it('and carried out long after: nobody says before then that nothing went', () => cut('late', 9000));
});
