import { access, constants, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { NoServer, run } from './server.ts';
import type { Server } from './server.ts';

async function executable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}

/** Where Debian keeps each version of PostgreSQL, newest first. */
async function postgresFolders(): Promise<string[]> {
  const root = '/usr/lib/postgresql';
  const versions = await readdir(root).catch(() => []);
  return versions.sort((a, b) => Number(b) - Number(a)).map((version) => join(root, version, 'bin'));
}

/** The first of `names` found in PATH or in the usual places, or undefined. */
export async function findProgram(...names: readonly string[]): Promise<string | undefined> {
  const path = (process.env['PATH'] ?? '').split(':').filter((folder) => folder !== '');
  const folders = [
    ...path,
    '/usr/local/bin',
    '/usr/sbin',
    '/usr/local/sbin',
    '/opt/homebrew/bin',
    ...(await postgresFolders()),
  ];
  for (const name of names)
    for (const folder of folders) if (await executable(join(folder, name))) return join(folder, name);
  return undefined;
}

let queue: Promise<unknown> = Promise.resolve();

/** Installs Debian packages as root; one call at a time, because dpkg has one lock. */
async function install(names: readonly string[]): Promise<void> {
  const apt = await findProgram('apt-get');
  const list = names.join(', ');
  if (apt === undefined || process.getuid?.() !== 0)
    throw new NoServer(`${list} is not installed (and only root on Debian can install it here)`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  process.stderr.write(`installing from Debian for the tests: ${list}\n`);
  try {
    await run(apt, ['update', '-q'], { env });
    await run(apt, ['install', '-y', '--no-install-recommends', ...names], { env, maxBuffer: 1e8 });
  } catch (error) {
    const reason = error instanceof Error ? (error.message.split('\n')[0] ?? '') : '';
    throw new NoServer(`${list} could not be installed from Debian (${reason})`);
  }
}

async function needed(
  packages: readonly string[],
  find: () => Promise<readonly string[] | undefined>,
): Promise<readonly string[]> {
  const found = await find();
  if (found !== undefined) return found;
  const turn = queue.then(async () => install(packages));
  queue = turn.catch(() => undefined);
  await turn;
  const installed = await find();
  if (installed === undefined) throw new NoServer(`${packages.join(', ')} is installed but has no server`);
  return installed;
}

/** Path of a server program, the first of `names` there is, installed on the way where that is possible. */
export async function needProgram(debianPackage: string, ...names: readonly string[]): Promise<string> {
  const [path = ''] = await needed([debianPackage], async () => {
    const found = await findProgram(...names);
    return found === undefined ? undefined : [found];
  });
  return path;
}

/** Paths of programs of which all are needed. */
export async function needPrograms(
  debianPackages: readonly string[],
  names: readonly string[],
): Promise<readonly string[]> {
  return await needed(debianPackages, async () => {
    const found = await Promise.all(names.map(async (name) => findProgram(name)));
    return found.every((path) => path !== undefined) ? found : undefined;
  });
}

/** A program of a Debian package in place of a server: its path is the URL, and there is nothing to stop. */
export function program(debianPackage: string, name: string): () => Promise<Server> {
  return async () => ({ url: await needProgram(debianPackage, name), stop: () => Promise.resolve() });
}
