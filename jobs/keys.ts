/** What ends by itself: epochs of the commitments and their keys, and what is remembered of released holds. */
import type { App } from '../src/app.ts';
import type { Job } from './scheduler.ts';

const KEYS = 'keys';

/** `frist run` does the same at its end. */
export function keysJob(app: App): Job[] {
  return [
    {
      name: KEYS,
      schedule: '30 0 * * *',
      zone: 'UTC',
      lastSlot: async () => (await app.state.job(KEYS))?.slot,
      run: async (slot) => {
        await app.rotateKeys();
        await app.forgetHolds();
        await app.state.transaction((t) => t.endJob(KEYS, slot));
        return 'done';
      },
    },
  ];
}
