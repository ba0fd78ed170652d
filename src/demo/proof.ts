/** What the demo shows of its trail: that it verifies, and one entry of it. */
import { join } from 'node:path';
import { loadSigner } from '../audit/keys.ts';
import { openFileStore } from '../audit/store/file.ts';
import { CHECKPOINT, parseTilePath, TILE_PREFIX, unframe } from '../audit/tile.ts';
import { verifyTrail } from '../audit/verify.ts';

export interface Proof {
  /** Entries of the trail. */
  readonly size: number;
  /** What is wrong with it; undefined when it verifies. */
  readonly problem: string | undefined;
  /** The first entry about a record, as it stands in the trail. */
  readonly entry: string | undefined;
}

/** Verifies the trail in the data folder of an installation with its public key, and reads one entry. */
export async function proofOf(folder: string): Promise<Proof> {
  const store = await openFileStore(join(folder, 'audit'));
  const checkpoint = (await store.get(CHECKPOINT))?.bytes.toString('utf8') ?? '';
  const [origin = ''] = checkpoint.split('\n');
  const { vkey } = await loadSigner(join(folder, 'keys', 'signing'), origin);
  const { size, firstProblem } = await verifyTrail({ store, vkey });
  const keys: string[] = [];
  for await (const key of store.list(`${TILE_PREFIX}entries/`)) keys.push(key);
  for (const key of keys.sort()) {
    const name = parseTilePath(key);
    const stored = await store.get(key);
    if (name === undefined || stored === undefined) continue;
    const texts = unframe(stored.bytes, name.width, key).map((bytes) => bytes.toString('utf8'));
    const entry = texts.find((text) => text.includes('"type":"record"'));
    if (entry !== undefined) return { size, problem: firstProblem?.what, entry };
  }
  return { size, problem: firstProblem?.what, entry: undefined };
}
