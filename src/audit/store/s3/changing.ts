/**
 * Where the objects of a trail lie that change: in the bucket of the trail, in a second one, or in the state database.
 *
 * A second bucket that is named is used. Without one, the bucket itself is, if it can swap; if it cannot, the state
 * database, and that for good: once something lies there, a bucket that learns to swap one day must not split the
 * writers. Nor does a trail move to the database that was begun without it.
 */
import { FristError } from '../../../errors.ts';
import { CHECKPOINT, PENDING } from '../../tile.ts';
import type { Stored, Swap } from '../store.ts';
import type { S3Bucket } from './bucket.ts';
import { canSwap } from './probe.ts';
import type { Abilities, SwapForm } from './probe.ts';
import { bucketSwap, mirroredSwap, rolledBack, stateOld } from './swap.ts';

export interface ChangingOptions {
  readonly bucket: S3Bucket;
  /** What the bucket can do; asked before the first swap in it. */
  readonly abilities: () => Promise<Abilities>;
  /** The second bucket, and likewise. */
  readonly second?: { readonly bucket: S3Bucket; readonly abilities: () => Promise<Abilities> } | undefined;
  readonly database?: Swap | undefined;
}

/** @throws AUDIT_BUCKET_SWAP where what is asked for cannot swap. */
function formOf(abilities: Abilities): SwapForm {
  const { bucket, swap } = abilities;
  if (swap === 'none' || !canSwap(abilities)) throw new FristError('AUDIT_BUCKET_SWAP', { bucket });
  return swap;
}

class Changing implements Swap {
  readonly #options: ChangingOptions;
  /** The bucket of the trail, as one of the places. */
  readonly #own: Swap;
  /** The place, as soon as it is known for good. */
  #place: Swap | undefined;

  constructor(options: ChangingOptions) {
    const { bucket, abilities, second } = options;
    this.#options = options;
    this.#own = bucketSwap(bucket, async () => formOf(await abilities()));
    if (second === undefined) return;
    this.#place = mirroredSwap(
      bucketSwap(second.bucket, async () => formOf(await second.abilities())),
      bucket,
      rolledBack,
    );
  }

  async get(key: string): Promise<Stored | undefined> {
    this.#place ??= await this.#usedDatabase();
    // As long as nobody has written, the bucket has what there is: nothing, or the trail.
    return await (this.#place ?? this.#own).get(key);
  }

  async replace(key: string, bytes: Uint8Array, expected: string | null): Promise<string> {
    this.#place ??= (await this.#usedDatabase()) ?? (await this.#choose());
    return await this.#place.replace(key, bytes, expected);
  }

  async #choose(): Promise<Swap> {
    const { bucket, abilities } = this.#options;
    if (canSwap(await abilities())) return this.#own;
    // In this order: whoever begins in the database at this moment comes to the bucket second.
    const begun = await bucket.get(CHECKPOINT);
    const database = (await this.#usedDatabase()) ?? (begun === undefined ? this.#database() : undefined);
    if (database === undefined) throw new FristError('AUDIT_BUCKET_SWAP', { bucket: bucket.name });
    return database;
  }

  /** The state database, if something lies there. */
  async #usedDatabase(): Promise<Swap | undefined> {
    const { database } = this.#options;
    const found = (await database?.get(PENDING)) ?? (await database?.get(CHECKPOINT));
    return found === undefined ? undefined : this.#database();
  }

  #database(): Swap | undefined {
    const { bucket, database } = this.#options;
    return database === undefined ? undefined : mirroredSwap(database, bucket, stateOld);
  }
}

/** The objects that change, wherever they lie. */
export function changingObjects(options: ChangingOptions): Swap {
  return new Changing(options);
}
