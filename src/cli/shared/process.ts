import type { Writable } from 'node:stream';
import type { World } from '../../installation/wiring.ts';
import type { CreateJobs } from '../serve.ts';
import type { Io } from '../print/io.ts';

/** What the process gives. */
export interface Process extends Omit<World, 'logger'> {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly io: Io;
  readonly logs: Writable & { readonly isTTY?: boolean };
  /** Aborts when the process is asked to stop. */
  readonly signal: AbortSignal;
  readonly createJobs: CreateJobs;
}

/** Runs one command line; answers its exit status. */
export type Command = (argv: readonly string[], process: Process) => Promise<number>;
