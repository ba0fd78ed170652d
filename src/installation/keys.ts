/** The keys of an installation, from where the settings say: signing the trail, wrapping the epoch keys, and the key ring. */
import { createProgramSigner, createProgramWrapper } from '../audit/keys/program.ts';
import { createKeyRing, type KeyRing } from '../audit/keys/ring.ts';
import {
  createSigningKey,
  createWrappingKey,
  loadSigner,
  loadWrappingKey,
  parseSigner,
  parseWrappingKey,
  wrapperOf,
  type KeyWrapper,
} from '../audit/keys.ts';
import { sourceIn } from '../audit/commitment.ts';
import type { Signer } from '../audit/checkpoint.ts';
import type { KeySource, Settings } from '../config.ts';
import type { Keys, Names } from '../erasure/engine.ts';
import { FristError } from '../errors.ts';
import type { Logger } from '../logger.ts';
import type { State } from '../state/state.ts';

type Random = (n: number) => Uint8Array;

/** What signs the trail of this name. */
export async function openSigner(from: KeySource, origin: string): Promise<Signer> {
  if ('command' in from) return await createProgramSigner(from.command, origin);
  return 'text' in from ? parseSigner(from.text, from.variable, origin) : await loadSigner(from.file, origin);
}

async function openWrapper(from: KeySource, random: Random): Promise<KeyWrapper> {
  if ('command' in from) return createProgramWrapper(from.command);
  const key = 'text' in from ? parseWrappingKey(from.text, from.variable) : await loadWrappingKey(from.file);
  return wrapperOf(key, random);
}

/** Makes the keys that lie in files and are not there yet. */
export async function createKeys({ signing, wrapping }: Settings['keys'], random: Random): Promise<void> {
  if ('file' in signing) await ifAbsent(() => createSigningKey(signing.file, random));
  if ('file' in wrapping) await ifAbsent(() => createWrappingKey(wrapping.file, random));
}

async function ifAbsent(create: () => Promise<void>): Promise<void> {
  try {
    await create();
  } catch (error) {
    if (!(error instanceof FristError) || error.code !== 'AUDIT_KEY_EXISTS') throw error;
  }
}

export interface KeyWorld {
  readonly now: () => number;
  readonly randomBytes: Random;
  readonly newId: () => string;
}

/** The key ring of this installation. */
export async function openKeyRing(settings: Settings, state: State, world: KeyWorld): Promise<KeyRing> {
  const { wrapping, rotateDays, keepDays } = settings.keys;
  const wrapper = await openWrapper(wrapping, world.randomBytes);
  const { backupDays } = settings.state;
  return createKeyRing({ ...world, state, wrapper, rotateDays, keepDays, backupDays });
}

/** The names of one controller: sources are named within it, for two controllers may both have a `crm`. */
export function keysOf(ring: KeyRing, controller: string): Keys {
  const known = new Map<string, string>();
  const within = (source: string): string => {
    const name = known.get(source) ?? sourceIn(controller, source);
    known.set(source, name);
    return name;
  };
  const namesOf = (names: Names): Names => ({
    epoch: names.epoch,
    record: (source, ...rest) => names.record(within(source), ...rest),
    subject: (kind, value) => names.subject(kind, value),
    incarnation: (source, ...rest) => names.incarnation(within(source), ...rest),
  });
  return {
    current: async () => namesOf(await ring.current()),
    of: async (epoch) => namesOf(await ring.of(epoch)),
  };
}

/** Begins an epoch and destroys old keys, where it is time. */
export async function rotateKeys(ring: KeyRing, logger: Logger): Promise<void> {
  const { created, destroyed } = await ring.rotate();
  for (const epoch of created) logger.info('epoch key created', { epoch });
  for (const epoch of destroyed) logger.info('epoch key destroyed', { epoch });
}
