import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

// Given to the first process only, not to the one it starts: this Node claims to be an old one.
const OLD =
  "data:text/javascript,Object.defineProperty(process,'versions',{value:{...process.versions,node:'20.1.0'}})";

// It speaks when it is ready for signals.
const MAIN = `
const args: string[] = process.argv.slice(2);
if (args[0] !== 'wait') process.exitCode = 3;
else {
  const alive = setInterval(() => undefined, 1000);
  process.on('SIGWINCH', () => console.log('in the group'));
  process.on('SIGTERM', () => {
    console.log('SIGTERM');
    setTimeout(() => { clearInterval(alive); process.exitCode = 7; }, 300);
  });
}
console.log(JSON.stringify({ node: process.version, pid: process.pid, args }));
`;

interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly out: string;
  readonly err: string;
}

/** Starts bin/frist of `root`; `first` resolves when it has printed something. */
function start(root: string, args: readonly string[], old: boolean) {
  const child = spawn(process.execPath, [...(old ? ['--import', OLD] : []), 'bin/frist', ...args], {
    cwd: root,
    env: { ...process.env, NODE_OPTIONS: '' },
    detached: true,
  });
  const text = { out: '', err: '' };
  child.stderr.on('data', (data: Buffer) => (text.err += data.toString()));
  const first = new Promise<void>((done) => {
    child.stdout.on('data', (data: Buffer) => {
      text.out += data.toString();
      done();
    });
  });
  const end = new Promise<Ended>((done) => {
    child.on('close', (code, signal) => done({ code, signal, ...text }));
  });
  return { child, first, end };
}

function pidOf(child: ChildProcess): number {
  if (child.pid === undefined) throw new Error('not started');
  return child.pid;
}

describe('bin/frist', () => {
  let root: string;

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'frist-launcher-'));
    mkdirSync(join(root, 'bin'));
    mkdirSync(join(root, 'src'));
    copyFileSync('bin/frist', join(root, 'bin/frist'));
    writeFileSync(join(root, 'package.json'), '{"type":"module"}');
    writeFileSync(join(root, 'src/main.ts'), MAIN);
    symlinkSync(resolve('node_modules'), join(root, 'node_modules'));
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  it('runs in place under a Node that is new enough, and says nothing of its own', async () => {
    const { end } = start(root, ['a', 'b c'], false);
    const { code, out, err } = await end;
    expect({ code, err }).toEqual({ code: 3, err: '' });
    expect(JSON.parse(out)).toEqual({ node: process.version, pid: expect.any(Number), args: ['a', 'b c'] });
  });

  it('restarts under the Node of npm where this one is too old, with arguments and exit status', async () => {
    const { child, end } = start(root, ['a', 'b c'], true);
    const { code, out, err } = await end;
    expect({ code, err }).toEqual({ code: 3, err: '' });
    const said = JSON.parse(out) as { node: string; pid: number; args: string[] };
    expect(said.node).toMatch(/^v24\./);
    expect(said.args).toEqual(['a', 'b c']);
    expect(said.pid).not.toBe(child.pid);
  });

  it.each([
    ['the launcher', 1],
    ['the whole process group, as Ctrl-C and timeout do', -1],
  ])('passes a signal on once when it is sent to %s', async (_to, sign) => {
    const { child, first, end } = start(root, ['wait'], true);
    await first;
    // The launcher does not pass this one on: it shows whether frist is in the group and would hear SIGTERM twice.
    process.kill(sign * pidOf(child), 'SIGWINCH');
    process.kill(sign * pidOf(child), 'SIGTERM');
    const { code, out } = await end;
    expect(code).toBe(7);
    expect(out.match(/SIGTERM/g)).toHaveLength(1);
    expect(out).not.toContain('in the group');
  });

  it('ends by the signal that ended frist', async () => {
    const { child, first, end } = start(root, ['wait'], true);
    await first;
    process.kill(pidOf(child), 'SIGHUP');
    expect(await end).toMatchObject({ code: null, signal: 'SIGHUP' });
  });

  it('leaves no frist behind when it is killed', async () => {
    const { child, first, end } = start(root, ['wait'], true);
    await first;
    child.kill('SIGKILL');
    // The end of stdout comes only when the last process that holds it, frist itself, is gone.
    expect(await end).toMatchObject({ signal: 'SIGKILL' });
  });

  it('refuses in one line where there is no Node it can use', async () => {
    rmSync(join(root, 'node_modules'));
    const { code, out, err } = await start(root, ['plan'], true).end;
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err).toMatch(
      /^FRIST_NODE_VERSION: frist needs Node 24 or later and this is 20\.1\.0: run "npm ci".*\n$/,
    );
  });

  it('says in one line that a package is missing', async () => {
    writeFileSync(join(root, 'src/main.ts'), "import 'no-such-package';\n");
    const { code, err } = await start(root, ['plan'], false).end;
    expect(code).toBe(1);
    expect(err).toMatch(/^FRIST_NOT_INSTALLED: .*no-such-package.*npm ci.*\n$/);
  });

  it('does not print the message of an error that may hold data', async () => {
    writeFileSync(
      join(root, 'src/main.ts'),
      "throw Object.assign(new Error('jens@example.org'), { code: 'ER_DUP' });\n",
    );
    const { code, err } = await start(root, ['plan'], false).end;
    expect(code).toBe(1);
    expect(err).toMatch(/^FRIST_NOT_INSTALLED: .*ER_DUP.*\n$/);
    expect(err).not.toContain('jens');
  });

  it('prefers the build only where there are no sources', async () => {
    mkdirSync(join(root, 'dist/src'), { recursive: true });
    writeFileSync(join(root, 'dist/src/main.js'), "console.log('build');\n");
    expect((await start(root, [], false).end).out).toContain('"args"');
    rmSync(join(root, 'src'), { recursive: true });
    expect((await start(root, [], false).end).out).toBe('build\n');
  });
});
