/** One entry out of the demo's trail, for people to see what an entry is. */
import { openFileStore } from '../audit/store/file.ts';
import { parseTilePath, TILE_PREFIX, unframe } from '../audit/tile.ts';

/** The first entry about an erased record, as it stands in the trail of a folder; undefined where there is none. */
export async function firstRecordEntry(folder: string): Promise<string | undefined> {
  const store = await openFileStore(folder);
  const keys: string[] = [];
  for await (const key of store.list(`${TILE_PREFIX}entries/`)) keys.push(key);
  for (const key of keys.sort()) {
    const name = parseTilePath(key);
    const stored = await store.get(key);
    if (name === undefined || stored === undefined) continue;
    const texts = unframe(stored.bytes, name.width, key).map((bytes) => bytes.toString('utf8'));
    const entry = texts.find((text) => text.includes('"type":"record"'));
    if (entry !== undefined) return entry;
  }
  return undefined;
}
