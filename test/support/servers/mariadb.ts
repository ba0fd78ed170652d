import { join } from 'node:path';
import { createConnection } from 'mysql2/promise';
import { findProgram, needProgram } from './locate.ts';
import { account, DURABLE, freePort, launch, NoServer, ownFolder, run } from './server.ts';
import type { Account, Server } from './server.ts';

/** Not asked for: speed. What is lost is only what a power cut would lose. */
const FAST = ['--innodb-flush-log-at-trx-commit=0', '--innodb-doublewrite=0', '--sync-binlog=0'];

const USER = "create user frist@'127.0.0.1' identified by 'frist'";
const GRANT = "grant all privileges on *.* to frist@'127.0.0.1' with grant option";

/** Fills an empty data folder. MySQL's own server does this itself; MariaDB has a script for it. */
async function initialise(program: string, data: string, owner: Account): Promise<void> {
  const { stdout } = await run(program, ['--no-defaults', '--version']);
  if (!stdout.includes('MariaDB')) {
    await run(program, ['--no-defaults', '--initialize-insecure', `--datadir=${data}`], {
      ...owner,
      cwd: '/',
    });
    return;
  }
  const script = await findProgram('mariadb-install-db', 'mysql_install_db');
  if (script === undefined) throw new NoServer(`${program} is there without mariadb-install-db`);
  const args = [
    '--no-defaults',
    `--datadir=${data}`,
    '--auth-root-authentication-method=normal',
    '--skip-test-db',
  ];
  await run(script, args, { ...owner, cwd: '/' });
}

async function ping(socketPath: string): Promise<void> {
  const root = await createConnection({ socketPath, user: 'root' });
  await root.end();
}

/**
 * Starts a MariaDB (or MySQL) in `folder`, on a free port of 127.0.0.1. `extra` are options of the server that win over
 * those here: the benchmark's are those of production.
 */
export async function startMariadb(folder: string, extra: readonly string[] = []): Promise<Server> {
  const program = await needProgram('mariadb-server', 'mariadbd', 'mysqld');
  const owner = await account();
  await ownFolder(folder, owner);
  const data = await ownFolder(join(folder, 'data'), owner);
  await initialise(program, data, owner);
  const socketPath = join(folder, 'sock');
  const port = await freePort();
  const stop = await launch({
    program,
    owner,
    folder,
    signal: 'SIGKILL',
    args: [
      '--no-defaults',
      `--datadir=${data}`,
      `--socket=${socketPath}`,
      `--pid-file=${join(folder, 'pid')}`,
      '--bind-address=127.0.0.1',
      `--port=${port}`,
      '--skip-name-resolve',
      '--innodb-buffer-pool-size=128M',
      '--performance-schema=off',
      ...(DURABLE ? [] : FAST),
      ...extra,
    ],
    ping: async () => ping(socketPath),
  });
  const root = await createConnection({ socketPath, user: 'root' });
  await root.query(USER);
  await root.query(GRANT);
  await root.end();
  return { url: `mysql://frist:frist@127.0.0.1:${port}`, stop };
}
