/** Copies of the signed checkpoint, by schedule, to wherever heads are kept. */
import type { App } from '../../src/installation/app.ts';
import { keepHead } from '../../src/audit/watch/heads.ts';
import type { Job } from '../scheduler.ts';
import { lastDone } from '../slots.ts';

const HEADS = 'heads';

/** The job. A place that cannot be written is an error of this day; the next day's head holds all that this one did. */
export function headsJob(app: App): Job[] {
  const { store, vkey, headPlaces } = app.keeping;
  return [
    {
      name: HEADS,
      schedule: app.settings.audit.heads.schedule,
      zone: 'UTC',
      lastSlot: () => lastDone(app.state, HEADS),
      run: async (slot) => {
        const head = await keepHead(store, vkey, headPlaces);
        await app.state.transaction((t) => t.endJob(HEADS, slot));
        app.logger.info('head kept', { size: head?.size });
        return 'done';
      },
    },
  ];
}
