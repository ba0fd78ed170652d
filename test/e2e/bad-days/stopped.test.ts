// SIGTERM in the middle of a batch: the batch is finished, settled and published, and no other begins. A second one is
// forceful, and leaves what a crash leaves.
import { afterEach, describe, expect, it } from '@jest/globals';
import { setTimeout as delay } from 'node:timers/promises';
import { disagreements, trailOf } from '../../support/bad-days/agreement.ts';
import { documentOf, install, type Installation } from '../../support/bad-days/installation.ts';
import { makePeople, type People } from '../../support/bad-days/people.ts';
import { DELETING, slowDown, speedUp, until } from '../../support/bad-days/trouble.ts';
import { engines, type Engine } from '../../support/servers/index.ts';

const servers = (await engines()).filter((engine) => engine !== 'sqlite');

let people: People | undefined;
let installation: Installation | undefined;
afterEach(async () => {
  installation?.remove();
  await people?.db.drop();
});

/** Batches of ten, of which the second takes its time. */
async function makeWorld(engine: Engine, seconds: number): Promise<readonly [People, Installation]> {
  people = await makePeople(engine, 60);
  installation = await install({ env: { FRIST_CRM: people.db.url }, settings: { batch: { max: 10 } } });
  await slowDown(people, people.due[15] ?? 0, seconds);
  return [people, installation];
}

async function agrees(at: People, on: Installation): Promise<void> {
  const left = await at.left();
  const gone = at.due.filter((key) => !left.includes(key));
  expect(await disagreements(on, [{ source: 'crm', record: 'contact', gone, left }])).toEqual([]);
}

describe.each(servers)('SIGTERM to a run on %s', (engine) => {
  it('in the middle of a batch: it is finished and told, and no other begins', async () => {
    const [at, on] = await makeWorld(engine, 2);
    const { child, ended } = on.start('run', '--json');
    await until(at.db, DELETING[engine]);
    child.kill('SIGTERM');
    const document = documentOf(await ended);
    expect(document).toMatchObject({
      // What is left is overdue; nothing has failed.
      statuses: [5],
      policies: [{ status: 'stopped', outcomes: { erased: 20 } }],
    });
    expect(document.policies?.[0]?.error).toBeUndefined();
    expect(await at.left()).toHaveLength(40);
    await agrees(at, on);
    const results = trailOf(on).filter((entry) => entry['type'] === 'run-finished');
    expect(results.map((entry) => entry['result'])).toEqual(['stopped']);
    // Nothing is left behind that the next run would have to wait for.
    await speedUp(at);
    expect(await on.json('run')).toMatchObject({ exit: 0 });
    expect(await at.left()).toEqual(at.kept);
    await agrees(at, on);
  });

  it('twice: it ends at once, and the next run finishes the work', async () => {
    const [at, on] = await makeWorld(engine, 4);
    const { child, ended } = on.start('run');
    await until(at.db, DELETING[engine]);
    child.kill('SIGTERM');
    await delay(300);
    child.kill('SIGTERM');
    expect((await ended).status).toBe(128 + 15);
    on.minuteLater();
    await until({ query: async () => ((await at.db.query(DELETING[engine])).length === 0 ? [{}] : []) }, '');
    expect(await on.json('run')).toMatchObject({ exit: 0 });
    expect(await at.left()).toEqual(at.kept);
    await agrees(at, on);
  });
});

describe('SIGTERM to a run that has hardly begun', () => {
  it.each([0, 1, 2, 3])('does no harm, and is no failure (%s)', async (part) => {
    people = await makePeople('sqlite', 300);
    installation = await install({ env: { FRIST_CRM: people.db.url } });
    const started = Date.now();
    expect((await installation.frist('plan')).status).toBe(0);
    const { child, ended } = installation.start('run', '--json');
    // From before anything is loaded until about when it reads.
    await delay(((Date.now() - started) * (part + 1)) / 4);
    child.kill('SIGTERM');
    const { status, signal, stdout } = await ended;
    if (signal === null) {
      expect([0, 5]).toContain(status);
      expect(JSON.parse(stdout)).not.toHaveProperty('policies.0.error');
    }
    installation.minuteLater();
    expect(await installation.json('run')).toMatchObject({ exit: 0 });
    expect(await people.left()).toEqual(people.kept);
    await agrees(people, installation);
  });
});
