/** What processes that died have left: ended and settled soon, not only when their policy runs again. */
import type { App, Controlled } from '../src/installation/app.ts';
import { settleAbandoned } from '../src/erasure/abandoned.ts';
import type { Job } from './scheduler.ts';

export function recoverJob(_app: App, { engine, tasks }: Controlled): Job[] {
  return [
    {
      name: `recover ${engine.controller.name}`,
      schedule: '* * * * *',
      zone: 'UTC',
      // It looks at what there is, not at a slot: there is nothing to catch up.
      lastSlot: () => Promise.resolve(undefined),
      run: async (_slot, signal) => {
        await settleAbandoned(engine, tasks, signal);
        return 'done';
      },
    },
  ];
}
