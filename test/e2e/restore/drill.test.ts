// The drill: a source is dumped, people are erased, the dump is restored, and `frist replay` erases them again, with the
// tools that operators use. What it may not touch is compared row by row: whoever has the key now, whoever is held, and
// whatever never went.
import { afterEach, describe, expect, it } from '@jest/globals';
import { readFileSync, writeFileSync } from 'node:fs';
import { trailFaults, trailOf } from '../../support/bad-days/agreement.ts';
import { install, POLICIES, type Document, type Installation } from '../../support/bad-days/installation.ts';
import { emailOf, keyOf, makePeople, MARK, personalIn, type People } from '../../support/bad-days/people.ts';
import { DELETING, slowDown, until } from '../../support/bad-days/trouble.ts';
import { engines, type Engine, type Row } from '../../support/servers/index.ts';
import { dump, restore } from './dump.ts';

const all = await engines();
const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (const one of undo.splice(0).reverse()) await one();
});

/** Leads are anonymised 12 months after they were closed; what they said stays. */
const WITH_LEADS = `${POLICIES.replace(
  '      contact:\n',
  `      lead:
        table: leads
        key: id
        subject: { email: email }
      contact:
`,
)}
  leads:
    records: crm.lead
    start: { column: closed, as: local, null: not yet }
    within: 12 months
    action: anonymise
    set:
      name: ''
      email: { placeholder: 'erased-{key}@invalid' }
`;

interface Replayed extends Document {
  readonly source: string;
  readonly entries: number;
  readonly unanswerable: number;
  readonly policies: (NonNullable<Document['policies']>[number] & {
    readonly back?: Readonly<Record<string, number>>;
    readonly anotherLife?: number;
  })[];
}

async function drill(
  engine: Engine,
  policies = WITH_LEADS,
  count = 30,
): Promise<{ readonly people: People; readonly on: Installation; readonly file: string }> {
  const people = await makePeople(engine, count);
  undo.push(() => people.db.drop());
  const moment = engine === 'postgres' ? 'timestamp' : engine === 'mariadb' ? 'datetime' : 'text';
  await people.db.query(
    `create table leads (id integer primary key, name varchar(100) not null, email varchar(100), closed ${moment}, said varchar(100))`,
  );
  const closed = (n: number): string => (n % 2 === 0 ? `'2024-01-31 10:00:00'` : 'null');
  const leads = Array.from({ length: 10 }, (_, i) => i + 1).map(
    (n) => `(${n}, 'Lead ${MARK}', '${MARK}-lead${n}@example.dk', ${closed(n)}, 'asked for ${n}')`,
  );
  await people.db.query(`insert into leads values ${leads.join(', ')}`);
  const on = await install({ env: { FRIST_CRM: people.db.url }, policies, settings: { batch: { max: 10 } } });
  undo.push(() => on.remove());
  return { people, on, file: on.at('dump') };
}

type Rows = Readonly<Record<'contacts' | 'notes' | 'leads', readonly Row[]>>;

async function everything({ db }: People): Promise<Rows> {
  const rows = async (table: string): Promise<Row[]> => db.query(`select * from ${table} order by id`);
  return { contacts: await rows('contacts'), notes: await rows('notes'), leads: await rows('leads') };
}

const replay = async (on: Installation, ...words: readonly string[]): Promise<Replayed> =>
  (await on.json('replay', '--source', 'crm', ...words)) as Replayed;

const ofType = (on: Installation, type: string): readonly Readonly<Record<string, unknown>>[] =>
  trailOf(on).filter((entry) => entry['type'] === type);

