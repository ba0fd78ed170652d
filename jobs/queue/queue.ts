/**
 * BullMQ's home: tells workers of partitions over Redis.
 *
 * A job holds two ids, the run's and the partition's number, and nothing else: no key, nobody's data. It is a message and no
 * more. Redis may lose it, give it twice, or give it to a second worker while the first is still at it; the state says
 * what is to be done, and whose turn it is.
 */
import { Queue, Worker, type ConnectionOptions } from 'bullmq';
import type { Logger } from '../../src/logger.ts';
import type { PartitionName } from '../../src/state/state.ts';

export interface QueueOptions {
  /** redis:// or rediss:// URL; may hold a password, and is never printed. */
  readonly url: string;
  /** Of the installation: several can share one Redis. */
  readonly name: string;
  /** How often a partition is tried that fails for a passing reason. */
  readonly attempts: number;
  readonly logger: Logger;
}

export interface PartitionQueue {
  /** Rejects while Redis is out of reach. A partition that waits already is not told again. */
  offer(partitions: readonly PartitionName[]): Promise<void>;
  /** Takes this many at a time. When `take` rejects it comes again later, unless it was the last time. */
  work(count: number, take: (partition: PartitionName, last: boolean) => Promise<void>): void;
  /** Waits for those that are under way, and for Redis to say goodbye. */
  close(): Promise<void>;
}

const PREFIX = 'frist';
const JOB = 'partition';
const FIRST_PAUSE_MS = 1000;
const ANSWER_MS = 5000;
/** Kills of workers do not count: the state knows whether anything is left to do. */
const MOST_STALLS = 1000;

/** Connects when it is first used, and again whenever the connection was lost. */
export function openQueue({ url, name, attempts, logger }: QueueOptions): PartitionQueue {
  const options = { prefix: PREFIX, skipWaitingForReady: true };
  // Who offers does not wait for Redis to come back; who waits for work does.
  const telling: ConnectionOptions = { url, maxRetriesPerRequest: 1, commandTimeout: ANSWER_MS };
  const queue = new Queue<PartitionName>(name, { ...options, connection: telling });
  const trouble = createTrouble(logger);
  queue.on('error', trouble.met);
  let worker: Worker<PartitionName> | undefined;
  return {
    offer: async (partitions) => {
      await queue.addBulk(
        partitions.map(({ run, number }) => ({
          name: JOB,
          data: { run, number },
          opts: {
            jobId: `${run}-${String(number)}`,
            attempts,
            backoff: { type: 'exponential', delay: FIRST_PAUSE_MS },
            removeOnComplete: true,
            removeOnFail: true,
          },
        })),
      );
      trouble.over();
    },
    work: (concurrency, take) => {
      worker = new Worker<PartitionName>(
        name,
        async ({ data, attemptsMade }) => {
          trouble.over();
          await take({ run: data.run, number: data.number }, attemptsMade + 1 >= attempts);
        },
        {
          ...options,
          concurrency,
          maxStalledCount: MOST_STALLS,
          connection: { url, maxRetriesPerRequest: null },
        },
      );
      worker.on('error', trouble.met);
    },
    close: async () => {
      await worker?.close();
      await queue.close();
    },
  };
}

/** Tells once that Redis is gone: its client tries again some times a second. */
function createTrouble(logger: Logger): { readonly met: () => void; readonly over: () => void } {
  let told = false;
  return {
    met: () => {
      if (!told) logger.warn('queue out of reach');
      told = true;
    },
    over: () => {
      if (told) logger.info('queue is back');
      told = false;
    },
  };
}
