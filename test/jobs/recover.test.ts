/** The daemon ends the runs of processes that died, and settles their batches, long before the policy runs again. */
import { afterEach, describe, expect, it } from '@jest/globals';
import { setTimeout as delay } from 'node:timers/promises';
import { disagreements, trailOf } from '../support/bad-days/agreement.ts';
import { openDaemon } from '../support/bad-days/daemon.ts';
import { documentOf, install, type Installation, type Running } from '../support/bad-days/installation.ts';
import { makePeople, type People } from '../support/bad-days/people.ts';
import { KILL } from '../support/bad-days/trouble.ts';
import { engines, type Engine } from '../support/servers/index.ts';

const MINUTE = 60_000;
const MARIADB =
  'select id from information_schema.processlist where db = database() and id <> connection_id()';
const POSTGRES =
  'select pid as id from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()';
const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (const one of undo.splice(0).reverse()) await one();
});

const all = await engines();
const MINUTES = 5 * MINUTE;

interface World {
  readonly people: People;
  readonly on: Installation;
  readonly running: Running;
  /** Of each run, by its beginning. */
  states(): Promise<unknown[]>;
  open(): Promise<number>;
  /** Source, state and trail tell the same. */
  agrees(): Promise<void>;
}

/** A run that stands still after its first batch of ten, with that and the next one open. */
async function stopped(engine: Engine): Promise<World> {
  const people = await makePeople(engine, 60);
  undo.push(() => people.db.drop());
  // It rests for some time after each batch. No sweep is due before a first of January.
  const settings = { batch: { max: 10 }, pace: 30, schedule: '0 0 1 1 *' };
  const on = await install({ env: { FRIST_CRM: people.db.url }, settings });
  undo.push(() => on.remove());
  const running = on.start('run', '--json');
  undo.push(() => running.child.kill('SIGKILL'));
  const open = async (): Promise<number> =>
    Number((await on.state('select count(*) as n from frist_batches'))[0]?.['n']);
  let over = false;
  void running.ended.then(() => (over = true));
  while (!over && ((await people.left()).length !== 50 || (await open()) !== 2)) await delay(10);
  // Who is stopped while it publishes keeps the trail's lock: nobody else could write.
  while (!over && (await on.state('select id from frist_outbox')).length > 0) await delay(10);
  await delay(100);
  running.child.kill('SIGSTOP');
  return {
    people,
    on,
    running,
    open,
    states: async () =>
      (await on.state('select state from frist_runs order by started')).map((row) => row['state']),
    agrees: async () => {
      const left = await people.left();
      const gone = people.due.filter((key) => !left.includes(key));
      expect(gone).toHaveLength(10);
      const told = [{ source: 'crm', record: 'contact', gone, left }];
      expect(await disagreements(on, told)).toEqual([]);
    },
  };
}

const outcomes = (on: Installation): unknown[] =>
  trailOf(on)
    .filter((entry) => entry['type'] === 'batch-settled')
    .map((entry) => entry['outcomes']);

it('ends what a killed run left, but not what runs', async () => {
  const { on, running, open, states, agrees } = await stopped('sqlite');
  let now = Math.ceil(Date.now() / MINUTES) * MINUTES;
  const daemon = await openDaemon(on, () => now);
  undo.push(() => daemon.end());
  // As long as its lease is good.
  await on.state('update frist_leases set until = until + 600000');
  await daemon.tick();
  expect([await states(), await open()]).toEqual([['running'], 2]);
  running.child.kill('SIGKILL');
  await running.ended;
  on.minuteLater();
  now += MINUTES;
  await daemon.tick();
  await daemon.end();
  undo.pop();
  expect([await states(), await open()]).toEqual([['interrupted'], 0]);
  expect(outcomes(on)).toEqual([{ 'absent-after-crash': 10 }, { 'not-erased': 10 }]);
  await agrees();
});

describe.each(all.filter((engine) => engine !== 'sqlite'))('a run over %s that slept for long', (engine) => {
  it('erases nothing more when it wakes: its batches have been settled, and its connections were cut', async () => {
    const { people, on, running, agrees } = await stopped(engine);
    const guests = engine === 'mariadb' ? MARIADB : POSTGRES;
    for (const { id } of await people.db.query(guests)) await people.db.query(KILL[engine](id));
    on.minuteLater();
    const now = Math.ceil(Date.now() / MINUTES) * MINUTES;
    const daemon = await openDaemon(on, () => now);
    await daemon.tick();
    await daemon.end();
    expect(outcomes(on)).toEqual([{ 'absent-after-crash': 10 }, { 'not-erased': 10 }]);
    running.child.kill('SIGCONT');
    const { exit, policies } = documentOf(await running.ended);
    expect([exit, policies?.[0]?.error?.code]).toEqual([2, 'STATE_SUPERSEDED']);
    expect(outcomes(on)).toHaveLength(2);
    await agrees();
  });
});
