/**
 * One bucket under one prefix, through the client of AWS. It answers in the words of the trail, and of an error only
 * its code passes: messages of servers quote what they were sent.
 *
 * Bodies are whole buffers (every object of a trail is small): streams are sent in a framing that some servers store
 * as if it were content. Each PUT carries its MD5, the one sum that all of them check.
 */
import { hash } from 'node:crypto';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  GetObjectLockConfigurationCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import type {
  DeleteMarkerEntry,
  ListObjectVersionsCommandOutput,
  PutObjectCommandInput,
  S3ClientConfig,
} from '@aws-sdk/client-s3';
import { FristError } from '../../../errors.ts';
import { CHECKPOINT } from '../../tile.ts';
import { isKey } from '../store.ts';
import type { Stored } from '../store.ts';
import type { Lock } from './lock.ts';
import type { S3Access } from './place.ts';

/** Of one request. A storm outlasts them: whoever appends has a longer patience of its own. */
const ATTEMPTS = 3;
const CONNECT_MS = 10_000;

/** When a PUT is to be refused. */
export interface Condition {
  /** Only if there is no object. */
  readonly absent?: true;
  /** Only if it is the version with this ETag, sent as it stands here. */
  readonly etag?: string;
}

export interface PutOptions {
  readonly condition?: Condition | undefined;
  readonly lock?: Lock | undefined;
  /** In place of the right one, to see whether it is checked. */
  readonly md5?: string;
}

/** What was written. */
export interface Written {
  readonly etag: string;
  /** In a bucket that keeps versions. */
  readonly version: string | undefined;
}

/** One version of an object, or a marker that hides those before it. */
export interface Version {
  readonly key: string;
  readonly id: string;
  readonly latest: boolean;
  readonly marker: boolean;
}

/** What the bucket says of Object Lock for itself. */
export interface LockConfiguration {
  /** Also where this key may not ask. */
  readonly enabled: boolean;
  /** Retention that every object gets unasked, in words. */
  readonly standing?: string;
}

const MODES = { governance: 'GOVERNANCE', compliance: 'COMPLIANCE' } as const;

function field(error: unknown, name: string): unknown {
  return typeof error === 'object' && error !== null && name in error
    ? (error as Readonly<Record<string, unknown>>)[name]
    : undefined;
}

const ABSENT: ReadonlySet<string> = new Set(['NoSuchKey', 'NoSuchVersion']);

const statusOf = (error: unknown): unknown => field(field(error, '$metadata'), 'httpStatusCode');

/** The code that the system or the server gave; a name that could be a text of its own does not pass. */
function codeOf(error: unknown): string {
  for (const code of [field(error, 'code'), field(error, 'Code'), field(error, 'name')]) {
    const sound = typeof code === 'string' && /^[A-Za-z][A-Za-z0-9_]{0,59}$/.test(code);
    if (sound && !/^(?:Error|Unknown|UnknownError)$/.test(code)) return code;
  }
  // The one mistake in the settings that the client has no code for.
  if (field(error, 'message') === 'Region is missing') return 'RegionMissing';
  const status = statusOf(error);
  return typeof status === 'number' ? `HTTP_${status}` : 'unknown';
}

/** Whether the answer says that a condition of the request did not hold, and nothing was done. */
function refused(error: unknown): boolean {
  const status = statusOf(error);
  return status === 412 || status === 409 || (status === 404 && codeOf(error) === 'NoSuchKey');
}

function clientOptions(access: S3Access): S3ClientConfig {
  const { endpoint, region, credentials, pathStyle, checksums, timeoutMs } = access;
  const when = checksums === 'supported' ? 'WHEN_SUPPORTED' : 'WHEN_REQUIRED';
  return {
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(region === undefined ? {} : { region }),
    ...(credentials === undefined
      ? {}
      : { credentials: { accessKeyId: credentials.key, secretAccessKey: credentials.secret } }),
    forcePathStyle: pathStyle,
    requestChecksumCalculation: when,
    responseChecksumValidation: when,
    maxAttempts: ATTEMPTS,
    requestHandler: {
      connectionTimeout: Math.min(CONNECT_MS, timeoutMs),
      requestTimeout: timeoutMs,
      throwOnRequestTimeout: true,
      socketTimeout: timeoutMs,
    },
  };
}

/** What an object is served as when the bucket is public, as C2SP tlog-tiles asks; what changes must not be cached. */
function headersOf(key: string): Pick<PutObjectCommandInput, 'ContentType' | 'CacheControl'> {
  if (key === CHECKPOINT) return { ContentType: 'text/plain; charset=utf-8', CacheControl: 'no-store' };
  const changes = key.startsWith('.state/');
  return {
    ContentType: 'application/octet-stream',
    CacheControl: changes ? 'no-store' : 'max-age=604800, immutable',
  };
}

export class S3Bucket {
  readonly name: string;
  readonly #client: S3Client;
  readonly #prefix: string;

  constructor(access: S3Access, name: string, prefix: string) {
    this.name = name;
    this.#client = new S3Client(clientOptions(access));
    this.#prefix = prefix === '' ? '' : `${prefix}/`;
  }

