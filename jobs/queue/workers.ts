/** Makes helpers of each other of all daemons of an installation, where a queue is set. Composes only. */
import type { Helpers } from '../../src/erasure/engine.ts';
import { workAt } from '../../src/erasure/partition/work.ts';
import type { App } from '../../src/installation/app.ts';
import type { PartitionName } from '../../src/state/state.ts';
import type { PartitionQueue } from './queue.ts';

/** When nobody has got on for this long, the coordinator takes a partition itself. */
const PATIENCE_MS = 30_000;

const OFFER_MS = 5000;
const GOODBYE_MS = 3000;
/** When a queue that could not be opened is tried again. */
const AGAIN_MS = 60_000;
const NEVER = new AbortController().signal;

export interface Workers {
  readonly helpers: Helpers;
  start(): void;
  /** Tells them to stop; each ends with the batch in hand. */
  stop(): Promise<void>;
}

/** A partition is left for a while: the job comes again. */
class Left extends Error {
  override readonly name = 'Left';
}

/** Undefined where no queue is set: then a daemon erases alone. */
export function createWorkers(app: App): Workers | undefined {
  const { redis, size, workers } = app.settings.queue;
  if (redis === undefined) return undefined;
  const stopping = new AbortController();
  const isOver = (): boolean => stopping.signal.aborted;
  let opening: Promise<PartitionQueue> | undefined;
  const queue = (): Promise<PartitionQueue> =>
    (opening ??= open(app, redis).catch((error: unknown) => {
      opening = undefined;
      throw error;
    }));

  const work = async (partition: PartitionName, last: boolean): Promise<void> => {
    const { run, number } = partition;
    const found = (await app.state.partitions(run)).find((one) => one.number === number);
    const controlled = app.controllers.find(({ engine }) => engine.controller.name === found?.controller);
    // Of a controller that is broken here, or of a run that has ended: the coordinator sees to it.
    if (controlled === undefined) return;
    const { engine, tasks } = controlled;
    const worked = await workAt(engine, tasks, partition, { signal: stopping.signal, last });
    // What is left because we stop, whoever is told next takes up at once.
    if (worked === 'left' && !isOver()) throw new Left();
  };

  const busy = new Set<Promise<void>>();
  const take = async (partition: PartitionName, last: boolean): Promise<void> => {
    const working = toldOnly(app, work(partition, last)).finally(() => busy.delete(working));
    busy.add(working);
    await working;
  };

  const begin = async (): Promise<void> => {
    while (!isOver()) {
      try {
        const one = await queue();
        if (!isOver()) one.work(workers, take);
        return;
      } catch (error) {
        app.logger.error('job failed', { job: 'queue', error });
        await app.sleep(AGAIN_MS, stopping.signal);
      }
    }
  };

  return {
    helpers: {
      size,
      patience: PATIENCE_MS,
      offer: async (partitions) => {
        try {
          // Of a Redis that hangs, nothing comes at all.
          await Promise.race([(await queue()).offer(partitions), app.sleep(OFFER_MS, stopping.signal)]);
        } catch {
          // The queue has said so in the log; the coordinator goes on alone.
        }
      },
    },
    start: () => {
      if (workers > 0) void begin();
    },
    stop: async () => {
      stopping.abort();
      const closing = opening?.then((one) => one.close());
      await Promise.allSettled(busy);
      // Without Redis there is no goodbye, and nothing is lost by it.
      await Promise.race([closing?.catch(() => undefined), app.sleep(GOODBYE_MS, NEVER)]);
    },
  };
}

/** Loaded where it is used: most installations have no queue. */
async function open({ settings, state, logger }: App, url: string): Promise<PartitionQueue> {
  const { openQueue } = await import('./queue.ts');
  const { id } = await state.installation();
  return openQueue({ url, name: id, attempts: settings.queue.attempts, logger });
}

/** What went wrong is for the log: what a job throws lies in Redis until it is tried again, with all that it says. */
async function toldOnly({ logger, replica }: App, work: Promise<void>): Promise<void> {
  try {
    await work;
  } catch (error) {
    if (!(error instanceof Left)) logger.warn('partition left', { replica, error });
    throw new Left();
  }
}
