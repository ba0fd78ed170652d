// Keeps the servers of one test run: a process of its own, so that they are started once for all workers of
// jest, by the first test that asks, and stopped when the run ends in whatever way. Its stdin is a pipe from jest; the
// end of it is the end of the run, also when jest was killed.
//
// Protocol, on the unix socket `keeper.sock` in the folder given as argument: one line with the name of an engine;
// the answer is one line of JSON: {"url"} or {"missing": why}. The line "ready" on stdout says that it listens.
import { rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { startImage } from '../image/start.ts';
import { startCeph } from './ceph.ts';
import { program } from './locate.ts';
import { startMariadb } from './mariadb.ts';
import { startPostgres } from './postgres.ts';
import { startRedis } from './redis.ts';
import { NoServer } from './server.ts';
import type { Server } from './server.ts';

type Answer = { readonly url: string } | { readonly missing: string };

const STARTERS: Readonly<
  Record<string, { readonly given: string; readonly start: (folder: string) => Promise<Server> }>
> = {
  mariadb: { given: 'FRIST_TEST_MARIADB', start: startMariadb },
  postgres: { given: 'FRIST_TEST_POSTGRES', start: startPostgres },
  redis: { given: 'FRIST_TEST_REDIS', start: startRedis },
  ceph: { given: 'FRIST_TEST_S3', start: startCeph },
  prometheus: { given: 'FRIST_TEST_PROMETHEUS', start: program('prometheus', 'prometheus') },
  promtool: { given: 'FRIST_TEST_PROMTOOL', start: program('prometheus', 'promtool') },
  image: { given: 'FRIST_TEST_IMAGE', start: startImage },
  kubectl: { given: 'FRIST_TEST_KUBECTL', start: program('kubernetes-client', 'kubectl') },
  'systemd-analyze': {
    given: 'FRIST_TEST_SYSTEMD_ANALYZE',
    start: program('systemd', 'systemd-analyze'),
  },
  'docker-compose': {
    given: 'FRIST_TEST_DOCKER_COMPOSE',
    start: program('docker-compose', 'docker-compose'),
  },
};

const root = process.argv[2] ?? '';
const servers: Server[] = [];
const answers = new Map<string, Promise<Answer>>();
let ending = false;

async function begin(name: string): Promise<Answer> {
  const starter = STARTERS[name];
  if (starter === undefined) return { missing: `no engine is called ${name}` };
  const given = process.env[starter.given];
  if (given !== undefined && given !== '') return { url: given.replace(/\/+$/, '') };
  for (let attempt = 1; ; attempt += 1) {
    try {
      const server = await starter.start(join(root, `${name}-${attempt}`));
      servers.push(server);
      if (ending) await server.stop();
      return { url: server.url };
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      // A port that somebody took in between is the one thing that another try mends.
      if (error instanceof NoServer || attempt === 3) return { missing: why };
    }
  }
}

function answer(name: string): Promise<Answer> {
  let known = answers.get(name);
  if (known === undefined) {
    known = begin(name);
    answers.set(name, known);
  }
  return known;
}

const door = createServer((socket) => {
  socket.on('error', () => undefined);
  createInterface({ input: socket }).on('line', (name) => {
    void answer(name).then((found) => socket.end(`${JSON.stringify(found)}\n`));
  });
});

async function end(): Promise<void> {
  if (ending) return;
  ending = true;
  door.close();
  // A server that is still starting stops itself in `begin`.
  await Promise.all(answers.values());
  await Promise.all(servers.map(async (server) => server.stop()));
  await rm(root, { recursive: true, force: true });
  process.exit(0);
}

// Ctrl-C reaches the whole group; jest decides when the run is over.
process.on('SIGINT', () => undefined);
process.on('SIGTERM', () => void end());
process.stdin.on('end', () => void end()).resume();
door.listen(join(root, 'keeper.sock'), () => process.stdout.write('ready\n'));
