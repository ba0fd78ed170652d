/**
 * Pace: how much is erased at once, and how long the source is left alone in between. A batch grows while it stays under
 * its time and halves when it goes over, so that locks are short on a busy server and few statements are sent to an idle one.
 */
export interface PaceSettings {
  /** Hard limit of records in a batch. */
  readonly maxBatch: number;
  /** A batch that took too long is not made smaller than this; left out: 1. */
  readonly leastBatch?: number;
  /** Time that one batch may take, ms. */
  readonly targetMs: number;
  /** Rest after a batch, as a share of the time that the batch took: 1 leaves the source half of the time to others. */
  readonly rest: number;
}

const FIRST_BATCH = 500;

export interface Pace {
  /** Records of the next batch. */
  size(): number;
  /** Tells how long a batch of `records` took; answers how long to rest, ms. */
  took(records: number, milliseconds: number): number;
}

/** A pace that starts carefully and learns from every batch. `maxBatch` is the smaller of the setting and what the source allows. */
export function createPace(settings: PaceSettings): Pace {
  const least = Math.min(settings.leastBatch ?? 1, settings.maxBatch);
  let size = Math.max(least, Math.min(FIRST_BATCH, settings.maxBatch));
  return {
    size: () => size,
    took: (records, milliseconds) => {
      if (milliseconds > settings.targetMs) size = Math.max(least, Math.floor(size / 2));
      else if (records >= size && milliseconds < settings.targetMs / 2)
        size = Math.min(settings.maxBatch, size * 2);
      return milliseconds * settings.rest;
    },
  };
}
