/**
 * The installations of a daemon, each with a scheduler of its own: one that cannot be opened, or not wholly, does not
 * stop the others, and is tried again as long as the daemon lives.
 */
import { formatEntry } from '../../audit/entry.ts';
import { isPassing } from '../../audit/publisher.ts';
import { FristError } from '../../errors.ts';
import type { App, Down, Others } from '../../installation/app.ts';
import type { Logger } from '../../logger.ts';
import type { CreateJobs, Ticking } from '../shared/process.ts';

/** An installation as the daemon knows it. */
export interface Unit {
  /** Whose it is, as its policy file last said; `name` is undefined where all controllers share it. */
  readonly whose: () => Whose;
  readonly open: () => Promise<App>;
  /** Whether more of its policy files are well than when it was opened. */
  readonly mended: () => boolean;
}

export interface Whose {
  /** Id of its controller, else its policy file. */
  readonly name: string | undefined;
  /** Name of its controller. */
  readonly controller: string | undefined;
}

/** An installation that is open, and its jobs. */
export interface Running {
  readonly unit: Unit;
  readonly app: App;
  readonly jobs: Ticking;
}

export interface SuperviseOptions {
  readonly createJobs: CreateJobs;
  readonly version: string;
  readonly sleep: (milliseconds: number, signal: AbortSignal) => Promise<void>;
  readonly signal: AbortSignal;
  readonly logger: Logger;
}

export interface Supervisor {
  /**
   * Opens all of them, and goes on trying those that do not open. Resolves as soon as one runs.
   * @throws what the first says, where none can be opened.
   */
  begin(): Promise<void>;
  running(): readonly Running[];
  /** Those that nobody can say anything of yet. */
  opening(): readonly Unit[];
  /** Of every installation: those that cannot be opened, and controllers whose policy files are broken. */
  down(): readonly Down[];
  /** Jobs end what they are doing; everything is published and closed. Throws the first error of that. */
  stop(): Promise<void>;
}

/** How long until what is broken is tried again. */
const RETRY_MS = 60_000;

/** A supervisor over these installations; nothing is opened yet. */
export function supervise(units: readonly Unit[], options: SuperviseOptions): Supervisor {
  const ending = new AbortController();
  const signal = AbortSignal.any([options.signal, ending.signal]);
  const all: readonly Supervised[] = units.map(
    (unit) => new Supervised(unit, { ...options, signal }, (self) => othersOf(self, all)),
  );
  return {
    begin: async () => {
      try {
        await Promise.any(all.map((one) => one.begin()));
      } catch (error) {
        throw error instanceof AggregateError ? error.errors[0] : error;
      }
    },
    running: () => all.flatMap((one) => one.running ?? []),
    opening: () => units.filter((_, i) => all[i]?.isOpening() === true),
    down: () => all.flatMap((one) => one.down()),
    stop: async () => {
      ending.abort();
      const ended = await Promise.allSettled(all.map((one) => one.close()));
      for (const one of ended) if (one.status === 'rejected') throw one.reason;
    },
  };
}

/** The first that runs calls for those that do not. */
function othersOf(self: Supervised, all: readonly Supervised[]): Others {
  const others = (): readonly Supervised[] => all.filter((one) => one !== self);
  return {
    down: () => others().flatMap((one) => one.down()),
    opening: () => others().flatMap((one) => (one.isOpening() ? one.name : [])),
    isOurs: () => all.find((one) => one.running !== undefined) === self,
  };
}

class Supervised {
  readonly #unit: Unit;
  readonly #options: SuperviseOptions;
  readonly #othersOf: (self: Supervised) => Others;
  #running: Running | undefined;
  /** Why it is not open. */
  #broken: Down | undefined;
  #closing: Promise<void> = Promise.resolve();

  constructor(unit: Unit, options: SuperviseOptions, others: (self: Supervised) => Others) {
    this.#unit = unit;
    this.#options = options;
    this.#othersOf = others;
  }

  get name(): string {
    return this.#unit.whose().name ?? 'all';
  }

  get running(): Running | undefined {
    return this.#running;
  }

  isOpening(): boolean {
    return this.#running === undefined && this.#broken === undefined;
  }

  down(): readonly Down[] {
    if (this.#broken !== undefined) return [this.#broken];
    return this.#running?.app.missing ?? [];
  }

  /** The first try; whether it succeeds or not, it is looked after from then on. */
  async begin(): Promise<void> {
    try {
      await this.#open();
    } finally {
      void this.#lookAfter();
    }
  }

  /** Ends its jobs and closes it; waits where it is being closed already. */
  close(): Promise<void> {
    const running = this.#running;
    this.#running = undefined;
    if (running !== undefined) this.#closing = end(running);
    return this.#closing;
  }

  async #lookAfter(): Promise<void> {
    const { sleep, signal } = this.#options;
    for (;;) {
      await sleep(RETRY_MS, signal);
      if (signal.aborted) return;
      try {
        if (this.#isToBeOpenedAnew()) await this.#retire();
        if (this.#running === undefined) await this.#open();
      } catch {
        // It has been told; what is broken stays so until the next try.
      }
    }
  }

  #isToBeOpenedAnew(): boolean {
    return this.#running !== undefined && this.#running.app.missing.length > 0 && this.#unit.mended();
  }

  /** What runs ends first, as it would have: a sweep that is cut short would wait for its next slot. */
  async #retire(): Promise<void> {
    await this.#running?.jobs.tick();
    if (!this.#options.signal.aborted) await this.close();
  }

  async #open(): Promise<void> {
    const { logger, signal } = this.#options;
    try {
      const running = await this.#start();
      // Told to stop meanwhile: nobody else would close it.
      if (signal.aborted) {
        await closeQuietly(running.app);
        return;
      }
      running.jobs.start();
      if (this.#broken !== undefined) logger.info('controller runs again', { controller: this.#broken.name });
      this.#running = running;
      this.#broken = undefined;
      logger.info('installation opened', {
        controller: this.#unit.whose().name,
        replica: running.app.replica,
      });
      for (const { name, code } of running.app.missing)
        logger.error('controller does not run', { controller: name, code });
    } catch (error) {
      this.#tell(error);
      throw error;
    }
  }

  async #start(): Promise<Running> {
    const app = await this.#unit.open();
    try {
      await greet(app, this.#options.version);
      return { unit: this.#unit, app, jobs: await this.#options.createJobs(app, this.#othersOf(this)) };
    } catch (error) {
      await closeQuietly(app);
      throw error;
    }
  }

  /** Once for each reason, not once a minute. */
  #tell(error: unknown): void {
    const code = error instanceof FristError ? error.code : 'DEFECT';
    const { name } = this;
    const { controller } = this.#unit.whose();
    if (this.#broken?.code !== code)
      this.#options.logger.error('controller does not run', { controller: name, error });
    this.#broken = { name, code, controller };
  }
}

async function end({ jobs, app }: Running): Promise<void> {
  await jobs.stop();
  await app.close();
}

/** That it failed has been told. */
async function closeQuietly(app: App): Promise<void> {
  await app.close().catch(() => undefined);
}

/** An entry that the daemon lives, and as which version. */
async function greet({ state, trail, newId, now }: App, version: string): Promise<void> {
  const at = new Date(now()).toISOString();
  await state.transaction((t) => t.emit([formatEntry({ v: 1, type: 'daemon', eid: newId(), at, version })]));
  try {
    await trail.flush();
  } catch (error) {
    // A store that is down is no reason not to start: the trail says so itself, and no sweep begins until it is back.
    if (!(error instanceof FristError && isPassing(error.code))) throw error;
  }
}
