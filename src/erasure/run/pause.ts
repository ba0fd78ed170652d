/**
 * The kill switch. While it is on, by `frist pause` or by a file that somebody made, no run begins, and one that is under
 * way ends as if it had been told to stop: the batch in hand is finished and settled, no other is begun.
 *
 * State and file are asked before each batch: the switch works across processes and machines, and the file when nothing
 * else does.
 */
import { FristError } from '../../errors.ts';
import type { Engine } from '../engine.ts';

/** Why nothing may be erased now; undefined where it may. */
export async function pauseOf(engine: Engine): Promise<FristError | undefined> {
  const file = await engine.pauseFile();
  if (file !== undefined) return new FristError('PAUSED_BY_FILE', { file });
  const pause = await engine.state.pause();
  return pause === undefined ? undefined : new FristError('PAUSED', { since: pause.since, by: pause.by });
}

/** @throws FristError PAUSED or PAUSED_BY_FILE */
export async function refuseWhilePaused(engine: Engine): Promise<void> {
  const pause = await pauseOf(engine);
  if (pause !== undefined) throw pause;
}

/** Whether a run that ended by this code goes on when the switch is off. */
export function isPause(code: string | undefined): boolean {
  return code === 'PAUSED' || code === 'PAUSED_BY_FILE';
}
