/** A sign of life in the trail, once a day when nothing was due. */
import type { App } from '../../src/installation/app.ts';
import { beat, HEARTBEAT } from '../../src/audit/watch/heartbeat.ts';
import type { Job } from '../scheduler.ts';
import { lastDone } from '../slots.ts';

/** Days are those of UTC: one trail may serve controllers in several zones. */
export function heartbeatJob(app: App): Job[] {
  const { state, now, newId, trail } = app;
  return [
    {
      name: HEARTBEAT,
      schedule: '59 23 * * *',
      zone: 'UTC',
      lastSlot: () => lastDone(state, HEARTBEAT),
      run: async (slot) => {
        if (await beat({ state, slot, now, newId })) await trail.flush();
        return 'done';
      },
    },
  ];
}
