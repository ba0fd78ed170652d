/** Composes the parts of the state into the contract of state.ts. */
import { adopt } from './adopt.ts';
import * as alarms from './alarms.ts';
import * as batches from './erasing/batches.ts';
import * as holds from './erasing/holds.ts';
import * as jobs from './erasing/jobs.ts';
import * as keyring from './trail/keyring.ts';
import * as leases from './leases.ts';
import * as outbox from './trail/outbox.ts';
import * as partitions from './erasing/partitions.ts';
import * as pauses from './erasing/pause.ts';
import * as plans from './erasing/plans.ts';
import * as proofs from './erasing/proofs.ts';
import * as rates from './erasing/rates.ts';
import * as runs from './erasing/runs.ts';
import { count, readTally } from './tally.ts';
import type { PartitionName, PlanKey, State, Transaction } from './state.ts';
import * as objects from './trail/objects.ts';
import * as trailIndex from './trail/index-of-commitments.ts';
import { inTurn, read, scrub, stateFault } from './turn.ts';
import type { Store, Turn } from './turn.ts';
import { FristError } from '../errors.ts';

/** A transaction for the caller, and the first thing that went wrong in it. */
function opened(turn: Turn): { readonly t: Transaction; readonly failure: () => FristError | undefined } {
  let failure: FristError | undefined;
  const step =
    <A extends unknown[], R>(part: (turn: Turn, ...args: A) => Promise<R>) =>
    async (...args: A): Promise<R> => {
      try {
        return await part(turn, ...args);
      } catch (error) {
        failure ??= stateFault(error);
        throw failure;
      }
    };
  const t: Transaction = {
    emit: step(outbox.emit),
    openBatch: step(batches.openBatch),
    settleBatch: step(batches.settleBatch),
    addPartitionRecords: step(partitions.addPartitionRecords),
    addPartition: step(partitions.addPartition),
    tellPartition: step(partitions.tellPartition),
    endPartition: step(partitions.endPartition),
    withdrawPartitions: step(partitions.withdrawPartitions),
    addProof: step(proofs.addProof),
    closeProof: step(proofs.closeProof),
    activeHolds: step(async ({ db }) => await holds.readHolds(db, true)),
    addHold: step(holds.addHold),
    releaseHold: step(holds.releaseHold),
    forgetHolds: step(holds.forgetHolds),
    startRun: step(runs.startRun),
    finishRun: step(runs.finishRun),
    addPlan: step(plans.addPlan),
    setPlanStatus: step(plans.setPlanStatus),
    rememberPolicy: step(runs.rememberPolicy),
    addEpochKey: step(keyring.addEpochKey),
    destroyEpochKey: step(keyring.destroyEpochKey),
    count: step(count),
    endJob: step(jobs.endJob),
    setPause: step(pauses.setPause),
    adopt: step(adopt),
    requireLease: step(leases.requireLease),
  };
  return { t, failure: () => failure };
}

async function transaction<T>(store: Store, work: (t: Transaction) => Promise<T>): Promise<T> {
  return await inTurn(store, async (turn) => {
    const { t, failure } = opened(turn);
    const result = await work(t);
    // `work` swallowed it, but the change is not whole; PostgreSQL would make a silent rollback of the commit.
    const failed = failure();
    if (failed !== undefined) throw failed;
    return result;
  });
}

async function* planKeys(store: Store, plan: string): AsyncIterable<readonly PlanKey[]> {
  for (let after = -1; ;) {
    const piece = await read(store, (db) => plans.nextPlanKeys(db, plan, after));
    if (piece === undefined) return;
    yield piece.keys;
    after = piece.sequence;
  }
}

async function* partitionRecords(store: Store, { run, number }: PartitionName): AsyncIterable<string> {
  for (let after = -1; ;) {
    const piece = await read(store, (db) => partitions.nextPartitionRecords(db, run, number, after));
    if (piece === undefined) return;
    yield piece.records;
    after = piece.sequence;
  }
}

async function close(store: Store): Promise<void> {
  if (store.unscrubbed) await scrub(store);
  await store.db.destroy();
}

/** The state over an open database whose schema is there (open.ts). */
export function createState(store: Store): State {
  const write = <T>(part: (turn: Turn) => Promise<T>): Promise<T> =>
    inTurn(store, (turn) =>
      part(turn).catch((error: unknown) => {
        throw stateFault(error);
      }),
    );
  return {
    async installation() {
      const found = await read(store, keyring.findInstallation);
      if (found === undefined) throw new FristError('STATE_MISSING');
      return found;
    },
    transaction: (work) => transaction(store, work),
    addPlanKeys: (plan, sequence, keys) => write((turn) => plans.addPlanKeys(turn, plan, sequence, keys)),
    planKeys: (plan) => planKeys(store, plan),
    dropPlanKeys: (plan) => write((turn) => plans.dropPlanKeys(turn, plan)),
    partitions: (run) => read(store, (db) => partitions.readPartitions(db, run)),
    partitionRecords: (of) => partitionRecords(store, of),
    plan: (id) => read(store, (db) => plans.readPlan(db, id)),
    plans: (filter) => read(store, (db) => plans.readPlans(db, filter)),
    holds: ({ active }) => read(store, (db) => holds.readHolds(db, active)),
    openBatches: () => read(store, batches.readOpenBatches),
    pendingProofs: () => read(store, proofs.readProofs),
    policyMemory: (controller, policy) => read(store, (db) => runs.readPolicyMemory(db, controller, policy)),
    runs: (filter) => read(store, (db) => runs.readRuns(db, filter)),
    firstRun: (controller, policy) => read(store, (db) => runs.firstRun(db, controller, policy)),
    lastSlot: (controller, policy) => read(store, (db) => runs.lastSlot(db, controller, policy)),
    job: (name) => read(store, (db) => jobs.readJob(db, name)),
    pause: () => read(store, pauses.readPause),
    tally: (now) => read(store, (db) => readTally(db, now)),
    pendingOutbox: (limit) => read(store, (db) => outbox.readOutbox(db, limit)),
    outboxSpan: () => read(store, outbox.readSpan),
    acknowledgeOutbox: (ids, head) => write((turn) => outbox.acknowledge(turn, ids, head)),
    lastHead: () => read(store, outbox.readHead),
    epochKeys: () => read(store, keyring.readEpochKeys),
    trailIndex: {
      reach: () => read(store, trailIndex.readReach),
      extend: (from, to, rows) => write((turn) => trailIndex.extendIndex(turn, from, to, rows)),
      drop: () => write(trailIndex.dropIndex),
      find: (prefixes) => read(store, (db) => trailIndex.findInIndex(db, prefixes)),
    },
    trailObjects: {
      get: (key) => read(store, (db) => objects.readObject(db, key)),
      replace: (key, bytes, expected) => write((turn) => objects.replaceObject(turn, key, bytes, expected)),
    },
    alarms: {
      all: () => read(store, alarms.readAlarms),
      change: (decide) => write((turn) => alarms.changeAlarms(turn, decide)),
    },
    lease: (name, holder, milliseconds) =>
      write((turn) => leases.takeLease(turn, name, holder, milliseconds)),
    releaseLease: (name, holder) => write((turn) => leases.releaseLease(turn, name, holder)),
    reserve: (name, milliseconds) => write((turn) => rates.reserve(turn, name, milliseconds)),
    now: () => read(store, (db) => leases.serverClock(db, store.dialect)),
    close: () => close(store),
  };
}
