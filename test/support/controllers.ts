// Two controllers, Acme and Bifrost, each with a source of its own, whose commands and daemon run within the test.
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { createJobs, type Jobs } from '../../jobs/index.ts';
import { dispatch } from '../../src/cli/dispatch.ts';
import type { Process } from '../../src/cli/shared/process.ts';
import { POLICIES } from './bad-days/installation.ts';
import { makePeople, type People } from './bad-days/people.ts';
import { listen } from './here.ts';
import type { Engine } from './servers/index.ts';

export const NAMES = { acme: 'Acme A/S', bifrost: 'Bifrost ApS' } as const;
export type Name = keyof typeof NAMES;

export interface Ended {
  readonly status: number;
  readonly out: string;
  readonly err: string;
}

/** A daemon that looks at the clock, and at what is broken, when the test says so. */
export interface Daemon {
  readonly ended: Promise<Ended>;
  readonly log: () => string;
  /** A minute later: whatever is open looks for what is due. Resolves when all of that has ended. */
  readonly minute: () => Promise<void>;

  /** What is broken is tried again; resolves once all of it was. */
  readonly retry: () => Promise<void>;
  readonly ask: (path: string) => Promise<readonly [number, string]>;
  readonly stop: () => Promise<Ended>;
}

export interface World {
  readonly people: Readonly<Record<Name, People>>;
  env: Record<string, string>;
  at(...parts: readonly string[]): string;
  /** Writes the policy file of one, by default as it should be. */
  write(name: Name, edit?: (text: string) => string): void;
  frist(...words: readonly string[]): Promise<Ended>;
  json(...words: readonly string[]): Promise<Readonly<Record<string, unknown>>>;
  /** Resolves once it listens and has tried to open every installation, or ends. */
  serve(): Promise<Daemon>;
  remove(): Promise<void>;
}

const RETRY_MS = 60_000;
const MINUTE = 60_000;

export interface WorldOptions {
  /** Engine of each source. */
  readonly engines?: Partial<Readonly<Record<Name, Engine>>>;
  /** One installation for both. */
  readonly shared?: boolean;
  /** From the folder of the world. */
  readonly settings?: (at: World['at']) => Readonly<Record<string, unknown>>;
}

const policies = (name: Name): string =>
  POLICIES.replace(/name: [^,]+,/, `name: ${NAMES[name]}, id: ${name},`).replace(
    'FRIST_CRM',
    `FRIST_${name.toUpperCase()}`,
  );

/** State and trail are not there yet. */
export async function makeWorld(options: WorldOptions = {}): Promise<World> {
  const { engines = {}, shared = false, settings = () => ({}) } = options;
  const folder = mkdtempSync(join(tmpdir(), 'frist-controllers-'));
  const at = (...parts: readonly string[]): string => join(folder, ...parts);
  const people = {
    acme: await makePeople(engines.acme ?? 'sqlite', 12),
    bifrost: await makePeople(engines.bifrost ?? 'sqlite', 12),
  };
  const write: World['write'] = (name, edit = (text) => text) => {
    writeFileSync(at(`${name}.yaml`), edit(policies(name)));
  };
  write('acme');
  write('bifrost');
  const all = {
    data: { folder: shared ? at('data') : at('data', '{controller}') },
    audit: { patience: 'PT1S' },
    log: { format: 'json' },
    http: { port: 0 },
    schedule: '* * * * *',
    pace: 0,
    ...settings(at),
  };
  writeFileSync(at('settings.json'), JSON.stringify(all));
  const world: World = {
    people,
    env: { FRIST_ACME: people.acme.db.url, FRIST_BIFROST: people.bifrost.db.url },
    at,
    write,
    frist: (...words) => runIn(world, words).ended,
    json: async (...words) => {
      const { out, err } = await runIn(world, [...words, '--json']).ended;
      if (out === '') throw new Error(`no document: ${err}`);
      return JSON.parse(out) as Readonly<Record<string, unknown>>;
    },
    serve: () => serveIn(world, shared ? 1 : 2),
    remove: async () => {
      await people.acme.db.drop();
      await people.bifrost.db.drop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
  return world;
}

/** Both policy files, unless the words name some; a pause as long as a retry lasts until `again`. */
function runIn(
  { env, at }: World,
  words: readonly string[],
  more: Partial<Process> = {},
): { readonly ended: Promise<Ended>; readonly log: () => string } {
  const logs = listen();
  const { stream, text: log } = logs;
  let [out, err] = ['', ''];
  const files = words.includes('--policies') ? [] : ['--policies', at('acme.yaml'), at('bifrost.yaml')];
  const ended = dispatch([...words, '--settings', at('settings.json'), ...files], {
    environment: env,
    io: { out: (text) => (out += text), err: (text) => (err += text) },
    logs: stream,
    signal: new AbortController().signal,
    createJobs: () => Promise.reject(new Error('no jobs here')),
    now: () => Date.now(),
    random: () => Math.random(),
    randomBytes: (n) => randomBytes(n),
    sleep: pause,
    version: 'test',
    ...more,
  });
  return { ended: ended.then((status) => ({ status, out, err: err + log() })), log };
}

async function pause(milliseconds: number, signal?: AbortSignal): Promise<void> {
  await delay(milliseconds, undefined, signal === undefined ? {} : { signal }).catch(() => undefined);
}

async function serveIn(world: World, installations: number): Promise<Daemon> {
  const stopping = new AbortController();
  const open = new Set<Jobs>();
  let waiting: (() => void)[] = [];
  let now = Date.now();
  const { ended, log } = runIn(world, ['serve'], {
    signal: stopping.signal,
    now: () => now,
    createJobs: (app, others) => {
      const jobs = createJobs(app, others);
      open.add(jobs);
      return Promise.resolve({
        ...jobs,
        start: () => undefined,
        stop: async () => {
          open.delete(jobs);
          await jobs.stop();
        },
      });
    },
    sleep: (milliseconds, signal) =>
      milliseconds === RETRY_MS
        ? new Promise((resolve) => {
            waiting.push(() => {
              resolve();
            });
            signal?.addEventListener('abort', () => {
              resolve();
            });
          })
        : pause(milliseconds, signal),
  });
  const isOver = async (): Promise<boolean> =>
    Promise.race([ended.then(() => true), delay(20).then(() => false)]);
  const isBegun = (): boolean => waiting.length === installations && log().includes('"daemon started"');
  while (!isBegun() && !(await isOver()));
  const port = Number(/"daemon started".*?"port":(\d+)/.exec(log())?.[1]);
  const minute = async (): Promise<void> => {
    now = Math.max(Date.now(), now + MINUTE);
    await Promise.all([...open].map((jobs) => jobs.tick()));
  };
  return {
    ended,
    log,
    minute,
    retry: async () => {
      const asleep = waiting;
      waiting = [];
      for (const wake of asleep) wake();
      while (waiting.length < asleep.length) await delay(20);
    },
    ask: async (path) => {
      const answer = await fetch(`http://127.0.0.1:${String(port)}${path}`);
      return [answer.status, await answer.text()];
    },
    stop: async () => {
      stopping.abort();
      return await ended;
    },
  };
}
