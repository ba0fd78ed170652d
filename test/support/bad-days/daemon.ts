// The jobs of a daemon inside the test, with a clock that the test sets, over an installation's real state, trail and
// sources. (A schedule that fires once a minute is too slow to wait for.)
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { createJobs } from '../../../jobs/index.ts';
import type { Scheduler } from '../../../jobs/scheduler.ts';
import { monitor, monitorAll } from '../../../src/cli/shared/monitor.ts';
import { loadSettings } from '../../../src/config.ts';
import type { Logger } from '../../../src/logger.ts';
import { parsePolicies } from '../../../src/policy/parse/parse.ts';
import type { App } from '../../../src/installation/app.ts';
import { openApp } from '../../../src/installation/wiring.ts';
import type { Installation } from './installation.ts';

export interface Daemon extends Scheduler {
  readonly app: App;
  /** What it answers to Prometheus. */
  metrics(): Promise<string>;
  /** Stops, publishes and closes, as SIGTERM does. */
  end(): Promise<void>;
}

const nothing = (): void => undefined;
const SILENT: Logger = { debug: nothing, info: nothing, warn: nothing, error: nothing };

/** Begins a daemon on these policy files; `now` is its clock. */
export async function openDaemon(
  on: Installation,
  now: () => number,
  files: readonly string[] = ['policies.yaml'],
): Promise<Daemon> {
  const readFile = (path: string): string => readFileSync(path, 'utf8');
  const { settings } = loadSettings({ env: {}, file: on.at('settings.json'), readFile });
  const located = files.map((file) =>
    parsePolicies(readFile(on.at(file)), { file, resolve: (name) => on.env[name], kinds: ['sql'] }),
  );
  const app = await openApp(settings, located, {
    now,
    randomBytes: (n) => randomBytes(n),
    random: () => Math.random(),
    sleep: async (milliseconds, signal) => {
      await delay(milliseconds, undefined, signal === undefined ? {} : { signal }).catch(nothing);
    },
    logger: SILENT,
    version: 'test',
  });
  const scheduler = createJobs(app);
  const monitored = monitor(app, scheduler);
  const metrics = monitorAll({ version: 'test', now, monitored: () => [monitored], down: () => [] });
  return {
    ...scheduler,
    app,
    metrics: async () => (await metrics()).text,
    end: async () => {
      await scheduler.stop();
      await app.close();
    },
  };
}
