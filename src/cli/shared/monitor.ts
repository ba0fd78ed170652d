import type { App } from '../../installation/app.ts';
import { createMetrics, type Exposition, type Monitored } from '../../metrics/metrics.ts';
import { readStanding } from '../../standing/standing.ts';

/** Shorter than Prometheus waits by default (10 s). */
const PATIENCE_MS = 5000;

/** One installation for `/metrics`. */
export function monitor(app: App, jobs: Pick<Monitored, 'lastTick' | 'firstSlot' | 'missed'>): Monitored {
  return {
    controllers: app.controllers.map(({ engine }) => engine.controller.name),
    stand: () => readStanding(app),
    lastTick: () => jobs.lastTick(),
    firstSlot: (schedule, zone, after) => jobs.firstSlot(schedule, zone, after),
    missed: () => jobs.missed(),
  };
}

export interface MonitorOptions {
  readonly version: string;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** The installations that are open at the moment of the question. */
  readonly monitored: () => readonly Monitored[];
  /** Names of controllers that could not be opened. */
  readonly down: () => readonly string[];
}

/** The metrics of this process and of what it has open. */
export function monitorAll(options: MonitorOptions): () => Promise<Exposition> {
  return createMetrics({
    ...options,
    process: () => ({
      runtime: process.version,
      started: performance.timeOrigin,
      memory: process.memoryUsage.rss(),
    }),
    patience: PATIENCE_MS,
  });
}
