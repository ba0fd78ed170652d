/** Holding a trail against its signature: what `audit verify` and `audit report` have in common. */
import { openCheckpoint, parseVkey, type Head, type Verifier } from '../../audit/checkpoint.ts';
import { nameOfStore, openReadStore } from '../../audit/store/open.ts';
import type { ReadStore } from '../../audit/store/store.ts';
import { TILE_PREFIX } from '../../audit/tile.ts';
import { problemOf } from '../../audit/verify/found.ts';
import { verifyTrail, type Verification } from '../../audit/verify.ts';
import { HEADS_PREFIX, readHeads } from '../../audit/watch/heads.ts';
import type { Settings } from '../../config.ts';
import { FristError } from '../../errors.ts';
import { ownTrail, type World } from '../../installation/wiring.ts';

/** Which trail, by which key. */
export interface TrailChoice {
  /** A copy: its folder, or `s3://bucket/prefix`; the trail of the settings when undefined. */
  readonly trail: string | undefined;
  /** The verifier key; that of the signing key in the settings when undefined. */
  readonly key: string | undefined;
}

/** Against what it is held. */
export interface TrailOptions extends TrailChoice {
  /** Files with checkpoints that were kept elsewhere. */
  readonly head: readonly string[];
  /** File with a checkpoint that was verified before: only what came after it is read. */
  readonly since?: string | undefined;
  readonly readFile: (path: string) => string;
}

export interface Verified {
  readonly store: ReadStore;
  readonly vkey: string;
  /** Heads from outside the trail's own store: those of `TrailOptions.head`, and those kept in `audit.heads.store`. */
  readonly heads: readonly Head[];
  /** Where heads were found, and how many. */
  readonly held: readonly Held[];
  /** The head of `TrailOptions.since`. */
  readonly since: Head | undefined;
  readonly verification: Verification;
  /** Keys that somebody has deleted in a store that keeps versions: they are still there, and other readers miss them. */
  readonly hidden: readonly string[];
}

/** Heads that the trail was held against. */
export interface Held {
  /** In words. */
  readonly where: string;
  readonly heads: number;
}

/** What a verification without outside heads leaves open. */
export const NO_HEADS =
  'no head from outside the trail was given, so this is not proof against the holder of the signing key';

/** A trail to read, and the last head of it that the state has seen: what is not the own trail may be older. */
export async function openTrail(
  settings: Settings,
  world: World,
  { trail, key }: TrailChoice,
): Promise<{ readonly store: ReadStore; readonly vkey: string; readonly known: Head | undefined }> {
  const store = await openReadStore(settings.audit, trail);
  const own = key === undefined ? await ownTrail(settings, world).catch(keyIsNeeded(trail)) : undefined;
  return { store, vkey: key ?? own?.vkey ?? '', known: trail === undefined ? own?.head : undefined };
}

/** Who has only a copy has no state, and would be told to make one. */
function keyIsNeeded(trail: string | undefined): (error: unknown) => never {
  return (error) => {
    if (trail !== undefined && error instanceof FristError && error.code === 'STATE_MISSING')
      throw new FristError('USAGE', {
        what: '--key VKEY is needed with --trail where frist is not installed: the public key of the trail',
      });
    throw error;
  };
}

/**
 * Verifies a trail. The installation's own trail must also begin with what its state has seen; a copy may be older.
 * @throws AUDIT_KEY_INVALID, AUDIT_STORE, CONFIG_UNREADABLE for a head that cannot be read, AUDIT_HEAD for one that is none. What is wrong with the trail
 *   is no error but `verification.firstProblem`.
 */
export async function verified(settings: Settings, world: World, options: TrailOptions): Promise<Verified> {
  const { store, vkey, known } = await openTrail(settings, world, options);
  const verifier = parseVkey(vkey);
  const headIn = (file: string): Head => givenHead(options.readFile(file), verifier, file);
  const heads = options.head.map(headIn);
  const since = options.since === undefined ? undefined : headIn(options.since);
  const held: Held[] = [];
  const outside = [...heads];
  const all = known === undefined ? [...heads] : [...heads, known];
  let verification: Verification;
  if (heads.length > 0) held.push({ where: 'given', heads: heads.length });
  if (since !== undefined) held.push({ where: 'verified before', heads: 1 });
  if (known !== undefined) held.push({ where: 'seen by the state', heads: 1 });
  try {
    for (const { where, place, own } of await headPlaces(settings, options, store)) {
      const kept = await readHeads(place, vkey);
      all.push(...kept);
      if (!own) outside.push(...kept);
      if (kept.length > 0) held.push({ where: `kept in ${where}`, heads: kept.length });
    }
    verification = await verifyTrail({ store, vkey, heads: all, ...(since === undefined ? {} : { since }) });
  } catch (error) {
    verification = { size: 0, root: '', firstProblem: problemOf(error) };
  }
  const hidden = since === undefined ? await hiddenIn(store) : [];
  return { store, vkey, heads: outside, held, since, verification, hidden };
}

/** A head that somebody kept. One that is none is a fault of what was given, not of the trail. */
function givenHead(text: string, verifier: Verifier, file: string): Head {
  try {
    return openCheckpoint(Buffer.from(text), verifier, file);
  } catch (error) {
    if (!(error instanceof FristError) || error.code !== 'AUDIT_CORRUPT') throw error;
    throw new FristError('AUDIT_HEAD', { file, what: String(error.params['what']) });
  }
}

async function hiddenIn(store: ReadStore): Promise<string[]> {
  const keys: string[] = [];
  for (const prefix of [TILE_PREFIX, HEADS_PREFIX])
    for await (const key of store.hidden?.(prefix) ?? []) keys.push(key);
  return keys;
}

/** Where heads are kept: beside the trail, and for the installation's own in the place of the settings too. */
async function headPlaces(
  { audit }: Settings,
  { trail }: TrailChoice,
  store: ReadStore,
): Promise<readonly { readonly where: string; readonly place: ReadStore; readonly own: boolean }[]> {
  const beside = { where: trail ?? nameOfStore(audit), place: store, own: true };
  const where = audit.heads.store;
  if (trail !== undefined || where === undefined) return [beside];
  return [beside, { where, place: await openReadStore(audit, where), own: false }];
}
