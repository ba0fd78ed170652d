// Several commands at once on one installation: nothing is doubled, nobody else goes, and who has to wait is told so by
// a code.
import { afterEach, describe, expect, it } from '@jest/globals';
import { disagreements, trailOf } from '../../support/bad-days/agreement.ts';
import {
  documentOf,
  indecent,
  install,
  POLICIES,
  type Installation,
} from '../../support/bad-days/installation.ts';
import { emailOf, makePeople, type People } from '../../support/bad-days/people.ts';
import { DELETING, slowDown, until } from '../../support/bad-days/trouble.ts';
import { engines, type Engine } from '../../support/servers/index.ts';

const all = await engines();
const servers = all.filter((engine) => engine !== 'sqlite');
const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (const one of undo.splice(0).reverse()) await one();
});

async function makeWorld(
  engine: Engine,
  policies = POLICIES,
  count = 120,
): Promise<readonly [People, Installation]> {
  const people = await makePeople(engine, count);
  undo.push(() => people.db.drop());
  const on = await install({
    env: { FRIST_CRM: people.db.url },
    policies,
    settings: { batch: { max: 10 } },
  });
  undo.push(() => on.remove());
  return [people, on];
}

/** On hold, a person stands in the state, and in the answer to the command that named him, which names his records. */
const ON_HOLD = /state\.db: |\[\s+"(?:email|7300)/;

async function agrees(people: People, on: Installation, allowed?: RegExp): Promise<void> {
  const left = await people.left();
  const gone = people.due.filter((key) => !left.includes(key));
  const faults = await disagreements(on, [{ source: 'crm', record: 'contact', gone, left }]);
  expect(faults.filter((fault) => allowed?.test(fault) !== true)).toEqual([]);
  for (const { stderr } of on.printed) expect(indecent(stderr)).toBeUndefined();
}

const typesOf = (on: Installation, type: string): number =>
  trailOf(on).filter((entry) => entry['type'] === type).length;

describe.each(all)('at once on %s', (engine) => {
  it('two runs: each record goes once, and one of them may be told to wait', async () => {
    const [people, on] = await makeWorld(engine);
    const kept = await people.everythingOf(people.kept);
    const runs = await Promise.all([on.start('run', '--json').ended, on.start('run', '--json').ended]);
    const documents = runs.map(documentOf);
    const erased = documents.map((one) => one.policies?.[0]?.outcomes?.['erased'] ?? 0);
    expect(erased.reduce((a, b) => a + b)).toBe(people.due.length);
    for (const { exit, policies } of documents)
      if (exit !== 0)
        expect([exit, policies?.[0]?.status, policies?.[0]?.error?.code]).toEqual([2, 'skipped', 'RUN_BUSY']);
    expect(await people.left()).toEqual(people.kept);
    expect(await people.everythingOf(people.kept)).toBe(kept);
    await agrees(people, on);
  });

  it('two approvals of one plan: one does it, the other is told why not', async () => {
    const narrow = POLICIES.replace(/first run guards: .*/, 'first run guards: { records: 1, percent: 100 }');
    const [people, on] = await makeWorld(engine, narrow);
    const plan = (await on.json('run')).policies?.[0]?.plan ?? '';
    const words = ['approve', plan, '--why', 'looked at it', '--json'];
    const documents = (await Promise.all([on.start(...words).ended, on.start(...words).ended])).map(
      documentOf,
    );
    const [first, second] = documents.sort((a, b) => a.exit - b.exit);
    expect(first).toMatchObject({ exit: 0, policies: [{ outcomes: { erased: people.due.length } }] });
    expect([second?.exit, second?.error?.code]).toEqual([
      expect.any(Number),
      expect.stringMatching(/^(?:RUN_BUSY|PLAN_NOT_WAITING)$/),
    ]);
    expect(second?.exit).not.toBe(0);
    expect(await people.left()).toEqual(people.kept);
    expect(typesOf(on, 'approval')).toBe(1);
    await agrees(people, on);
  });

  it('five holds and a run: who was on hold before the batch stays, and every command ends well', async () => {
    const [people, on] = await makeWorld(engine);
    const some = people.due.filter((_, i) => i % 16 === 0);
    const holds = some.map((key) =>
      on.start('hold', 'add', '--subject', `email=${emailOf(key)}`, '--why', 'x', '--json'),
    );
    const run = on.start('run', '--json');
    const placed = (await Promise.all(holds.map((one) => one.ended))).map(
      (ended) => JSON.parse(ended.stdout) as { settled: boolean; beforeHold: number },
    );
    const document = documentOf(await run.ended);
    expect([document.exit, placed.map((one) => one.settled)]).toEqual([0, some.map(() => true)]);
    const left = await people.left();
    // Whoever went was in a batch that was opened before the hold, which `hold add` says of most of them; whoever was
    // not there any more when it was placed had no match.
    expect(left.length).toBe(people.kept.length + some.filter((key) => left.includes(key)).length);
    expect(await on.json('run')).toMatchObject({ exit: 0 });
    expect(await people.left()).toEqual(left);
    await agrees(people, on, ON_HOLD);
  });
});

describe.each(servers)('a hold while a run erases on %s', (engine) => {
  it('waits for the batch under way, names whom it came too late for, and keeps the rest', async () => {
    const [people, on] = await makeWorld(engine);
    await slowDown(people, people.due[15] ?? 0, 5);
    const running = on.start('run', '--json');
    await until(people.db, DELETING[engine]);
    // The second batch (10 to 19) is being erased, the third (20 to 29) is open.
    const hold = (n: number) =>
      on.start(
        'hold',
        'add',
        '--subject',
        `email=${emailOf(people.due[n] ?? 0)}`,
        '--why',
        'case 7',
        '--json',
      );
    const [late, early] = await Promise.all([hold(12).ended, hold(75).ended]);
    const after = await people.left();
    const [tooLate, inTime] = [late, early].map(
      (ended) => JSON.parse(ended.stdout) as { settled: boolean; beforeHold: number; matches: unknown[] },
    );
    expect(tooLate).toMatchObject({ settled: true, beforeHold: 1, matches: [{ records: 0 }] });
    expect(inTime).toMatchObject({ settled: true, beforeHold: 0, matches: [{ records: 1 }] });
    // It came back only when the batch under way had been settled.
    expect(after).not.toContain(people.due[12]);
    expect(documentOf(await running.ended)).toMatchObject({
      exit: 0,
      policies: [{ outcomes: { erased: people.due.length - 1, changed: 1 } }],
    });
    expect(await people.left()).toEqual(
      [...people.kept, people.due[75]].sort((a, b) => Number(a) - Number(b)),
    );
    await agrees(people, on, ON_HOLD);
  });
});

describe('records that the data forbid to erase', () => {
  const FORBID: Readonly<Record<Engine, readonly string[]>> = {
    sqlite: [
      `create trigger forbids before delete on contacts when old.id in (KEYS) begin select raise(abort, 'not zebrahund'); end`,
    ],
    mariadb: [
      `create trigger forbids before delete on contacts for each row begin if old.id in (KEYS) then signal sqlstate '45000' set message_text = 'not zebrahund'; end if; end`,
    ],
    postgres: [
      `create function forbids() returns trigger language plpgsql as $$ begin if old.id in (KEYS) then raise exception 'not zebrahund %', old.name; end if; return old; end $$`,
      'create trigger forbids before delete on contacts for each row execute function forbids()',
    ],
  };

  it.each(all)(
    'on %s stand alone as failed, by trigger or foreign key, and the others go',
    async (engine) => {
      const [people, on] = await makeWorld(engine);
      const byTrigger = [people.due[3] ?? 0, people.due[44] ?? 0];
      const byReference = people.due[25] ?? 0;
      for (const sql of FORBID[engine]) await people.db.query(sql.replace('KEYS', byTrigger.join()));
      await people.db.query(
        `create table claims (id integer primary key, contact_id ${engine === 'sqlite' ? 'integer' : 'bigint'} not null, foreign key (contact_id) references contacts (id))`,
      );
      await people.db.query(`insert into claims values (1, ${byReference})`);
      const refused = [...byTrigger, byReference];
      const stay = [...people.kept, ...refused].sort((a, b) => a - b);
      const before = await people.everythingOf(stay);
      const document = await on.json('run');
      expect(document).toMatchObject({
        exit: 2,
        policies: [
          {
            status: 'failed',
            outcomes: { erased: people.due.length - 3, failed: 3 },
            error: { code: 'RECORD_FAILED', remedy: expect.stringMatching(/foreign key or trigger/) },
          },
        ],
      });
      expect(await people.left()).toEqual(stay);
      expect(await people.everythingOf(stay)).toBe(before);
      await agrees(people, on);
      const failed = trailOf(on).filter((entry) => entry['outcome'] === 'failed');
      expect(failed).toHaveLength(3);
      for (const entry of failed) expect(entry['code']).toMatch(/^[A-Z0-9_]{5,}$/);
      // Nothing in the way any more.
      await people.db.query('drop table claims');
      await people.db.query(`drop trigger forbids${engine === 'postgres' ? ' on contacts' : ''}`);
      expect(await on.json('run')).toMatchObject({ exit: 0, policies: [{ outcomes: { erased: 3 } }] });
      expect(await people.left()).toEqual(people.kept);
      await agrees(people, on);
    },
  );
});
