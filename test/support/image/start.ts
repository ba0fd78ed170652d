import { chmod, mkdir } from 'node:fs/promises';
import { buildImage } from './build.ts';
import { NoServer } from '../servers/server.ts';
import type { Server } from '../servers/server.ts';

/** The image in place of a server: its root file system is the URL, and there is nothing to stop. */
export async function startImage(folder: string): Promise<Server> {
  // Of the keeper, whose process this is: the base is readable for everybody, as in an image.
  process.umask(0o022);
  await mkdir(folder);
  await chmod(folder, 0o711);
  try {
    return { url: await buildImage(folder), stop: () => Promise.resolve() };
  } catch (error) {
    const said = error instanceof Error && 'stdout' in error ? String(error.stdout) : '';
    throw new NoServer(`the image cannot be built: ${String(error)}\n${said}`);
  }
}
