/**
 * Verifies a trail of any length that is made up while it is read: one bundle of entries over and over, with the tiles
 * that belong to it. So ten million entries need no disk, and nothing but the verifier could grow.
 * `node bench/trail/long-trail.ts <entries>`; prints what was verified.
 */
import { signCheckpoint } from '../../src/audit/checkpoint.ts';
import { EMPTY_TIP, layOut } from '../../src/audit/format/layout.ts';
import type { ReadStore } from '../../src/audit/store/store.ts';
import { CHECKPOINT, frame, parseTilePath } from '../../src/audit/tile.ts';
import { foldHashes, HASH_BYTES, rootOf, TILE_WIDTH } from '../../src/audit/tree.ts';
import { verifyTrail } from '../../src/audit/verify.ts';
import { recordEntries, SIGNER } from './entries.ts';

const repeat = (bytes: Buffer, times: number): Buffer => Buffer.concat(Array(times).fill(bytes));

async function madeUp(bundles: number): Promise<ReadStore> {
  const { objects } = layOut(EMPTY_TIP, frame(recordEntries(TILE_WIDTH), 16_384));
  const of = (key: string): Buffer => objects.get(key) ?? Buffer.alloc(0);
  const bundle = of('tile/entries/000');
  // All full tiles of a level are alike: each is the fold of the one below, 256 times.
  const tiles = [of('tile/0/000')];
  const levels: Buffer[] = [Buffer.alloc(0)];
  for (let items = bundles; items > 0; items = Math.floor(items / TILE_WIDTH)) {
    const folded = foldHashes(tiles.at(-1) ?? bundle);
    levels.push(repeat(folded, items % TILE_WIDTH));
    tiles.push(repeat(folded, TILE_WIDTH));
  }
  const size = bundles * TILE_WIDTH;
  const head = { size, root: rootOf({ size, levels }).toString('base64') };
  const note = Buffer.from(await signCheckpoint('bench.invalid/trail', head, SIGNER));
  const find = (key: string): Buffer | undefined => {
    if (key === CHECKPOINT) return note;
    const name = parseTilePath(key);
    if (name === undefined) return undefined;
    return name.level === 'entries' ? bundle : tiles[name.level]?.subarray(0, name.width * HASH_BYTES);
  };
  return {
    get: (key) => {
      const bytes = find(key);
      return Promise.resolve(bytes === undefined ? undefined : { bytes, tag: '' });
    },
    list: () => (async function* none(): AsyncGenerator<string> {})(),
  };
}

const store = await madeUp(Math.ceil(Number(process.argv[2]) / TILE_WIDTH));
const { size, firstProblem } = await verifyTrail({ store, vkey: SIGNER.vkey });
if (firstProblem !== undefined) throw new Error(`${firstProblem.where}: ${firstProblem.what}`);
process.stdout.write(`${size} entries verified\n`);
