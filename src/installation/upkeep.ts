/** What is destroyed when its time is over: epoch keys, what released holds were about, evidence. */
import { expireEvidence } from '../audit/watch/evidence.ts';
import type { Settings } from '../config.ts';
import { clockIsWitnessed } from '../erasure/run/clock.ts';
import type { App } from './app.ts';
import { rotateKeys } from './keys.ts';
import type { Durable, World } from './wiring.ts';

/** Nothing of it is done while only this machine says what day it is: a clock that is years ahead would do it all at once. */
export function createUpkeep(
  { store, state, trail, ring, signer, newId }: Durable,
  settings: Settings,
  { now, logger }: World,
): Pick<App, 'rotateKeys' | 'forgetHolds' | 'expireEvidence'> {
  const destroying = async (work: () => Promise<void>): Promise<void> => {
    if (await clockIsWitnessed(state, now())) await work();
    else logger.info('nothing old is destroyed: only this machine says what day it is');
    await trail.flush();
  };
  return {
    rotateKeys: () => destroying(async () => rotateKeys(ring, logger)),
    forgetHolds: () =>
      destroying(async () => {
        const at = new Date(now()).toISOString();
        await state.transaction((t) => t.forgetHolds(at));
      }),
    expireEvidence: (slot) =>
      destroying(async () => {
        if (!(await ring.isSettled())) return;
        const { keepDays } = settings.evidence;
        const keeping = { store, vkey: signer.vkey, keepDays };
        const count = await expireEvidence({ ...keeping, state, slot, now, newId });
        if (count > 0) logger.info('evidence erased', { deleted: count });
      }),
  };
}
