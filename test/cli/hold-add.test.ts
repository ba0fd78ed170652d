/** Holds as people place, list and release them: what is refused, what is printed, and whom nothing names. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { listen, runHere, type Ended } from '../support/here.ts';
import { freshDatabase, type TestDatabase } from '../support/servers/index.ts';

const file = (controller: string, more = ''): string => `
frist: 1
controller: { name: ${controller}, timezone: UTC }
${more}
guards: { records: 1000, percent: 100 }
first run guards: { records: 1000, percent: 100 }
sources:
  crm:
    kind: sql
    connection: \${FRIST_CRM}
    datetimes in: UTC
    records:
      contact: { table: contacts, key: id, subject: { email: email } }
      member: { table: members, key: [team, no], subject: { phone: phone } }
policies:
  contacts: { records: crm.contact, start: { column: last_contact, as: date, null: unknown }, within: 12 months, action: delete }
  members: { records: crm.member, start: { column: left_on, as: date, null: not yet }, within: 12 months, action: delete }
`;

let folder = '';
let database: TestDatabase;
/** Where the source is, if not in the database. */
let away: string | undefined;
let now = Date.parse('2026-06-30T03:15:00Z');
const logs = listen();

function frist(words: readonly string[], files = ['policies.yaml']): Promise<Ended> {
  const environment = { FRIST_DATA_FOLDER: join(folder, 'data'), FRIST_CRM: away ?? database.url };
  const given = words[0] === 'state' ? [] : ['--policies', ...files.map((name) => join(folder, name))];
  return runHere([...words, ...given], { environment, now: () => now, logs: logs.stream });
}

const add = (...words: string[]): Promise<Ended> => frist(['hold', 'add', '--why', 'case 7', ...words]);
const idOf = ({ out }: Ended): string => /^hold-\w+/.exec(out)?.[0] ?? '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'frist-holds-'));
  // Shorter than what frist believes a clock for that nobody else bears witness to.
  await writeFile(join(folder, 'policies.yaml'), file('Test', 'holds: { grace: 40 hours }'));
  await writeFile(join(folder, 'other.yaml'), file('Andre'));
  await writeFile(join(folder, 'strict.yaml'), file('Test', 'holds: { review: required, grace: 0 }'));
  database = await freshDatabase('sqlite');
  await database.query(
    `CREATE TABLE contacts (id INTEGER PRIMARY KEY, email TEXT, last_contact DATE);
     CREATE TABLE members (team TEXT, no INTEGER, phone TEXT, left_on DATE, PRIMARY KEY (team, no));
     INSERT INTO contacts VALUES (4711, 'a@example.org', '2025-01-01'), (4712, 'b@example.org', '2025-01-01');
     INSERT INTO members VALUES ('a,b', 7, '+45 12 34 56 78', '2025-01-01'), ('a', 7, NULL, NULL)`,
  );
  expect(await frist(['state', 'init'])).toMatchObject({ status: 0 });
}, 60_000);
afterAll(async () => {
  await database.drop();
  await rm(folder, { recursive: true });
});

