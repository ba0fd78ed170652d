// kill -9 at random moments of a run over some thousand rows with dependents. Nothing is half-erased; and when a run
// is let to its end, source, state and trail tell the same, record by record.
import { describe, expect, it } from '@jest/globals';
import { statSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { disagreements, trailOf } from '../../support/bad-days/agreement.ts';
import { install, type Installation } from '../../support/bad-days/installation.ts';
import { makePeople, type People } from '../../support/bad-days/people.ts';
import { DELETING, slowDown, until } from '../../support/bad-days/trouble.ts';
import { newSeed, seeded, type Random } from '../../support/random.ts';
import { engines, type Engine } from '../../support/servers/index.ts';

const all = await engines();
const KILLS: Readonly<Record<Engine, number>> = { mariadb: 12, postgres: 4, sqlite: 4 };
const PEOPLE = 2000;

/** Contacts that lost a note and are still there. */
async function halfErased({ db }: People): Promise<number> {
  const sql = `select count(*) as n from contacts c where (select count(*) from notes where contact_id = c.id) <> 2`;
  return Number((await db.query(sql))[0]?.['n']);
}

/** A run that is killed some appends to the trail after its beginning, and a little later still. */
async function runAndKill(installation: Installation, random: Random): Promise<string> {
  const checkpoint = installation.at('data/audit/checkpoint');
  const version = (): number => statSync(checkpoint, { throwIfNoEntry: false })?.ino ?? 0;
  const appends = Math.floor(random() * 8);
  const more = random() * 40;
  const { child, ended } = installation.start('run', '--json');
  let over = false;
  void ended.then(() => (over = true));
  let seen = version();
  for (let left = appends; left > 0 && !over;) {
    await delay(2);
    if (version() === seen) continue;
    seen = version();
    left -= 1;
  }
  await delay(more);
  child.kill('SIGKILL');
  const { signal } = await ended;
  const [open] = await installation.state('select count(*) as n from frist_batches');
  return signal === null ? 'too late' : String(open?.['n']);
}

async function runToItsEnd(installation: Installation): Promise<void> {
  for (let tries = 0; tries < 20; tries += 1) {
    installation.minuteLater();
    const { exit, policies } = await installation.json('run');
    if (exit === 0) return;
    // The server may not have noticed yet that its client has died.
    expect(policies?.[0]?.error?.code).toBe('SOURCE_BUSY');
    await delay(500);
  }
  throw new Error('it does not come to an end');
}

async function agrees(people: People, installation: Installation): Promise<void> {
  expect(await people.left()).toEqual(people.kept);
  expect(await people.everythingOf(people.due)).toBe('[[],[]]');
  const told = [{ source: 'crm', record: 'contact', gone: people.due, left: people.kept }];
  expect(await disagreements(installation, told)).toEqual([]);
}

describe.each(all)('kill -9 on %s', (engine) => {
  it(`${KILLS[engine]} times at any moment: the next run finishes the work, and all agree`, async () => {
    const seed = newSeed();
    const random = seeded(seed);
    const people = await makePeople(engine, PEOPLE);
    const installation = await install({
      env: { FRIST_CRM: people.db.url },
      settings: { batch: { max: 20 } },
    });
    const open: string[] = [];
    try {
      const kept = await people.everythingOf(people.kept);
      while (open.length < KILLS[engine]) {
        open.push(await runAndKill(installation, random));
        installation.minuteLater();
        expect(await halfErased(people)).toBe(0);
        expect(await people.everythingOf(people.kept)).toBe(kept);
      }
      await runToItsEnd(installation);
      await agrees(people, installation);
      const absent = trailOf(installation).filter(
        (entry) => entry['outcome'] === 'absent-after-crash',
      ).length;
      process.stdout.write(
        `${engine}, seed ${String(seed)}: open batches left by each kill: ${open.join(' ')}; ${String(absent)} records found gone\n`,
      );
    } catch (error) {
      throw new Error(`${engine}: FRIST_TEST_SEED=${String(seed)} repeats it`, { cause: error });
    } finally {
      installation.remove();
      await people.db.drop();
    }
  });
});

describe.each(all.filter((engine) => engine !== 'sqlite'))(
  'kill -9 on %s while the server still runs the statement',
  (engine) => {
    it('the next run does not look before the server is done', async () => {
      const people = await makePeople(engine, 60);
      const installation = await install({ env: { FRIST_CRM: people.db.url } });
      try {
        await slowDown(people, people.due[20] ?? 0, 6);
        const { child, ended } = installation.start('run');
        await until(people.db, DELETING[engine]);
        child.kill('SIGKILL');
        await ended;
        installation.minuteLater();
        const [at] = await people.db.query(DELETING[engine]);
        expect(at).toBeDefined();
        expect(await installation.json('run')).toMatchObject({
          exit: 2,
          policies: [{ error: { code: 'SOURCE_BUSY' } }],
        });
        expect(await people.left()).toHaveLength(60);
        await runToItsEnd(installation);
        await agrees(people, installation);
      } finally {
        installation.remove();
        await people.db.drop();
      }
    });
  },
);
