/** The end of evidence whose life is over. */
import type { App } from '../../src/installation/app.ts';
import { EVIDENCE } from '../../src/audit/watch/evidence.ts';
import type { Job } from '../scheduler.ts';
import { lastDone } from '../slots.ts';

export function evidenceJob(app: App): Job[] {
  return [
    {
      name: EVIDENCE,
      schedule: '45 0 * * 0',
      zone: 'UTC',
      lastSlot: () => lastDone(app.state, EVIDENCE),
      run: async (slot) => {
        await app.expireEvidence(slot);
        return 'done';
      },
    },
  ];
}
