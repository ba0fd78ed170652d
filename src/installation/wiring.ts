/** Puts the parts together: settings and policy files in, an `App` out. The only place that knows every concrete kind. */
import { hash } from 'node:crypto';
import { access } from 'node:fs/promises';
import type { App, Down } from './app.ts';
import type { Signer } from '../audit/checkpoint.ts';
import { formatEntry } from '../audit/entry.ts';
import { putEvidence } from '../audit/evidence.ts';
import { hasHeads, newestHead } from '../audit/watch/heads.ts';
import { createUlids } from '../audit/format/ulid.ts';
import type { KeyRing } from '../audit/keys/ring.ts';
import { nameOfStore, openStore } from '../audit/store/open.ts';
import type { Store } from '../audit/store/store.ts';
import { CHECKPOINT } from '../audit/tile.ts';
import type { Settings } from '../config.ts';
import type { Connector, Meaning, Pulse, Strain } from '../connectors/connector.ts';
import { createConnector, createPulse } from '../connectors/registry.ts';
import { withRetry } from '../connectors/wrap/retry.ts';
import type { Engine, Evidence } from '../erasure/engine.ts';
import { FristError } from '../errors.ts';
import { createKeys, keysOf, openKeyRing, openSigner } from './keys.ts';
import { withFields, type Logger } from '../logger.ts';
import { certainty } from '../policy/certainty.ts';
import { holds, isReadable, valueOf } from '../policy/condition.ts';
import type { PolicyFile, Source } from '../policy/policy.ts';
import type { Located } from '../policy/parse/parse.ts';
import { normalise } from '../policy/subject.ts';
import { compileViews } from '../policy/view.ts';
import { initState, openState } from '../state/open.ts';
import type { Head, State } from '../state/state.ts';
import { createLook, type OwnSource } from './obstacles.ts';
import { createTrail, type OwnTrail } from './trail.ts';
import { createUpkeep } from './upkeep.ts';

const READ_ATTEMPTS = 4;
/** The core's own word, for connectors, which know its types only. */
export const MEANING: Meaning = { holds, isReadable, valueOf, normalise, certainty };

/** Everything external, so that tests can give their own. */
export interface World {
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly randomBytes: (n: number) => Uint8Array;
  /** In [0, 1). */
  readonly random: () => number;
  /** Resolves early when the signal is aborted. */
  readonly sleep: (milliseconds: number, signal?: AbortSignal) => Promise<void>;
  /** Aborts when the process is asked to stop. */
  readonly signal?: AbortSignal;
  readonly logger: Logger;
  readonly version: string;
}

/** The connectors of one policy file, each made when first asked for. */
export interface Connectors {
  readonly of: (source: string) => Connector;
  /** The first limit of the file that a source passes now. Throws `SourceFailure`. */
  readonly strain: (source: string) => Promise<Strain | undefined>;
  close(): Promise<void>;
}

/** Connectors over the sources of a file, with patient reads. */
export function openConnectors(file: PolicyFile, settings: Settings, world: World): Connectors {
  const open = new Map<string, Connector>();
  const pulses = new Map<string, Pulse>();
  const sourceOf = (name: string): Source => {
    const source = file.sources.find((one) => one.name === name);
    if (source === undefined) throw new FristError('DEFECT', { what: `no source ${name}` });
    return source;
  };
  return {
    strain: async (name) => {
      const { kind, connection, limits } = sourceOf(name);
      if (limits === undefined) return undefined;
      const pulse = pulses.get(name) ?? createPulse(kind, connection, limits);
      pulses.set(name, pulse);
      return await pulse.strain();
    },
    of: (name) => {
      const source = sourceOf(name);
      const known = open.get(name);
      if (known !== undefined) return known;
      const plain = createConnector(source.kind, {
        source: name,
        connection: source.connection,
        pageSize: settings.page.size,
        meaning: MEANING,
      });
      const patient = withRetry(plain, {
        attempts: READ_ATTEMPTS,
        firstPauseMs: 200,
        longestPauseMs: 5000,
        sleep: world.sleep,
        random: world.random,
      });
      open.set(name, patient);
      return patient;
    },
    close: async () => {
      for (const one of [...pulses.values(), ...open.values()]) await one.close();
    },
  };
}

