/**
 * The way of this process to the audit trail: whoever holds the lease publishes the outbox of all processes; the others
 * wait until their rows have been published.
 */
import { parseEntry } from './audit/entry.ts';
import type { Signer } from './audit/checkpoint.ts';
import { openLog, type Log } from './audit/log.ts';
import { createPublisher, type Publisher } from './audit/publisher.ts';
import type { Store } from './audit/store/store.ts';
import type { Trail } from './erasure/engine.ts';
import { FristError } from './errors.ts';
import type { Logger } from './logger.ts';
import type { State } from './state/state.ts';

const LEASE = 'trail';
const LEASE_MS = 30_000;
const RENEW_MS = 10_000;
const POLL_MS = 100;

export interface TrailOptions {
  readonly store: Store;
  readonly signer: Signer;
  readonly state: State;
  /** Names this process among those that share the state. */
  readonly holder: string;
  readonly now: () => number;
  readonly sleep: (milliseconds: number, signal: AbortSignal) => Promise<void>;
  readonly logger: Logger;
}

export interface OwnTrail extends Trail {
  /** Publishes what waits, and gives the lease back. */
  close(): Promise<void>;
}

/** A trail that is opened when it is first needed. Stops with a coded error when it is not the one this state belongs to. */
export function createTrail(options: TrailOptions): OwnTrail {
  return new LeasedTrail(options);
}

class LeasedTrail implements OwnTrail {
  readonly #options: TrailOptions;
  readonly #never = new AbortController().signal;
  #publisher: Publisher | undefined;
  #renewed = Number.NEGATIVE_INFINITY;

  constructor(options: TrailOptions) {
    this.#options = options;
  }

  async flush(): Promise<void> {
    let mine: number | undefined;
    for (;;) {
      const publisher = await this.#owned();
      if (publisher !== undefined) {
        await publisher.flush();
        return;
      }
      const waiting = await this.#options.state.outboxSpan();
      mine ??= waiting?.last;
      if (waiting === undefined || mine === undefined || waiting.first > mine) return;
      await this.#options.sleep(POLL_MS, this.#never);
    }
  }

  async close(): Promise<void> {
    const publisher = this.#publisher;
    if (publisher === undefined) return;
    this.#publisher = undefined;
    try {
      await publisher.stop();
    } finally {
      await this.#giveUp();
    }
  }

  /** Who cannot publish must not keep others from it until the lease runs out. */
  async #giveUp(): Promise<void> {
    this.#renewed = Number.NEGATIVE_INFINITY;
    await this.#options.state.releaseLease(LEASE, this.#options.holder);
  }

  /** The publisher, if this process has the lease or can get it. */
  async #owned(): Promise<Publisher | undefined> {
    const { state, holder, now } = this.#options;
    if (this.#publisher !== undefined && now() - this.#renewed < RENEW_MS) return this.#publisher;
    const asked = now();
    if ((await state.lease(LEASE, holder, LEASE_MS)) === undefined) return undefined;
    this.#renewed = asked;
    try {
      this.#publisher ??= await this.#open();
    } catch (error) {
      await this.#giveUp();
      throw error;
    }
    return this.#publisher;
  }

  async #open(): Promise<Publisher> {
    const { store, signer, state, logger } = this.#options;
    const log = await openLog({ store, signer });
    // Whose it is comes first: held against the head of another installation it would look like a forged one.
    await this.#sameInstallation(log);
    await log.refresh(await state.lastHead());
    const publisher = createPublisher({
      log,
      outbox: {
        pending: (limit) => state.pendingOutbox(limit),
        acknowledge: (ids, head) => state.acknowledgeOutbox(ids.map(Number), head),
        lastHead: () => state.lastHead(),
      },
      onError: (error) => {
        logger.error('trail cannot be written', { error });
      },
    });
    publisher.start();
    return publisher;
  }

  /** State and trail are made together; another pair would mean that holds are forgotten. */
  async #sameInstallation(log: Log): Promise<void> {
    if (log.head().size === 0) return;
    const [first] = await log.readEntries(0, 1);
    const entry = first === undefined ? undefined : parseEntry(first);
    const { id } = await this.#options.state.installation();
    if (entry?.type !== 'installation' || entry.installation !== id) {
      const trail = entry?.type === 'installation' ? entry.installation : 'unknown';
      throw new FristError('STATE_OTHER_INSTALLATION', { state: id, trail });
    }
  }
}
