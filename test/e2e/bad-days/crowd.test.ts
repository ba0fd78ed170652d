// Somebody else at work on the same rows, all the time, while several runs are at it at once. Every change of theirs that
// the database confirmed is a fact: whoever they touched, re-made or gave an open deal before frist came is there in the
// end, as they left it; whoever they deleted was not erased by frist; and all others go, once.
import { expect, describe, it } from '@jest/globals';
import { setTimeout as delay } from 'node:timers/promises';
import { disagreements } from '../../support/bad-days/agreement.ts';
import { openDaemon } from '../../support/bad-days/daemon.ts';
import { documentOf, install, POLICIES, type Installation } from '../../support/bad-days/installation.ts';
import { emailOf, makePeople, type People } from '../../support/bad-days/people.ts';
import { stranger } from '../../support/bad-days/trouble.ts';
import { newSeed, seeded, type Random } from '../../support/random.ts';
import { engines, type Engine } from '../../support/servers/index.ts';

const here = await engines();
const GROUNDS: readonly (readonly [Engine, 'innodb' | 'myisam'])[] = [
  ['mariadb', 'innodb'],
  ['mariadb', 'myisam'],
  ['postgres', 'innodb'],
  ['sqlite', 'innodb'],
];
const grounds = GROUNDS.filter(([engine]) => here.includes(engine));
const CONTACTS = 300;

const policies = POLICIES.replace(
  'notes: { table: notes, match: { contact_id: id } }',
  `notes: { table: notes, match: { contact_id: id } }
          deals: { table: deals, match: { contact_id: id } }`,
)
  .replace(
    '    action: delete',
    '    unless: { open deal: { exists: deals, where: { status: open } } }\n    action: delete',
  )
  .replace('      - delete: notes', '      - delete: notes\n      - delete: deals');

/** What the crowd has done, as the database confirmed it. */
interface Facts {
  /** Still there, by what was done: with the moment of the last contact where that was set. */
  readonly there: Map<number, string | undefined>;
  readonly deleted: Set<number>;
}

const NOW = '2026-01-02 03:04:05';

/** Does something to each of the due, once. Deadlocks and busy databases are the crowd's own bad luck. */
async function mingle(people: People, random: Random): Promise<Facts> {
  const client = await stranger(people);
  const { engine } = people.db;
  const facts: Facts = { there: new Map(), deleted: new Set() };
  const did = async (sql: string): Promise<boolean> => {
    if (engine !== 'mariadb') return (await client.query(`${sql} returning id`)).length > 0;
    await client.query(sql);
    return Number((await client.query('select row_count() as n'))[0]?.['n']) > 0;
  };
  const begin = engine === 'mariadb' ? 'start transaction' : 'begin';
  const leave = async (key: number, comesBack: boolean): Promise<boolean> => {
    await client.query(begin);
    // The record first: whoever has it may do the rest.
    for (const table of ['notes', 'deals'])
      await client.query(`delete from ${table} where contact_id = ${key}`);
    const left = await did(`delete from contacts where id = ${key}`);
    if (left && comesBack)
      await client.query(`insert into contacts values (${key}, 'New', '${emailOf(key)}', '${NOW}')`);
    await client.query('commit');
    return left;
  };
  const acts: readonly ((key: number) => Promise<void>)[] = [
    async (key) => {
      if (await did(`update contacts set last_contact = '${NOW}' where id = ${key}`))
        facts.there.set(key, NOW);
    },
    async (key) => {
      if (await leave(key, false)) facts.deleted.add(key);
    },
    async (key) => {
      if (await leave(key, true)) facts.there.set(key, NOW);
    },
    async (key) => {
      if (await did(`insert into deals select id, id, 'open' from contacts where id = ${key}`))
        facts.there.set(key, undefined);
    },
    async (key) => {
      await did(`insert into notes select id + 5, id, 'a late one' from contacts where id = ${key}`);
    },
    // Nothing: somebody must be left for frist.
    () => delay(1),
  ];
  const waiting = [...people.due];
  while (waiting.length > 0) {
    const [key] = waiting.splice(Math.floor(random() * waiting.length), 1);
    const act = acts[Math.floor(random() * acts.length)];
    if (key === undefined || act === undefined) continue;
    await act(key).catch(() => client.query('rollback').catch(() => undefined));
    await delay(random() * 12);
  }
  await client.close();
  return facts;
}

