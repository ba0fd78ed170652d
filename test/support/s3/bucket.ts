/**
 * What one bucket of the test server holds and how it answers, after AWS's documentation: conditions, versions, delete
 * markers and Object Lock. The quirks are those that were measured on servers that call themselves S3.
 */
import { hash, randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';

/** An answer that is an error, as S3 gives it. */
export class S3Error extends Error {
  readonly status: number;
  readonly code: string;
  constructor(status: number, code: string) {
    super(code);
    this.status = status;
    this.code = code;
  }
}

/** Where a server is not as documented. */
export interface Quirks {
  /** Of PutObject. `ignored`: takes the object all the same; `refused`: 501. */
  readonly ifNoneMatch?: 'ignored' | 'refused';
  /** `unquoted`: an ETag in quotes never matches; `never`: nothing ever matches. */
  readonly ifMatch?: 'ignored' | 'refused' | 'unquoted' | 'never';
  /** Takes any Content-MD5 for right. */
  readonly md5?: 'ignored';
  /** Takes the headers of a lock and forgets them, or shows them and deletes all the same, or refuses them with 501. */
  readonly lock?: 'dropped' | 'shown' | 'refused';
  /** Actions that the key may not do: 403. */
  readonly denied?: readonly string[];
}

/** Ceph's gateway, release 16. */
export const CEPH_PLAIN: Quirks = { ifMatch: 'unquoted' };
export const CEPH_VERSIONED: Quirks = { ifNoneMatch: 'ignored', ifMatch: 'never' };

export interface BucketOptions {
  readonly versioned?: boolean;
  /** Object Lock, and with it versions; with days, a default retention. */
  readonly lock?: boolean | { readonly mode: LockMode; readonly days: number };
  readonly quirks?: Quirks;
}

export type LockMode = 'GOVERNANCE' | 'COMPLIANCE';
export type Headers = Readonly<Record<string, string | undefined>>;

/** One version of an object. A delete marker is a version without bytes. */
export interface Version {
  readonly id: string;
  readonly bytes: Buffer | undefined;
  readonly etag: string;
  readonly headers: Record<string, string>;
  /** Milliseconds since the epoch. */
  readonly written: number;
  readonly lock?: { readonly mode: LockMode; readonly until: number };
}

const KEPT_HEADERS = ['content-type', 'cache-control', 'content-encoding'];
const bare = (etag: string): string => etag.replaceAll('"', '');

export class Bucket {
  readonly options: BucketOptions;
  readonly quirks: Quirks;
  /** Versions of each key, the newest last. */
  readonly keys = new Map<string, Version[]>();
  readonly #now: () => number;

  constructor(options: BucketOptions, now: () => number) {
    this.options = options;
    this.quirks = options.quirks ?? {};
    this.#now = now;
  }

  get versioned(): boolean {
    return this.options.versioned === true || this.locks;
  }

  get locks(): boolean {
    return this.options.lock !== undefined && this.options.lock !== false;
  }

  /** The version that a reader sees; a delete marker hides what is below it. */
  current(key: string): Version | undefined {
    const newest = this.keys.get(key)?.at(-1);
    return newest?.bytes === undefined ? undefined : newest;
  }

  /** What a GET or HEAD gives. */
  read(key: string, id: string | null): Version {
    const found = id === null ? this.current(key) : this.keys.get(key)?.find((one) => one.id === id);
    if (found?.bytes === undefined) throw new S3Error(404, id === null ? 'NoSuchKey' : 'NoSuchVersion');
    return found;
  }

  put(key: string, bytes: Buffer, headers: Headers): Version {
    this.#checkConditions(key, headers);
    this.#checkSums(bytes, headers);
    const lock = this.#lockOf(headers);
    const kept = KEPT_HEADERS.flatMap((name) => {
      const value = headers[name];
      return value === undefined ? [] : [[name, value] as const];
    });
    return this.#add(key, {
      id: this.#newId(),
      bytes,
      etag: `"${hash('md5', bytes)}"`,
      headers: Object.fromEntries(kept),
      written: this.#now(),
      ...(lock === undefined ? {} : { lock }),
    });
  }

  /** Removes a version; without its id, hides the object below a marker, or removes it where there are no versions. */
  delete(key: string, id: string | null, bypass: boolean): Version | undefined {
    const versions = this.keys.get(key) ?? [];
    if (id === null && this.versioned) {
      const marker = { id: this.#newId(), bytes: undefined, etag: '', headers: {}, written: this.#now() };
      return this.#add(key, marker);
    }
    const gone = id === null ? versions.at(-1) : versions.find((one) => one.id === id);
    if (gone === undefined) return undefined;
    const { lock } = gone;
    const locked = lock !== undefined && lock.until > this.#now() && this.quirks.lock !== 'shown';
    if (locked && (lock.mode === 'COMPLIANCE' || !bypass)) throw new S3Error(403, 'AccessDenied');
    const left = versions.filter((one) => one !== gone);
    if (left.length === 0) this.keys.delete(key);
    else this.keys.set(key, left);
    return gone;
  }

  #newId(): string {
    return this.versioned ? randomBytes(12).toString('hex') : 'null';
  }

  #add(key: string, version: Version): Version {
    this.keys.set(key, this.versioned ? [...(this.keys.get(key) ?? []), version] : [version]);
    return version;
  }

  #checkConditions(key: string, headers: Headers): void {
    const current = this.current(key);
    const { ifNoneMatch: noneQuirk, ifMatch: matchQuirk } = this.quirks;
    const none = noneQuirk === 'ignored' ? undefined : headers['if-none-match'];
    const match = matchQuirk === 'ignored' ? undefined : headers['if-match'];
    if (none !== undefined) {
      if (noneQuirk === 'refused' || none !== '*') throw new S3Error(501, 'NotImplemented');
      if (current !== undefined) throw new S3Error(412, 'PreconditionFailed');
    }
    if (match !== undefined) {
      if (matchQuirk === 'refused') throw new S3Error(501, 'NotImplemented');
      if (current === undefined) throw new S3Error(404, 'NoSuchKey');
      const matches =
        matchQuirk === 'unquoted' ? match === bare(current.etag) : bare(match) === bare(current.etag);
      if (!matches || matchQuirk === 'never') throw new S3Error(412, 'PreconditionFailed');
    }
  }

  #checkSums(bytes: Buffer, headers: Headers): void {
    const md5 = headers['content-md5'];
    if (md5 !== undefined && this.quirks.md5 !== 'ignored' && hash('md5', bytes, 'base64') !== md5)
      throw new S3Error(400, 'BadDigest');
    const crc = headers['x-amz-checksum-crc32'];
    if (crc === undefined) return;
    const own = Buffer.alloc(4);
    own.writeUInt32BE(crc32(bytes));
    if (own.toString('base64') !== crc) throw new S3Error(400, 'BadDigest');
  }

  #lockOf(headers: Headers): Version['lock'] {
    const mode = headers['x-amz-object-lock-mode'];
    const until = headers['x-amz-object-lock-retain-until-date'];
    const { lock } = this.options;
    if (mode === undefined && until === undefined) {
      if (typeof lock !== 'object') return undefined;
      return { mode: lock.mode, until: this.#now() + lock.days * 86_400_000 };
    }
    if (this.quirks.lock === 'refused') throw new S3Error(501, 'NotImplemented');
    if (this.quirks.lock === 'dropped') return undefined;
    if (!this.locks) throw new S3Error(400, 'InvalidRequest');
    if (mode !== 'GOVERNANCE' && mode !== 'COMPLIANCE') throw new S3Error(400, 'InvalidArgument');
    const end = Date.parse(until ?? '');
    if (!(end > this.#now())) throw new S3Error(400, 'InvalidArgument');
    if (headers['content-md5'] === undefined && headers['x-amz-checksum-crc32'] === undefined)
      throw new S3Error(400, 'InvalidRequest');
    return { mode, until: end };
  }
}
