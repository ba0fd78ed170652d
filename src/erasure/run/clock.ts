/** This machine's clock decides what is due, so it is not trusted alone: earlier runs, and other clocks, bear witness. */
import type { Connector } from '../../connectors/connector.ts';
import { FristError } from '../../errors.ts';
import type { Plan, State } from '../../state/state.ts';
import type { Engine } from '../engine.ts';

const HOUR_MS = 3_600_000;
/** How far the clock of the state's server may be away. */
const MOST_SKEW_MS = 5 * 60_000;
/** How long a run bears witness. */
const WITNESS_MS = 48 * HOUR_MS;

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
  const doubted = await doubts(engine.state, now, policy);
  return Math.max(Math.floor((now - started) / HOUR_MS), ...doubted.map((plan) => plan.guard.observed));
}

/** Plans that wait for a person's word about the clock: the runs that they come from are no witness to it. */
async function doubts(state: State, now: number, policy?: string): Promise<readonly Plan[]> {
  const waiting = await state.plans({ status: 'waiting', ...(policy === undefined ? {} : { policy }) });
  return waiting.filter((plan) => plan.guard.name === 'clock-gap' && Date.parse(plan.expires) > now);
}

/**
 * Whether somebody else bears witness to this machine's clock: the state's server, or a run that ended in the last two
 * days, since a run holds the clock against its sources, or waits for a person.
 */
export async function clockIsWitnessed(state: State, now: number): Promise<boolean> {
  const server = await state.now();
  if (server !== undefined) return Math.abs(server - now) <= MOST_SKEW_MS;
  const [last] = await state.runs({ states: ['finished', 'waiting', 'stopped'], limit: 1 });
  const ended = last?.finished === undefined ? Number.NaN : Date.parse(last.finished);
  return ended <= now && now - ended <= WITNESS_MS && (await doubts(state, now)).length === 0;
}
