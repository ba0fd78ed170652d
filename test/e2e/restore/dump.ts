// A dump of a database and its restoring, by the tools that operators use.
import { execFile } from 'node:child_process';
import { copyFileSync, createReadStream, createWriteStream, rmSync } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { needProgram } from '../../support/servers/locate.ts';
import type { TestDatabase } from '../../support/servers/index.ts';

async function through(
  program: string,
  args: readonly string[],
  file: { from?: string; to?: string },
): Promise<void> {
  const child = execFile(program, [...args], { maxBuffer: 1e8, encoding: 'buffer' });
  const ended = new Promise<void>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (status) =>
      status === 0 ? resolve() : reject(new Error(`${program}: ${String(status)}`)),
    );
  });
  if (file.to !== undefined && child.stdout !== null)
    await pipeline(child.stdout, createWriteStream(file.to));
  if (file.from !== undefined && child.stdin !== null)
    await pipeline(createReadStream(file.from), child.stdin);
  await ended;
}

function mariadbArguments({ url }: TestDatabase): readonly string[] {
  const { hostname, port, username, password, pathname } = new URL(url);
  const login = [
    `--host=${hostname}`,
    `--port=${port}`,
    `--user=${decodeURIComponent(username)}`,
    '--protocol=tcp',
  ];
  return [
    ...login,
    ...(password === '' ? [] : [`--password=${decodeURIComponent(password)}`]),
    pathname.slice(1),
  ];
}

const sqliteFile = ({ url }: TestDatabase): string => url.slice('sqlite:'.length);

/** Writes a dump of the database into a file. */
export async function dump(db: TestDatabase, file: string): Promise<void> {
  rmSync(file, { force: true });
  if (db.engine === 'sqlite') {
    await db.query(`vacuum into '${file}'`);
  } else if (db.engine === 'mariadb') {
    const program = await needProgram('mariadb-client', 'mariadb-dump', 'mysqldump');
    await through(program, ['--single-transaction', ...mariadbArguments(db)], { to: file });
  } else {
    const program = await needProgram('postgresql-client', 'pg_dump');
    await through(program, ['--clean', '--if-exists', `--dbname=${db.url}`], { to: file });
  }
}

/** Puts the dump in the place of all that is there. */
export async function restore(db: TestDatabase, file: string): Promise<void> {
  if (db.engine === 'sqlite') {
    copyFileSync(file, sqliteFile(db));
  } else if (db.engine === 'mariadb') {
    const program = await needProgram('mariadb-client', 'mariadb', 'mysql');
    await through(program, mariadbArguments(db), { from: file });
  } else {
    const program = await needProgram('postgresql-client', 'psql');
    await through(program, ['--quiet', '--set=ON_ERROR_STOP=1', `--dbname=${db.url}`], { from: file });
  }
}
