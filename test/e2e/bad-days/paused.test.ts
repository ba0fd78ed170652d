// `frist pause`, by another process, in the middle of a run: the batch in hand is finished, no other begins, and the
// daemon goes on by itself when the pause is over.
import { rmSync, writeFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from '@jest/globals';
import { disagreements, trailOf } from '../../support/bad-days/agreement.ts';
import { openDaemon } from '../../support/bad-days/daemon.ts';
import { documentOf, install, type Installation } from '../../support/bad-days/installation.ts';
import { makePeople, type People } from '../../support/bad-days/people.ts';
import { DELETING, slowDown, speedUp, until } from '../../support/bad-days/trouble.ts';
import { engines } from '../../support/servers/index.ts';

const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (const one of undo.splice(0).reverse()) await one();
});

async function agrees(at: People, on: Installation): Promise<void> {
  const left = await at.left();
  const gone = at.due.filter((key) => !left.includes(key));
  expect(await disagreements(on, [{ source: 'crm', record: 'contact', gone, left }])).toEqual([]);
}

describe.each((await engines()).filter((engine) => engine !== 'sqlite'))('frist pause on %s', (engine) => {
  it('ends a run of another process after the batch that is under way', async () => {
    const people = await makePeople(engine, 60);
    undo.push(() => people.db.drop());
    const on = await install({ env: { FRIST_CRM: people.db.url }, settings: { batch: { max: 10 } } });
    undo.push(() => on.remove());
    await slowDown(people, people.due[15] ?? 0, 4);
    const { ended } = on.start('run', '--json');
    await until(people.db, DELETING[engine]);
    expect(await on.json('pause', '--why', 'the shop is slow')).toMatchObject({ changed: true, exit: 0 });
    expect(documentOf(await ended)).toMatchObject({
      statuses: [2, 5],
      policies: [{ status: 'stopped', error: { code: 'PAUSED' }, outcomes: { erased: 20 } }],
    });
    await agrees(people, on);
    await speedUp(people);
    expect(await on.json('run')).toMatchObject({ exit: 2, error: { code: 'PAUSED' } });
    expect(await people.left()).toHaveLength(40);
    expect(await on.json('status')).toMatchObject({ paused: { by: 'operator' } });
    expect(await on.json('resume', '--why', 'it is well again')).toMatchObject({ changed: true, exit: 0 });
    expect(await on.json('run')).toMatchObject({ exit: 0 });
    expect(await people.left()).toEqual(people.kept);
    await agrees(people, on);
    const acts = trailOf(on).filter(({ type }) => type === 'paused' || type === 'resumed');
    expect(acts).toMatchObject([
      { type: 'paused', who: 'operator' },
      { type: 'resumed', who: 'operator' },
    ]);
  });
});

it('holds the daemon back, by the command or by the file, and lets it go on at the next minute', async () => {
  const people = await makePeople('sqlite', 60);
  undo.push(() => people.db.drop());
  const on = await install({ env: { FRIST_CRM: people.db.url }, settings: { schedule: '15 3 * * *' } });
  undo.push(() => on.remove());
  // A night after the command's own clock.
  let now = Date.parse(`${new Date(Date.now() + 86_400_000).toISOString().slice(0, 10)}T03:14:30Z`);
  const daemon = await openDaemon(on, () => now);
  undo.push(() => daemon.end());
  const file = on.at('data/pause');
  const minute = async (): Promise<number> => {
    now += 60_000;
    await daemon.tick();
    return (await people.left()).length;
  };
  await on.json('pause', '--why', 'x');
  expect(await minute()).toBe(60);
  writeFileSync(file, '');
  expect(await on.json('resume', '--why', 'x')).toMatchObject({ changed: true, file, exit: 2 });
  expect(await minute()).toBe(60);
  rmSync(file);
  expect(await minute()).toBe(people.kept.length);
  expect(await minute()).toBe(people.kept.length);
});
