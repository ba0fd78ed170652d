/** What processes that died have left: ended and settled soon, not only when their policy runs again. */
import type { App } from '../src/installation/app.ts';
import { settleAbandoned } from '../src/erasure/abandoned.ts';
import type { Job } from './scheduler.ts';

export function recoverJob(app: App): Job[] {
  return [
    {
      name: 'recover',
      schedule: '* * * * *',
      zone: 'UTC',
      // It looks at what there is, not at a slot: there is nothing to catch up.
      lastSlot: () => Promise.resolve(undefined),
      run: async (_slot, signal) => {
        for (const { engine, tasks } of app.controllers) {
          try {
            await settleAbandoned(engine, tasks, signal);
          } catch (error) {
            // What one controller's processes left shall not keep another's from being settled.
            app.logger.error('recovery failed', { controller: engine.controller.name, error });
          }
        }
        return 'done';
      },
    },
  ];
}
