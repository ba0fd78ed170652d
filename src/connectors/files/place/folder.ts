/** A local folder: `file:/srv/exports`. */
import type { BigIntStats } from 'node:fs';
import { constants } from 'node:fs';
import { access, rmdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Raw } from '../../../policy/policy.ts';
import type { Finding } from '../../connector.ts';
import { SourceFailure } from '../../connector.ts';
import { localFiles } from '../local.ts';
import type { Pattern } from '../pattern.ts';
import { codeOf } from '../root.ts';
import { lockFolder, markOf } from './lock.ts';
import type { FileState, Found, Place, Removal } from './place.ts';
import { fileAt, topOf, walk } from './walk.ts';

/** The absolute folder of a connection `file:/…`, never `/` itself; undefined for anything else. */
export function folderOf(connection: string): string | undefined {
  const folder = /^file:(?:\/\/)?(\/[^/\0][^\0]*)$/.exec(connection)?.[1];
  return folder === undefined || folder.split('/').includes('..') ? undefined : folder;
}

export class Folder implements Place {
  readonly locks = true;
  readonly maxBatch = 5000;
  readonly #folder: string | undefined;

  constructor(connection: string) {
    this.#folder = folderOf(connection);
  }

  /** The real path of the folder. @throws SourceFailure */
  async top(): Promise<string> {
    if (this.#folder === undefined) throw new SourceFailure('fatal', 'NO_FOLDER');
    return await topOf(this.#folder);
  }

  async check(source: string): Promise<readonly Finding[]> {
    const path = ['sources', source, 'connection'];
    const error = (code: string, message: string, remedy: string): Finding[] => {
      return [{ severity: 'error', code, path, message, remedy }];
    };
    const folder = this.#folder;
    if (folder === undefined)
      return error('no-folder', 'The connection names no folder', 'Write file: and an absolute path, e.g. file:/srv/exports, or s3://bucket/prefix.'); // prettier-ignore
    try {
      if (!(await stat(folder)).isDirectory())
        return error('no-folder', 'The connection names no folder', 'Name the folder that the files lie below.'); // prettier-ignore
      await access(folder, constants.R_OK | constants.W_OK | constants.X_OK);
      return [];
    } catch (reason) {
      return error(
        'folder-out-of-reach',
        `The folder of ${source} cannot be used (${codeOf(reason)})`,
        'It must be there, and frist must be allowed to read it and to remove files from it.',
      );
    }
  }

  async reach(): Promise<void> {
    await this.top();
  }

  async *walk(pattern: Pattern, after: readonly string[], signal: AbortSignal): AsyncGenerator<Found> {
    for await (const { names, stats } of walk(await this.top(), pattern, after, signal))
      yield { names, state: stats && stateOf(stats) };
  }

  async at(names: readonly string[]): Promise<FileState | undefined> {
    const stats = await fileAt(await this.top(), names);
    return stats && stateOf(stats);
  }

  /** Nobody can lock a file against a writer: between the last look and the unlinking a moment remains. */
  async remove({ names, state }: Found, pattern: Pattern): Promise<Removal> {
    const now = await this.at(names);
    // Another file under the same name, or a writer that goes on: the next run judges it anew.
    if (now !== undefined && now.version !== state?.version) return 'changed';
    const top = await this.top();
    const [outcome] = await localFiles(top).remove([names.join('/')]);
    if (outcome === 'missing') return 'missing';
    if (outcome !== 'removed') return 'changed';
    await removeFolders(top, names, pattern);
    return 'removed';
  }

  async lock(policy: string): Promise<() => void> {
    return lockFolder(await this.top(), markOf(policy));
  }

  close(): void {
    // Nothing stays open.
  }
}

/** What `Place` tells of a file that was looked at. */
export function stateOf(stats: BigIntStats): FileState {
  const { dev, ino, size, mtimeNs, ctimeNs } = stats;
  return {
    size: String(size),
    modified: instant(mtimeNs),
    // Who writes can set the time of writing back, but not that of the last change.
    version: [dev, ino, size, mtimeNs, ctimeNs].join(' '),
  };
}

/** Null for what no calendar holds. */
function instant(nanoseconds: bigint): Raw {
  const moment = new Date(Number((nanoseconds + 999_999n) / 1_000_000n));
  return Number.isNaN(moment.getTime()) ? null : moment.toISOString();
}

/** A folder that the pattern names after somebody goes with the last of its files. */
export async function removeFolders(top: string, names: readonly string[], pattern: Pattern): Promise<void> {
  for (let depth = names.length - 2; depth >= 0 && pattern.varies(depth); depth -= 1) {
    try {
      await rmdir(join(top, ...names.slice(0, depth + 1)));
    } catch {
      // It holds something else, or may not be removed. The file is gone, which is what was promised.
      return;
    }
  }
}
