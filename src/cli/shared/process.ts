import type { Writable } from 'node:stream';
import type { App, Others } from '../../installation/app.ts';
import type { World } from '../../installation/wiring.ts';
import type { Monitored } from '../../metrics/metrics.ts';
import type { Io } from '../print/io.ts';

/** The jobs of one installation, as far as the daemon needs them; jobs/index.ts makes them. */
export interface Ticking extends Pick<Monitored, 'firstSlot' | 'lastTick' | 'missed'> {
  /** Looks at every job once; resolves when those that run have ended. */
  tick(): Promise<void>;
  start(): void;
  stop(): Promise<void>;
}

export type CreateJobs = (app: App, others: Others) => Promise<Ticking>;

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