describe('frist hold add', () => {
  it.each([
    [[], /one of --subject, --record and --policy/],
    [
      ['--subject', 'email=a@b.dk', '--record', 'crm.contact=4711'],
      /one of --subject, --record and --policy/,
    ],
    [['--record', 'crm.contact=4711', '--policy', 'contacts'], /one of --subject, --record and --policy/],
    [['--record', 'crm.contact=4711', '--source', 'crm'], /--source goes with --subject/],
    [['--policy', 'contacts', '--restriction'], /--restriction is of the data of a person/],
    [
      ['--policy', 'kontakter'],
      /no policy that erases and is called kontakter; there are: contacts, members/,
    ],
    [['--record', 'crm.kontakt=1'], /no record type crm\.kontakt/],
    [['--record', 'crm.member=7'], /key of this record type has 2 parts/],
    [['--record', 'crm.contact=9'], /^HOLD_NO_RECORD: There is no such record of crm\.contact\n/],
    [['--record', 'crm.contact=04711'], /^HOLD_NO_RECORD/],
    [['--subject', 'email=a@b.dk', '--review', 'soon'], /--review must be a day/],
  ] as const)('refuses %j', async (words, told) => {
    const { status, out, err } = await add(...words);
    expect([status, out]).toEqual([1, '']);
    expect(err).toMatch(told);
    expect(err).not.toContain('4711');
    expect(JSON.parse((await frist(['hold', 'list', '--json'])).out)).toMatchObject({ holds: [] });
  });

  it('asks for a review where the policy file does', async () => {
    const words = ['hold', 'add', '--why', 'x', '--policy', 'members'];
    expect(await frist(words, ['strict.yaml'])).toMatchObject({ status: 1, err: /--review is needed/ });
  });

  it('holds no record whose key nobody can ask for', async () => {
    away = `sqlite:${join(folder, 'away.db')}`;
    const [record, person] = [
      await add('--record', 'crm.contact=4711'),
      await add('--subject', 'email=x@y.dk'),
    ];
    away = undefined;
    expect([record.status, record.out, record.err]).toEqual([2, '', expect.stringMatching(/^HOLD_UNASKED/)]);
    expect(person.out).toMatch(/cannot be asked now; the hold stands all the same/);
    expect(person.out + person.err).not.toMatch(/no record matches/);
    expect(await frist(['hold', 'release', idOf(person), '--why', 'x'], ['strict.yaml'])).toMatchObject({
      status: 0,
    });
  });

  it('places, lists and releases each kind, and the grace ends what they are known by', async () => {
    const held = ['--record', 'crm.contact=4711', '--restriction', '--review', '2026-06-29'];
    const late = await add(...held);
    expect(late).toMatchObject({ status: 1, err: expect.stringContaining('--review is in the past') });
    // As if it had been placed the day before.
    now -= 86_400_000;
    const record = await add(...held);
    now += 86_400_000;
    expect(record.out).toMatch(/stands\nrecord +matches\ncrm\.contact +1\n$/);
    const member = await add('--record', 'crm.member=["a,b","7"]');
    const policy = await add('--policy', 'contacts');
    expect(policy.out).toMatch(/stands\nNothing is erased under contacts \(Test\)\.\n$/);

    const list = (await frist(['hold', 'list'])).out;
    expect(list).toMatch(/restriction +crm\.contact=4711 .*2026-06-29, past/);
    expect(list).toMatch(/hold +crm\.member=a,b,7 /);
    expect(list).toMatch(/hold +policy contacts \(Test\) /);
    const status = await frist(['status']);
    expect(status.out).toContain(`holds 3\n  ${idOf(record)} is past its review date\n`);

    const run = await frist(['run']);
    expect(run.out).toMatch(/held 2\n/);
    expect(run.out).toContain(`${idOf(record)} is past its review date\n`);
    const released = await frist(['hold', 'release', idOf(policy), '--why', 'over']);
    expect(released.out).toMatch(/is released; what it covered is kept until 2026-07-01T19:15Z\n/);
    expect((await frist(['status'])).out).toContain('holds 2\n');
    expect((await frist(['hold', 'list'])).out).toMatch(/released 2026-06-30, kept until 2026-07-01/);
    const plan = await frist(['plan', '--records']);
    expect(plan.out).toContain(`held until 2026-07-01: hold ${idOf(policy)} was released`);

    now += 40 * 3_600_000;
    const next = await frist(['run', '--json']);
    expect(JSON.parse(next.out)).toMatchObject({
      policies: [
        { found: { heldBy: { restriction: 1 } }, outcomes: { erased: 1 } },
        { found: { by: { held: 1 } } },
      ],
    });
    expect((await frist(['hold', 'list'])).out).not.toContain(idOf(policy));
    await frist(['hold', 'release', idOf(member), '--why', 'over'], ['strict.yaml']);
    const all = JSON.parse((await frist(['hold', 'list', '--all', '--json'])).out) as {
      readonly holds: readonly { readonly id: string; readonly records?: unknown }[];
    };
    expect(all.holds.find((one) => one.id === idOf(member))).not.toHaveProperty('records');
    expect(logs.text()).not.toMatch(/4711|a,b/);
  });

  it('is on what all files have that are given', async () => {
    const words = ['hold', 'add', '--why', 'x', '--policy', 'members', '--json'];
    const { out } = await frist(words, ['policies.yaml', 'other.yaml']);
    expect(JSON.parse(out)).toMatchObject({
      hold: {
        policies: [
          { controller: 'Test', policy: 'members' },
          { controller: 'Andre', policy: 'members' },
        ],
      },
    });
  });
});
