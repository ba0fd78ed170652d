import { dirname, join } from 'node:path';
import { realpath } from 'node:fs/promises';
import pg from 'pg';
import { needProgram } from './locate.ts';
import { account, DURABLE, freePort, launch, ownFolder, run } from './server.ts';
import type { Server } from './server.ts';

/** Not asked for: speed. What is lost is only what a power cut would lose. */
const FAST = ['fsync=off', 'synchronous_commit=off', 'full_page_writes=off'];

async function ping(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: `${url}/postgres` });
  await client.connect();
  await client.end();
}

/** Starts a PostgreSQL in `folder`, on a free port of 127.0.0.1. */
export async function startPostgres(folder: string): Promise<Server> {
  const program = await realpath(await needProgram('postgresql', 'postgres'));
  const owner = await account();
  await ownFolder(folder, owner);
  const data = await ownFolder(join(folder, 'data'), owner);
  const init = ['-D', data, '-U', 'frist', '--auth=trust', '-E', 'UTF8', '--locale=C', '--no-sync'];
  await run(join(dirname(program), 'initdb'), init, { ...owner, cwd: '/' });
  const port = await freePort();
  const url = `postgres://frist:frist@127.0.0.1:${port}`;
  const settings = ['max_connections=200', 'shared_buffers=64MB', ...(DURABLE ? [] : FAST)];
  const stop = await launch({
    program,
    owner,
    folder,
    signal: 'SIGQUIT',
    args: [
      '-D',
      data,
      '-h',
      '127.0.0.1',
      '-p',
      String(port),
      '-k',
      folder,
      ...settings.flatMap((text) => ['-c', text]),
    ],
    ping: async () => ping(url),
  });
  return { url, stop };
}
