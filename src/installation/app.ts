/** What a command or a job works with, once settings and policy files have been read: one engine per controller. */
import type { Settings } from '../config.ts';
import type { ReadStore, Store } from '../audit/store/store.ts';
import type { Engine, Evidence, Trail } from '../erasure/engine.ts';
import type { Logger } from '../logger.ts';
import type { Located } from '../policy/parse/parse.ts';
import type { Task } from '../policy/view.ts';
import type { State } from '../state/state.ts';

/** One controller: its policy file, and the engine that erases for it. */
export interface Controlled {
  readonly located: Located;
  readonly tasks: readonly Task[];
  readonly engine: Engine;
}

/** The trail for those who look after it: where it lies, its public key, and where copies of its head are kept. */
export interface Keeping {
  readonly store: ReadStore;
  readonly vkey: string;
  /** The trail's own store, and the one that was set. */
  readonly headPlaces: readonly Store[];
}

/** What keeps frist from erasing now. */
export interface Obstacle {
  /** Of the table of errors. */
  readonly code: string;
  /** Name of the controller whose source it is; undefined: it concerns the whole installation. */
  readonly controller: string | undefined;
  /** Name of that source. */
  readonly source: string | undefined;
}

/** A controller that cannot be worked for, as long as its policy file or its installation is broken. */
export interface Down {
  /** Its id, else its name, else its policy file: as far as that can be read. */
  readonly name: string;
  /** Of the table of errors: why. */
  readonly code: string;
  /** Its name, where that can be read. */
  readonly controller: string | undefined;
}

/** The other installations of the daemon: one that is down has nobody of its own to call. */
export interface Others {
  down(): readonly Down[];
  /** Names of those that nobody can say anything of yet. */
  opening(): readonly string[];
  /** Whether this installation is the one that calls for them. */
  isOurs(): boolean;
}

export interface App {
  readonly settings: Settings;
  readonly state: State;
  readonly logger: Logger;
  readonly controllers: readonly Controlled[];
  /** Names this process among those that share the state; random, and new with each start. */
  readonly replica: string;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Resolves early when the signal is aborted. */
  readonly sleep: (milliseconds: number, signal: AbortSignal) => Promise<void>;
  /** Controllers of this installation whose policy files were broken when it was opened. */
  readonly missing: readonly Down[];
  /** State, trail or sources that are out of reach now. */
  obstacles(): Promise<readonly Obstacle[]>;
  /** Begins an epoch of the commitments, and destroys old keys, where it is time. */
  rotateKeys(): Promise<void>;
  /** Forgets whom released holds were about whose grace is over. */
  forgetHolds(): Promise<void>;
  /** Erases the evidence whose life is over at this moment (ISO). */
  expireEvidence(slot: string): Promise<void>;
  /** The path of the file that stops all erasing, where it is there. */
  readonly pauseFile: Engine['pauseFile'];
  readonly trail: Trail;
  readonly evidence: Evidence;
  readonly keeping: Keeping;
  /** A new ULID. */
  readonly newId: () => string;
  /** Publishes what waits, and closes connections, state and trail. */
  close(): Promise<void>;
}
