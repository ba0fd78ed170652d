/**
 * The spool: what pass 1 selected, on local disk, until pass 2 has erased it. It keeps memory flat however many records
 * a policy selects.
 *
 * Format: UTF-8 text, one selected record a line: the record's commitment (64 hex digits), the stage (decimal), a
 * space, and a JSON array of three arrays: the key, the raw starting values, the raw subject identifiers. These are
 * personal data, so the file is made with mode 0600 and unlinked while open: a process that dies leaves none behind.
 */
import { open, mkdir, unlink, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { FristError } from '../../errors.ts';
import type { Key, Raw } from '../../policy/policy.ts';

/** What is known of a record that was chosen: enough to name it in the trail even if it is gone after a crash. */
export interface Identity {
  readonly key: Key;
  /** Raw values of the policy's own starting point. */
  readonly starts: readonly Raw[];
  readonly subjects: readonly Raw[];
  /** Its `record` commitment, where it has been made already. */
  readonly commitment?: string;
}

export interface Selected extends Identity {
  readonly commitment: string;
  readonly stage: number;
}

const WRITE_AT = 1 << 18;
const READ_SIZE = 1 << 17;

/** An open, nameless file of selected records: written once, then read from the start as often as needed. */
export class Spool {
  readonly #file: FileHandle;
  #buffered: string[] = [];
  #bufferedLength = 0;
  #written = 0;
  #count = 0;

  private constructor(file: FileHandle) {
    this.#file = file;
  }

  /** Makes a spool in `folder` (made if missing). `name` must be unique; it is gone from the folder at once. */
  static async create(folder: string, name: string): Promise<Spool> {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const path = join(folder, `${name}.spool`);
    const file = await open(path, 'wx+', 0o600);
    await unlink(path);
    return new Spool(file);
  }

  get count(): number {
    return this.#count;
  }

  add(selected: Selected): void {
    const line = `${selected.commitment}${String(selected.stage)} ${JSON.stringify([selected.key, selected.starts, selected.subjects])}\n`;
    this.#buffered.push(line);
    this.#bufferedLength += line.length;
    this.#count += 1;
  }

  /** Writes what has gathered, if it is enough to be worth a write. To be called after every page. */
  async drain(): Promise<void> {
    if (this.#bufferedLength >= WRITE_AT) await this.#flush();
  }

  async #flush(): Promise<void> {
    if (this.#buffered.length === 0) return;
    const bytes = Buffer.from(this.#buffered.join(''), 'utf8');
    this.#buffered = [];
    this.#bufferedLength = 0;
    await this.#file.write(bytes, 0, bytes.length, this.#written);
    this.#written += bytes.length;
  }

  /** All records in the order they were added, some at a time. */
  async *read(): AsyncIterable<readonly Selected[]> {
    await this.#flush();
    let rest: Buffer = Buffer.alloc(0);
    let at = 0;
    while (at < this.#written) {
      const chunk = Buffer.allocUnsafe(Math.min(READ_SIZE, this.#written - at));
      const { bytesRead } = await this.#file.read(chunk, 0, chunk.length, at);
      if (bytesRead === 0) throw new FristError('SPOOL_LOST', {});
      at += bytesRead;
      const bytes = Buffer.concat([rest, chunk.subarray(0, bytesRead)]);
      const end = bytes.lastIndexOf(0x0a) + 1;
      rest = bytes.subarray(end);
      if (end > 0)
        yield bytes
          .toString('utf8', 0, end - 1)
          .split('\n')
          .map(parse);
    }
  }

  async close(): Promise<void> {
    await this.#file.close();
  }
}

function parse(line: string): Selected {
  const blank = line.indexOf(' ', 64);
  const [key, starts, subjects] = JSON.parse(line.slice(blank + 1)) as [Key, Raw[], Raw[]];
  return { commitment: line.slice(0, 64), stage: Number(line.slice(64, blank)), key, starts, subjects };
}