describe.each(all)('a restored backup on %s', (engine) => {
  it('is erased again, and nobody else is', async () => {
    const { people, on, file } = await drill(engine);
    await dump(people.db, file);
    expect(await on.json('run')).toMatchObject({ exit: 0 });
    const erased = await everything(people);
    expect(await replay(on)).toMatchObject({ exit: 0, entries: 25, policies: [{ back: {} }, { back: {} }] });
    expect(await everything(people)).toEqual(erased);

    await restore(people.db, file);
    const [reused = 0, stale = 0, moved = 0, held = 0, ...others] = people.due;
    // The key of somebody who came later; of somebody else who is due himself; of somebody who is heard of again.
    await people.db.query(
      `update contacts set name = 'New', email = 'new@example.org', last_contact = '${new Date().toISOString().slice(0, 10)} 00:00:00' where id = ${reused}`,
    );
    await people.db.query(`update contacts set email = 'stale@example.org' where id = ${stale}`);
    await people.db.query(`update contacts set last_contact = '2024-02-29 12:00:01' where id = ${moved}`);
    await on.frist('hold', 'add', '--subject', `email=${emailOf(held)}`, '--why', 'a court asked');
    const restored = await everything(people);

    const before = trailOf(on).length;
    const seen = await replay(on, '--dry-run');
    expect(seen).toMatchObject({
      exit: 0,
      entries: 25,
      unanswerable: 0,
      policies: [
        { policy: 'contacts', back: { erase: others.length, held: 1 }, changed: 1, anotherLife: 2 },
        { policy: 'leads', back: { erase: 5 }, anotherLife: 0 },
      ],
    });
    expect(trailOf(on)).toHaveLength(before);
    expect(await everything(people)).toEqual(restored);

    const done = await replay(on);
    expect(done).toMatchObject({
      exit: 5,
      policies: [
        { status: 'done', back: seen.policies[0]?.back, outcomes: { erased: others.length } },
        { status: 'done', back: { erase: 5 }, outcomes: { erased: 5 } },
      ],
    });
    const left = [reused, stale, moved, held];
    expect(await everything(people)).toEqual({
      contacts: [
        ...restored.contacts.filter((row) => left.includes(Number(row['id']))),
        ...erased.contacts,
      ].sort(byId),
      notes: [
        ...restored.notes.filter((row) => left.includes(Number(row['contact_id']))),
        ...erased.notes,
      ].sort(byId),
      leads: erased.leads,
    });

    // Twice is once.
    const again = await replay(on);
    expect(again.policies.map(({ back, outcomes }) => [back, outcomes])).toEqual([
      [{ held: 1 }, undefined],
      [{}, undefined],
    ]);
    expect(ofType(on, 'record')).toHaveLength(25 + others.length + 5);
    expect(await trailFaults(on)).toEqual([]);
    expect(on.printed.flatMap(({ stdout, stderr }) => personalIn(stdout + stderr))).toEqual([]);
  });
});

const byId = (a: Row, b: Row): number => Number(a['id']) - Number(b['id']);

describe('what the trail says of a replay', () => {
  it('is that it was one, and what it found', async () => {
    const { people, on, file } = await drill('sqlite');
    await dump(people.db, file);
    await on.frist('run');
    await restore(people.db, file);
    expect(await replay(on, '--since', '2024-01-01')).toMatchObject({ exit: 0 });
    expect(ofType(on, 'run-started').map((entry) => entry['trigger'])).toEqual([
      ...['manual', 'manual'],
      ...['replay', 'replay'],
    ]);
    expect(ofType(on, 'replay')).toMatchObject([
      { policy: 'contacts', source: 'crm', back: { erase: 20 }, anotherLife: 0, since: '2024-01-01' },
      { policy: 'leads', back: { erase: 5 } },
    ]);
    const found = await on.frist('audit', 'find', '--record', `crm.contact=${String(people.due[0])}`);
    expect(found.stdout.match(/contact: delete, erased/g)).toHaveLength(2);
    expect(found.stdout.match(/by a replay/g)).toHaveLength(1);
    // A day on which nothing went yet.
    expect(await replay(on, '--since', '2099-01-01')).toMatchObject({ exit: 0, entries: 0 });
  });

  it('is nothing where the trail does not verify: nothing is erased on its word', async () => {
    const { people, on, file } = await drill('sqlite', WITH_LEADS, 420);
    await dump(people.db, file);
    await on.frist('run');
    await restore(people.db, file);
    // Far from its end, where whoever only writes to it does not look.
    const bundle = on.at('data/audit/tile/entries/000');
    writeFileSync(bundle, readFileSync(bundle, 'latin1').replace('"erased"', '"failed"'), 'latin1');
    for (const words of [['--dry-run'], []])
      expect(await replay(on, ...words)).toMatchObject({ exit: 4, error: { code: 'AUDIT_UNVERIFIED' } });
    expect(await people.left()).toHaveLength(420);
  });
});

