/** Everything that erasing needs from outside, as arguments: nothing below this folder reaches for a clock, a disk or a network itself. */
import type { Connector, Strain } from '../connectors/connector.ts';
import type { Logger } from '../logger.ts';
import type { Controller } from '../policy/policy.ts';
import type { PartitionName, State } from '../state/state.ts';
import type { PaceSettings } from './batch/pace.ts';

/** Names without personal data (see audit/commitment.ts): what an entry says of a record instead of its key. */
export interface Names {
  /** Id of the epoch key that they are made under. */
  readonly epoch: string;
  record(source: string, type: string, key: readonly string[]): string;
  subject(kind: string, normalisedValue: string): string;
  incarnation(
    source: string,
    type: string,
    key: readonly string[],
    subjects: readonly (readonly [string, string])[],
    rawStart: readonly (string | null)[],
  ): string;
}

/**
 * The names of an installation, whose epochs follow each other while it runs. A run, an approval or a hold asks once and
 * keeps the answer, so that all that it writes belongs to one epoch; a batch is recovered under the epoch of its opening.
 */
export interface Keys {
  current(): Promise<Names>;
  of(epoch: string): Promise<Names>;
}

/** The way to the audit trail: what a transaction emitted before is durable there when `flush` resolves. */
export interface Trail {
  flush(): Promise<void>;
}

/** Detached text (a reason, a policy's wording) under its own, shorter life; the entry holds its hash. */
export interface Evidence {
  put(text: string): Promise<{ readonly sha256: string; readonly bytes: number }>;
}

export interface EngineSettings {
  readonly spoolFolder: string;
  /** Id of who runs this process; never a name. */
  readonly operator: string;
  readonly pace: PaceSettings;
  readonly verify: {
    /** Share of the erased records that are looked at again, in percent. */
    readonly percent: number;
    /** How long a proof may be pending before it is overdue. */
    readonly withinDays: number;
  };
  /** How long a plan can be approved. */
  readonly planDays: number;
  /** Whether a plan may be approved by the operator id under which it was made. */
  readonly approveOwn: boolean;
}

/** Other processes that can take parts of a sweep; see partition/. */
export interface Helpers {
  /** Records of one partition. */
  readonly size: number;
  /** When nobody has got on with any partition of a run for this long, its coordinator takes one itself, ms. */
  readonly patience: number;
  /** Tells them of partitions that wait. It may be lost, or come twice; it never rejects. */
  readonly offer: (partitions: readonly PartitionName[]) => Promise<void>;
}

export interface Engine {
  readonly controller: Controller;
  /** Names of all controllers whose files were given together with this one's; left out: its own alone. */
  readonly controllers?: readonly string[];
  readonly state: State;
  readonly trail: Trail;
  readonly keys: Keys;
  readonly evidence: Evidence;
  readonly logger: Logger;
  /** Left out: this process erases alone. */
  readonly helpers?: Helpers;
  /** Names this process among those that share the state. */
  readonly replica: string;
  readonly settings: EngineSettings;
  /** The connector of a configured source; made once, closed by whoever made the engine. */
  readonly connector: (source: string) => Connector;
  /** How busy a source is, where its file sets limits: the first one that is passed. Throws `SourceFailure`. */
  readonly strain: (source: string) => Promise<Strain | undefined>;
  /** The path of the file that stops all erasing, where it is there (see run/pause.ts). */
  readonly pauseFile: () => Promise<string | undefined>;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly sleep: (milliseconds: number, signal: AbortSignal) => Promise<void>;
  /** A new ULID. */
  readonly newId: () => string;
  /** SHA-256 of UTF-8 text, hex. */
  readonly digest: (text: string) => string;
}
