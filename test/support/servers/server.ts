import { spawn } from 'node:child_process';
import { chown, mkdir, open } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

export const run = promisify(execFile);

/** A private database server. `url` has no database name; its user may create databases. */
export interface Server {
  readonly url: string;
  stop(): Promise<void>;
}

/** Why there is no server; the text is shown to the person who runs the tests. */
export class NoServer extends Error {}

/** A child process that owns its files, and that root need not run: PostgreSQL refuses to. */
export interface Account {
  readonly uid?: number;
  readonly gid?: number;
}

/** True where the tests should also pay for fsync, as production does. */
export const DURABLE = process.env['FRIST_TEST_DURABLE'] === 'true';

/** The user that servers run as: nobody when we are root, else ourselves. */
export async function account(): Promise<Account> {
  if (process.getuid?.() !== 0) return {};
  const [uid, gid] = await Promise.all(
    ['-u', '-g'].map(async (flag) => (await run('id', [flag, 'nobody'])).stdout),
  );
  return { uid: Number(uid), gid: Number(gid) };
}

/** A folder that `owner` can write. */
export async function ownFolder(path: string, owner: Account): Promise<string> {
  await mkdir(path, { mode: 0o700 });
  if (owner.uid !== undefined && owner.gid !== undefined) await chown(path, owner.uid, owner.gid);
  return path;
}

/** A port of 127.0.0.1 that nobody listens on now; somebody may take it before we do, so starting is tried again. */
export async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve, reject) => {
    probe.once('error', reject).listen(0, '127.0.0.1', resolve);
  });
  const address = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

interface Launch {
  readonly program: string;
  readonly args: readonly string[];
  readonly owner: Account;
  readonly folder: string;
  /** Resolves when the server answers; rejects while it does not. */
  readonly ping: () => Promise<void>;
  /** How it dies fast without leaving a process behind; its data are thrown away. */
  readonly signal: NodeJS.Signals;
}

/** Starts a server and waits until it answers. Returns the function that stops it. */
export async function launch(spec: Launch): Promise<() => Promise<void>> {
  const log = await open(join(spec.folder, 'server.log'), 'a');
  const child = spawn(spec.program, spec.args, {
    ...spec.owner,
    stdio: ['ignore', log.fd, log.fd],
    cwd: '/',
  });
  let ended: string | undefined;
  const exit = new Promise<void>((resolve) => {
    child.once('error', (error) => resolve(void (ended = error.message)));
    child.once('exit', (code, signal) => resolve(void (ended = `ended with ${String(code ?? signal)}`)));
  });
  await log.close();
  const stop = async (): Promise<void> => {
    child.kill(spec.signal);
    await exit;
  };
  for (let tries = 0; ; tries += 1) {
    if (ended !== undefined) throw new Error(`${spec.program} ${ended}; see ${spec.folder}/server.log`);
    try {
      await spec.ping();
      return stop;
    } catch (error) {
      if (tries >= 600) {
        await stop();
        throw error;
      }
      await sleep(100);
    }
  }
}
