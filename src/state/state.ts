/**
 * The contract of the mutable memory (DESIGN: state): what a run must know after a crash, a restart, or from another
 * process. Everything accountable leaves as entries through the outbox, written in the transaction of the change that
 * they describe; the audit publisher moves them to the trail.
 *
 * Fails closed: opening never creates. A missing state beside an existing trail would forget every hold.
 */
import type { Key } from '../policy/policy.ts';
import type { Hold as Suspension } from '../policy/subject.ts';
import type { PartitionChanges, Partitions } from './erasing/partitions.ts';
import type { AlarmMemory } from './alarms.ts';

export type { Partition, PartitionName } from './erasing/partitions.ts';

/** An entry of the audit trail in its canonical form, ready to publish. */
export type EntryText = string;

export interface Installation {
  /** One random id that state and trail both hold. */
  readonly id: string;
  readonly origin: string;
  readonly created: string;
}

export interface Hold extends Suspension {
  readonly placed: string;
  readonly by: string;
  /** Day on which somebody must look at it again; a hold never ends by itself. */
  readonly review?: string;
  /** When somebody ended it. With `until`, which is later, its grace lasts until then. */
  readonly released?: string;
}

/** `waiting`: a guard stopped it; `stopped`: it was told to end; `interrupted`: its process died. */
export type RunState = 'running' | 'finished' | 'waiting' | 'stopped' | 'failed' | 'interrupted';

export interface Run {
  readonly id: string;
  readonly controller: string;
  readonly policy: string;
  /** The scheduled moment (ISO instant) that the run is for; a manual run has a slot of its own. */
  readonly slot: string;
  readonly trigger: 'schedule' | 'manual' | 'approval' | 'replay';
  readonly state: RunState;
  readonly asOf: string;
  readonly started: string;
  /** The process that it is or was of, by the random id that its log begins with. */
  readonly replica?: string;
  readonly finished?: string;
  /** Counts by disposition and outcome. */
  readonly summary?: Readonly<Record<string, number>>;
  /** Error code when failed. */
  readonly code?: string;
  /** The earliest promised day (YYYY-MM-DD) among the records that it left overdue. */
  readonly oldestOverdue?: string;
}

export type PlanStatus = 'waiting' | 'approved' | 'applied' | 'void' | 'expired';

export interface Plan {
  readonly id: string;
  readonly run: string;
  readonly controller: string;
  readonly policy: string;
  readonly policyDigest: string;
  readonly catalogue: string;
  readonly asOf: string;
  readonly created: string;
  readonly expires: string;
  readonly status: PlanStatus;
  readonly count: number;
  readonly population: number;
  /** Which guard stopped it, with its numbers; `approval` where its policy wants a person above a number of records. */
  readonly guard: { readonly name: string; readonly limit: number; readonly observed: number };
  readonly summary: Readonly<Record<string, number>>;
  readonly requestedBy: string;
}

/** A record of a plan: its key, and a digest that tells it from another that gets the key while the plan waits. */
export interface PlanKey {
  readonly key: Key;
  readonly life: string;
}

export interface OpenBatch {
  readonly id: string;
  readonly run: string;
  readonly controller: string;
  readonly policy: string;
  readonly source: string;
  readonly stage: number;
  readonly asOf: string;
  readonly opened: string;
  /** The epoch key under which its records are named in the trail. */
  readonly epoch: string;
  readonly keys: readonly Key[];
  /** What recovery needs to write honest entries: commitments and days per key, as the engine wrote them. */
  readonly detail: string;
  /** The partition whose advisory lock whoever erases it holds; left out: the policy's own. */
  readonly partition?: number;
}

/** Records that were erased, and that could not be looked at again when their batch was settled. */
export interface PendingProof {
  readonly batch: string;
  readonly controller: string;
  readonly policy: string;
  readonly source: string;
  readonly stage: number;
  readonly action: 'delete' | 'anonymise';
  /** What the policy was about, as the engine wrote it: of one that is about something else by now, nothing can be told. */
  readonly sense: string;
  /** ISO instant; a proof that is not closed by then is overdue. */
  readonly due: string;
  readonly keys: readonly Key[];
}

