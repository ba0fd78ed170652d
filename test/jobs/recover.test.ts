/** The daemon ends the runs of processes that died, and settles their batches, long before the policy runs again. */
import { afterEach, expect, it } from '@jest/globals';
import { setTimeout as delay } from 'node:timers/promises';
import { disagreements, trailOf } from '../support/bad-days/agreement.ts';
import { openDaemon } from '../support/bad-days/daemon.ts';
import { install } from '../support/bad-days/installation.ts';
import { makePeople } from '../support/bad-days/people.ts';

const MINUTE = 60_000;
const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (const one of undo.splice(0).reverse()) await one();
});

it('ends what a killed run left, but not what runs', async () => {
  const people = await makePeople('sqlite', 60);
  undo.push(() => people.db.drop());
  // After its first batch it rests for long, with that and the next one open. No sweep is due before a first of January.
  const settings = { batch: { max: 10 }, pace: 100, schedule: '0 0 1 1 *' };
  const on = await install({ env: { FRIST_CRM: people.db.url }, settings });
  undo.push(() => on.remove());
  const { child, ended } = on.start('run');
  undo.push(() => child.kill('SIGKILL'));
  const open = async (): Promise<number> =>
    Number((await on.state('select count(*) as n from frist_batches'))[0]?.['n']);
  const states = async (): Promise<unknown[]> =>
    (await on.state('select state from frist_runs')).map((row) => row['state']);
  while ((await people.left()).length !== 50 || (await open()) !== 2) await delay(20);
  child.kill('SIGSTOP');

  let now = Math.ceil(Date.now() / (5 * MINUTE)) * 5 * MINUTE;
  const daemon = await openDaemon(on, () => now);
  undo.push(() => daemon.end());
  // While its lease is good. (In the state it is a minute from when it was taken or renewed, by the same clock.)
  await on.state('update frist_leases set until = until + 600000');
  await daemon.tick();
  expect([await states(), await open()]).toEqual([['running'], 2]);

  child.kill('SIGKILL');
  await ended;
  on.minuteLater();
  now += 5 * MINUTE;
  await daemon.tick();
  expect([await states(), await open()]).toEqual([['interrupted'], 0]);
  await daemon.end();
  undo.pop();
  const left = await people.left();
  const gone = people.due.filter((key) => !left.includes(key));
  expect(gone).toHaveLength(10);
  expect(await disagreements(on, [{ source: 'crm', record: 'contact', gone, left }])).toEqual([]);
  expect(trailOf(on).filter((entry) => entry['type'] === 'batch-settled')).toMatchObject([
    { outcomes: { 'absent-after-crash': 10 } },
    { outcomes: { 'not-erased': 10 } },
  ]);
});
