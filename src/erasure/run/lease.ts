/** Whose turn a policy is: a lease in the state, renewed while the work goes on, with a number that tells a late comer off. */
import type { Transaction } from '../../state/state.ts';
import type { Engine } from '../engine.ts';

const LEASE_MS = 60_000;
const RENEW_MS = 20_000;

/** What whoever has a policy's lease goes by. */
export interface Ours {
  /** Aborts when the lease is lost or the caller's signal does. */
  readonly signal: AbortSignal;
  /** Refuses a transaction of a process that slept while another took the policy over. */
  readonly stillOurs: (t: Transaction) => Promise<void>;
}

export interface Held extends Ours {
  release(): Promise<void>;
}

/** Takes the lease of a policy; undefined while somebody else has it: a crash leaves it for a minute at most. */
export async function holdPolicy(
  engine: Engine,
  policy: string,
  holder: string,
  signal: AbortSignal,
): Promise<Held | undefined> {
  const { state, controller } = engine;
  const lease = `run:${controller.name}:${policy}`;
  const fence = await state.lease(lease, holder, LEASE_MS);
  if (fence === undefined) return undefined;
  const ended = new AbortController();
  const lost = new AbortController();
  const renewal = renew(engine, { lease, holder, fence }, ended.signal, lost);
  return {
    signal: AbortSignal.any([signal, lost.signal]),
    stillOurs: (t) => t.requireLease(lease, fence),
    release: async () => {
      // Renewed for ever, it would shut out every later run of the policy.
      ended.abort();
      await renewal;
      await state.releaseLease(lease, holder);
    },
  };
}

interface Taken {
  readonly lease: string;
  readonly holder: string;
  readonly fence: number;
}

async function renew(
  engine: Engine,
  { lease, holder, fence }: Taken,
  ended: AbortSignal,
  lost: AbortController,
): Promise<void> {
  for (;;) {
    await engine.sleep(RENEW_MS, ended);
    if (ended.aborted) return;
    try {
      // Another number: it was free again, but somebody had it in between.
      if ((await engine.state.lease(lease, holder, LEASE_MS)) === fence) continue;
    } catch {
      // A state that cannot be asked cannot say that the lease is still ours.
    }
    engine.logger.error('lease lost', { lease });
    lost.abort();
    return;
  }
}
