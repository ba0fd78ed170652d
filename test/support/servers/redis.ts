import { connect } from 'node:net';
import { needProgram } from './locate.ts';
import { account, freePort, launch, ownFolder } from './server.ts';
import type { Server } from './server.ts';

/** A Redis in `folder` that keeps nothing on disk, on this or a free port of 127.0.0.1. */
export async function startRedis(folder: string, given?: number): Promise<Server> {
  const program = await needProgram('redis-server', 'redis-server', 'valkey-server');
  const owner = await account();
  await ownFolder(folder, owner);
  const port = given ?? (await freePort());
  const stop = await launch({
    program,
    owner,
    folder,
    signal: 'SIGKILL',
    args: ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'],
    ping: () =>
      new Promise((resolve, reject) => {
        const socket = connect(port, '127.0.0.1', () => socket.end('PING\r\n'));
        socket.once('error', reject);
        socket.once('data', (answer) =>
          answer.toString().startsWith('+PONG') ? resolve() : reject(new Error('no PONG')),
        );
      }),
  });
  return { url: `redis://127.0.0.1:${port}`, stop };
}
