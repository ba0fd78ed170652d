/**
 * A bucket: `s3://bucket/prefix`, with what s3.ts says behind it. An object is there as long as any version of it is, a
 * mere marker of deletion included: that still says its name. It goes with all its versions.
 *
 * There is no lock in a bucket. Versions are removed by the ids that were looked at, so that a new one survives; in a
 * bucket without versions a moment remains between the last look and the removal, as in a folder.
 */
import { DeleteObjectCommand, ListObjectVersionsCommand } from '@aws-sdk/client-s3';
import type { ListObjectVersionsCommandOutput, S3Client } from '@aws-sdk/client-s3';
import type { Finding } from '../../connector.ts';
import { SourceFailure } from '../../connector.ts';
import type { Pattern } from '../pattern.ts';
import { FileTrouble, codeOf } from '../root.ts';
import { bucketOf } from '../s3.ts';
import type { FileState, Found, Place, Removal } from './place.ts';
import { namesOf } from './walk.ts';

/** One version of an object, or a marker that it was deleted. */
interface Version {
  readonly id: string;
  readonly marker: boolean;
  readonly etag: string;
  readonly modified: Date | undefined;
  readonly size: number;
}

interface Entry {
  readonly key: string;
  readonly versions: readonly Version[];
}

export class Bucket implements Place {
  readonly locks = false;
  // Each takes several requests.
  readonly maxBatch = 500;
  readonly #bucket: string;
  /** Empty, or with a slash at its end. */
  readonly #prefix: string;
  readonly #client: S3Client;
  readonly #listed: number;
  readonly #locked = new Set<string>();

  /** `listed` is how many versions are asked for at once. */
  constructor(connection: string, client?: S3Client, listed = 1000) {
    const { bucket, prefix, client: described } = bucketOf(connection);
    this.#bucket = bucket;
    this.#prefix = prefix === '' ? '' : `${prefix}/`;
    this.#client = client ?? described;
    this.#listed = listed;
  }

  async check(source: string): Promise<readonly Finding[]> {
    try {
      await this.#list({ Prefix: this.#prefix });
      return [];
    } catch (error) {
      const [path, remedy] = [
        ['sources', source, 'connection'],
        'It must be there, and frist must be allowed to list its versions and to remove them.',
      ] as const;
      const message = `The bucket of ${source} cannot be used (${codeOf(error)})`;
      return [{ severity: 'error', code: 'bucket-out-of-reach', path, message, remedy }];
    }
  }

  /** A bucket that is missing answers no question. */
  async reach(): Promise<void> {
    await Promise.resolve();
  }

