/** Holding a trail against its signature: what `audit verify` and `audit report` have in common. */
import { openCheckpoint, parseVkey, type Head } from '../../audit/checkpoint.ts';
import { openFileStore } from '../../audit/store/file.ts';
import type { ReadStore } from '../../audit/store/store.ts';
import { verifyTrail, type Verification } from '../../audit/verify.ts';
import type { Settings } from '../../config.ts';
import { ownTrail, type World } from '../../wiring.ts';

/** Which trail, by which key, against what. */
export interface TrailOptions {
  /** Folder of a copy; the trail of the settings when undefined. */
  readonly trail: string | undefined;
  /** The verifier key; that of the signing key in the settings when undefined. */
  readonly key: string | undefined;
  /** Files with checkpoints that were kept elsewhere. */
  readonly head: readonly string[];
  /** File with a checkpoint that was verified before: only what came after it is read. */
  readonly since?: string | undefined;
  readonly readFile: (path: string) => string;
}

export interface Verified {
  readonly store: ReadStore;
  readonly vkey: string;
  /** The heads of `TrailOptions.head`. */
  readonly heads: readonly Head[];
  /** The head of `TrailOptions.since`. */
  readonly since: Head | undefined;
  readonly verification: Verification;
}

/** What a verification without outside heads leaves open. */
export const NO_HEADS =
  'no outside head was given, so this is not proof against the holder of the signing key';

/**
 * Verifies a trail. The installation's own trail must also begin with what its state has seen; a copy may be older.
 * @throws AUDIT_KEY_INVALID, AUDIT_STORE, CONFIG_UNREADABLE for a head that cannot be read. What is wrong with the trail
 *   is no error but `verification.firstProblem`.
 */
export async function verified(settings: Settings, world: World, options: TrailOptions): Promise<Verified> {
  const store = await openFileStore(options.trail ?? settings.audit.folder);
  const own = options.key === undefined ? await ownTrail(settings, world) : undefined;
  const vkey = options.key ?? own?.vkey ?? '';
  const verifier = parseVkey(vkey);
  const headIn = (file: string): Head => openCheckpoint(Buffer.from(options.readFile(file)), verifier, file);
  const heads = options.head.map(headIn);
  const since = options.since === undefined ? undefined : headIn(options.since);
  const remembered = options.trail === undefined && own?.head !== undefined ? [own.head] : [];
  const verification = await verifyTrail({
    store,
    vkey,
    heads: [...heads, ...remembered],
    ...(since === undefined ? {} : { since }),
  });
  return { store, vkey, heads, since, verification };
}
