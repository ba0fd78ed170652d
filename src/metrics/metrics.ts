/**
 * What Prometheus reads, made anew at each request from the state: the same right after a restart, and from every
 * process that shares a state. A state that cannot be asked, or not in time, is `frist_up 0`, and then nothing stands
 * there that could be taken for its numbers; the answer is 200 all the same, so that a rule can see it.
 */
import { Counter, Gauge, Registry } from 'prom-client';
import type { Standing } from '../standing/standing.ts';
import {
  INSTALLATION_METRICS,
  POLICY_METRICS,
  PROCESS_METRICS,
  type InstallationNumbers,
  type Metric,
  type ProcessNumbers,
} from './table.ts';

/** The first slot of a cron schedule, in a zone, after a moment and not after now (ms since the epoch). */
export type FirstSlot = (schedule: string, zone: string, after: number) => number | undefined;

/** One installation that the daemon has open. */
export interface Monitored {
  readonly controllers: readonly string[];
  readonly stand: () => Promise<Standing>;
  /** When its scheduler last looked, ms since the epoch. */
  readonly lastTick: () => number;
  readonly firstSlot: FirstSlot;
  /** By job, the first slot that passed since it was last done, if any. */
  readonly missed: () => Promise<InstallationNumbers['missed']>;
}

export interface MetricsOptions {
  readonly version: string;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly process: () => Omit<ProcessNumbers, 'version'>;
  readonly monitored: () => readonly Monitored[];
  /** Controllers that the daemon cannot open. */
  readonly down: () => readonly string[];
  /** How long a state is waited for, ms. */
  readonly patience: number;
}

/** A document in Prometheus' text format, and its content type. */
export interface Exposition {
  readonly text: string;
  readonly type: string;
}

type Labels = Readonly<Record<string, string>>;

const CONTROLLER = ['controller'];
/** After how many times the patience a question that hangs is asked again: the network has given it up by then. */
const HANGS_FOR = 60;

/** Metrics that say whether there is anything to ask; the others are in the tables. */
export const FIXED = {
  build: {
    name: 'frist_build_info',
    help: 'Always 1: the version of frist, and of Node',
    labels: ['version', 'node'],
  },
  controllerUp: {
    name: 'frist_controller_up',
    help: 'Whether the daemon could open it: 1 or 0',
    labels: CONTROLLER,
  },
  up: { name: 'frist_up', help: 'Whether the state could be asked: 1 or 0', labels: CONTROLLER },
  tick: {
    name: 'frist_last_tick_timestamp_seconds',
    help: 'When the scheduler last looked; it does every minute',
    labels: CONTROLLER,
  },
} as const;

/** Makes the function that answers a request for the metrics. */
export function createMetrics(options: MetricsOptions): () => Promise<Exposition> {
  const ask = createAsker(options.patience);
  return async () => {
    const page = new Page();
    const { version, monitored, down, now } = options;
    const own: ProcessNumbers = { version, ...options.process() };
    page.set(FIXED.build, { version, node: own.runtime }, 1);
    page.add(PROCESS_METRICS, {}, own);
    for (const controller of down()) page.set(FIXED.controllerUp, { controller }, 0);
    const answers = monitored().map(async (one) => ({ one, known: await ask(one).catch(() => undefined) }));
    for (const { one, known } of await Promise.all(answers)) {
      const controller = one.controllers.join(', ');
      for (const name of one.controllers) page.set(FIXED.controllerUp, { controller: name }, 1);
      page.set(FIXED.tick, { controller }, one.lastTick() / 1000);
      page.set(FIXED.up, { controller }, Number(known !== undefined));
      if (known !== undefined) addKnown(page, one, known, { now: now(), started: own.started });
    }
    return await page.write();
  };
}

/**
 * Asks an installation what is known of it. Many who ask at once cost no more than one; and while a question hangs, no
 * other is asked for a long time: each could take a connection from whoever erases.
 */
function createAsker(patience: number): (one: Monitored) => Promise<Known> {
  const asking = new Map<string, Promise<Known>>();
  const begin = (name: string, one: Monitored): Promise<Known> => {
    const work = know(one).finally(() => {
      clearTimeout(timer);
      if (asking.get(name) === work) asking.delete(name);
    });
    const timer = setTimeout(() => asking.delete(name), patience * HANGS_FOR).unref();
    asking.set(name, work);
    return work;
  };
  return (one) => {
    const name = one.controllers.join('\n');
    return inTime(asking.get(name) ?? begin(name, one), patience);
  };
}

interface Known {
  readonly standing: Standing;
  readonly missed: InstallationNumbers['missed'];
}

async function know({ stand, missed }: Monitored): Promise<Known> {
  return { standing: await stand(), missed: await missed() };
}

/** A success that never was is missing from when the process began: nobody knows for how long it has been wanted. */
function addKnown(
  page: Page,
  { controllers, firstSlot }: Monitored,
  { standing, missed }: Known,
  { now, started }: { readonly now: number; readonly started: number },
): void {
  page.add(INSTALLATION_METRICS, { controller: controllers.join(', ') }, { standing, now, missed });
  for (const policy of standing.policies) {
    const { schedule, zone, lastSuccess, firstRun } = policy;
    const after = lastSuccess ?? firstRun;
    const slot = firstSlot(schedule, zone, after === undefined ? started : Date.parse(after));
    const labels = { controller: policy.controller, policy: policy.policy };
    page.add(POLICY_METRICS, labels, { standing: policy, now, missed: slot });
  }
}

/** One answer. A registry of its own: what is gone leaves nothing behind, and two answers cannot mix. */
class Page {
  readonly #registry = new Registry();

  /** Sets one gauge. */
  set(
    { name, help, labels: labelNames }: (typeof FIXED)[keyof typeof FIXED],
    labels: Labels,
    value: number,
  ): void {
    this.#metric(name, help, labelNames, false).set(labels, value);
  }

  /** Sets all of a table, of one thing. */
  add<T>(metrics: readonly Metric<T>[], labels: Labels, of: T): void {
    for (const { name, help, by, counter = false, read } of metrics) {
      const reading = read(of);
      if (reading === undefined) continue;
      const values = typeof reading === 'number' ? { '': reading } : reading;
      const names = [...Object.keys(labels), ...(by === undefined ? [] : [by])];
      const metric = this.#metric(name, help, names, counter);
      for (const [value, n] of Object.entries(values))
        metric.set(by === undefined ? labels : { ...labels, [by]: value }, n);
    }
  }

  async write(): Promise<Exposition> {
    return { text: await this.#registry.metrics(), type: this.#registry.contentType };
  }

  #metric(
    name: string,
    help: string,
    labelNames: readonly string[],
    counter: boolean,
  ): { readonly set: (labels: Labels, value: number) => void } {
    const known = this.#registry.getSingleMetric(name);
    if (counter) {
      const one =
        known instanceof Counter
          ? known
          : new Counter({ name, help, labelNames, registers: [this.#registry] });
      return {
        set: (labels, value) => {
          one.inc(labels, value);
        },
      };
    }
    const one =
      known instanceof Gauge ? known : new Gauge({ name, help, labelNames, registers: [this.#registry] });
    return {
      set: (labels, value) => {
        one.set(labels, value);
      },
    };
  }
}

/** The answer, unless it takes longer. */
async function inTime<T>(work: Promise<T>, milliseconds: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new Error('late'));
    }, milliseconds);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
