/** Small trails for tests: keys, entries, and a second tree that is too simple to be wrong. */
import { createHash, createPrivateKey, hash } from 'node:crypto';
import { formatEntry } from '../../src/audit/entry.ts';
import { createUlids } from '../../src/audit/format/ulid.ts';
import { signerOf } from '../../src/audit/keys.ts';
import { createMemoryStore } from '../../src/audit/store/memory.ts';
import type { MemoryStore } from '../../src/audit/store/memory.ts';
import { openLog } from '../../src/audit/log.ts';
import type { Log } from '../../src/audit/log.ts';
import type { Signer } from '../../src/audit/checkpoint.ts';

const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');

/** A signer from a seed of 32 bytes. */
export function signerFromSeed(seed: Uint8Array, origin: string): Signer {
  const der = Buffer.concat([PKCS8_PREFIX, seed]);
  return signerOf(createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }), origin);
}

/** The key of the vectors. */
export const VECTOR_SIGNER = signerFromSeed(
  Uint8Array.from({ length: 32 }, (_, i) => i),
  'example.com/erasure-log',
);
export const SIGNER = signerFromSeed(Buffer.alloc(32, 7), 'example.com/trail');

let made = 0;
const ulid = createUlids(
  (n) => hash('sha256', String(made++), 'buffer').subarray(0, n),
  () => Date.UTC(2026, 10, 22),
);

/** `n` entries, each unlike any other in this process. */
export function entries(n: number): string[] {
  return Array.from({ length: n }, () =>
    formatEntry({ v: 1, type: 'heartbeat', eid: ulid(), at: '2026-11-22T00:00:00.000Z' }),
  );
}

const sha = (...parts: readonly Uint8Array[]): Buffer => {
  const state = createHash('sha256');
  for (const part of parts) state.update(part);
  return state.digest();
};
export const naiveLeaf = (entry: Uint8Array): Buffer => sha(Buffer.of(0), entry);

/** The root over leaf hashes as RFC 6962, 2.1 defines it, word by word. */
export function naiveRoot(leaves: readonly Buffer[]): Buffer {
  if (leaves.length === 0) return sha();
  if (leaves.length === 1) return leaves[0]!;
  let k = 1;
  while (k * 2 < leaves.length) k *= 2;
  return sha(Buffer.of(1), naiveRoot(leaves.slice(0, k)), naiveRoot(leaves.slice(k)));
}

/** A log in a new memory store that holds `texts`, and its store. */
export async function logOf(texts: readonly string[]): Promise<{ log: Log; store: MemoryStore }> {
  const store = createMemoryStore();
  const log = await openLog({ store, signer: SIGNER });
  if (texts.length > 0) await log.append(texts);
  return { log, store };
}
