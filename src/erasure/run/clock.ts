/** This machine's clock decides what is due, so it is not trusted alone: earlier runs, and other clocks, bear witness. */
import type { Connector } from '../../connectors/connector.ts';
import { FristError } from '../../errors.ts';
import type { State } from '../../state/state.ts';
import type { Engine } from '../engine.ts';
import { CLOCK_GAP_HOURS } from '../guard.ts';

const HOUR_MS = 3_600_000;
/** How far another clock may be away. */
const MOST_SKEW_MS = 5 * 60_000;
/** How long a witness is believed. */
const WITNESS_MS = CLOCK_GAP_HOURS * HOUR_MS;
/** The state remembers the last moment at which somebody bore witness to the clock as it does the last slot of a job. */
const WITNESSED = 'clock witnessed';

/**
 * Holds the clock against the run of the policy before `run`, and against the last moment at which somebody bore witness
 * to it. Answers for how many hours nobody has; undefined where somebody does now: a source or the state has a clock of
 * its own to ask, nothing ever ran, or the last witness is no older than two days. Only then does this run bear witness
 * in its turn: one that came after a longer silence and found nothing to erase has nobody's word.
 * @throws FristError CLOCK_BACKWARDS when the clock stands before that run or witness: it has been set back.
 */
export async function checkClock(
  engine: Engine,
  policy: string,
  run: string,
  connector: Connector,
): Promise<number | undefined> {
  const { state, controller } = engine;
  const runs = await state.runs({ controller: controller.name, policy, limit: 2 });
  const last = runs.find((one) => one.id !== run);
  if (last !== undefined && Date.parse(last.started) > engine.now()) throw backwards(engine, last.started);
  if (!connector.capabilities.ownClock && (await state.now()) === undefined) {
    const witness = await state.job(WITNESSED);
    const silence = witness === undefined ? 0 : engine.now() - Date.parse(witness.slot);
    // What a clock is corrected by in passing is no jump.
    if (witness !== undefined && silence < -MOST_SKEW_MS) throw backwards(engine, witness.slot);
    if (silence > WITNESS_MS) return Math.ceil(silence / HOUR_MS);
  }
  await bearWitness(engine);
  return undefined;
}

function backwards(engine: Engine, last: string): FristError {
  return new FristError('CLOCK_BACKWARDS', { now: new Date(engine.now()).toISOString(), last });
}

/** A person, or another clock that agrees, vouches for this one as it stands. */
export async function bearWitness({ state, now }: Engine): Promise<void> {
  await state.transaction((t) => t.endJob(WITNESSED, new Date(now()).toISOString()));
}

/**
 * Whether somebody else bears witness to this machine's clock: the state's server, or a run of the last two days, since a
 * run holds the clock against its sources, or waits for a person.
 */
export async function clockIsWitnessed(state: State, now: number): Promise<boolean> {
  const server = await state.now();
  if (server !== undefined) return Math.abs(server - now) <= MOST_SKEW_MS;
  const witness = await state.job(WITNESSED);
  const silence = now - (witness === undefined ? Number.NaN : Date.parse(witness.slot));
  return silence >= 0 && silence <= WITNESS_MS;
}
