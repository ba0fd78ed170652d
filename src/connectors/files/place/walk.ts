/** The files of a local folder that fit a pattern. Nothing is opened; links, devices, pipes and sockets are no files. */
import type { BigIntStats, Dirent } from 'node:fs';
import { lstat, readdir, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { SourceFailure } from '../../connector.ts';
import type { Pattern } from '../pattern.ts';
import { namesBelow } from '../path.ts';
import { codeOf } from '../root.ts';

/** Files of ours in the folder (lock.ts, rows/rewrite.ts), never records. */
export const OWN_PREFIX = '.frist-';

export interface Entry {
  readonly entry: Dirent<Buffer>;
  readonly name: string;
  /** Whether the name is UTF-8. */
  readonly valid: boolean;
}

/** The real path of the root. A root that is missing is a failure: all its files would look erased. */
export async function topOf(root: string): Promise<string> {
  return await realpath(root).catch(() => {
    throw new SourceFailure('fatal', 'ROOT_MISSING');
  });
}

export interface Walked {
  readonly names: readonly string[];
  readonly stats: BigIntStats | undefined;
}

/** All that fit, ordered by their names, folder by folder; with `after`, those behind that path. */
export async function* walk(
  top: string,
  pattern: Pattern,
  after: readonly string[],
  signal: AbortSignal,
  folder: readonly string[] = [],
): AsyncGenerator<Walked> {
  for (const { entry, name, valid } of await entriesOf(top, folder)) {
    if (signal.aborted) throw new SourceFailure('transient', 'ABORTED');
    if (name.startsWith(OWN_PREFIX)) continue;
    const names = [...folder, name];
    if (compare(names, after.slice(0, names.length)) < 0) continue;
    if (!valid) {
      if (pattern.leadsOn(names) || pattern.read(names) !== undefined) yield { names, stats: undefined };
    } else if (entry.isDirectory()) {
      if (pattern.leadsOn(names)) yield* walk(top, pattern, after, signal, names);
    } else if (pattern.read(names) !== undefined && compare(names, after) > 0) {
      const stats = await fileAt(top, names);
      if (stats !== undefined) yield { names, stats };
    }
  }
}

/** What a folder holds, in the order of the names; nothing where it is gone. */
export async function entriesOf(top: string, folder: readonly string[]): Promise<readonly Entry[]> {
  try {
    const all = await readdir(join(top, ...folder), { withFileTypes: true, encoding: 'buffer' });
    return all
      .map((entry) => {
        const name = entry.name.toString('utf8');
        return { entry, name, valid: Buffer.from(name).equals(entry.name) };
      })
      .sort((a, b) => compare([a.name], [b.name]));
  } catch (error) {
    const code = codeOf(error);
    // Gone since its own folder was read.
    if (folder.length > 0 && (code === 'ENOENT' || code === 'ENOTDIR')) return [];
    throw new SourceFailure('fatal', code);
  }
}

/** The plain file with these names, reached through no link; undefined where there is none. */
export async function fileAt(top: string, names: readonly string[]): Promise<BigIntStats | undefined> {
  let at = top;
  let stats: BigIntStats | undefined;
  for (const [i, name] of names.entries()) {
    at = join(at, name);
    stats = await look(at);
    if (stats === undefined) return undefined;
    if (i < names.length - 1 ? !stats.isDirectory() : !stats.isFile()) return undefined;
  }
  return stats;
}

/** The names of a key; undefined for what is no path below the root, which no record has. */
export function namesOf(path: string): readonly string[] | undefined {
  const names = namesBelow(path);
  return Array.isArray(names) && names.join('/') === path ? (names as readonly string[]) : undefined;
}

async function look(path: string): Promise<BigIntStats | undefined> {
  try {
    return await lstat(path, { bigint: true });
  } catch (error) {
    const code = codeOf(error);
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'ENAMETOOLONG') return undefined;
    throw new SourceFailure('fatal', code);
  }
}

/** By code units, name by name. */
function compare(a: readonly string[], b: readonly string[]): number {
  for (let i = 0; i < Math.max(a.length, b.length); i += 1) {
    const [left, right] = [a[i], b[i]];
    if (left === right) continue;
    if (left === undefined || (right !== undefined && left < right)) return -1;
    return 1;
  }
  return 0;
}
