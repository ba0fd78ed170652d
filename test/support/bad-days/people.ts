// People for bad days: contacts with notes, and applications, in a database of any engine. Every value that says who
// somebody is holds one made-up word, and every key begins with the same digits, so that a leak is found by two
// searches, in whatever file.
import { freshDatabase, type Engine, type TestDatabase } from '../servers/index.ts';

/** Stands in every name, address and note. */
export const MARK = 'zebrahund';
const FIRST_KEY = 730_000_000_000_000;
/** How every key begins: long enough not to stand in a hash by chance. */
export const KEY_MARK = '730000000';

const TYPES = {
  mariadb: { key: 'bigint', moment: 'datetime' },
  postgres: { key: 'bigint', moment: 'timestamp' },
  sqlite: { key: 'integer', moment: 'text' },
} as const;

const DAY_MS = 86_400_000;
/** Long due, and not: whatever day it is when the test runs. */
const OLD = '2024-02-29 12:00:00';
const recent = (): string => new Date(Date.now() - 30 * DAY_MS).toISOString().slice(0, 19).replace('T', ' ');

/** The key of the n-th person, from 1. */
export const keyOf = (n: number): number => FIRST_KEY + n;

/** The address of the person with this key. */
export const emailOf = (key: number): string => `${MARK}${String(key - FIRST_KEY)}@example.dk`;

export interface People {
  readonly db: TestDatabase;
  /** Keys that must go, in order, and keys that must stay. */
  readonly due: readonly number[];
  readonly kept: readonly number[];
  /** Keys of the contacts that are there now, in order. */
  left(): Promise<number[]>;
  /** Of the people in `keys`, everything that stands about them, rows and all; the same as long as nobody touches it. */
  everythingOf(keys: readonly number[]): Promise<string>;
}

/** Every third person stays. */
const isDue = (n: number): boolean => n % 3 !== 0;
const NOTES_EACH = 2;
const ROWS_AT_ONCE = 500;

/**
 * A new database with `count` contacts, each with two notes that refer to it by a foreign key (which MyISAM reads past).
 * `storage` is MariaDB's.
 */
export async function makePeople(
  engine: Engine,
  count: number,
  storage: 'innodb' | 'myisam' = 'innodb',
): Promise<People> {
  const db = await freshDatabase(engine);
  const { key, moment } = TYPES[engine];
  const end = engine === 'mariadb' ? ` engine=${storage}` : '';
  await db.query(
    `create table contacts (id ${key} primary key, name varchar(100), email varchar(100), last_contact ${moment})${end}`,
  );
  await db.query(
    `create table notes (id ${key} primary key, contact_id ${key} not null references contacts (id), body varchar(200)` +
      `${engine === 'mariadb' ? ', foreign key (contact_id) references contacts (id)' : ''})${end}`,
  );
  await db.query('create index contacts_last on contacts (last_contact)');
  await db.query('create index notes_contact on notes (contact_id)');
  const all = Array.from({ length: count }, (_, i) => i + 1);
  const fresh = recent();
  await insert(
    db,
    'contacts',
    all.map((n) => {
      return `(${keyOf(n)}, 'Karen ${MARK} ${n}', '${emailOf(keyOf(n))}', '${isDue(n) ? OLD : fresh}')`;
    }),
  );
  const notes = all.flatMap((n) => Array.from({ length: NOTES_EACH }, (_, i) => ({ n, id: n * 10 + i })));
  await insert(
    db,
    'notes',
    notes.map(({ n, id }) => `(${keyOf(id)}, ${keyOf(n)}, 'spoke with ${MARK} number ${n}')`),
  );
  // Otherwise the server may still take the table for empty, and read and lock all of it for ten keys.
  if (engine === 'mariadb') await db.query('analyze table contacts, notes');
  return {
    db,
    due: all.filter(isDue).map(keyOf),
    kept: all.filter((n) => !isDue(n)).map(keyOf),
    left: async () => (await db.query('select id from contacts order by id')).map((row) => Number(row['id'])),
    everythingOf: async (keys) => {
      const list = keys.join(', ') || '0';
      const contacts = await db.query(`select * from contacts where id in (${list}) order by id`);
      const about = await db.query(`select * from notes where contact_id in (${list}) order by id`);
      return JSON.stringify([contacts, about]);
    },
  };
}

async function insert(db: TestDatabase, table: string, tuples: readonly string[]): Promise<void> {
  for (let at = 0; at < tuples.length; at += ROWS_AT_ONCE) {
    await db.query(`insert into ${table} values ${tuples.slice(at, at + ROWS_AT_ONCE).join(', ')}`);
  }
}

/** What of a text is somebody's: the marks that stand in it, with a little of what surrounds them. */
export function personalIn(text: string): string[] {
  const found = text.matchAll(new RegExp(`.{0,30}(?:${MARK}|${KEY_MARK}).{0,10}`, 'gis'));
  return [...found].slice(0, 3).map(([around]) => around);
}
