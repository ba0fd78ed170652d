/** What ends by itself: epochs of the commitments and their keys, and what is remembered of released holds. What does not: holds that wait for somebody to look. */
import type { App } from '../../src/installation/app.ts';
import { pastReview } from '../../src/erasure/holds/review.ts';
import type { Job } from '../scheduler.ts';
import { lastDone } from '../slots.ts';

const KEYS = 'keys';

/** `frist run` does the same at its end. */
export function keysJob(app: App): Job[] {
  return [
    {
      name: KEYS,
      schedule: '30 0 * * *',
      zone: 'UTC',
      lastSlot: () => lastDone(app.state, KEYS),
      run: async (slot) => {
        await app.rotateKeys();
        await app.forgetHolds();
        for (const { id } of pastReview(await app.state.holds({ active: true }), slot))
          app.logger.warn('hold is past its review', { hold: id });
        await app.state.transaction((t) => t.endJob(KEYS, slot));
        return 'done';
      },
    },
  ];
}
