import { isPassing } from '../src/audit/publisher.ts';
import { FristError } from '../src/errors.ts';
import type { Ended } from './scheduler.ts';

/** Work that needs the trail's store: where that is away, the job goes on when it is back, not at its next slot. */
export async function againWhenBack(work: () => Promise<Ended>): Promise<Ended> {
  try {
    return await work();
  } catch (error) {
    // The trail has told so itself.
    if (error instanceof FristError && isPassing(error.code)) return 'again';
    throw error;
  }
}
