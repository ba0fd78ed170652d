/** Every kind of hold through the real command on real databases, and holds that come while an approval erases and dies. */
import { afterEach, describe, expect, it } from '@jest/globals';
import { setTimeout as delay } from 'node:timers/promises';
import { disagreements } from '../support/bad-days/agreement.ts';
import { install, POLICIES, type Installation } from '../support/bad-days/installation.ts';
import { emailOf, keyOf, makePeople, MARK, type People } from '../support/bad-days/people.ts';
import { DELETING, KILL, slowDown, speedUp, until } from '../support/bad-days/trouble.ts';
import { engines, type Engine } from '../support/servers/index.ts';

const all = await engines();
type Ground = readonly [Engine, 'innodb' | 'myisam'];
const GROUNDS: readonly Ground[] = [
  ['sqlite', 'innodb'],
  ['mariadb', 'innodb'],
  ['mariadb', 'myisam'],
  ['postgres', 'innodb'],
];
const grounds = GROUNDS.filter(([engine]) => all.includes(engine));
const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (const one of undo.splice(0).reverse()) await one();
});

/** Notes are records of their own, about nobody. */
const WITH_NOTES = POLICIES.replace(
  'policies:\n',
  '      note: { table: notes, key: id, subject: none }\npolicies:\n',
);

async function makeWorld(
  [engine, storage]: Ground,
  count: number,
  policies = WITH_NOTES,
): Promise<readonly [People, Installation]> {
  const people = await makePeople(engine, count, storage);
  undo.push(() => people.db.drop());
  const on = await install({ env: { FRIST_CRM: people.db.url }, policies, settings: { batch: { max: 10 } } });
  undo.push(() => on.remove());
  return [people, on];
}

interface Placed {
  readonly hold: { readonly id: string };
  readonly settled: boolean;
  readonly before: readonly { readonly key: readonly string[]; readonly now: string }[];
  readonly matches: readonly { readonly records: number }[];
  readonly warnings: readonly string[];
}

async function add(on: Installation, ...words: readonly string[]): Promise<Placed> {
  const { stdout, stderr } = await on.frist('hold', 'add', '--why', 'case 7', '--json', ...words);
  const document = JSON.parse(stdout) as Partial<Placed>;
  if (document.hold === undefined) throw new Error(`no hold: ${stdout} ${stderr}`);
  return document as Placed;
}

const sorted = (keys: readonly (number | undefined)[]): number[] =>
  keys.filter((key) => key !== undefined).sort((a, b) => a - b);

/** What commands print names keys; nobody else stands anywhere but in the state, and no key in the trail or the log. */
async function agrees(people: People, on: Installation): Promise<void> {
  const left = await people.left();
  const gone = people.due.filter((key) => !left.includes(key));
  const faults = await disagreements(on, [{ source: 'crm', record: 'contact', gone, left }]);
  const printed = (fault: string): boolean =>
    fault.startsWith('a person stands in') && !fault.includes('/data/');
  expect(faults.filter((fault) => !fault.includes('state.db') && !printed(fault))).toEqual([]);
  for (const { stderr } of on.printed) expect(stderr).not.toContain(MARK);
}

describe.each(grounds)('holds on %s (%s)', (engine, storage) => {
  it('keep persons, records, and what would take a held record along', async () => {
    const [people, on] = await makeWorld([engine, storage], 24);
    const [own, ofNote, person, ...rest] = people.due;
    const kept = await people.everythingOf([own!, ofNote!, person!]);
    const note = keyOf((ofNote! - keyOf(0)) * 10 + 1);
    const placed = await Promise.all([
      add(on, '--record', `crm.contact=${own!}`),
      add(on, '--record', `crm.note=${note}`, '--restriction'),
      add(on, '--subject', `email=${emailOf(person!)}`, '--review', '2099-01-31'),
    ]);
    await on.state(`update frist_holds set review = '2020-01-31' where review is not null`);
    expect(placed.map(({ matches }) => matches.map((one) => one.records))).toEqual([[1], [1], [1]]);
    expect(await on.json('run')).toMatchObject({
      exit: 0,
      policies: [{ found: { heldBy: { hold: 2, restriction: 1 } }, outcomes: { erased: rest.length } }],
      holdsPastReview: [placed[2].hold.id],
    });
    expect(await people.left()).toEqual(sorted([...people.kept, own, ofNote, person]));
    expect(await people.everythingOf([own!, ofNote!, person!])).toBe(kept);
    await agrees(people, on);
  });
});

