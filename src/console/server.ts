/** The daemon's own HTTP: health for whoever restarts it. It shows counts and times, never a record. */
import { serve, type ServerType } from '@hono/node-server';
import { Hono } from 'hono';
import { secureHeaders } from 'hono/secure-headers';
import { FristError } from '../errors.ts';

export interface Obstacle {
  readonly code: string;
  /** Undefined: for all of them. */
  readonly controller: string | undefined;
  /** Name of the source that it is about, in the policy file. */
  readonly source: string | undefined;
}

export interface Health {
  /** Whether the scheduler still looks; false means: restart me. */
  readonly alive: () => boolean;
  /** Coded reasons why the daemon cannot erase now, and for which controller, where there are several. Empty: ready. */
  readonly obstacles: () => Promise<readonly Obstacle[]>;
  /** A document for Prometheus, and its content type. */
  readonly metrics: () => Promise<{ readonly text: string; readonly type: string }>;
}

/** `/healthz` says whether the process lives, `/readyz` whether it could work, both as one JSON object; `/metrics`. */
export function createConsole(health: Health): Hono {
  const app = new Hono();
  app.use(secureHeaders());
  app.get('/healthz', (c) =>
    health.alive() ? c.json({ status: 'ok' }) : c.json({ status: 'stalled' }, 503),
  );
  app.get('/readyz', async (c) => {
    const obstacles = await health.obstacles();
    return obstacles.length === 0 ? c.json({ status: 'ok' }) : c.json(notReady(obstacles), 503);
  });
  app.get('/metrics', async (c) => {
    const { text, type } = await health.metrics();
    return c.body(text, 200, { 'Content-Type': type });
  });
  app.notFound((c) => c.json({ status: 'not found' }, 404));
  return app;
}

function notReady(obstacles: readonly Obstacle[]): Readonly<Record<string, unknown>> {
  const codes = (of: readonly Obstacle[]): string[] => [...new Set(of.map(({ code }) => code))];
  const named = obstacles.filter(({ controller }) => controller !== undefined);
  const controllers = [...Map.groupBy(named, ({ controller }) => controller ?? '')];
  const sources = obstacles.filter(({ source }) => source !== undefined);
  return {
    status: 'not ready',
    obstacles: codes(obstacles),
    ...(named.length === 0
      ? {}
      : { controllers: Object.fromEntries(controllers.map(([name, of]) => [name, codes(of)])) }),
    ...(sources.length === 0 ? {} : { sources }),
  };
}

export interface Listening {
  readonly port: number;
  close(): Promise<void>;
}

/** Listens on host and port (0: any free one). A coded error when it cannot. */
export async function listen(app: Hono, host: string, port: number): Promise<Listening> {
  return await new Promise((resolve, reject) => {
    const server: ServerType = serve({ fetch: app.fetch, hostname: host, port }, (address) => {
      resolve({ port: address.port, close: () => close(server) });
    });
    server.once('error', (error: NodeJS.ErrnoException) => {
      reject(new FristError('HTTP_LISTEN', { host, port, code: error.code ?? 'unknown' }));
    });
  });
}

async function close(server: ServerType): Promise<void> {
  await new Promise<void>((resolve) => {
    server.close(() => {
      resolve();
    });
    if ('closeAllConnections' in server) server.closeAllConnections();
  });
}
