/**
 * A trail in S3: the same objects as in a folder. Immutable ones are created under `If-None-Match: *`; what changes
 * (`checkpoint`, `.state/…`) is swapped under `If-Match`. What the bucket really does is found out before the first
 * write (s3/probe.ts), and decides:
 *
 *   - where a swap works, everything lies in the one bucket;
 *   - else what changes is swapped in a second bucket (`audit.s3.state`) or in the state database, and `checkpoint` is
 *     copied into the bucket after each swap, so that one download of it is a complete trail;
 *   - where a conditional create is ignored, an immutable object is looked for before it is written and read back
 *     afterwards. Two writers at the same moment could then both believe that they created it. No harm comes of it: the
 *     bytes under such a key follow from what a swap has committed, so that both write the same.
 *
 * The other place, once used, stays in use: a bucket that learns to swap one day must not split the writers.
 */
import { FristError } from '../../errors.ts';
import { CHECKPOINT, PENDING } from '../tile.ts';
import { forEachParallel } from './parallel.ts';
import { S3Bucket } from './s3/bucket.ts';
import type { Version } from './s3/bucket.ts';
import { lockOf } from './s3/lock.ts';
import type { S3Place } from './s3/place.ts';
import { canSwap, probe } from './s3/probe.ts';
import type { Abilities, SwapForm } from './s3/probe.ts';
import { bucketSwap, mirroredSwap } from './s3/swap.ts';
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

class S3Store extends S3Reader implements Store {
  readonly #place: S3Place;
  readonly #options: S3StoreOptions;
  /** The three places where what changes can lie: the bucket, the state database, or one that is settled. */
  readonly #own: Swap;
  readonly #database: Swap | undefined;
  #abilities: Promise<Abilities> | undefined;
  #home: Swap | undefined;

  constructor(place: S3Place, options: S3StoreOptions) {
    super(new S3Bucket(place, place.bucket, place.prefix));
    this.#place = place;
    this.#options = options;
    this.#own = bucketSwap(this.bucket, async () => formOf(await this.#probed()));
    const { swap } = options;
    this.#database = swap && mirroredSwap(swap, this.bucket);
    const { stateBucket } = place;
    if (stateBucket !== undefined) this.#home = mirroredSwap(this.#swapIn(stateBucket), this.bucket);
  }

  override async get(key: string): Promise<Stored | undefined> {
    if (!isChanging(key)) return await super.get(key);
    this.#home ??= await this.#usedDatabase();
    return await (this.#home ?? this.#own).get(key);
  }

  async putImmutable(objects: ReadonlyMap<string, Uint8Array>): Promise<void> {
    const { create } = await this.#probed();
    await forEachParallel(PARALLEL, objects, ([key, bytes]) => this.#create(key, bytes, create === 'atomic'));
  }

  async replace(key: string, bytes: Uint8Array, expected: string | null): Promise<string> {
    this.#home ??= (await this.#usedDatabase()) ?? (await this.#choose());
    return await this.#home.replace(key, bytes, expected);
  }

  /** The bucket itself if it can; else the state database, if there is one and no trail was begun without it. */
  async #choose(): Promise<Swap> {
    if (canSwap(await this.#probed())) return this.#own;
    // In this order: whoever begins in the database at this moment comes to the bucket second.
    const begun = await this.bucket.get(CHECKPOINT);
    const database = (await this.#usedDatabase()) ?? (begun === undefined ? this.#database : undefined);
    if (database === undefined) throw new FristError('AUDIT_BUCKET_SWAP', { bucket: this.bucket.name });
    return database;
  }

  /** The state database, where what changes lies in it already. */
  async #usedDatabase(): Promise<Swap | undefined> {
    const { swap } = this.#options;
    const found = (await swap?.get(PENDING)) ?? (await swap?.get(CHECKPOINT));
    return found === undefined ? undefined : this.#database;
  }

  #swapIn(name: string): Swap {
    const bucket = new S3Bucket(this.#place, name, this.#place.prefix);
    let form: Promise<SwapForm> | undefined;
    const find = async (): Promise<SwapForm> => formOf(await probe(bucket));
    return bucketSwap(bucket, () => {
      form ??= find();
      // What failed for the moment is tried again.
      form.catch(() => (form = undefined));
      return form;
    });
  }

  /** Once for each process. */
  #probed(): Promise<Abilities> {
    this.#abilities ??= this.#probe();
    this.#abilities.catch(() => (this.#abilities = undefined));
    return this.#abilities;
  }

  async #probe(): Promise<Abilities> {
    const { mode } = this.#place.lock;
    const abilities = await probe(
      this.bucket,
      mode === 'none' ? undefined : { mode, now: this.#options.now() },
    );
    const fault = abilities.lock?.fault;
    if (fault !== undefined) throw new FristError('AUDIT_BUCKET_LOCK', { bucket: this.bucket.name, fault });
    return abilities;
  }

  async #create(key: string, bytes: Uint8Array, atomic: boolean): Promise<void> {
    if (!atomic && (await this.#isThere(key, bytes))) return;
    const lock = lockOf(key, this.#place.lock, this.#options.now());
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

function formOf({ bucket, ...abilities }: Abilities): SwapForm {
  const { swap } = abilities;
  if (swap === 'none' || abilities.create !== 'atomic') throw new FristError('AUDIT_BUCKET_SWAP', { bucket });
  return swap;
}

/** Opens a trail in S3; what its bucket can do is found out before the first write. @throws AUDIT_STORE, AUDIT_BUCKET_SWAP, AUDIT_BUCKET_LOCK from its methods. */
export function openS3Store(place: S3Place, options: S3StoreOptions): Store {
  return new S3Store(place, options);
}

/** Opens a trail in S3 for reading. */
export function openS3Reader(place: S3Place): ReadStore {
  return new S3Reader(new S3Bucket(place, place.bucket, place.prefix));
}
