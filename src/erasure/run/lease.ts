/** Whose turn something is: a lease in the state, renewed while the work goes on, with a number that tells a late comer off. */
import type { Logger } from '../../logger.ts';
import type { State, Transaction } from '../../state/state.ts';
import type { Engine } from '../engine.ts';

const LEASE_MS = 60_000;
const RENEW_MS = 20_000;
/** A state that fails over is asked again until the lease is about to run out. */
const RETRY_MS = 5000;
const RETRIES = 6;

/** What whoever has a lease goes by. */
export interface Ours {
  /** Aborts when the lease is lost or the caller's signal does. */
  readonly signal: AbortSignal;
  /** Refuses a transaction of a process that slept while another took the work over. */
  readonly stillOurs: (t: Transaction) => Promise<void>;
}

export interface Held extends Ours {
  release(): Promise<void>;
}

/** Where leases lie, and what it takes to keep them. An `Engine` and an `App` are one. */
export interface Leasing {
  readonly state: State;
  readonly logger: Logger;
  readonly sleep: (milliseconds: number, signal: AbortSignal) => Promise<void>;
}

/** Takes the lease of a policy; undefined while somebody else has it: a crash leaves it for a minute at most. */
export async function holdPolicy(
  engine: Engine,
  policy: string,
  holder: string,
  signal: AbortSignal,
): Promise<Held | undefined> {
  return await hold(engine, `run:${engine.controller.name}:${policy}`, holder, signal);
}

/** Takes a lease and keeps it until it is released; undefined while another holder has it. */
export async function hold(
  world: Leasing,
  lease: string,
  holder: string,
  signal: AbortSignal,
): Promise<Held | undefined> {
  const fence = await world.state.lease(lease, holder, LEASE_MS);
  if (fence === undefined) return undefined;
  const ended = new AbortController();
  const lost = new AbortController();
  const renewal = renew(world, { lease, holder, fence }, ended.signal, lost);
  return {
    signal: AbortSignal.any([signal, lost.signal]),
    stillOurs: (t) => t.requireLease(lease, fence),
    release: async () => {
      // Renewed for ever, it would shut out everybody else.
      ended.abort();
      await renewal;
      await world.state.releaseLease(lease, holder);
    },
  };
}

interface Taken {
  readonly lease: string;
  readonly holder: string;
  readonly fence: number;
}

async function renew(world: Leasing, taken: Taken, ended: AbortSignal, lost: AbortController): Promise<void> {
  do await world.sleep(RENEW_MS, ended);
  while (!ended.aborted && (await isKept(world, taken, ended)));
  if (isOver(ended)) return;
  world.logger.error('lease lost', { lease: taken.lease });
  lost.abort();
}

const isOver = (ended: AbortSignal): boolean => ended.aborted;

/** Renews it. Another number means that it was free, and that somebody had it in between. */
async function isKept(world: Leasing, { lease, holder, fence }: Taken, ended: AbortSignal): Promise<boolean> {
  for (let tries = 0; !ended.aborted && tries <= RETRIES; tries += 1) {
    if (tries > 0) await world.sleep(RETRY_MS, ended);
    try {
      return (await world.state.lease(lease, holder, LEASE_MS)) === fence;
    } catch {
      // A state that cannot be asked cannot say that the lease is still ours.
    }
  }
  return false;
}
