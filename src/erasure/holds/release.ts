/** The end of a hold, which somebody named decides, and the grace that follows it. */
import { formatEntry } from '../../audit/entry.ts';
import { FristError } from '../../errors.ts';
import { isLost } from '../../policy/subject.ts';
import type { Engine } from '../engine.ts';

const HOUR_MS = 3_600_000;

/**
 * Ends a hold; what it covered is kept for a grace, so that not everything that has become due meanwhile goes in the
 * first night. Answers until when (ISO instant); undefined without a grace.
 * @throws HOLD_UNKNOWN when there is no hold with this id that stands.
 */
export async function releaseHold(
  engine: Engine,
  id: string,
  reason: string,
  graceHours: number,
): Promise<string | undefined> {
  const hold = (await engine.state.holds({ active: true })).find((one) => one.id === id);
  if (hold === undefined || hold.released !== undefined) throw new FristError('HOLD_UNKNOWN', { hold: id });
  const why = await engine.evidence.put(reason);
  const now = engine.now();
  const at = new Date(now).toISOString();
  // After the end of a lost hold, whoever it was on is held anew, or nobody is: a grace would keep everybody.
  const until =
    graceHours === 0 || isLost(hold) ? undefined : new Date(now + graceHours * HOUR_MS).toISOString();
  await engine.state.transaction(async (t) => {
    if (!(await t.releaseHold(id, at, until))) throw new FristError('HOLD_UNKNOWN', { hold: id });
    await t.emit([
      formatEntry({
        v: 1,
        type: 'hold-released',
        eid: engine.newId(),
        at,
        hold: id,
        who: engine.settings.operator,
        why,
        ...(until === undefined ? {} : { until: until.slice(0, 10) }),
      }),
    ]);
  });
  await engine.trail.flush();
  return until;
}