/** What is remembered of a policy from run to run. */
export interface PolicyMemory {
  readonly digest: string;
  /** The digest that last erased to the end within its guards, or was approved; guards are strict until it equals `digest`. */
  readonly trusted?: string;
  readonly population?: number;
  readonly lastSuccess?: string;
  /**
   * Commitments of records that the data forbade to erase in the last run; the next one tries them last. Where an epoch
   * began in between it knows none of them again, and tries them in their turn.
   */
  readonly failing?: readonly string[];
}

/** What is counted of a policy for as long as the state lives: records deleted, records anonymised, stops by a guard. */
export type Counted = 'delete' | 'anonymise' | 'guard';

/** An open batch without its records. */
export type BatchName = Pick<OpenBatch, 'id' | 'controller' | 'policy' | 'source' | 'stage' | 'opened'>;

/** How much there is of everything, counted by the database: no key and no identifier is read. */
export interface Tally {
  /** Holds that nobody has released, and of these, those whose day of review has passed. */
  readonly holds: number;
  readonly holdsPastReview: number;
  /** In the order in which they were opened. */
  readonly openBatches: readonly BatchName[];
  /** Batches whose proof is pending, and of these, those that are overdue. */
  readonly pendingProofs: number;
  readonly overdueProofs: number;
  /** Entries that the trail does not have yet, and the first of them. */
  readonly unpublished: number;
  readonly oldestUnpublished?: EntryText;
  readonly totals: readonly {
    readonly controller: string;
    readonly policy: string;
    readonly what: Counted;
    readonly total: number;
  }[];
}

/** The kill switch is on: since when (ISO), and by whom (an operator id). */
export interface Pause {
  readonly since: string;
  readonly by: string;
}

export interface OutboxRow {
  readonly id: number;
  readonly entries: readonly EntryText[];
}

export interface Head {
  readonly size: number;
  /** Base64 of the tree's root. */
  readonly root: string;
}

/** What is remembered of a job that is not a run of a policy, or of another thing that has a last time. */
export interface JobMemory {
  /** The last slot that was done, ISO. */
  readonly slot: string;
  /** Whatever the job left for the next time. */
  readonly note?: string;
}

/** An epoch of the commitments. It ends when the next one begins. */
export interface EpochKey {
  readonly epoch: string;
  /** ISO instant. */
  readonly from: string;
  /** Unreadable without the wrapping key, which lies outside the state database; undefined once it is destroyed. */
  readonly wrapped?: string;
  readonly destroyed?: Destroyed;
}

/** The end of an epoch key: the day on which it left the state, and the first day on which no backup has it either. */
export interface Destroyed {
  readonly on: string;
  readonly trueFrom: string;
}

/** An epoch that the trail knows, and whose key went with a lost state. */
export type LostEpoch = Required<Pick<EpochKey, 'epoch' | 'from' | 'destroyed'>>;

/** What the trail knows and an old or new state does not: see adopt.ts beside the state. */
export interface Adoption {
  /** The end of the trail. */
  readonly head: Head;
  /** Its checkpoint, where what changes of the trail lies in the state. */
  readonly object?: { readonly key: string; readonly bytes: Uint8Array };
  /** Rows of the outbox that the trail has. */
  readonly published: readonly number[];
  /** Open batches that the trail says were settled. */
  readonly settled: readonly string[];
  /** Batches that were proven gone, by the trail. */
  readonly proven: readonly string[];
  /** Running runs that the trail says have ended, and when. */
  readonly ended: readonly { readonly run: string; readonly at: string }[];
  /** Holds that stand; nobody knows any more whom they are about. */
  readonly holds: readonly Hold[];
  readonly epochs: readonly LostEpoch[];
}

/** A name in the index of the trail: its first 8 bytes, and the number of the entry that it stands in. */
export interface IndexRow {
  readonly prefix: Buffer;
  readonly entry: number;
}

