// kill -9 at a chosen moment; those at random moments are in test/storm. When a run is let to its end, source, state and
// trail tell the same, record by record.
import { describe, expect, it } from '@jest/globals';
import { setTimeout as delay } from 'node:timers/promises';
import { disagreements, trailOf } from '../../support/bad-days/agreement.ts';
import { install, type Installation } from '../../support/bad-days/installation.ts';
import { makePeople, type People } from '../../support/bad-days/people.ts';
import { DELETING, slowDown, until } from '../../support/bad-days/trouble.ts';
import { engines, type Engine } from '../../support/servers/index.ts';

const servers = (await engines()).filter((engine) => engine !== 'sqlite');
/** What the rows lie on; only MariaDB has a choice. */
const GROUNDS: readonly (readonly [Exclude<Engine, 'sqlite'>, 'innodb' | 'myisam'])[] = [
  ['mariadb', 'innodb'],
  ['mariadb', 'myisam'],
  ['postgres', 'innodb'],
];
const grounds = GROUNDS.filter(([engine]) => servers.includes(engine));

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

describe.each(grounds)('kill -9 on %s (%s)', (engine, storage) => {
  it('while the server still runs the statement: the next run does not look before it is done', async () => {
    const people = await makePeople(engine, 60, storage);
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
      // What cannot be rolled back is done by now, and nobody has said so yet.
      if (storage === 'innodb') expect(await people.left()).toHaveLength(60);
      await runToItsEnd(installation);
      await agrees(people, installation);
      const absent = trailOf(installation).filter((entry) => entry['outcome'] === 'absent-after-crash');
      expect(absent).toHaveLength(storage === 'innodb' ? 0 : people.due.length);
    } finally {
      installation.remove();
      await people.db.drop();
    }
  });
});

describe.each(grounds.filter(([, storage]) => storage === 'myisam'))(
  'kill -9 on %s (%s)',
  (engine, storage) => {
    it('while dependents go: of the records that stand nobody says that nothing was done, and the next run finishes', async () => {
      const people = await makePeople(engine, 60, storage);
      const installation = await install({ env: { FRIST_CRM: people.db.url } });
      try {
        await people.db.query(
          `create trigger slow before delete on notes for each row begin declare n int; if old.contact_id = ${String(people.due[20])} then set n = sleep(2); end if; end`,
        );
        const { child, ended } = installation.start('run');
        await until(people.db, DELETING[engine].replace('contacts', 'notes'));
        child.kill('SIGKILL');
        await ended;
        // Waits for the statement that the server carries out to its end.
        const left = await people.db.query('select count(*) as n from notes');
        expect(Number(left[0]?.['n'])).toBe(people.kept.length * 2);
        expect(await people.left()).toHaveLength(60);
        await people.db.query('drop trigger slow');
        await runToItsEnd(installation);
        await agrees(people, installation);
        const settled = trailOf(installation).filter((entry) => entry['type'] === 'batch-settled');
        expect(settled[0]).toMatchObject({ outcomes: { unfinished: people.due.length } });
      } finally {
        installation.remove();
        await people.db.drop();
      }
    });
  },
);
