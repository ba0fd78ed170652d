// A user with exactly the rights of a script, and each of these taken away and given back.
import { randomBytes } from 'node:crypto';
import type { Engine, TestDatabase } from '../servers/index.ts';

/** One right of a script: what a REVOKE and a GRANT of it say. */
export interface Right {
  readonly name: string;
  readonly revoke: string;
  readonly grant: string;
}

/** The script's statements taken apart, a right for each column. */
export function rightsOf(script: string): readonly Right[] {
  return [...script.matchAll(/^GRANT (.+) ON (.+) TO (\S+);$/gm)].flatMap(
    ([, rights = '', on = '', user = '']) =>
      [...rights.matchAll(/([A-Z][A-Z ]*[A-Z])(?: \(([^)]*)\))?/g)].flatMap(([, right = '', columns]) =>
        (columns?.split(', ').map((one) => `${right} (${one})`) ?? [right]).map((one) => ({
          name: `${one} ON ${on}`,
          revoke: `REVOKE ${one} ON ${on} FROM ${user}`,
          grant: `GRANT ${one} ON ${on} TO ${user}`,
        })),
      ),
  );
}

/** Name and password of a user that nobody else has; letters and digits alone. */
export const newUser = (): string => `u${randomBytes(5).toString('hex')}`;

/** The URL of the database as this user, whose password is the user's name. */
export function asUser(db: TestDatabase, user: string): string {
  const url = new URL(db.url);
  url.username = user;
  url.password = user;
  return url.href;
}

/** Carries a script out in the database that it is for. */
export async function carryOut(db: TestDatabase, script: string, user: string): Promise<void> {
  for (const statement of script
    .replaceAll('<password>', user)
    .replace(/^--.*$/gm, '')
    .split(/;\s*$/m))
    if (statement.trim() !== '') await db.query(statement);
}

/** What PostgreSQL gives to everybody is taken away, so that only the script counts. */
export async function harden(db: TestDatabase): Promise<void> {
  if (db.engine !== 'postgres') return;
  await db.query(`REVOKE ALL ON DATABASE ${databaseOf(db)} FROM PUBLIC`);
  await db.query('REVOKE ALL ON SCHEMA public FROM PUBLIC');
}

export const databaseOf = (db: TestDatabase): string => new URL(db.url).pathname.slice(1);

/** Removes the user: before the databases in PostgreSQL, which does not let go of one that has rights. */
export async function removeUser(
  engine: Engine,
  user: string,
  databases: readonly TestDatabase[],
): Promise<void> {
  if (engine === 'postgres') for (const db of databases) await db.query(`DROP OWNED BY "${user}"`);
  const [any] = databases;
  await any?.query(engine === 'postgres' ? `DROP ROLE "${user}"` : `DROP USER '${user}'@'%'`);
}