/** Which entries of the trail a name stands in: a copy of no authority, which can be dropped and made anew. */
export interface TrailIndex {
  /** How far it goes; undefined where it is empty. */
  reach(): Promise<Head | undefined>;
  /** Adds the rows of the entries between two heads. False when it does not go exactly to `from`: another process was quicker. */
  extend(from: Head | undefined, to: Head, rows: readonly IndexRow[]): Promise<boolean>;
  drop(): Promise<void>;
  /** Entries with one of these prefixes, ascending; some may have it by chance. */
  find(prefixes: readonly Buffer[]): Promise<readonly number[]>;
}

/** An object of the trail that changes; `tag` names this version of it. */
export interface TrailObject {
  readonly bytes: Buffer;
  readonly tag: string;
}

/** Where such objects lie when the audit store cannot swap them: `Swap` of audit/store/store.ts. */
export interface TrailObjects {
  get(key: string): Promise<TrailObject | undefined>;
  /** Answers the new tag. AUDIT_SWAP_LOST when the version is not `expected` (null: none). */
  replace(key: string, bytes: Uint8Array, expected: string | null): Promise<string>;
}

export type NewEpochKey = Required<Pick<EpochKey, 'epoch' | 'from' | 'wrapped'>>;

/** Changes within one transaction; either all of them happen or none. Only one is under way at a time, everywhere. */
export interface Transaction extends PartitionChanges {
  /**
   * Puts entries into the outbox; answers the id of the last row, 0 when there were no entries. Ids grow in the order
   * of the commits: the entries are published once the outbox begins behind that id.
   */
  emit(entries: readonly EntryText[]): Promise<number>;
  openBatch(batch: OpenBatch): Promise<void>;
  /** Forgets the keys. STATE_SUPERSEDED when the batch is not open: another process has settled it. */
  settleBatch(id: string): Promise<void>;
  /** As `holds({ active: true })`. */
  addProof(proof: PendingProof): Promise<void>;
  /** Forgets the keys. STATE_SUPERSEDED when it is not pending: another process has closed it. */
  closeProof(batch: string): Promise<void>;
  activeHolds(): Promise<readonly Hold[]>;
  addHold(hold: Hold): Promise<void>;
  /**
   * Ends a hold. What it covered is kept until `until` (ISO instant); without it, whom it was about is forgotten at
   * once. False when there is no hold with this id that nobody has released.
   */
  releaseHold(id: string, at: string, until?: string): Promise<boolean>;
  /** Forgets whom released holds were about whose grace was over at this instant; answers how many. */
  forgetHolds(at: string): Promise<number>;
  /**
   * False when the slot is taken already, or a run of this policy is running, by whatever process. A crash leaves
   * `running`: whoever then gets the lease `run:<controller>:<policy>` recovers and ends that run first.
   */
  startRun(run: Run): Promise<boolean>;
  /**
   * Forgets the partitions of the run, too. STATE_SUPERSEDED when the run is not running: another process took it for dead
   * and ended it.
   */
  finishRun(
    id: string,
    state: RunState,
    finished: string,
    summary: Readonly<Record<string, number>>,
    code?: string,
    oldestOverdue?: string,
  ): Promise<void>;
  addPlan(plan: Plan): Promise<void>;
  /** False when the plan is not in the status `from`. A plan that becomes applied, void or expired forgets its keys. */
  setPlanStatus(id: string, from: PlanStatus, to: PlanStatus): Promise<boolean>;
  rememberPolicy(controller: string, policy: string, memory: PolicyMemory): Promise<void>;
  /** False unless the newest epoch is `after` (undefined: there is none): another process has begun one. */
  addEpochKey(key: NewEpochKey, after: string | undefined): Promise<boolean>;
  /** Forgets the key. False when it is destroyed already, or a batch is open whose records are named under it. */
  destroyEpochKey(epoch: string, destroyed: Destroyed): Promise<boolean>;
  /** Adds to what is counted of a policy. */
  count(controller: string, policy: string, what: Counted, by: number): Promise<void>;
  /** Remembers a slot of a job as done. False when that one, or a later one, has been, by whichever process. */
  endJob(name: string, slot: string, note?: string): Promise<boolean>;
  /** Turns the kill switch on, or with undefined off. False when it is so already. */
  setPause(pause: Pause | undefined): Promise<boolean>;
  /** Goes on from the end of the trail. Voids the plans that wait, and trusts no policy any more. */
  adopt(adoption: Adoption): Promise<void>;
  /** STATE_LEASE_LOST when the lease has changed hands since it was taken with this fencing number. */
  requireLease(name: string, fence: number): Promise<void>;
}

