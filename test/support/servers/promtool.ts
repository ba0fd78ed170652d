import { needProgram } from './locate.ts';
import type { Server } from './server.ts';

/** Prometheus' own tool, which is no server: its `url` is the path of the program. */
export async function startPromtool(): Promise<Server> {
  return { url: await needProgram('prometheus', 'promtool'), stop: () => Promise.resolve() };
}
