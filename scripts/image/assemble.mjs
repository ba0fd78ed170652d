// Puts together what goes into the image, in an empty folder:
//
//   node scripts/image/assemble.mjs FOLDER
//
//   FOLDER/program   goes to /opt/frist: the JavaScript that tsc makes, production dependencies, the launcher, the files
//                    that the program reads
//   FOLDER/data      goes to /var/lib: the empty folder `frist`, in which everything is kept
//
// The Dockerfile runs it, and so do the tests. It runs after `npm ci`, on the platform that the image is for.
import { execFileSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';

const root = join(import.meta.dirname, '../..');
const target = resolve(process.argv[2] ?? '');
if (process.argv[2] === undefined || (existsSync(target) && readdirSync(target).length > 0)) {
  process.stderr.write('usage: node scripts/image/assemble.mjs FOLDER    (an empty one)\n');
  process.exit(1);
}
const program = join(target, 'program');

/** The pinned Node is left out with the other optional packages: the image has its own. */
const INSTALL = ['ci', '--omit=dev', '--omit=optional', '--ignore-scripts', '--no-audit', '--no-fund'];
const FILES = ['package.json', 'LICENSE', 'bin', 'config', 'deploy/image', 'deploy/s3'];

/** Types, sources of what is compiled, and words for people: nothing that Node ever opens. */
const UNREAD = /\.(?:map|[cm]?ts|tsbuildinfo|md|markdown|flow|coffee)$/i;
/** SQLite's own source, for those who compile it. */
const SOURCES = [
  'node_modules/better-sqlite3/deps',
  'node_modules/better-sqlite3/src',
  'node_modules/@types',
];
const PREBUILDS = join(program, 'node_modules/better-sqlite3/prebuilds');

function npm(folder, ...words) {
  execFileSync('npm', ['--silent', ...words], { cwd: folder, stdio: ['ignore', 'inherit', 'inherit'] });
}

function prune() {
  for (const folder of SOURCES) rmSync(join(program, folder), { recursive: true });
  for (const name of readdirSync(PREBUILDS))
    if (name !== `${process.platform}-${process.arch}.node`) rmSync(join(PREBUILDS, name));
  for (const entry of readdirSync(join(program, 'node_modules'), { recursive: true, withFileTypes: true })) {
    const licence = /^(?:licen[cs]e|notice|copying)/i.test(entry.name);
    if (entry.isFile() && UNREAD.test(entry.name) && !licence) rmSync(join(entry.parentPath, entry.name));
  }
}

/** Everybody may read it and nobody but its owner write to it, whatever the modes of the checkout are. */
function settleModes() {
  for (const entry of readdirSync(program, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isDirectory()) chmodSync(path, 0o755);
    else if (entry.isFile()) chmodSync(path, (statSync(path).mode & 0o100) === 0 ? 0o644 : 0o755);
  }
}

process.umask(0o022);
mkdirSync(join(target, 'data/frist'), { recursive: true });
mkdirSync(program);
for (const file of FILES) cpSync(join(root, file), join(program, file), { recursive: true });
cpSync(join(root, 'package-lock.json'), join(program, 'package-lock.json'));
npm(program, ...INSTALL);
rmSync(join(program, 'package-lock.json'));
prune();
npm(root, 'run', 'build', '--', '--outDir', join(program, 'dist'), '--sourceMap', 'false');
settleModes();