/**
 * Makes state, trail and keys together, once. Keys that are there already are used; a state or a trail that is there
 * stops it. A crash in between leaves a state whose trail is empty: the next command writes the trail's first entry.
 */
export async function initInstallation(
  settings: Settings,
  world: World,
): Promise<{ readonly id: string; readonly vkey: string }> {
  const store = await openStore(settings.audit, { now: world.now, create: true });
  if ((await store.get(CHECKPOINT)) !== undefined) throw await whatIsThere(settings, world);
  const where = settings.audit.heads.store;
  const outside = await outsideHeads(settings, world);
  if (outside !== undefined && (await hasHeads(outside)))
    throw new FristError('AUDIT_LOST', { place: where ?? '' });
  await createKeys(settings.keys, world.randomBytes);
  const id = createUlids(world.randomBytes, world.now)();
  const origin = settings.audit.origin ?? `frist.invalid/${id}`;
  const created = new Date(world.now()).toISOString();
  await initState(settings.state.url, { id, origin, created }, { clock: world.now });
  const { state, trail, signer } = await openDurable(settings, world);
  await trail.flush();
  await trail.close();
  await state.close();
  return { id, vkey: signer.vkey };
}

/** A trail is there: with its state, or alone, which means that the state was lost. */
async function whatIsThere(settings: Settings, world: World): Promise<FristError> {
  try {
    await (await openState(settings.state.url, { clock: world.now })).close();
    return new FristError('STATE_EXISTS');
  } catch (error) {
    if (!(error instanceof FristError) || error.code !== 'STATE_MISSING') throw error;
    return new FristError('AUDIT_EXISTS', { place: nameOfStore(settings.audit) });
  }
}

/** What this installation knows of its own trail: the public key that `state init` printed, and the last head it saw. */
export async function ownTrail(
  settings: Settings,
  world: World,
): Promise<{ readonly vkey: string; readonly head: Head | undefined }> {
  const state = await openState(settings.state.url, { clock: world.now });
  try {
    const { origin } = await state.installation();
    return { vkey: (await openSigner(settings.keys.signing, origin)).vkey, head: await state.lastHead() };
  } finally {
    await state.close();
  }
}

/**
 * Opens state and trail, which must be there.
 * @param missing controllers of the installation whose policy files are broken; the others are worked for.
 */
export async function openApp(
  settings: Settings,
  files: readonly Located[],
  world: World,
  missing: readonly Down[] = [],
): Promise<App> {
  const durable = await openDurable(settings, world);
  const { store, state, trail, signer, newId, replica } = durable;
  const places = await headPlaces(store, settings, world).catch(async (error: unknown) => {
    await state.close();
    throw error;
  });
  const connectors = files.map(({ file }) => openConnectors(file, settings, world));
  const common: Common = {
    ...durable,
    controllers: [
      ...files.map(({ file }) => file.controller.name),
      ...missing.flatMap(({ controller }) => controller ?? []),
    ],
    pauseFile: async () => ((await isThere(settings.pause.file)) ? settings.pause.file : undefined),
    evidence: { put: (text) => putEvidence(store, text, world.randomBytes) },
  };
  const sources = files.flatMap(({ file: { controller, sources: own } }, i) =>
    own.map((one): OwnSource => {
      return {
        controller: controller.name,
        source: one.name,
        connector: () => (connectors[i] as Connectors).of(one.name),
      };
    }),
  );
  return {
    settings,
    state,
    logger: world.logger,
    controllers: files.map((located, i) => {
      const engine = engineOf(located, connectors[i] as Connectors, common, settings, world);
      return { located, tasks: compileViews(located.file), engine };
    }),
    missing,
    replica,
    now: world.now,
    sleep: world.sleep,
    trail,
    evidence: common.evidence,
    pauseFile: common.pauseFile,
    keeping: { store, vkey: signer.vkey, headPlaces: places },
    newId,
    obstacles: createLook(durable, sources),
    ...createUpkeep(durable, settings, world),
    close: async () => {
      try {
        for (const one of connectors) await one.close();
        await trail.close();
      } finally {
        await state.close();
      }
    },
  };
}

