import type { Selected } from '../survey/spool.ts';

/** Records that are erased together: all of one stage. */
export interface PlannedBatch {
  readonly stage: number;
  readonly records: readonly Selected[];
}

/**
 * Cuts selected records into batches of at most `size()` (asked anew for each), each of one stage, in the order they
 * came within their stage. Holds at most one batch per stage in memory.
 */
export async function* cutBatches(
  pieces: AsyncIterable<readonly Selected[]>,
  size: () => number,
): AsyncGenerator<PlannedBatch, void, undefined> {
  const waiting = new Map<number, Selected[]>();
  for await (const piece of pieces) {
    for (const selected of piece) {
      const records = waiting.get(selected.stage);
      if (records === undefined) waiting.set(selected.stage, [selected]);
      else records.push(selected);
    }
    for (const [stage, records] of waiting) {
      let from = 0;
      for (let n = size(); records.length - from >= n; n = size()) {
        yield { stage, records: records.slice(from, from + n) };
        from += n;
      }
      if (from > 0) waiting.set(stage, records.slice(from));
    }
  }
  for (const [stage, records] of waiting) {
    for (let from = 0; from < records.length;) {
      const n = size();
      yield { stage, records: records.slice(from, from + n) };
      from += n;
    }
  }
}
