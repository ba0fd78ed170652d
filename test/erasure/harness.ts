/** An engine over the hostile connector in memory, a real state in SQLite and a real trail in a folder. */
import { hash, randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createCommitter } from '../../src/audit/commitment.ts';
import { parseEntry, type Entry } from '../../src/audit/entry.ts';
import { createUlids } from '../../src/audit/format/ulid.ts';
import { putEvidence } from '../../src/audit/evidence.ts';
import { createSigningKey, loadSigner } from '../../src/audit/keys.ts';
import { openLog } from '../../src/audit/log.ts';
import { openFileStore } from '../../src/audit/store/file.ts';
import type { Store } from '../../src/audit/store/store.ts';
import type { Connector } from '../../src/connectors/connector.ts';
import { createMemoryConnector, type MemoryOptions } from '../../src/connectors/memory.ts';
import { createMemoryDatabase, type MemoryDatabase } from '../../src/connectors/memory/database.ts';
import type { Engine, Keys, Names } from '../../src/erasure/engine.ts';
import type { Logger } from '../../src/logger.ts';
import { parsePolicies } from '../../src/policy/parse/parse.ts';
import type { Source } from '../../src/policy/policy.ts';
import { compileViews, type Task } from '../../src/policy/view.ts';
import { initState, openState } from '../../src/state/open.ts';
import type { State } from '../../src/state/state.ts';
import { createTrail, type OwnTrail } from '../../src/installation/trail.ts';
import { MEANING } from '../connectors/memory-harness.ts';
import type { Row, TableSpec } from '../connectors/conformance/harness.ts';

export const SILENT: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

/** Pauses are short; what waits for long (the renewal of a lease) waits until it is told to end. */
async function sleep(milliseconds: number, signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => {
    signal.addEventListener('abort', () => {
      resolve();
    });
    if (signal.aborted) resolve();
    else if (milliseconds < 5000) setTimeout(resolve, 1);
  });
}

export interface World {
  readonly engine: Engine;
  /** The names that the engine uses unless it is given other keys. */
  readonly names: Names;
  readonly tasks: readonly Task[];
  readonly sources: readonly Source[];
  readonly database: MemoryDatabase;
  readonly state: State;
  rows(table: string): Row[];
  entries(): Promise<Entry[]>;
  /** A second process on the same state, trail and source; `wrap` may put faults around its connector or store. */
  again(options?: Wraps): Promise<World>;
  close(): Promise<void>;
}

/** What one process has around its parts: faults, mostly. */
export interface Wraps {
  readonly memory?: MemoryOptions;
  /** All sources of the policy file are this one database. */
  readonly wrap?: (connector: Connector, source: string) => Connector;
  readonly wrapState?: (state: State) => State;
  readonly wrapStore?: (store: Store) => Store;
}

export interface WorldOptions extends Wraps {
  readonly tables: readonly TableSpec[];
  readonly policies: string;
  readonly now: () => number;
  readonly maxBatch?: number;
  /** Where the world's folder is made. */
  readonly folder?: string;
  /** Names of one epoch for ever unless they are given. */
  readonly keys?: Keys;
}

/** Makes the world in a temporary folder; `close` removes it. */
export async function createWorld(options: WorldOptions): Promise<World> {
  const folder = await mkdtemp(join(options.folder ?? tmpdir(), 'frist-engine-'));
  const clock = { clock: options.now };
  const url = `sqlite:${join(folder, 'state.db')}`;
  await initState(
    url,
    { id: 'installation-1', origin: 'test', created: new Date(options.now()).toISOString() },
    clock,
  );
  await createSigningKey(join(folder, 'signing.pem'), randomBytes);
  const database = createMemoryDatabase(options.tables, MEANING);
  const names = { ...createCommitter(randomBytes(32)), epoch: 'e1' };
  const worlds: { state: State; trail: OwnTrail }[] = [];
  const newId = createUlids(randomBytes, options.now);

  const open = async (more: Wraps): Promise<World> => {
    const plainState = await openState(url, clock);
    const state = more.wrapState?.(plainState) ?? plainState;
    const plain = await openFileStore(join(folder, 'audit'), { create: true });
    const store = more.wrapStore?.(plain) ?? plain;
    const signer = await loadSigner(join(folder, 'signing.pem'), 'test');
    const trail = createTrail({
      store,
      signer,
      state,
      holder: newId(),
      patience: 1000,
      now: options.now,
      random: () => 0.5,
      sleep,
      logger: SILENT,
    });
    worlds.push({ state: plainState, trail });
    const located = parsePolicies(options.policies, { file: 'test.yaml', resolve: () => undefined });
    const memory = createMemoryConnector(database, more.memory ?? { now: options.now });
    const connectors = new Map<string, Connector>();
    const connectorOf = (source: string): Connector => {
      const known = connectors.get(source) ?? more.wrap?.(memory, source) ?? memory;
      connectors.set(source, known);
      return known;
    };
    const engine: Engine = {
      controller: located.file.controller,
      state,
      trail,
      keys: options.keys ?? { current: () => Promise.resolve(names), of: () => Promise.resolve(names) },
      evidence: { put: (text) => putEvidence(store, text, randomBytes) },
      logger: SILENT,
      replica: newId(),
      settings: {
        spoolFolder: join(folder, 'spool'),
        operator: 'tester',
        pace: { maxBatch: options.maxBatch ?? 3, targetMs: 1e9, rest: 0 },
        verify: { percent: 100, withinDays: 7 },
        planDays: 7,
        approveOwn: true,
      },
      connector: connectorOf,
      strain: () => Promise.resolve(undefined),
      pauseFile: () => Promise.resolve(undefined),
      now: options.now,
      sleep,
      newId,
      digest: (text) => hash('sha256', text, 'hex'),
    };
    const entries = async (): Promise<Entry[]> => {
      const log = await openLog({ store: plain, signer });
      return (await log.readEntries(0, log.head().size)).map(parseEntry);
    };
    return {
      engine,
      names,
      tasks: compileViews(located.file),
      sources: located.file.sources,
      database,
      state,
      rows: (table) => [...(database.tables.get(table)?.rows.values() ?? [])],
      entries,
      again: (another = {}) => open(another),
      close: async () => {
        for (const world of worlds) {
          // A process that died in a test cannot publish any more.
          await world.trail.close().catch(() => undefined);
          await world.state.close();
        }
        await rm(folder, { recursive: true });
      },
    };
  };
  const first = await openState(url, clock);
  await first.transaction((t) => t.emit([installationEntry(newId(), options.now())]));
  await first.close();
  return open(options);
}

function installationEntry(eid: string, now: number): string {
  return JSON.stringify({
    at: new Date(now).toISOString(),
    eid,
    installation: 'installation-1',
    origin: 'test',
    type: 'installation',
    v: 1,
    version: '0.0.0',
  });
}