describe('a hold on a policy', () => {
  it('keeps all of it, and for a grace after it was released', async () => {
    const [people, on] = await makeWorld(['sqlite', 'innodb'], 6);
    const { hold } = await add(on, '--policy', 'contacts');
    const by = { held: people.due.length };
    expect(await on.json('run')).toMatchObject({ exit: 0, policies: [{ found: { by, overdue: 0 } }] });
    const { stdout } = await on.frist('hold', 'release', hold.id, '--why', 'over', '--json');
    expect(JSON.parse(stdout)).toHaveProperty('until');
    expect(await on.json('run')).toMatchObject({
      policies: [{ found: { by, heldBy: { grace: people.due.length } } }],
    });
    expect(await people.left()).toHaveLength(6);
  });
});

/** Not MyISAM: its batch locks whole tables, and a key cannot be asked for meanwhile (HOLD_UNASKED). */
const servers = all.filter((engine) => engine !== 'sqlite');

describe.each(servers)('holds while an approval erases on %s', (engine) => {
  it('and dies: they wait until somebody has looked, say what had gone, and keep the rest', async () => {
    const narrow = WITH_NOTES.replace(
      /first run guards: .*/,
      'first run guards: { records: 1, percent: 100 }',
    );
    const [people, on] = await makeWorld([engine, 'innodb'], 90, narrow);
    const plan = (await on.json('run')).policies?.[0]?.plan ?? '';
    const words = ['approve', plan, '--why', 'looked at it'];
    await slowDown(people, people.due[15] ?? 0, 300);
    const approval = on.start(...words);
    const { id } = await until(people.db, DELETING[engine]);
    // The second batch (10 to 19) is being erased, the third (20 to 29) is open.
    const placing = Promise.all([
      add(on, '--subject', `email=${emailOf(people.due[12] ?? 0)}`),
      add(on, '--record', `crm.contact=${people.due[25] ?? 0}`),
      add(on, '--record', `crm.contact=${people.due[45] ?? 0}`, '--restriction'),
    ]);
    while ((await on.state('select id from frist_holds')).length < 3)
      await Promise.race([delay(100), placing]);
    approval.child.kill('SIGKILL');
    await approval.ended;
    await people.db.query(KILL[engine](id));
    await speedUp(people);
    let status: number | null = 2;
    for (let tries = 0; status === 2 && tries < 20; tries += 1) {
      on.minuteLater();
      ({ status } = await on.frist(...words));
    }
    expect(status).toBe(0);
    const [late, opened, inTime] = await placing;
    const left = await people.left();
    for (const placed of [late, opened, inTime]) {
      expect(placed.settled).toBe(true);
      for (const { key, now } of placed.before)
        expect([key, now]).toEqual([key, left.includes(Number(key[0])) ? 'present' : 'gone']);
    }
    // The third batch is opened while the second is erased, mostly before anybody can place a hold.
    expect([late, inTime].map(({ before }) => before.length)).toEqual([1, 0]);
    expect(opened.before.length).toBeLessThanOrEqual(1);
    // The statement that was under way was rolled back.
    const stay = [12, 25, 45].map((n) => people.due[n]);
    expect(left).toEqual(sorted([...people.kept, ...stay]));
    await agrees(people, on);
  });
});
