import { needProgram } from './locate.ts';
import type { Server } from './server.ts';

/** A program of a Debian package in place of a server: its path is the URL, and there is nothing to stop. */
export function program(debianPackage: string, name: string): () => Promise<Server> {
  return async () => ({ url: await needProgram(debianPackage, name), stop: () => Promise.resolve() });
}
