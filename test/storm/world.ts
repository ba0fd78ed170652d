// The ground of the storm: contacts with notes, and letters that name files, of which two of three are due to be deleted;
// and visitors, of whom the same are to be anonymised. Some take the server their time to delete.
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import type { Told } from '../support/bad-days/agreement.ts';
import { CONTROLLER, install, type Installation } from '../support/bad-days/installation.ts';
import { keyOf, makePeople, MARK, type People } from '../support/bad-days/people.ts';
import type { Engine } from '../support/servers/index.ts';

/** What the rows lie on. */
export type Ground = 'innodb' | 'myisam' | 'postgres' | 'sqlite';
export const ENGINE_OF: Readonly<Record<Ground, Engine>> = {
  innodb: 'mariadb',
  myisam: 'mariadb',
  postgres: 'postgres',
  sqlite: 'sqlite',
};

export interface World {
  readonly ground: Ground;
  readonly people: People;
  readonly on: Installation;
  /** Names of the files that are there. */
  files(): string[];
  /** Who is erased by now, and who is not, by type of record. */
  told(): Promise<Told[]>;
  /** All that stands about those who are not due. */
  ofTheKept(): Promise<string>;
  remove(): Promise<void>;
}

const policies = (folder: string, guarded: boolean): string => `
frist: 1
controller: { name: ${CONTROLLER}, timezone: UTC }
guards: { records: 1000000, percent: 100 }
first run guards: { records: ${guarded ? '5' : '1000000'}, percent: 100 }
sources:
  crm:
    kind: sql
    connection: \${FRIST_CRM}
    datetimes in: UTC
    records:
      contact:
        table: contacts
        key: id
        subject: { email: email }
        related:
          notes: { table: notes, match: { contact_id: id } }
          letters: { table: letters, match: { contact_id: id } }
      visitor: { table: visitors, key: id, subject: none }
policies:
  contacts:
    records: crm.contact
    start: { column: last_contact, as: local, null: unknown }
    within: 12 months
    action: delete
    dependents:
      - delete: notes
      - delete: letters
        files: { root: ${folder}, path: '{file_name}' }
  visitors:
    records: crm.visitor
    start: { column: last_seen, as: local, null: unknown }
    within: 12 months
    action: anonymise
    set: { name: null }
`;

const fileOf = (n: number): string => `letter-${String(n)}.txt`;

/** A tenth of a second here and there in the server, so that some kills come while it is at work. */
const SLOW: Readonly<Record<Engine, readonly string[]>> = {
  mariadb: [
    'create trigger slow before delete on contacts for each row begin declare n int; if old.id % 40 = 0 then set n = sleep(0.1); end if; end',
  ],
  postgres: [
    'create function slow() returns trigger language plpgsql as $$ begin if old.id % 40 = 0 then perform pg_sleep(0.1); end if; return old; end $$',
    'create trigger slow before delete on contacts for each row execute function slow()',
  ],
  sqlite: [],
};

/** A world of `count` contacts and a tenth as many visitors. `guarded`: the first run waits for somebody to approve it. */
export async function makeWorld(ground: Ground, count: number, guarded: boolean): Promise<World> {
  const engine = ENGINE_OF[ground];
  const people = await makePeople(engine, count, ground === 'myisam' ? 'myisam' : 'innodb');
  const on = await install({ env: { FRIST_CRM: people.db.url }, settings: { batch: { max: 10 } } });
  const folder = on.at('letters');
  on.write('policies.yaml', policies(folder, guarded));
  mkdirSync(folder);
  const end = engine === 'mariadb' ? ` engine=${ground}` : '';
  const { query } = people.db;
  const big = engine === 'sqlite' ? 'integer' : 'bigint';
  await query(`create table letters (id ${big} primary key, contact_id ${big}, file_name varchar(99))${end}`);
  await query('create index letters_contact on letters (contact_id)');
  await query('create index letters_file on letters (file_name)');
  await query(
    `create table visitors (id ${big} primary key, name varchar(99), last_seen ${engine === 'mariadb' ? 'datetime' : 'timestamp'})${end}`,
  );
  const all = Array.from({ length: count }, (_, i) => i + 1);
  for (const n of all) writeFileSync(`${folder}/${fileOf(n)}`, `Dear ${MARK}`);
  const letters = all.map((n) => `(${String(n)}, ${String(keyOf(n))}, '${fileOf(n)}')`);
  await query(`insert into letters values ${letters.join(', ')}`);
  await query(
    `insert into visitors select id, name, last_contact from contacts where id <= ${String(keyOf(Math.ceil(count / 10)))}`,
  );
  for (const statement of SLOW[engine]) await query(statement);
  const dueList = people.due.join(', ');
  const visitors = async (where: string): Promise<number[]> =>
    (await query(`select id from visitors where ${where} order by id`)).map(({ id }) => Number(id));
  return {
    ground,
    people,
    on,
    files: () => readdirSync(folder).sort(),
    told: async () => {
      const left = await people.left();
      const there = new Set(left);
      return [
        { source: 'crm', record: 'contact', gone: people.due.filter((key) => !there.has(key)), left },
        {
          source: 'crm',
          record: 'visitor',
          gone: await visitors('name is null'),
          left: await visitors('name is not null'),
        },
      ];
    },
    ofTheKept: async () =>
      JSON.stringify([
        await people.everythingOf(people.kept),
        await query(`select * from letters where contact_id not in (${dueList}) order by id`),
        await query(`select * from visitors where id not in (${dueList}) order by id`),
      ]),
    remove: async () => {
      on.remove();
      await people.db.drop();
    },
  };
}

/** What is wrong with the rows, at any moment between two kills: a line each. */
export async function halves({ ground, people: { db }, files }: World): Promise<string[]> {
  const count = async (sql: string): Promise<number> =>
    Number((await db.query(`select count(*) as n from ${sql}`))[0]?.['n']);
  const faults: string[] = [];
  const notes = await count(
    'contacts c where (select count(*) from notes where contact_id = c.id) <> 2 or not exists (select 1 from letters where contact_id = c.id)',
  );
  // Tables without transactions lose dependents first; the record stands until they are gone.
  if (notes > 0 && ground !== 'myisam')
    faults.push(`${String(notes)} contact(s) without what goes with them`);
  for (const table of ['notes', 'letters']) {
    const orphans = await count(
      `${table} d where not exists (select 1 from contacts where id = d.contact_id)`,
    );
    if (orphans > 0) faults.push(`${String(orphans)} row(s) of ${table} without a contact`);
  }
  const named = new Set((await db.query('select file_name from letters')).map((row) => row['file_name']));
  const lost = files().filter((name) => !named.has(name)).length;
  if (lost > 0) faults.push(`${String(lost)} file(s) that no row points to`);
  return faults;
}
