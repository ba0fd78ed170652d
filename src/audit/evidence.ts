/**
 * Detached evidence: free text (a reason, the text of a policy) that an entry only points to, so that it can be erased
 * on its own, earlier, day while the trail goes on to verify.
 *
 * An object is 32 random bytes and the text in UTF-8, under `evidence/sha256/<SHA-256 of the object>`. The random
 * bytes keep a short text from being guessed by its hash once the object is gone.
 */
import { hash } from 'node:crypto';
import { FristError } from '../errors.ts';
import type { EvidenceRef } from './entry.ts';
import type { ReadStore, Store } from './store/store.ts';
import { EVIDENCE_PREFIX } from './tile.ts';

const SALT_BYTES = 32;

/**
 * Stores a text. When this resolves it is durable, so that the entry that points to it can be written.
 * @param random `crypto.randomBytes`
 * @returns hash and length of the object, for the entry.
 */
export async function putEvidence(
  store: Store,
  text: string,
  random: (n: number) => Uint8Array,
): Promise<EvidenceRef> {
  const object = Buffer.concat([random(SALT_BYTES), Buffer.from(text)]);
  const sha256 = hash('sha256', object, 'hex');
  await store.putImmutable(new Map([[EVIDENCE_PREFIX + sha256, object]]));
  // A crash here leaves evidence that no entry points to; watch/evidence.ts ends it.
  return { bytes: object.length, sha256 };
}

/**
 * Reads a text back; undefined once it has been erased.
 * @throws AUDIT_CORRUPT when it is not what the entry points to.
 */
export async function readEvidence(store: ReadStore, ref: EvidenceRef): Promise<string | undefined> {
  const key = EVIDENCE_PREFIX + ref.sha256;
  const object = (await store.get(key))?.bytes;
  if (object === undefined) return undefined;
  if (object.length !== ref.bytes || hash('sha256', object, 'hex') !== ref.sha256) {
    throw new FristError('AUDIT_CORRUPT', {
      where: key,
      what: 'its bytes are not those that the entry points to',
    });
  }
  return object.subarray(SALT_BYTES).toString();
}
