/** What `frist check` tells of the store of the trail: what each bucket was found to do, and what follows. */
import { nameOfStore } from './open.ts';
import type { StoreSettings } from './open.ts';
import { lockOf } from './s3/lock.ts';
import type { LockMode } from './s3/lock.ts';
import type { Abilities } from './s3/probe.ts';

/** Where what changes is swapped; none: nowhere, and the trail cannot be written. */
export type SwapPlace = 'bucket' | 'state bucket' | 'state database' | 'none';

export interface StoreReport {
  /** A folder, or s3://bucket/prefix. */
  readonly place: string;
  /** Only in S3. */
  readonly s3?: {
    /** The bucket of the trail, and the state bucket where there is one. */
    readonly buckets: readonly Abilities[];
    readonly swaps: SwapPlace;
    /** Until when what is written now is locked. */
    readonly lock?: { readonly mode: LockMode; readonly until: string };
  };
}

/** A state bucket that is named is used, whatever the first one can do. */
function swapPlace(able: boolean, stateBucket: boolean): SwapPlace {
  if (stateBucket) return able ? 'state bucket' : 'none';
  return able ? 'bucket' : 'state database';
}

/**
 * Tries out the buckets of a store; a folder has none. Writes nothing but the objects of the probe.
 * @param now milliseconds since the epoch.
 * @throws AUDIT_STORE where a bucket cannot be reached, read or written.
 */
export async function examineStore(settings: StoreSettings, now: number): Promise<StoreReport> {
  const { s3 } = settings;
  const place = nameOfStore(settings);
  if (s3.bucket === undefined) return { place };
  // Loaded here for the reason given in open.ts.
  const [{ S3Bucket }, { canSwap, probe }] = await Promise.all([
    import('./s3/bucket.ts'),
    import('./s3/probe.ts'),
  ]);
  const { mode } = s3.lock;
  const asked = { mode: mode === 'none' ? 'governance' : mode, now } as const;
  const bucket = await probe(new S3Bucket(s3, s3.bucket, s3.prefix), asked);
  const stateBucket =
    s3.stateBucket === undefined ? undefined : await probe(new S3Bucket(s3, s3.stateBucket, s3.prefix));
  const lock = lockOf('tile/0/000', s3.lock, now);
  return {
    place,
    s3: {
      buckets: stateBucket === undefined ? [bucket] : [bucket, stateBucket],
      swaps: swapPlace(canSwap(stateBucket ?? bucket), stateBucket !== undefined),
      ...(lock === undefined ? {} : { lock: { mode: lock.mode, until: lock.until.toISOString() } }),
    },
  };
}
