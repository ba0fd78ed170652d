/** The process: command line, environment, clock and signals in; an exit status out. */
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { dispatch } from './cli/dispatch.ts';

const { version } = JSON.parse(readFileSync(packageFile(), 'utf8')) as { readonly version: string };

/** Beside `src` in development, beside `dist` in the image. */
function packageFile(): URL {
  const built = new URL(import.meta.url).pathname.includes('/dist/');
  return new URL(built ? '../../package.json' : '../package.json', import.meta.url);
}

/** The first signal asks the command to finish what it is doing; the second ends the process. */
function signals(): AbortSignal {
  const asked = new AbortController();
  for (const name of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
    process.on(name, () => {
      if (asked.signal.aborted) process.exit(128 + { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 }[name]);
      asked.abort();
    });
  }
  return asked.signal;
}

async function sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
  try {
    await delay(milliseconds, undefined, signal === undefined ? {} : { signal });
  } catch {
    // Aborted: the caller looks at its signal.
  }
}

// Whoever read our output has gone; the work goes on all the same.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);

const exit = await dispatch(process.argv.slice(2), {
  environment: process.env,
  io: {
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
  },
  logs: process.stderr,
  now: () => Date.now(),
  randomBytes: (n) => randomBytes(n),
  random: () => Math.random(),
  sleep,
  signal: signals(),
  createJobs: async (app, others) => (await import('../jobs/index.ts')).createJobs(app, others),
  version,
});

// On a pipe a write is not done when it returns; exiting now would cut the document off.
for (const stream of [process.stdout, process.stderr]) {
  await new Promise<void>((resolve) => {
    stream.write('', () => {
      resolve();
    });
  });
}
process.exit(exit);
