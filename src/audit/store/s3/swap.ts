/** The two ways in which a trail in S3 swaps what changes: in a bucket, or elsewhere with a copy in the bucket. */
import { FristError } from '../../../errors.ts';
import { CHECKPOINT } from '../../tile.ts';
import type { Swap } from '../store.ts';
import type { S3Bucket } from './bucket.ts';
import { etagIn } from './probe.ts';
import type { SwapForm } from './probe.ts';

/** Swaps under `If-Match`; the tag is the ETag. `form` is asked for before the first swap. */
export function bucketSwap(bucket: S3Bucket, form: () => Promise<SwapForm>): Swap {
  return {
    get: (key) => bucket.get(key),
    replace: async (key, bytes, expected) => {
      const known = await form();
      const condition = expected === null ? ({ absent: true } as const) : { etag: etagIn(known, expected) };
      const written = await bucket.put(key, bytes, { condition });
      if (written === undefined) throw new FristError('AUDIT_SWAP_LOST', { key });
      return written.etag;
    },
  };
}

/** The size that a checkpoint states; 0 without one. Whether it is signed is looked at by whoever reads it. */
function sizeOf(checkpoint: Buffer | undefined): number {
  return Number(checkpoint?.toString().split('\n')[1] ?? 0);
}

/** What is wrong where the other place has an older checkpoint than the bucket. */
export type Behind = (size: number, known: number) => FristError;

export const rolledBack: Behind = (size, known) => new FristError('AUDIT_ROLLBACK', { size, known });
export const stateOld: Behind = (size, known) => new FristError('AUDIT_STATE_OLD', { count: known - size });

/**
 * Swaps elsewhere, and copies `checkpoint` into the bucket. A crash between the two leaves an older copy, which the
 * next reading of it here brings up to date.
 */
export function mirroredSwap(swap: Swap, bucket: S3Bucket, behind: Behind): Swap {
  return {
    get: async (key) => {
      if (key !== CHECKPOINT) return await swap.get(key);
      // In this order, for the copy is made after the swap: read before it, the copy is never the newer one, unless
      // the other place was put back from a backup. Written over, it could not be told any more.
      const copy = (await bucket.get(key))?.bytes;
      const found = await swap.get(key);
      const [size, known] = [sizeOf(found?.bytes), sizeOf(copy)];
      if (size < known) throw behind(size, known);
      if (found !== undefined && copy?.equals(found.bytes) !== true) await bucket.put(key, found.bytes);
      return found;
    },
    replace: async (key, bytes, expected) => {
      const tag = await swap.replace(key, bytes, expected);
      if (key === CHECKPOINT) await bucket.put(key, bytes);
      return tag;
    },
  };
}