export interface State extends Partitions {
  installation(): Promise<Installation>;
  /**
   * Commits what `work` did, or nothing: an error of `work` comes out as it is. `work` runs once, uses `t` alone (the
   * state's own methods would wait for it), and waits for nothing outside: every other writer waits meanwhile.
   */
  transaction<T>(work: (t: Transaction) => Promise<T>): Promise<T>;

  /** Keys of a plan, in pieces, so that a plan of millions fits in memory neither here nor there. Sequence from 0. */
  addPlanKeys(plan: string, sequence: number, keys: readonly PlanKey[]): Promise<void>;
  planKeys(plan: string): AsyncIterable<readonly PlanKey[]>;
  dropPlanKeys(plan: string): Promise<void>;
  plan(id: string): Promise<Plan | undefined>;
  plans(filter: { readonly status?: PlanStatus; readonly policy?: string }): Promise<readonly Plan[]>;

  /**
   * Active: those that stand, and released ones whose grace runs, so that a judge that gets them all keeps all that is to
   * be kept. The others: released, and whom they were about is forgotten.
   */
  holds(filter: { readonly active: boolean }): Promise<readonly Hold[]>;
  openBatches(): Promise<readonly OpenBatch[]>;
  /** Oldest first. */
  pendingProofs(): Promise<readonly PendingProof[]>;
  policyMemory(controller: string, policy: string): Promise<PolicyMemory | undefined>;
  /** Newest first. */
  runs(filter: {
    readonly controller?: string;
    readonly policy?: string;
    /** Only those in one of these states. */
    readonly states?: readonly RunState[];
    /** Only those that were not over at this ISO instant. */
    readonly since?: string;
    readonly limit: number;
  }): Promise<readonly Run[]>;
  /** When the first run of this policy began, ISO. */
  firstRun(controller: string, policy: string): Promise<string | undefined>;
  /** The latest slot of this policy that has a scheduled run, whatever became of it. */
  lastSlot(controller: string, policy: string): Promise<string | undefined>;
  job(name: string): Promise<JobMemory | undefined>;
  /** Undefined while frist may erase. */
  pause(): Promise<Pause | undefined>;
  /** As of a moment (ISO), by which reviews have passed and proofs are overdue. */
  tally(now: string): Promise<Tally>;

  /** Whatever is not acknowledged: at most `limit` rows, oldest first, fewer when they are large; none only when nothing is pending. */
  pendingOutbox(limit: number): Promise<readonly OutboxRow[]>;
  /** Ids of the oldest and the newest row that are not acknowledged; undefined when there is none. */
  outboxSpan(): Promise<{ readonly first: number; readonly last: number } | undefined>;
  /** Deletes the rows. A head behind the last one is ignored. */
  acknowledgeOutbox(ids: readonly number[], head: Head): Promise<void>;
  lastHead(): Promise<Head | undefined>;

  /** Oldest first, destroyed ones among them. */
  epochKeys(): Promise<readonly EpochKey[]>;

  readonly trailIndex: TrailIndex;
  readonly trailObjects: TrailObjects;
  readonly alarms: AlarmMemory;

  /** Takes or renews a named lease; the fencing number grows with every change of holder. Undefined: somebody else has it. */
  lease(name: string, holder: string, milliseconds: number): Promise<number | undefined>;
  releaseLease(name: string, holder: string): Promise<void>;
  /** Takes so much time of this name, after all that others took of it; answers how long it is until then, ms; 60,000 at most. */
  reserve(name: string, milliseconds: number): Promise<number>;
  /** The state server's own clock, ms since the epoch; undefined for SQLite, which has none of its own. */
  now(): Promise<number | undefined>;
  close(): Promise<void>;
}
