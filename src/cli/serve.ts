import { createConsole, listen, type Obstacle } from '../console/server.ts';
import type { Settings } from '../config.ts';
import { EXIT } from '../errors.ts';
import { openApp, type World } from '../installation/wiring.ts';
import { withFields } from '../logger.ts';
import { downOf, wellOf, type PolicyFiles } from './installations/policy-files.ts';
import type { Place } from './installations/places.ts';
import { supervise, type Running, type Supervisor, type Unit } from './installations/supervise.ts';
import { monitor, monitorAll } from './shared/monitor.ts';
import type { CreateJobs } from './shared/process.ts';

export interface ServeOptions {
  readonly createJobs: CreateJobs;
  readonly version: string;
  readonly signal: AbortSignal;
  readonly world: World;
  readonly http: Settings['http'];
}

/** Without a look at the clock for this long the scheduler is stuck; a sweep does not stop it from looking. */
const STALLED_MS = 5 * 60_000;

/**
 * `frist serve`: sweeps by schedule until the signal aborts. Then no sweep begins, the running ones finish their batches,
 * everything is settled and published, and it answers 0. It begins where one controller can be worked for.
 */
export async function serve(places: readonly Place[], options: ServeOptions): Promise<number> {
  const { version, signal, world, http } = options;
  const { sleep, logger } = world;
  const units = places.map((place) => unitOf(place, world));
  const supervisor = supervise(units, { ...options, sleep, logger });
  // Before anything else: where another daemon listens, this one does nothing.
  const listening = await listen(consoleOf(supervisor, options), http.host, http.port);
  try {
    await Promise.race([supervisor.begin(), aborted(signal)]);
    logger.info('daemon started', { version, host: http.host, port: listening.port, pid: process.pid });
    await aborted(signal);
    logger.info('daemon is stopping');
  } finally {
    await supervisor.stop().finally(() => listening.close());
  }
  logger.info('daemon stopped');
  return EXIT.ok;
}

function unitOf({ name, settings, files }: Place, world: World): Unit {
  let read: PolicyFiles = { well: [], broken: [] };
  const whose: Unit['whose'] = () => {
    const controller = read.well[0]?.file.controller ?? read.broken[0]?.controller;
    if (name === undefined) return { name, controller: undefined };
    return { name: controller?.id ?? name, controller: controller?.name };
  };
  return {
    whose,
    open: async () => {
      read = files();
      const logger = withFields(world.logger, { controller: whose().name });
      return await openApp(settings(read).settings, wellOf(read), { ...world, logger }, downOf(read.broken));
    },
    mended: () => files().broken.length < read.broken.length,
  };
}

function consoleOf(
  supervisor: Supervisor,
  { version, world }: ServeOptions,
): ReturnType<typeof createConsole> {
  const { now } = world;
  return createConsole({
    alive: () => supervisor.running().every(({ jobs }) => now() - jobs.lastTick() < STALLED_MS),
    obstacles: async () => {
      const opening = supervisor
        .opening()
        .map((unit) => ({ code: 'STARTING', controller: unit.whose().name, source: undefined }));
      const down = supervisor.down().map(({ name, code }) => ({ code, controller: name, source: undefined }));
      const running = await Promise.all(supervisor.running().map(obstaclesOf));
      return [...opening, ...down, ...running.flat()];
    },
    metrics: monitorAll({
      version,
      now,
      monitored: () => supervisor.running().map(({ app, jobs }) => monitor(app, jobs)),
      down: () => supervisor.down().map(({ name, controller }) => controller ?? name),
    }),
  });
}

/** Whose they are is said where it could be somebody else's. */
async function obstaclesOf({ unit, app }: Running): Promise<readonly Obstacle[]> {
  const several = app.controllers.length + app.missing.length > 1;
  return (await app.obstacles()).map(({ code, controller, source }) => ({
    code,
    source,
    controller: unit.whose().name ?? (several ? controller : undefined),
  }));
}

async function aborted(signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => {
    signal.addEventListener('abort', () => {
      resolve();
    });
    if (signal.aborted) resolve();
  });
}