  async *walk(pattern: Pattern, after: readonly string[], signal: AbortSignal): AsyncGenerator<Found> {
    const behind = after.length === 0 ? undefined : this.#prefix + after.join('/');
    for await (const { key, versions } of this.#entries(this.#prefix + pattern.start, behind)) {
      if (signal.aborted) throw new SourceFailure('transient', 'ABORTED');
      const path = key.slice(this.#prefix.length);
      const names = path.split('/');
      if (pattern.read(names) === undefined) continue;
      yield { names, state: namesOf(path) === undefined ? undefined : stateOf(versions) };
    }
  }

  async at(names: readonly string[]): Promise<FileState | undefined> {
    const versions = await this.#versionsOf(names);
    return versions.length === 0 ? undefined : stateOf(versions);
  }

  async remove({ names, state }: Found): Promise<Removal> {
    const versions = await this.#versionsOf(names);
    if (versions.length === 0) return 'missing';
    if (stateOf(versions).version !== state?.version) return 'changed';
    try {
      const Key = this.#prefix + names.join('/');
      // Markers last: as long as one is there, the object is found again.
      for (const { id } of [...versions].sort((a, b) => Number(a.marker) - Number(b.marker)))
        await this.#client.send(new DeleteObjectCommand({ Bucket: this.#bucket, Key, VersionId: id }));
      return 'removed';
    } catch (error) {
      throw new FileTrouble(error);
    }
  }

  lock(policy: string): Promise<() => void> {
    if (this.#locked.has(policy)) throw new SourceFailure('fatal', 'BUSY');
    this.#locked.add(policy);
    return Promise.resolve(() => void this.#locked.delete(policy));
  }

  close(): void {
    this.#client.destroy();
  }

  async #versionsOf(names: readonly string[]): Promise<readonly Version[]> {
    const key = this.#prefix + names.join('/');
    for await (const entry of this.#entries(key)) return entry.key === key ? entry.versions : [];
    return [];
  }

  /** All objects whose key begins so, in the order of the keys' bytes; those behind a key. */
  async *#entries(prefix: string, behind?: string): AsyncGenerator<Entry> {
    let marker: Marker = behind === undefined ? {} : { KeyMarker: behind };
    let open: Entry | undefined;
    for (;;) {
      const page = await this.#page({ Prefix: prefix, ...marker });
      for (const entry of page.entries) {
        // A server may begin at the marker or behind it.
        if (behind !== undefined && Buffer.compare(Buffer.from(entry.key), Buffer.from(behind)) <= 0)
          continue;
        if (open?.key === entry.key) open = { ...open, versions: [...open.versions, ...entry.versions] };
        else {
          if (open !== undefined) yield open;
          open = entry;
        }
      }
      if (page.next === undefined) break;
      marker = page.next;
    }
    if (open !== undefined) yield open;
  }

  async #page(
    asked: Asked,
  ): Promise<{ readonly entries: readonly Entry[]; readonly next: Marker | undefined }> {
    try {
      const page = await this.#list(asked);
      const versions = (page.Versions ?? []).map((one) => ({
        key: one.Key ?? '',
        version: versionOf(one, false),
      }));
      const markers = (page.DeleteMarkers ?? []).map((one) => ({
        key: one.Key ?? '',
        version: versionOf(one, true),
      }));
      const keys = new Map<string, Version[]>();
      for (const { key, version } of [...versions, ...markers]) {
        const known = keys.get(key);
        if (known === undefined) keys.set(key, [version]);
        else known.push(version);
      }
      const entries = [...keys].map(([key, all]) => ({ key, versions: all }));
      entries.sort((a, b) => Buffer.compare(Buffer.from(a.key), Buffer.from(b.key)));
      if (page.IsTruncated !== true || page.NextKeyMarker === undefined) return { entries, next: undefined };
      const id = page.NextVersionIdMarker;
      return { entries, next: { KeyMarker: page.NextKeyMarker, ...(id === undefined ? {} : { VersionIdMarker: id }) } }; // prettier-ignore
    } catch (error) {
      throw new SourceFailure(isPassing(error) ? 'transient' : 'fatal', codeOf(error));
    }
  }

  async #list(asked: Asked): Promise<ListObjectVersionsCommandOutput> {
    return await this.#client.send(
      new ListObjectVersionsCommand({ Bucket: this.#bucket, MaxKeys: this.#listed, ...asked }),
    );
  }
}

interface Marker {
  readonly KeyMarker?: string;
  readonly VersionIdMarker?: string;
}

type Asked = Marker & { readonly Prefix: string };

interface Stored {
  readonly VersionId?: string | undefined;
  readonly ETag?: string | undefined;
  readonly LastModified?: Date | undefined;
  readonly Size?: number | undefined;
}

/** `null` names the only version of a bucket without versions. */
function versionOf(
  { VersionId = 'null', ETag = '', LastModified, Size = 0 }: Stored,
  marker: boolean,
): Version {
  return { id: VersionId, marker, etag: ETag, modified: LastModified, size: Size };
}

/** It was last written when its newest version was. */
function stateOf(versions: readonly Version[]): FileState {
  const written = versions.some((one) => !one.marker) ? versions.filter((one) => !one.marker) : versions;
  const time = ({ modified }: Version): number => modified?.getTime() ?? Number.NaN;
  const [newest] = [...written].sort((a, b) => time(b) - time(a));
  const modified = newest?.modified?.toISOString() ?? null;
  const version = versions.map((one) => [one.id, one.etag, String(time(one))].join(' ')).sort();
  return { size: String(newest?.size ?? 0), modified, version: version.join('\n') };
}

/** Whether asking again may help: no answer at all, too busy, or broken for now. */
function isPassing(error: unknown): boolean {
  const { $metadata } = error as { readonly $metadata?: { readonly httpStatusCode?: number } };
  const status = $metadata?.httpStatusCode;
  return status === undefined || status === 429 || status >= 500;
}
