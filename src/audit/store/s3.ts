/**
 * A trail in S3: the same objects as in a folder. What a bucket really does is found out before the first write
 * (s3/probe.ts), and decides how it is used.
 *
 * What never changes is created under `If-None-Match: *`. Where a server ignores that, or does not know it, the object
 * is looked for before it is written and read back afterwards. Two writers at the same moment could then both believe
 * that they created it. No harm comes of it: the bytes under such a key follow from what a swap has committed, so that
 * both write the same.
 *
 * What changes (`checkpoint`, `.state/…`) is swapped under `If-Match`, in this bucket or elsewhere (s3/changing.ts).
 * Then `checkpoint` is copied here after each swap, so that one download of the bucket is a whole trail.
 */
import { FristError } from '../../errors.ts';
import { CHECKPOINT } from '../tile.ts';
import { forEachParallel } from './parallel.ts';
import { S3Bucket } from './s3/bucket.ts';
import type { Version } from './s3/bucket.ts';
import { changingObjects } from './s3/changing.ts';
import { lockOf } from './s3/lock.ts';
import type { S3Place } from './s3/place.ts';
import { probe } from './s3/probe.ts';
import type { Abilities } from './s3/probe.ts';
import type { ReadStore, Store, Stored, Swap } from './store.ts';

/** PUTs under way at once. */
const PARALLEL = 8;

/** How a server says that it has no versions, or that they are none of our business. */
const NO_VERSIONS: ReadonlySet<unknown> = new Set(['NotImplemented', 'MethodNotAllowed', 'AccessDenied']);

/** What never changes is read below a delete marker, too: it is only hidden. Evidence that was erased stays erased. */
const isLasting = (key: string): boolean => key.startsWith('tile/') || key.startsWith('heads/');
const isChanging = (key: string): boolean => key === CHECKPOINT || key.startsWith('.state/');

/** A trail in S3 for those who only read: nothing needs to be found out. */
class S3Reader implements ReadStore {
  readonly bucket: S3Bucket;

  constructor(bucket: S3Bucket) {
    this.bucket = bucket;
  }

  async get(key: string): Promise<Stored | undefined> {
    const found = await this.bucket.get(key);
    if (found !== undefined || !isLasting(key)) return found;
    for await (const version of this.#hiddenVersions(key))
      if (version.key === key) return await this.bucket.get(key, version.id);
    return undefined;
  }

  list(prefix: string): AsyncIterable<string> {
    return this.bucket.list(prefix);
  }

  async *hidden(prefix: string): AsyncGenerator<string> {
    for await (const { key } of this.#hiddenVersions(prefix)) yield key;
  }

  /** The newest version of each key that ends in a delete marker. */
  async *#hiddenVersions(prefix: string): AsyncGenerator<Version> {
    const hidden = new Set<string>();
    for await (const version of this.versions(prefix)) {
      if (!version.marker) {
        if (hidden.delete(version.key)) yield version;
      } else if (version.latest) hidden.add(version.key);
    }
  }

  async *versions(prefix: string): AsyncGenerator<Version> {
    try {
      yield* this.bucket.versions(prefix);
    } catch (error) {
      if (!(error instanceof FristError) || !NO_VERSIONS.has(error.params['code'])) throw error;
    }
  }
}

/** What a trail in S3 needs besides its place. */
export interface S3StoreOptions {
  /** Milliseconds since the epoch: when locks begin. */
  readonly now: () => number;
  /** The state database, for a bucket that cannot swap. */
  readonly swap?: Swap | undefined;
}

/** Asks once; what failed is asked again. */
function once<T>(ask: () => Promise<T>): () => Promise<T> {
  let answer: Promise<T> | undefined;
  return () => {
    answer ??= ask();
    answer.catch(() => (answer = undefined));
    return answer;
  };
}

class S3Store extends S3Reader implements Store {
  readonly #place: S3Place;
  readonly #now: () => number;
  readonly #abilities: () => Promise<Abilities>;
  readonly #changing: Swap;

  constructor(place: S3Place, { now, swap }: S3StoreOptions) {
    const bucket = new S3Bucket(place, place.bucket, place.prefix);
    super(bucket);
    this.#place = place;
    this.#now = now;
    this.#abilities = once(() => this.#probe());
    const second =
      place.stateBucket === undefined ? undefined : new S3Bucket(place, place.stateBucket, place.prefix);
    this.#changing = changingObjects({
      bucket,
      abilities: this.#abilities,
      second: second && { bucket: second, abilities: once(() => probe(second)) },
      database: swap,
    });
  }

  override async get(key: string): Promise<Stored | undefined> {
    return await (isChanging(key) ? this.#changing.get(key) : super.get(key));
  }

  async putImmutable(objects: ReadonlyMap<string, Uint8Array>): Promise<void> {
    const { create } = await this.#abilities();
    await forEachParallel(PARALLEL, objects, ([key, bytes]) => this.#create(key, bytes, create === 'atomic'));
  }

  replace(key: string, bytes: Uint8Array, expected: string | null): Promise<string> {
    return this.#changing.replace(key, bytes, expected);
  }

  async #probe(): Promise<Abilities> {
    const { bucket } = this;
    const { mode } = this.#place.lock;
    const abilities = await probe(bucket, mode === 'none' ? undefined : { mode, now: this.#now() });
    const fault = abilities.lock?.fault;
    if (fault !== undefined) throw new FristError('AUDIT_BUCKET_LOCK', { bucket: bucket.name, fault });
    return abilities;
  }

  async #create(key: string, bytes: Uint8Array, atomic: boolean): Promise<void> {
    if (!atomic && (await this.#isThere(key, bytes))) return;
    const lock = lockOf(key, this.#place.lock, this.#now());
    const written = await this.bucket.put(key, bytes, {
      condition: atomic ? { absent: true } : undefined,
      lock,
    });
    if (atomic && written !== undefined) return;
    if (await this.#isThere(key, bytes)) return;
    // Refused, and yet nothing there: another writer was at the same key and failed.
    throw new FristError('AUDIT_STORE', { key: `${this.bucket.name}/${key}`, code: 'PreconditionFailed' });
  }

  /** @throws AUDIT_CONFLICT when other bytes are. */
  async #isThere(key: string, bytes: Uint8Array): Promise<boolean> {
    const there = await this.bucket.get(key);
    if (there === undefined) return false;
    if (!there.bytes.equals(bytes)) throw new FristError('AUDIT_CONFLICT', { key });
    return true;
  }

  /** Removes evidence for good, with every version of it. */
  async remove(key: string): Promise<boolean> {
    if ((await this.bucket.get(key)) === undefined) return false;
    const versions: Version[] = [];
    for await (const version of this.versions(key)) if (version.key === key) versions.push(version);
    if (versions.length === 0) await this.bucket.remove(key);
    for (const { id } of versions) await this.bucket.remove(key, id);
    return true;
  }
}

/**
 * Opens a trail in S3; what its bucket can do is found out before the first write.
 * @throws AUDIT_STORE, AUDIT_BUCKET_SWAP, AUDIT_BUCKET_LOCK, from its methods.
 */
export function openS3Store(place: S3Place, options: S3StoreOptions): Store {
  return new S3Store(place, options);
}

/** Opens a trail in S3 for reading. */
export function openS3Reader(place: S3Place): ReadStore {
  return new S3Reader(new S3Bucket(place, place.bucket, place.prefix));
}