/** Two daemons and a run by hand; where a database file would have them wait in this process, three runs by hand. */
async function everybodyRuns(engine: Engine, on: Installation): Promise<void> {
  const byHand = (): Promise<unknown> =>
    on.start('run', '--json').ended.then((ended) => {
      const codes = (documentOf(ended).policies ?? []).flatMap((one) => one.error?.code ?? []);
      expect(codes.filter((code) => !/^(?:RUN_BUSY|SOURCE_BUSY|SOURCE_LOCKED)$/.test(code))).toEqual([]);
    });
  if (engine === 'sqlite') {
    await Promise.all([byHand(), byHand(), byHand()]);
    return;
  }
  // Begun before the minute that it is, whose slot is due now.
  let begun: number | undefined = Math.floor(Date.now() / 60_000) * 60_000 - 1;
  const now = (): number => begun ?? Date.now();
  const daemons = [await openDaemon(on, now), await openDaemon(on, now)];
  begun = undefined;
  await Promise.all([...daemons.map((daemon) => daemon.tick()), byHand()]);
  for (const daemon of daemons) await daemon.end();
}

async function makeWorld(engine: Engine, storage: 'innodb' | 'myisam'): Promise<[People, Installation]> {
  const people = await makePeople(engine, CONTACTS, storage);
  const key = engine === 'sqlite' ? 'integer' : 'bigint';
  await people.db.query(
    `create table deals (id ${key} primary key, contact_id ${key}, status varchar(20), foreign key (contact_id) references contacts (id))${engine === 'mariadb' ? ` engine=${storage}` : ''}`,
  );
  await people.db.query('create index deals_contact on deals (contact_id)');
  const on = await install({
    env: { FRIST_CRM: people.db.url },
    policies,
    settings: { batch: { max: 5 }, pace: 1, schedule: '* * * * *' },
  });
  return [people, on];
}

describe.each(grounds)('a crowd on %s (%s)', (engine, storage) => {
  it('loses nobody it has touched, and nobody else stays', async () => {
    const seed = newSeed();
    const [people, on] = await makeWorld(engine, storage);
    try {
      const kept = await people.everythingOf(people.kept);
      const [facts] = await Promise.all([mingle(people, seeded(seed)), everybodyRuns(engine, on)]);
      on.minuteLater();
      expect(await on.json('run')).toMatchObject({ exit: 0 });
      const left = await people.left();
      expect(left).toEqual([...people.kept, ...facts.there.keys()].sort((a, b) => a - b));
      expect(await people.everythingOf(people.kept)).toBe(kept);
      const moved = [...facts.there].filter(([, moment]) => moment !== undefined).map(([id]) => id);
      const dated = await people.db.query(
        `select id from contacts where last_contact = '${NOW}' order by id`,
      );
      expect(dated.map((row) => row['id'])).toEqual(moved.sort((a, b) => a - b));
      for (const table of ['notes', 'deals'])
        expect(
          await people.db.query(`select * from ${table} where contact_id not in (select id from contacts)`),
        ).toEqual([]);
      const there = new Set([...left, ...facts.deleted]);
      const gone = people.due.filter((id) => !there.has(id));
      expect(gone.length).toBeGreaterThan(10);
      expect(await disagreements(on, [{ source: 'crm', record: 'contact', gone, left: [...there] }])).toEqual(
        [],
      );
      process.stdout.write(
        `${engine} ${storage}, seed ${String(seed)}: ${String(facts.there.size)} saved, ${String(facts.deleted.size)} deleted, ${String(gone.length)} erased\n`,
      );
    } catch (error) {
      throw new Error(`${engine} ${storage}: FRIST_TEST_SEED=${String(seed)} repeats it`, { cause: error });
    } finally {
      on.remove();
      await people.db.drop();
    }
  });
});
