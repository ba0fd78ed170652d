// `npm test`: every test once, and at the very end, alone on a line, "N passed, N failed". Arguments go to jest.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const folder = mkdtempSync(join(tmpdir(), 'frist-test-'));
const outputFile = join(folder, 'result.json');

// Much of the time a test waits for a server or for a child process.
const workers = Math.ceil(availableParallelism() * 1.5);

const jest = spawnSync(
  process.execPath,
  [
    '--experimental-vm-modules',
    '--no-warnings=ExperimentalWarning',
    'node_modules/jest/bin/jest.js',
    `--maxWorkers=${workers}`,
    '--json',
    `--outputFile=${outputFile}`,
    ...process.argv.slice(2),
  ],
  // jest would print the JSON here as well; people read its report on stderr.
  { cwd: root, stdio: ['inherit', 'ignore', 'inherit'] },
);

/** A file that could not even be loaded is one failure: its tests are nowhere in the count. */
function count() {
  try {
    const result = JSON.parse(readFileSync(outputFile, 'utf8'));
    return {
      passed: result.numPassedTests,
      failed: result.numFailedTests + result.numRuntimeErrorTestSuites,
    };
  } catch {
    return { passed: 0, failed: 1 };
  }
}

const { passed, failed } = count();
rmSync(folder, { recursive: true, force: true });
const broken = failed > 0 || jest.status !== 0;
// jest can fail with every test green (no test found, a teardown that failed): that is a failure too.
process.stdout.write(`${passed} passed, ${broken ? Math.max(failed, 1) : 0} failed\n`);
process.exitCode = broken ? 1 : 0;
