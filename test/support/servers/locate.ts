import { access, constants, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { NoServer, run } from './server.ts';

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

/** Installs a Debian package as root; one at a time, because dpkg has one lock. */
async function install(name: string): Promise<void> {
  const apt = await findProgram('apt-get');
  if (apt === undefined || process.getuid?.() !== 0)
    throw new NoServer(`${name} is not installed (and only root on Debian can install it here)`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  process.stderr.write(`installing the Debian package ${name} for the tests\n`);
  try {
    await run(apt, ['update', '-q'], { env });
    await run(apt, ['install', '-y', '--no-install-recommends', name], { env, maxBuffer: 1e8 });
  } catch (error) {
    const reason = error instanceof Error ? (error.message.split('\n')[0] ?? '') : '';
    throw new NoServer(`the Debian package ${name} could not be installed (${reason})`);
  }
}

/** Path of a server program, installed on the way where that is possible. */
export async function needProgram(debianPackage: string, ...names: readonly string[]): Promise<string> {
  const found = await findProgram(...names);
  if (found !== undefined) return found;
  const turn = queue.then(async () => install(debianPackage));
  queue = turn.catch(() => undefined);
  await turn;
  const installed = await findProgram(...names);
  if (installed === undefined)
    throw new NoServer(`${debianPackage} is installed but has no ${names.join(' or ')}`);
  return installed;
}