  /** @throws AUDIT_STORE, from here and from every method. */
  async get(key: string, version?: string): Promise<Stored | undefined> {
    const asked = { ...this.#at(key), ...(version === undefined ? {} : { VersionId: version }) };
    try {
      const found = await this.#client.send(new GetObjectCommand(asked));
      const bytes = Buffer.from((await found.Body?.transformToByteArray()) ?? []);
      return { bytes, tag: found.ETag ?? '' };
    } catch (error) {
      // A bucket that is not there has another code, and must not look like an empty one.
      if (statusOf(error) === 404 && ABSENT.has(codeOf(error))) return undefined;
      throw this.#failed(key, error);
    }
  }

  /** Undefined: refused, because the condition does not hold (or did not, after an earlier try of the same was done). */
  async put(key: string, bytes: Uint8Array, options: PutOptions = {}): Promise<Written | undefined> {
    const { condition, lock, md5 = hash('md5', bytes, 'base64') } = options;
    try {
      const { ETag, VersionId } = await this.#client.send(
        new PutObjectCommand({
          ...this.#at(key),
          ...headersOf(key),
          Body: bytes,
          ContentMD5: md5,
          ...(condition?.absent === undefined ? {} : { IfNoneMatch: '*' }),
          ...(condition?.etag === undefined ? {} : { IfMatch: condition.etag }),
          ...(lock === undefined
            ? {}
            : { ObjectLockMode: MODES[lock.mode], ObjectLockRetainUntilDate: lock.until }),
        }),
      );
      return { etag: ETag ?? '', version: VersionId };
    } catch (error) {
      if (condition !== undefined && refused(error)) return undefined;
      throw this.#failed(key, error);
    }
  }

  async *list(prefix: string): AsyncGenerator<string> {
    let token: string | undefined;
    do {
      const asked = { Bucket: this.name, Prefix: this.#prefix + prefix, ContinuationToken: token };
      const page = await this.#client.send(new ListObjectsV2Command(asked)).catch((error: unknown) => {
        throw this.#failed(prefix, error);
      });
      for (const { Key } of page.Contents ?? []) if (Key !== undefined) yield Key.slice(this.#prefix.length);
      token = page.IsTruncated === true ? page.NextContinuationToken : undefined;
    } while (token !== undefined);
  }

  /** Every version of what begins with `prefix`; of a key the newest first, but markers before all of their page. */
  async *versions(prefix: string): AsyncGenerator<Version> {
    let next: { KeyMarker?: string | undefined; VersionIdMarker?: string | undefined } = {};
    let more: boolean;
    do {
      const asked = { Bucket: this.name, Prefix: this.#prefix + prefix, ...next };
      const page: ListObjectVersionsCommandOutput = await this.#client
        .send(new ListObjectVersionsCommand(asked))
        .catch((error: unknown) => {
          throw this.#failed(prefix, error);
        });
      const { DeleteMarkers: markers = [], Versions: versions = [] } = page;
      for (const one of markers) yield this.#version(one, true);
      for (const one of versions) yield this.#version(one, false);
      more = page.IsTruncated === true && page.NextKeyMarker !== undefined;
      next = { KeyMarker: page.NextKeyMarker, VersionIdMarker: page.NextVersionIdMarker };
    } while (more);
  }

  /** Removes an object, or one version of it; where there are versions, the object alone is hidden below a marker. */
  async remove(key: string, version?: string): Promise<void> {
    const asked = { ...this.#at(key), ...(version === undefined ? {} : { VersionId: version }) };
    await this.#client.send(new DeleteObjectCommand(asked)).catch((error: unknown) => {
      throw this.#failed(key, error);
    });
  }

  /** How long an object is locked; undefined: it is not. */
  async lockOf(key: string): Promise<Lock | undefined> {
    const head = await this.#client.send(new HeadObjectCommand(this.#at(key))).catch((error: unknown) => {
      throw this.#failed(key, error);
    });
    const { ObjectLockMode: mode, ObjectLockRetainUntilDate: until } = head;
    if (mode === undefined || until === undefined) return undefined;
    return { mode: mode === 'COMPLIANCE' ? 'compliance' : 'governance', until };
  }

  async lockConfiguration(): Promise<LockConfiguration> {
    try {
      const asked = new GetObjectLockConfigurationCommand({ Bucket: this.name });
      const { ObjectLockConfiguration: found } = await this.#client.send(asked);
      const standing = found?.Rule?.DefaultRetention;
      const enabled = found?.ObjectLockEnabled === 'Enabled';
      if (standing?.Mode === undefined) return { enabled };
      const { Mode, Days, Years } = standing;
      return { enabled, standing: `${Mode}, ${Days === undefined ? `${Years ?? 0} years` : `${Days} days`}` };
    } catch (error) {
      if (statusOf(error) === 404 || statusOf(error) === 501) return { enabled: false };
      // Whoever may not ask finds out by locking an object.
      if (statusOf(error) === 403) return { enabled: true };
      throw this.#failed('its lock configuration', error);
    }
  }

  #version(found: DeleteMarkerEntry, marker: boolean): Version {
    const { Key = '', VersionId = '', IsLatest = false } = found;
    return { key: Key.slice(this.#prefix.length), id: VersionId, latest: IsLatest, marker };
  }

  #failed(key: string, cause: unknown): FristError {
    if (cause instanceof FristError) return cause;
    return new FristError('AUDIT_STORE', { key: `${this.name}/${this.#prefix}${key}`, code: codeOf(cause) });
  }

  #at(key: string): { readonly Bucket: string; readonly Key: string } {
    if (!isKey(key)) throw new FristError('AUDIT_STORE', { key, code: 'EINVAL' });
    return { Bucket: this.name, Key: this.#prefix + key };
  }
}
