/** The trail held against its signature and the kept heads, by schedule; an alarm when it does not verify. */
import type { App } from '../../src/installation/app.ts';
import { inspect, VERIFICATION } from '../../src/audit/watch/inspect.ts';
import { againWhenBack } from '../again.ts';
import type { Job } from '../scheduler.ts';
import { lastDone } from '../slots.ts';

export function verifyJob(app: App): Job[] {
  const { state, now, newId, trail, logger } = app;
  return [
    {
      name: VERIFICATION,
      schedule: app.settings.audit.verify.schedule,
      zone: 'UTC',
      lastSlot: () => lastDone(state, VERIFICATION),
      run: (slot) =>
        againWhenBack(async () => {
          const found = await inspect({ ...app.keeping, state, slot, now, newId });
          if (found === undefined) return 'done';
          const { size, firstProblem } = found;
          // The alarm first: a trail that does not verify may be one that cannot be written.
          if (firstProblem === undefined) logger.info('trail verified', { size });
          else
            logger.error('trail does not verify', { code: firstProblem.code, at: firstProblem.where, size });
          await trail.flush();
          return 'done';
        }),
    },
  ];
}
