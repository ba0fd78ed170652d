import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { chmod, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

declare global {
  var fristKeeper: ChildProcess | undefined;
}

/** jest's globalSetup: one keeper for the run (see keeper.ts); it starts no server before a test asks for one. */
export default async function setup(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'frist-servers-'));
  // The servers run as another user when we are root: they may pass through, not look around.
  await chmod(folder, 0o711);
  const script = join(import.meta.dirname, 'keeper.ts');
  const keeper = spawn(process.execPath, [script, folder], { stdio: ['pipe', 'pipe', 'inherit'] });
  await new Promise<void>((resolve, reject) => {
    keeper.stdout.once('data', () => resolve());
    keeper.once('exit', (code) =>
      reject(new Error(`the keeper of the test servers ended with ${String(code)}`)),
    );
  });
  globalThis.fristKeeper = keeper;
  process.env['FRIST_TEST_KEEPER'] = join(folder, 'keeper.sock');
}