describe('a replay', () => {
  it('waits for approval where a guard stops it, and is a replay then too', async () => {
    const guarded = WITH_LEADS.replace(
      'first run guards: { records: 1000000',
      'first run guards: { records: 10',
    );
    const { people, on, file } = await drill('sqlite', guarded);
    await dump(people.db, file);
    const approve = async (document: Document): Promise<unknown> =>
      on.json('approve', document.policies?.[0]?.plan ?? '', '--why', 'looked at it');
    expect(await approve(await on.json('run'))).toMatchObject({ exit: 0 });
    await restore(people.db, file);
    on.write('policies.yaml', guarded.replace('within: 12 months', 'within: 13 months'));
    const stopped = await replay(on);
    expect(stopped).toMatchObject({ exit: 3, policies: [{ status: 'waiting' }, { status: 'done' }] });
    expect(stopped.policies[0]?.plan).toMatch(/^replay-/);
    expect(await people.left()).toHaveLength(30);
    expect(await approve(stopped)).toMatchObject({ exit: 0, policies: [{ outcomes: { erased: 20 } }] });
    expect(await people.left()).toEqual(people.kept);
    expect(ofType(on, 'run-started').at(-1)).toMatchObject({ trigger: 'replay' });
    // That somebody let these go is no word about what else the policy erases now.
    await people.db.query(
      `insert into contacts select id + 1000, name, email, '2020-01-01 00:00:00' from contacts`,
    );
    await people.db.query(
      `insert into contacts select id + 5000, name, email, '2020-01-01 00:00:00' from contacts`,
    );
    expect(await on.json('run')).toMatchObject({ exit: 3 });
  });

  it('keeps what the policies of today keep, and says so', async () => {
    const { people, on, file } = await drill('sqlite');
    await dump(people.db, file);
    await on.frist('run');
    await restore(people.db, file);
    on.write(
      'policies.yaml',
      WITH_LEADS.replace('within: 12 months', 'within: 30 years')
        .replace('  leads:\n', '  closed leads:\n')
        .replace('set:\n', "where: { said: { not: 'asked for 2' } }\n    set:\n"),
    );
    expect(await replay(on)).toMatchObject({
      exit: 5,
      policies: [
        { policy: 'contacts', back: { pending: 20 }, anotherLife: 0 },
        { policy: 'closed leads', back: { 'out of scope': 1, erase: 4 }, outcomes: { erased: 4 } },
      ],
    });
    expect(await people.left()).toHaveLength(30);
    const text = (await on.frist('replay', '--source', 'crm')).stdout;
    expect(text).toMatch(/back 20, of which to be erased again 0\n {2}not yet due 20/);
    expect(text).toMatch(/the policy is not about them, as the source has them now 1/);
  });

  it('names what no policy erases any more, and refuses a source that there is not', async () => {
    const { people, on, file } = await drill('sqlite');
    await dump(people.db, file);
    await on.frist('run');
    await restore(people.db, file);
    on.write('policies.yaml', POLICIES);
    const document = await replay(on);
    expect(document).toMatchObject({
      exit: 5,
      unnamed: { lead: 5 },
      policies: [{ outcomes: { erased: 20 } }],
    });
    expect(await on.json('replay', '--source', 'hr')).toMatchObject({ exit: 1, error: { code: 'USAGE' } });
  });
});

if (all.includes('mariadb'))
  describe('a replay that is killed', () => {
    it('is finished by the next, and nothing is told twice', async () => {
      const { people, on, file } = await drill('mariadb');
      await dump(people.db, file);
      await on.frist('run');
      const erased = await everything(people);
      await restore(people.db, file);
      await slowDown(people, people.due[12] ?? keyOf(1), 2);
      const running = on.start('replay', '--source', 'crm', '--json');
      await until(people.db, DELETING.mariadb);
      running.child.kill('SIGKILL');
      await running.ended;
      on.minuteLater();
      await people.db.query('drop trigger slow');
      for (let tries = 0; tries < 20; tries += 1) {
        on.minuteLater();
        if ((await replay(on)).exit === 0) break;
      }
      expect(await everything(people)).toEqual(erased);
      const opened = ofType(on, 'batch-opened').map((entry) => entry['batch']);
      expect(ofType(on, 'batch-settled').map((entry) => entry['batch'])).toEqual(opened);
      const again = ofType(on, 'record').slice(25);
      expect(again).toHaveLength(25);
      expect(new Set(again.map((entry) => (entry['commitments'] as { record: string }).record)).size).toBe(
        25,
      );
      expect(await trailFaults(on)).toEqual([]);
    });
  });
