/** Files that the command line names. */
import { readFileSync, writeFileSync } from 'node:fs';
import { FristError } from '../../errors.ts';

function reasonOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
}

/**
 * The bytes of a file.
 * @throws CONFIG_UNREADABLE
 */
export function readBytes(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new FristError('CONFIG_UNREADABLE', { file: path, reason: reasonOf(error) });
  }
}

/** The text of a file, as `readBytes`. */
export function readText(path: string): string {
  return readBytes(path).toString('utf8');
}

/**
 * Writes a file that is not there yet: what was handed out once is not written over.
 * @param mode who may read it, as of `chmod`.
 * @throws FILE_UNWRITABLE
 */
export function writeNew(path: string, text: string, mode = 0o666): void {
  try {
    writeFileSync(path, text, { flag: 'wx', mode });
  } catch (error) {
    throw new FristError('FILE_UNWRITABLE', { file: path, reason: reasonOf(error) });
  }
}
