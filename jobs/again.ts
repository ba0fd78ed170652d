import { isPassing } from '../src/audit/publisher.ts';
import { isPause } from '../src/erasure/run/pause.ts';
import { FristError } from '../src/errors.ts';
import type { Ended } from './scheduler.ts';

/** Whether a job that ended by this code goes on by itself: when the trail's store is back, or the kill switch is off. */
export const goesOn = (code: string | undefined): boolean => isPassing(code) || isPause(code);

/** Work that goes on when what stands in its way has passed, not at its next slot. */
export async function againWhenBack(work: () => Promise<Ended>): Promise<Ended> {
  try {
    return await work();
  } catch (error) {
    // It has been told where it began.
    if (error instanceof FristError && goesOn(error.code)) return 'again';
    throw error;
  }
}
