/** This machine's clock decides what is due, so it is not trusted alone: earlier runs, and other clocks, bear witness. */
import type { Connector } from '../../connectors/connector.ts';
import { FristError } from '../../errors.ts';
import type { Engine } from '../engine.ts';

const HOUR_MS = 3_600_000;

/**
 * Holds the clock against the run of the policy before `run`. Answers for how many hours nobody has borne witness to
 * it; undefined where nothing ran before, or a source or the state has a clock of its own to ask.
 * @throws FristError CLOCK_BACKWARDS when the clock stands before that run: it has been set back.
 */
export async function checkClock(
  engine: Engine,
  policy: string,
  run: string,
  connector: Connector,
): Promise<number | undefined> {
  const now = engine.now();
  const runs = await engine.state.runs({ controller: engine.controller.name, policy, limit: 2 });
  const last = runs.find((one) => one.id !== run);
  if (last === undefined) return undefined;
  const started = Date.parse(last.started);
  if (started > now) {
    throw new FristError('CLOCK_BACKWARDS', { now: new Date(now).toISOString(), last: last.started });
  }
  if (connector.capabilities.ownClock || (await engine.state.now()) !== undefined) return undefined;
  // A run that waited for a person's word about the clock is no witness to it.
  const waiting = await engine.state.plans({ status: 'waiting', policy });
  const doubted = waiting.filter((plan) => plan.guard.name === 'clock-gap' && Date.parse(plan.expires) > now);
  return Math.max(Math.floor((now - started) / HOUR_MS), ...doubted.map((plan) => plan.guard.observed));
}
