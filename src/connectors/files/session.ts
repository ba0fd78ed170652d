/**
 * The one that removes files: each is looked at again, asked about, looked at once more, and unlinked; the folder is
 * flushed. Nobody can lock a file against a writer: between the last look and the unlinking a moment remains.
 */
import { rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Facts } from '../../policy/policy.ts';
import type { Batch, BatchResult, ErasingSession, RecordOutcome } from '../connector.ts';
import { SourceFailure } from '../connector.ts';
import { isMeant, readFile } from './facts.ts';
import type { Asked, ReadFile } from './facts.ts';
import { localFiles } from './local.ts';
import { FileTrouble } from './root.ts';
import { fileAt } from './walk.ts';
import type { Found } from './walk.ts';

export const MAX_BATCH = 1000;
/** What stands in the way of this one file, and not of the others. */
const OF_THIS_FILE: ReadonlySet<string> = new Set(['EACCES', 'EPERM', 'EROFS', 'EBUSY', 'ETXTBSY']);

export class FilesSession implements ErasingSession {
  readonly #asked: Asked;
  readonly #unlock: () => void;
  readonly #released: () => void;
  /** By path. Removed in a call that then failed over another file: the next call says so, for nobody else did it. */
  readonly #removed = new Map<string, Facts>();
  #held = true;

  constructor(asked: Asked, unlock: () => void, released: () => void) {
    this.#asked = asked;
    this.#unlock = unlock;
    this.#released = released;
  }

  async erase({ keys, action, stillDue }: Batch): Promise<BatchResult> {
    if (!this.#held) throw new SourceFailure('fatal', 'RELEASED');
    if (action.kind !== 'delete') throw new SourceFailure('fatal', 'DELETE_ONLY');
    if (keys.length > MAX_BATCH) throw new SourceFailure('fatal', 'BATCH_TOO_LARGE');
    const read: (ReadFile | undefined)[] = [];
    for (const key of keys) read.push(await readFile(this.#asked, key));
    const there = read.filter((one) => one !== undefined);
    const due = stillDue(there.map((one) => one.facts));
    const goes = new Set(there.filter((one, i) => due[i] === true && this.#isMeant(one)));
    const outcomes: RecordOutcome[] = [];
    for (const [i, [path = '']] of keys.entries()) {
      const one = read[i];
      if (one === undefined) outcomes.push(this.#removed.has(path) ? 'erased' : 'already-absent');
      else outcomes.push(goes.has(one) ? await this.#remove(one, path) : 'changed');
    }
    const facts = keys.map(([path = ''], i) => read[i]?.facts ?? this.#removed.get(path));
    for (const [path = ''] of keys) this.#removed.delete(path);
    return { outcomes, facts, dependents: new Map() };
  }

  async release(): Promise<void> {
    if (this.#held) this.#unlock();
    this.#held = false;
    this.#released();
    await Promise.resolve();
  }

  /** The policy's own predicate, exemptions included. */
  #isMeant({ found, facts }: ReadFile): boolean {
    const { meaning, pattern, view } = this.#asked;
    return facts.unreadable === undefined && isMeant(meaning, pattern, view, found, 'erasing');
  }

  async #remove({ found, facts }: ReadFile, path: string): Promise<RecordOutcome> {
    const { top } = this.#asked;
    const now = await fileAt(top, found.names);
    // Another file under the same name, or a writer that goes on: the next run judges it anew.
    if (now !== undefined && !isSame(now, found.stats)) return 'changed';
    try {
      const [outcome] = await localFiles(top).remove([path]);
      if (outcome === 'missing') return 'already-absent';
      if (outcome !== 'removed') return 'changed';
    } catch (error) {
      if (!(error instanceof FileTrouble)) throw error;
      throw new SourceFailure(OF_THIS_FILE.has(error.code) ? 'data' : 'uncertain', error.code);
    }
    this.#removed.set(path, facts);
    await this.#removeFolders(found.names);
    return 'erased';
  }

  /** A folder that the pattern names after somebody goes with the last of its files. */
  async #removeFolders(names: readonly string[]): Promise<void> {
    const { top, pattern } = this.#asked;
    for (let depth = names.length - 2; depth >= 0 && pattern.varies(depth); depth -= 1) {
      try {
        await rmdir(join(top, ...names.slice(0, depth + 1)));
      } catch {
        // It holds something else, or may not be removed. The file is gone, which is what was promised.
        return;
      }
    }
  }
}

function isSame(a: NonNullable<Found['stats']>, b: Found['stats']): boolean {
  return (
    b !== undefined && a.ino === b.ino && a.dev === b.dev && a.size === b.size && a.mtimeNs === b.mtimeNs
  );
}
