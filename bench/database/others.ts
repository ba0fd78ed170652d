/** What frist is compared with: pt-archiver of Percona Toolkit, and the `mysql` client. */
import { join } from 'node:path';
import { NoServer } from '../../test/support/servers/server.ts';
import { findProgram, needProgram } from '../../test/support/servers/locate.ts';
import type { Command } from '../measuring/measure.ts';
import type { Server } from './server.ts';
import type { Table } from './table.ts';

/** Path of pt-archiver, installed on the way where that is possible; undefined, and a loud line, where it is not. */
export async function findArchiver(): Promise<string | undefined> {
  try {
    return await needProgram('percona-toolkit', 'pt-archiver');
  } catch (error) {
    if (!(error instanceof NoServer)) throw error;
    process.stderr.write(`NO PT-ARCHIVER: ${error.message}; THE COMPARISON WITH IT IS LEFT OUT\n`);
    return undefined;
  }
}

/** pt-archiver in its quickest way: one statement a chunk, a commit after each. `file`: it also writes the rows there. */
export function archive(
  program: string,
  server: Server,
  table: Table,
  chunk: number,
  file?: string,
): Command {
  const { host, port, database, user, password } = server;
  return {
    program,
    args: [
      '--source',
      `h=${host},P=${port},D=${database},t=${table.name},u=${user},p=${password}`,
      '--where',
      table.where,
      '--no-check-charset',
      '--no-version-check',
      '--bulk-delete',
      '--commit-each',
      '--limit',
      String(chunk),
      ...(file === undefined ? ['--purge'] : ['--file', file]),
    ],
  };
}

/** One statement through the `mysql` client. `into`: the file that gets the rows, one by one as they come. */
export async function statement(server: Server, sql: string, into?: string): Promise<Command> {
  const program = await findProgram('mariadb', 'mysql');
  if (program === undefined) throw new NoServer('there is no client program `mariadb` or `mysql`');
  const { host, port, database, user, password } = server;
  const login = [`--host=${host}`, `--port=${port}`, `--user=${user}`, `--password=${password}`];
  return {
    program,
    args: ['--no-defaults', ...login, '--quick', '--skip-column-names', database, '--execute', sql],
    ...(into === undefined ? {} : { into }),
  };
}

let files = 0;
/** A file that is not there yet. */
export function freshFile(folder: string): string {
  return join(folder, `rows-${(files += 1)}.txt`);
}
