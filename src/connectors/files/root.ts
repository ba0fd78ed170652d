/**
 * Files that rows name: removed with their rows, below one root and nowhere else.
 *
 * When: after everything a batch changes has been changed and looked at again, directly before its commit, and durably
 * (the folder is flushed). So a crash leaves a row whose file is gone, which the next run completes: a missing file is no
 * error. It never leaves a file that no row points to, which nobody would ever find again.
 */
import type { BadPath } from './path.ts';

/** `removed`, `missing` (no error), or why it was left alone; `link`: a symbolic link stands on the way. */
export type FileOutcome = 'removed' | 'missing' | BadPath | 'link' | 'no file';

/** A place that files lie below. */
export interface FileRoot {
  /** Removes each of these files, paths below the root; answers in their order. @throws FileTrouble */
  remove(paths: readonly string[]): Promise<readonly FileOutcome[]>;
  /** Whether the root is there and holds anything: an unmounted volume looks like one whose files are all missing. */
  state(): Promise<'there' | 'empty' | 'missing'>;
}

/** Opens the place that a `root` of the policy file names. */
export type OpenRoot = (root: string) => FileRoot;

/** A file could not be removed although it may be there, or nobody can tell. The code is the system's; no path is in it. */
export class FileTrouble extends Error {
  override readonly name = 'FileTrouble';
  readonly code: string;

  constructor(error: unknown) {
    const code = typeof error === 'string' ? error : codeOf(error);
    super(code);
    this.code = code;
  }
}

/** The code that the system or the server gave; nothing that could hold a name passes. */
export function codeOf(error: unknown): string {
  if (typeof error !== 'object' || error === null) return 'UNKNOWN';
  const { code, name } = error as { readonly code?: unknown; readonly name?: unknown };
  const told = [code, name].find(
    (one) => typeof one === 'string' && /^[A-Za-z][A-Za-z0-9_]{1,59}$/.test(one),
  );
  return typeof told === 'string' && told !== 'Error' ? told : 'UNKNOWN';
}
