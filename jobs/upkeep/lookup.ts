/** The index of the trail, kept up with it, so that nobody who looks a person up has to wait for it. */
import type { App } from '../../src/installation/app.ts';
import { catchUpIndex } from '../../src/audit/lookup/catch-up.ts';
import { againWhenBack } from '../again.ts';
import type { Job } from '../scheduler.ts';
import { lastDone } from '../slots.ts';

const LOOKUP = 'lookup';

export function lookupJob(app: App): Job[] {
  const { store, vkey } = app.keeping;
  return [
    {
      name: LOOKUP,
      schedule: '35 * * * *',
      zone: 'UTC',
      lastSlot: () => lastDone(app.state, LOOKUP),
      run: (slot, signal) =>
        againWhenBack(async () => {
          await catchUpIndex({ store, vkey, index: app.state.trailIndex, signal });
          await app.state.transaction((t) => t.endJob(LOOKUP, slot));
          return 'done';
        }),
    },
  ];
}
