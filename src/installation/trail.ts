/**
 * The way of this process to the audit trail: whoever holds the lease publishes the outbox of all processes; the others
 * wait until their rows have been published.
 *
 * A store that is down, slow or cut off is tried again with growing pauses. Who waits for his entries waits no longer
 * than `patience` since it last worked, and then gets the error: nothing is erased that is not on record. What was
 * emitted stays in the outbox, and is tried again for as long as the process lives.
 */
import { parseEntry } from '../audit/entry.ts';
import type { Head, Signer } from '../audit/checkpoint.ts';
import { openLog, type Log } from '../audit/log.ts';
import { createPublisher, isPassing, type Publisher } from '../audit/publisher.ts';
import type { Store } from '../audit/store/store.ts';
import type { Trail } from '../erasure/engine.ts';
import { FristError, type ErrorCode } from '../errors.ts';
import type { Logger } from '../logger.ts';
import type { State } from '../state/state.ts';

const LEASE = 'trail';
const LEASE_MS = 30_000;
const RENEW_MS = 10_000;
/** How often one looks whether another process has published one's rows. */
const POLL_MS = 100;
/** How long entries wait that nobody waits for. */
const LINGER_MS = 1000;
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 30_000;

export interface TrailOptions {
  readonly store: Store;
  readonly signer: Signer;
  readonly state: State;
  /** The newest copy of the head that lies elsewhere: state and trail may both have been restored from old copies. */
  readonly kept?: () => Promise<Head | undefined>;
  /** Names this process among those that share the state. */
  readonly holder: string;
  /** How long a flush waits for a store that fails, ms; the pauses summed up since it last worked. */
  readonly patience: number;
  readonly now: () => number;
  /** In [0, 1). */
  readonly random: () => number;
  readonly sleep: (milliseconds: number, signal: AbortSignal) => Promise<void>;
  /** Aborts when the process shall end: then nothing is waited for. */
  readonly signal?: AbortSignal | undefined;
  readonly logger: Logger;
}

export interface OwnTrail extends Trail {
  /** Why nothing can be published, since it last could; undefined when all is well, as far as is known. */
  trouble(): ErrorCode | undefined;
  /** Publishes what waits, and gives the lease back. */
  close(): Promise<void>;
}

/** A trail that is opened when it is first needed. Stops with a coded error when it is not the one this state belongs to. */
export function createTrail(options: TrailOptions): OwnTrail {
  return new LeasedTrail(options);
}

const codeOf = (error: unknown): ErrorCode => (error instanceof FristError ? error.code : 'DEFECT');

