/** Where files lie that are records, or hold them: a local folder, or a bucket. */
import type { Raw } from '../../../policy/policy.ts';
import type { Finding } from '../../connector.ts';
import type { Pattern } from '../pattern.ts';

export interface FileState {
  /** Bytes. */
  readonly size: string;
  /** When it was last written, in UTC; rounded up to the millisecond, so that no start is read too early. */
  readonly modified: Raw;
  /** Differs after every change, and for another file under the same name. */
  readonly version: string;
}

export interface Found {
  /** Names from the root down. */
  readonly names: readonly string[];
  /** Undefined where nothing can be done with the file by its name, e.g. because that is no valid UTF-8. */
  readonly state: FileState | undefined;
}

/** `changed`: not what was looked at any more, or gone on being written; left alone. */
export type Removal = 'removed' | 'missing' | 'changed';

export interface Place {
  /** Whether `lock` keeps out other processes too. */
  readonly locks: boolean;
  /** Most records that are erased at once. */
  readonly maxBatch: number;
  /** What is wrong with the place itself. */
  check(source: string): Promise<readonly Finding[]>;
  /** A place that is missing is a failure: all its files would look erased. @throws SourceFailure */
  reach(): Promise<void>;
  /** All that fit, in an order that stays; with `after`, those behind that file. @throws SourceFailure */
  walk(pattern: Pattern, after: readonly string[], signal: AbortSignal): AsyncIterable<Found>;
  /** The file with these names as it is now. @throws SourceFailure */
  at(names: readonly string[]): Promise<FileState | undefined>;
  /** Removes the file if it is still as it was found. @throws FileTrouble */
  remove(found: Found, pattern: Pattern): Promise<Removal>;
  /** Keeps others from erasing for this policy; the answer gives it back. @throws SourceFailure `BUSY` */
  lock(policy: string): Promise<() => void>;
  close(): void;
}
