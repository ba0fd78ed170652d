// Runs the image without a container engine, by the namespaces that one would use: a root of its own that is read-only,
// process ids that begin at 1, the image's user without a way back to root, its environment and nothing of ours. The
// network is that of the machine. This needs root; elsewhere the same files run with the same words under our own user,
// and a line on stderr says so.
import { execFileSync, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { chownSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Image } from './build.ts';

export interface ContainerOptions {
  /** Wins over the image's. */
  readonly env?: Readonly<Record<string, string>>;
  /** Read-only: path in the image to a folder here. */
  readonly mounts?: Readonly<Record<string, string>>;
}

export interface Ended {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly out: string;
  readonly err: string;
}

export interface Running {
  readonly ended: Promise<Ended>;
  /** What it wrote on stderr so far: the log. */
  readonly log: () => string;
  /** Signals its first process. */
  kill(signal: NodeJS.Signals): void;
}

/** Containers of one volume. */
export interface Containers {
  /** What is in the volume, seen from here. */
  readonly data: string;
  /** Whether they have namespaces of their own. */
  readonly isolated: boolean;
  /** Starts the image's entrypoint with these words, by default its command. */
  start(words?: readonly string[]): Running;
  /** Runs it to its end. */
  run(words: readonly string[]): Promise<Ended>;
  /** Runs another program of the image. */
  execute(words: readonly string[]): Promise<Ended>;
  remove(): void;
}

const ENTER = `
set -e
root=$1 folder=$2 uid=$3 gid=$4
shift 4
mount --bind "$root" "$root"
mount -o remount,bind,ro "$root"
mount -t proc proc "$root/proc"
mount --bind /dev/null "$root/dev/null"
while [ "$1" != -- ]; do
  mount --bind "$2" "$root$3"
  [ "$1" = rw ] || mount -o remount,bind,ro "$root$3"
  shift 3
done
shift
exec setpriv --no-new-privs unshare --root="$root" --wd="$folder" --setgid="$gid" --setuid="$uid" "$@"
`;

function canIsolate(): boolean {
  try {
    execFileSync('unshare', ['--mount', '--pid', '--fork', 'mount', '--bind', '/tmp', '/tmp'], {
      stdio: 'ignore',
    });
    return true;
  } catch {
    process.stderr.write('NO NAMESPACES FOR THE TESTS: THE IMAGE RUNS WITH OUR OWN USER AND ROOT\n');
    return false;
  }
}

function watch(child: ChildProcess, first: () => number | undefined): Running {
  const text = { out: '', err: '' };
  child.stdout?.on('data', (data: Buffer) => (text.out += data.toString()));
  child.stderr?.on('data', (data: Buffer) => (text.err += data.toString()));
  const ended = new Promise<Ended>((resolve) => {
    child.on('error', (error) => resolve({ status: null, signal: null, out: '', err: error.message }));
    child.on('close', (status, signal) => resolve({ status, signal, ...text }));
  });
  return {
    ended,
    log: () => text.err,
    kill: (signal) => {
      const pid = first();
      if (pid !== undefined) process.kill(pid, signal);
    },
  };
}

/** The process that `unshare` forked: the first one of the namespace. */
function childOf(pid: number | undefined): number | undefined {
  if (pid === undefined) return undefined;
  const [child] = readFileSync(`/proc/${String(pid)}/task/${String(pid)}/children`, 'utf8').split(' ');
  return child === undefined || child === '' ? undefined : Number(child);
}

function isolated(image: Image, data: string, options: ContainerOptions, words: readonly string[]): Running {
  const { folder, uid, gid, volume } = image.config;
  const mounts = Object.entries(options.mounts ?? {}).flatMap(([path, from]) => ['ro', from, path]);
  const child = spawn(
    'unshare',
    [
      ...['--mount', '--pid', '--fork', '--kill-child', '/bin/sh', '-c', ENTER, 'enter'],
      ...[image.root, folder, String(uid), String(gid)],
      ...['rw', data, volume, ...mounts, '--', ...words],
    ],
    { env: environment(image, options), stdio: ['ignore', 'pipe', 'pipe'] },
  );
  return watch(child, () => childOf(child.pid));
}

function environment(image: Image, { env = {} }: ContainerOptions): Record<string, string> {
  const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
  return { PATH, HOME: '/home/node', ...image.config.env, ...env };
}

/** Every path of the image becomes the one where that file is here. */
function plain(image: Image, data: string, options: ContainerOptions, words: readonly string[]): Running {
  const places = {
    [image.config.volume]: data,
    '/opt/frist': join(image.root, '/opt/frist'),
    ...options.mounts,
  };
  const here = (text: string): string =>
    Object.entries(places).reduce((all, [path, place]) => all.replaceAll(path, place), text);
  const [, ...more] = words.map(here);
  const env = Object.fromEntries(
    Object.entries(environment(image, options)).map(([name, value]) => [name, here(value)]),
  );
  const child = spawn(process.execPath, more, { env, cwd: data, stdio: ['ignore', 'pipe', 'pipe'] });
  return watch(child, () => child.pid);
}

/** A new volume of the image, and what runs on it. */
export function openContainers(image: Image, options: ContainerOptions = {}): Containers {
  const { config } = image;
  // A new volume begins as the folder in the image, its owner included.
  const { uid, gid } = statSync(image.data);
  const data = mkdtempSync(join(tmpdir(), 'frist-volume-'));
  cpSync(image.data, data, { recursive: true });
  const alone = canIsolate();
  if (alone) chownSync(data, uid, gid);
  for (const path of Object.keys(options.mounts ?? {}))
    mkdirSync(join(image.root, path), { recursive: true });
  const begin = (words: readonly string[]): Running =>
    (alone ? isolated : plain)(image, data, options, words);
  return {
    data,
    isolated: alone,
    start: (words = config.command) => begin([...config.entrypoint, ...words]),
    run: async (words) => begin([...config.entrypoint, ...words]).ended,
    execute: async (words) => begin(words).ended,
    remove: () => rmSync(data, { recursive: true, force: true }),
  };
}
