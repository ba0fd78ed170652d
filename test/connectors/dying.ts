/** kill -9 at a chosen call to the file system. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import type { Key, View } from '../../src/policy/policy.ts';

export interface Dying {
  /** Of the connector. */
  readonly kind: string;
  readonly connection: string;
  /** Its first stage is carried out. */
  readonly view: View;
  readonly keys: readonly Key[];
  /** A function of node:fs/promises or of a file handle, and which of its calls is the last. */
  readonly name: string;
  readonly nth: number;
}

/** Erases in another process, which is killed on the way; what ended it, and what it said. */
export function dieErasing(dying: Dying): { readonly signal: string | null; readonly stderr: string } {
  const child = join(import.meta.dirname, 'dying-child.ts');
  const { signal, stderr } = spawnSync(process.execPath, ['--no-warnings', child, JSON.stringify(dying)], {
    encoding: 'utf8',
  });
  return { signal, stderr };
}
