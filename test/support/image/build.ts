// Builds the image as the Dockerfile says, without a container engine: the same steps in the same order, in an empty
// folder. Two things are otherwise: the base is the Node that the tests run on and the libraries that it needs, and
// nothing else (so whatever of a system the image used would be missed); and `npm ci` of the build stage is the one that
// this checkout was installed with. The production packages are installed anew.
import { execFile, execFileSync } from 'node:child_process';
import {
  chownSync,
  copyFileSync,
  cpSync,
  mkdirSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { ask } from '../servers/ask.ts';
import { configOf, contextOf, execForm, readProjectFile, ROOT, stagesOf } from './dockerfile.ts';
import type { ImageConfig, Instruction } from './dockerfile.ts';

export interface Image {
  readonly config: ImageConfig;
  /** The root file system. */
  readonly root: string;
  /** The empty folder that a new volume begins as. */
  readonly data: string;
}

const INSTALL = ['npm', 'ci', '--ignore-scripts', '--no-audit', '--no-fund'];

/** COPY of the build stage: from the context. `.` is all that .dockerignore lets in. */
function copyIn(rest: string, folder: string): void {
  const words = rest.split(' ');
  const seen = contextOf(readProjectFile('.dockerignore'));
  if (words.pop() !== './') throw new Error(`the build copies to ./, not: ${rest}`);
  for (const name of words.includes('.') ? seen : words) {
    if (!seen.includes(name)) throw new Error(`.dockerignore leaves out ${name}`);
    cpSync(join(ROOT, name), join(folder, name), { recursive: true });
  }
}

async function runStep(words: readonly string[], workdir: string, images: string): Promise<void> {
  if (words.join(' ') === INSTALL.join(' ')) {
    symlinkSync(join(ROOT, 'node_modules'), join(workdir, 'node_modules'));
    return;
  }
  const [program, ...more] = words;
  if (program !== 'node') throw new Error(`the tests do not perform ${words.join(' ')}`);
  // npm comes from beside this Node in the base, and wherever it is here.
  const env = { ...process.env, PATH: `${dirname(process.execPath)}:${process.env['PATH'] ?? ''}` };
  await promisify(execFile)(
    process.execPath,
    more.map((word) => (word.startsWith('/') ? join(images, word) : word)),
    { cwd: workdir, env },
  );
}

/** Performs the build stage; answers the folder that stands for its root. */
async function buildStage(stage: readonly Instruction[], folder: string): Promise<string> {
  let workdir = folder;
  for (const { word, rest } of stage.slice(1)) {
    if (word === 'WORKDIR') mkdirSync((workdir = join(folder, rest)), { recursive: true });
    else if (word === 'COPY') copyIn(rest, workdir);
    else if (word === 'RUN') await runStep(execForm(rest), workdir, folder);
    else throw new Error(`the tests do not perform ${word} ${rest}`);
  }
  return folder;
}

/** The base: Node, what its loader loads, the user `node`, and places to mount on. */
function layBase(root: string): void {
  const put = (from: string, to: string): void => {
    mkdirSync(dirname(join(root, to)), { recursive: true });
    copyFileSync(from, join(root, to));
  };
  put(process.execPath, '/usr/local/bin/node');
  for (const [path] of execFileSync('ldd', [process.execPath], { encoding: 'utf8' }).matchAll(
    /\/\S+(?= \()/g,
  ))
    put(path, path);
  for (const folder of ['proc', 'dev', 'etc', 'run', 'tmp', 'home/node'])
    mkdirSync(join(root, folder), { recursive: true });
  writeFileSync(join(root, 'etc/passwd'), 'node:x:1000:1000::/home/node:/bin/bash\n');
  writeFileSync(join(root, 'etc/hosts'), '127.0.0.1 localhost\n');
  writeFileSync(join(root, 'dev/null'), '');
}

/** COPY of the last stage: what the build stage made, with its owner. */
function copyOver({ flags, rest }: Instruction, stage: string, root: string): void {
  const [from = '', to = ''] = rest.split(' ');
  if (flags.get('from') !== 'build') throw new Error(`the image copies from the build, not: ${rest}`);
  mkdirSync(dirname(join(root, to)), { recursive: true });
  cpSync(join(stage, from), join(root, to), { recursive: true, verbatimSymlinks: true });
  const [uid, gid] = (flags.get('chown') ?? '').split(':').map(Number);
  if (uid === undefined || gid === undefined || process.getuid?.() !== 0) return;
  for (const name of readdirSync(join(stage, from), { recursive: true, encoding: 'utf8' }))
    chownSync(join(root, to, name), uid, gid);
}

const stages = stagesOf(readProjectFile('Dockerfile'));

/** The image of which `root` is the root file system. */
function imageIn(root: string): Image {
  const config = configOf(stages.at(-1) ?? []);
  return { config, root, data: join(root, config.volume) };
}

/** Builds the image of this checkout; answers its root, which lies in `folder`. */
export async function buildImage(folder: string): Promise<string> {
  const [build = [], last = [], ...more] = stages;
  if (more.length > 0) throw new Error('the Dockerfile has a stage that the tests do not perform');
  const root = join(folder, 'root');
  layBase(root);
  const stage = await buildStage(build, join(folder, 'build'));
  for (const one of last) if (one.word === 'COPY') copyOver(one, stage, root);
  rmSync(stage, { recursive: true });
  return root;
}

/** The image of this checkout, built once for the whole run of the tests. */
export async function openImage(): Promise<Image> {
  const root = await ask('image');
  if (root === undefined) throw new Error('the image was not built');
  return imageIn(root);
}