class LeasedTrail implements OwnTrail {
  readonly #options: TrailOptions;
  readonly #never = new AbortController().signal;
  #publisher: Publisher | undefined;
  #asking: Promise<Publisher | undefined> | undefined;
  #renewed = Number.NEGATIVE_INFINITY;
  /** Why the last try failed; with it, how long was paused since the last that did not, and what was told of it. */
  #trouble: ErrorCode | undefined;
  #waited = 0;
  #told: ErrorCode | undefined;
  #flushing = 0;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(options: TrailOptions) {
    this.#options = options;
  }

  async flush(): Promise<void> {
    this.#flushing++;
    try {
      await this.#untilPublished();
    } finally {
      this.#flushing--;
      if (this.#timer === undefined) this.#wakeIn(LINGER_MS);
    }
  }

  trouble(): ErrorCode | undefined {
    return this.#trouble;
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    if (this.#publisher === undefined) return;
    try {
      await this.#untilPublished();
    } finally {
      await this.#giveUp();
    }
  }

  async #untilPublished(): Promise<void> {
    const { state, sleep } = this.#options;
    let mine: number | undefined;
    for (;;) {
      try {
        if (await this.#publish()) break;
      } catch (error) {
        await this.#pauseAfter(error);
        continue;
      }
      const waiting = await state.outboxSpan();
      mine ??= waiting?.last;
      if (waiting === undefined || mine === undefined || waiting.first > mine) break;
      await sleep(POLL_MS, this.#never);
    }
    this.#well();
  }

  /** One try to publish the outbox; false when another process has the lease. */
  async #publish(): Promise<boolean> {
    try {
      const publisher = await this.#owned();
      if (publisher === undefined) return false;
      await this.#orGiveUp(() => publisher.flush());
    } catch (error) {
      this.#trouble = codeOf(error);
      throw error;
    }
    return true;
  }

  /** Nothing of ours waits any more, whoever published it. */
  #well(): void {
    if (this.#told !== undefined) this.#options.logger.info('trail is written again');
    this.#trouble = this.#told = undefined;
    this.#waited = 0;
  }

  async #pauseAfter(error: unknown): Promise<void> {
    const { patience, sleep, signal = this.#never } = this.#options;
    const left = patience - this.#waited;
    if (!isPassing(codeOf(error)) || left <= 0 || signal.aborted) throw error;
    await sleep(this.#nextPause(left), signal);
  }

  /** As long as was paused before, so that it doubles; a little by chance, so that processes do not come all at once. */
  #nextPause(longest: number): number {
    const even = Math.min(Math.max(this.#waited, FIRST_PAUSE_MS), LONGEST_PAUSE_MS);
    const pause = Math.min(even * (0.75 + this.#options.random() / 2), longest);
    this.#waited += pause;
    return pause;
  }

  #wakeIn(milliseconds: number): void {
    if (this.#closed) return;
    this.#timer = setTimeout(() => void this.#wake(), milliseconds).unref();
  }

  /** For the entries that nobody waits for, and for those that could not be published when somebody did. */
  async #wake(): Promise<void> {
    let next = LINGER_MS;
    try {
      if (this.#flushing === 0 && (await this.#caughtUp())) this.#well();
      // Whoever publishes now shall not have to wait for one who has nothing to say.
      if (this.#flushing === 0 && this.#asking === undefined && this.#holds()) await this.#stepBack();
    } catch (error) {
      this.#tell(error);
      next = Math.max(LINGER_MS, this.#nextPause(LONGEST_PAUSE_MS));
    }
    this.#wakeIn(next);
  }

  async #caughtUp(): Promise<boolean> {
    return (await this.#options.state.outboxSpan()) === undefined || (await this.#publish());
  }

  /** Once, and only what does not pass, or has not passed for as long as anybody would wait. */
  #tell(error: unknown): void {
    const code = codeOf(error);
    if (this.#told === code || this.#closed) return;
    if (isPassing(code) && this.#waited < this.#options.patience) return;
    this.#told = code;
    this.#options.logger.error('trail cannot be written', { error });
  }

  /** The publisher, if this process has the lease or can get it. */
  #owned(): Promise<Publisher | undefined> {
    return (this.#asking ??= this.#ask().finally(() => (this.#asking = undefined)));
  }

  async #ask(): Promise<Publisher | undefined> {
    const { state, holder, now } = this.#options;
    if (this.#publisher !== undefined && now() - this.#renewed < RENEW_MS) return this.#publisher;
    const asked = now();
    if ((await state.lease(LEASE, holder, LEASE_MS)) === undefined) return undefined;
    this.#renewed = asked;
    this.#publisher ??= await this.#orGiveUp(() => this.#open());
    return this.#publisher;
  }

  /** Who cannot publish must not keep others from it until the lease runs out. */
  async #orGiveUp<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      // Should even this fail, the lease runs out.
      await this.#giveUp().catch(() => undefined);
      throw error;
    }
  }

  #holds(): boolean {
    return this.#renewed > Number.NEGATIVE_INFINITY;
  }

  /** Nobody asks for the lease while it is given back: it would be taken, and then given back. */
  async #stepBack(): Promise<void> {
    this.#asking = this.#giveUp()
      .then(() => undefined)
      .finally(() => (this.#asking = undefined));
    await this.#asking;
  }

  async #giveUp(): Promise<void> {
    this.#renewed = Number.NEGATIVE_INFINITY;
    await this.#options.state.releaseLease(LEASE, this.#options.holder);
  }

  async #open(): Promise<Publisher> {
    const { store, signer, state } = this.#options;
    const log = await openLog({ store, signer });
    // Whose it is comes first: held against the head of another installation it would look like a forged one.
    await this.#sameInstallation(log);
    await log.refresh(await state.lastHead());
    const kept = await this.#options.kept?.();
    if (kept !== undefined) await log.refresh(kept);
    return createPublisher({
      log,
      outbox: {
        pending: (limit) => state.pendingOutbox(limit),
        acknowledge: (ids, head) => state.acknowledgeOutbox(ids.map(Number), head),
        lastHead: () => state.lastHead(),
      },
    });
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
