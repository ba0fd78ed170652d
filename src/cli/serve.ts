import type { App } from '../installation/app.ts';
import { formatEntry } from '../audit/entry.ts';
import { isPassing } from '../audit/publisher.ts';
import { createConsole, listen } from '../console/server.ts';
import type { Trail } from '../erasure/engine.ts';
import { EXIT, FristError } from '../errors.ts';

/** The part of a scheduler that the daemon needs; jobs/scheduler.ts makes it. */
export interface Ticking {
  start(): void;
  stop(): Promise<void>;
  lastTick(): number;
}

export type CreateJobs = (app: App) => Promise<Ticking>;

export interface ServeOptions {
  readonly createJobs: CreateJobs;
  readonly version: string;
  readonly signal: AbortSignal;
}

/** Without a look at the clock for this long the scheduler is stuck; a sweep does not stop it from looking. */
const STALLED_MS = 5 * 60_000;

/**
 * `frist serve`: sweeps by schedule until the signal aborts. Then no sweep begins, the running one finishes its batch,
 * everything is settled and published, and it answers 0.
 */
export async function serve(app: App, options: ServeOptions): Promise<number> {
  const [controlled] = app.controllers;
  if (controlled === undefined) throw new FristError('USAGE', { what: '--policies names no file' });
  const { engine } = controlled;
  const { version } = options;
  const at = new Date(app.now()).toISOString();
  await app.state.transaction((t) =>
    t.emit([formatEntry({ v: 1, type: 'daemon', eid: engine.newId(), at, version })]),
  );
  await flushIfPossible(engine.trail);
  const jobs = await options.createJobs(app);
  const health = createConsole({
    alive: () => app.now() - jobs.lastTick() < STALLED_MS,
    obstacles: () => app.obstacles(),
  });
  const { host, port } = app.settings.http;
  const listening = await listen(health, host, port);
  jobs.start();
  const { replica } = app;
  app.logger.info('daemon started', { version, replica, host, port: listening.port, pid: process.pid });
  await new Promise<void>((resolve) => {
    options.signal.addEventListener('abort', () => {
      resolve();
    });
    if (options.signal.aborted) resolve();
  });
  app.logger.info('daemon is stopping');
  await jobs.stop();
  await listening.close();
  app.logger.info('daemon stopped');
  return EXIT.ok;
}

/** A store that is down is no reason not to start: the trail says so itself, and no sweep begins until it is back. */
async function flushIfPossible(trail: Trail): Promise<void> {
  try {
    await trail.flush();
  } catch (error) {
    if (!(error instanceof FristError && isPassing(error.code))) throw error;
  }
}
