/** Where a file that a row names may lie: below its root, whatever the row says. Pure. */

/** Why a path is not touched. `traversal`: it climbs out (`..`); `absolute`: it ignores the root. */
export type BadPath = 'traversal' | 'absolute' | 'characters';

/**
 * The names from the root down to the file; empty names and `.` are left out. `undefined`: it names no file at all.
 * A row's values can hold anything that somebody once typed into an upload form.
 */
export function namesBelow(path: string): readonly string[] | BadPath | undefined {
  if (path.includes('\0')) return 'characters';
  // A backslash is a letter here and a separator elsewhere: whoever wrote it there may have meant either.
  if (path.startsWith('/') || /^[A-Za-z]:[\\/]/.test(path) || path.startsWith('\\')) return 'absolute';
  if (path.split(/[/\\]/).includes('..')) return 'traversal';
  const names = path.split('/').filter((name) => name !== '' && name !== '.');
  return names.length === 0 ? undefined : names;
}