/** What the engines of one installation share. */
interface Common extends Durable {
  /** Names of all its controllers. */
  readonly controllers: readonly string[];
  readonly pauseFile: Engine['pauseFile'];
  readonly evidence: Evidence;
}

function engineOf(
  { file: { controller } }: Located,
  connectors: Connectors,
  { controllers, state, trail, ring, replica, newId, pauseFile, evidence }: Common,
  settings: Settings,
  { logger, now, sleep }: World,
): Engine {
  return {
    controller,
    controllers,
    state,
    trail,
    keys: keysOf(ring, controller.name),
    evidence,
    // Policies of several controllers may have one name.
    logger: withFields(logger, { controller: controller.id ?? controller.name }),
    replica,
    settings: {
      spoolFolder: settings.spool.folder,
      operator: settings.operator,
      pace: { maxBatch: settings.batch.max, targetMs: settings.batch.targetMs, rest: settings.pace },
      verify: settings.verify,
      planDays: settings.plan.expiresDays,
      approveOwn: settings.approval.own,
    },
    connector: (source) => connectors.of(source),
    strain: (source) => connectors.strain(source),
    pauseFile,
    now,
    sleep,
    newId,
    digest: (text) => hash('sha256', text, 'hex'),
  };
}

/** A folder that cannot be looked into may hold the file: only "there is none" lets frist erase. */
async function isThere(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ENOENT';
  }
}

/** Where copies of the head lie besides the trail; undefined where no place is set. */
async function outsideHeads({ audit }: Settings, { now }: World): Promise<Store | undefined> {
  const where = audit.heads.store;
  return where === undefined ? undefined : await openStore(audit, { now, where, create: true });
}

/** The trail's own store first. */
async function headPlaces(store: Store, settings: Settings, world: World): Promise<Store[]> {
  const outside = await outsideHeads(settings, world);
  return outside === undefined ? [store] : [store, outside];
}

/** State, trail and keys, opened together. */
export interface Durable {
  readonly store: Store;
  readonly state: State;
  readonly trail: OwnTrail;
  readonly ring: KeyRing;
  readonly signer: Signer;
  readonly newId: () => string;
  /** Names this process among those that share the state. */
  readonly replica: string;
}

/** The state first: where there is none, there is nothing to look for. */
export async function openDurable(settings: Settings, world: World): Promise<Durable> {
  const newId = createUlids(world.randomBytes, world.now);
  const replica = newId();
  const state = await openState(settings.state.url, { clock: world.now });
  try {
    const store = await openStore(settings.audit, { now: world.now, swap: state.trailObjects });
    const { origin } = await state.installation();
    const signer = await openSigner(settings.keys.signing, origin);
    const ring = await openKeyRing(settings, state, { ...world, newId });
    const trail = createTrail({
      store,
      signer,
      state,
      kept: async () => {
        const outside = await outsideHeads(settings, world);
        return outside === undefined ? undefined : await newestHead(outside, signer.vkey);
      },
      holder: replica,
      patience: settings.audit.patienceMs,
      now: world.now,
      random: world.random,
      sleep: world.sleep,
      signal: world.signal,
      logger: world.logger,
    });
    await firstEntry(state, world, newId);
    await ring.begin();
    return { store, state, trail, ring, signer, newId, replica };
  } catch (error) {
    await state.close();
    throw error;
  }
}

/** The trail begins with the installation that it belongs to. */
async function firstEntry(state: State, world: World, newId: () => string): Promise<void> {
  if ((await state.lastHead()) !== undefined || (await state.pendingOutbox(1)).length > 0) return;
  const { id, origin } = await state.installation();
  const at = new Date(world.now()).toISOString();
  const { version } = world;
  const entry = formatEntry({
    v: 1,
    type: 'installation',
    eid: newId(),
    at,
    installation: id,
    origin,
    version,
  });
  await state.transaction((t) => t.emit([entry]));
}
