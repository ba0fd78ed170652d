/** Reading the trail from one day to another, in its order, in flat memory. */
import { FristError } from '../../errors.ts';
import { checkAnyEntry } from '../entry.ts';
import { readBundle } from '../store/read.ts';
import { widthIn } from '../tile.ts';
import { TILE_WIDTH } from '../tree.ts';
import { fieldsOf } from './names.ts';
import type { TrailReader } from './reader.ts';

/**
 * How far the times of entries may be out of their order, ms. They are those of the machine that wrote the entry, and
 * machines that share a trail differ by five minutes at most, or erase nothing.
 */
const TOLERANCE = 3_600_000;

/** A span of time, ms since the epoch; its end belongs to it. */
export interface Span {
  readonly from?: number | undefined;
  readonly to?: number | undefined;
}

/** An entry where it stands in the trail. */
export interface Placed {
  readonly index: number;
  readonly text: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/**
 * The entries of a span, and possibly some before and after it. They are given as the store has them: whether they are
 * those that were signed, `verifyTrail` says.
 * @throws AUDIT_CORRUPT for one that has not the form of an entry.
 */
export async function* readSpan(reader: TrailReader, { from, to }: Span): AsyncGenerator<Placed> {
  const bundles = Math.ceil(reader.head.size / TILE_WIDTH);
  const start = from === undefined ? 0 : await lastBundleBefore(reader, from - TOLERANCE);
  let next = start < bundles ? readAt(reader, start) : undefined;
  for (let bundle = start; next !== undefined; bundle++) {
    const entries = await next;
    next = bundle + 1 < bundles ? readAt(reader, bundle + 1) : undefined;
    // Read ahead while this one is looked at; should it fail, that is told when it is awaited.
    next?.catch(() => undefined);
    for (const [i, entry] of entries.entries()) {
      const [index, text] = [bundle * TILE_WIDTH + i, entry.toString()];
      checkForm(text, index);
      const fields = fieldsOf(text, index);
      if (i === 0 && to !== undefined && timeOf(fields) > to + TOLERANCE) return;
      yield { index, text, fields };
    }
  }
}

/**
 * A copy may hold any bytes. What is written down as an entry must have its form: one line, each field once, or who reads
 * the list would see other entries than who reads the trail.
 */
function checkForm(text: string, index: number): void {
  try {
    checkAnyEntry(text);
  } catch (error) {
    if (!(error instanceof FristError) || error.code !== 'AUDIT_ENTRY') throw error;
    throw new FristError('AUDIT_CORRUPT', { where: `entry ${index}`, what: String(error.params['what']) });
  }
}

/** When an entry was written, ms since the epoch. */
export function timeOf(fields: Readonly<Record<string, unknown>>): number {
  return Date.parse(String(fields['at']));
}

async function readAt(reader: TrailReader, bundle: number): Promise<readonly Buffer[]> {
  return (await readBundle(reader.store, bundle, widthIn(reader.head.size, 'entries', bundle))).entries;
}

/** A bundle that begins before this time, the last one as far as times are in order; 0 when there is none. */
async function lastBundleBefore(reader: TrailReader, time: number): Promise<number> {
  let [low, high] = [0, Math.ceil(reader.head.size / TILE_WIDTH)];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    const [first] = await readAt(reader, middle);
    if (first !== undefined && timeOf(fieldsOf(first.toString(), middle * TILE_WIDTH)) < time) low = middle;
    else high = middle;
  }
  return low;
}
