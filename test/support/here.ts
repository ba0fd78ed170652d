/** The command line run within the test's own process: under a clock of the test, with all that it prints and logs. */
import { randomBytes } from 'node:crypto';
import { PassThrough } from 'node:stream';
import { dispatch } from '../../src/cli/dispatch.ts';
import type { Process } from '../../src/cli/shared/process.ts';

/** What a command answered. */
export interface Ended {
  readonly status: number;
  readonly out: string;
  readonly err: string;
}

/** All that was written to `stream` so far. */
export interface Heard {
  readonly stream: PassThrough;
  readonly text: () => string;
}

export function listen(): Heard {
  const stream = new PassThrough();
  let all = '';
  stream.on('data', (chunk: Buffer) => (all += chunk.toString('utf8')));
  return { stream, text: () => all };
}

const untilTheEnd: Process['sleep'] = (_, signal) =>
  new Promise((resolve) => {
    signal?.addEventListener('abort', () => {
      resolve();
    });
  });

/** Runs one command; a pause lasts until the command is told to end, unless there is another `sleep`. */
export async function runHere(
  words: readonly string[],
  {
    environment,
    now,
    logs,
    sleep = untilTheEnd,
  }: Pick<Process, 'environment' | 'now' | 'logs'> & Partial<Pick<Process, 'sleep'>>,
): Promise<Ended> {
  let [out, err] = ['', ''];
  const process: Process = {
    environment,
    io: { out: (text) => (out += text), err: (text) => (err += text) },
    logs,
    signal: new AbortController().signal,
    createJobs: () => {
      throw new Error('no jobs here');
    },
    now,
    random: () => 0.5,
    randomBytes,
    sleep,
    version: '0.1.0',
  };
  return { status: await dispatch(words, process), out, err };
}
