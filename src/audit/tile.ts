/**
 * Where things lie in the store, and how entries are bundled (C2SP tlog-tiles).
 *
 *   checkpoint                      the signed head (checkpoint.ts); mutable
 *   tile/<L>/<N>[.p/<W>]            a tile of hashes (tree.ts): level L from 0 to 63, number N
 *   tile/entries/<N>[.p/<W>]        a bundle: the entries that the tile 0/N holds the hashes of
 *   .state/pending                  the append that is under way (format/pending.ts); mutable
 *   evidence/sha256/<64 hex digits> detached evidence (evidence.ts)
 * N is in groups of three digits, each but the last with an `x`: 0 → 000, 1234067 → x001/x234/067. W, from 1 to 255,
 * is the width of one that is not full; a full one has no `.p`. What lies under a tile's name never changes.
 *
 * Bundle: for each entry its length in bytes (uint16, big endian) and its bytes; nothing between or after. The
 * length is not hashed. Pure.
 */
import { FristError } from '../errors.ts';
import { foldHashes, HASH_BYTES, TILE_WIDTH } from './tree.ts';
import type { HashReader } from './tree.ts';

export const CHECKPOINT = 'checkpoint';
export const PENDING = '.state/pending';
export const EVIDENCE_PREFIX = 'evidence/sha256/';
export const TILE_PREFIX = 'tile/';
/** Bytes of the length before each entry of a bundle, and the most that it can say. */
export const FRAME_BYTES = 2;
export const MAX_FRAME_BYTES = 65_535;

/** A place in the tree: `level` is a tile level, or `entries` for a bundle. */
export interface TileName {
  readonly level: number | 'entries';
  readonly index: number;
  readonly width: number;
}

function formatIndex(index: number): string {
  const group = (n: number): string => String(n % 1000).padStart(3, '0');
  let out = group(index);
  for (let rest = Math.floor(index / 1000); rest > 0; rest = Math.floor(rest / 1000))
    out = `x${group(rest)}/${out}`;
  return out;
}

/** The key of a tile or bundle. */
export function tilePath(level: TileName['level'], index: number, width: number = TILE_WIDTH): string {
  return `${TILE_PREFIX}${level}/${formatIndex(index)}${width === TILE_WIDTH ? '' : `.p/${width}`}`;
}

const TILE_PATH = /^tile\/(entries|\d{1,2})\/((?:x\d{3}\/)*\d{3})(?:\.p\/(\d{1,3}))?$/;

/** The place that a key names; undefined when it is not the key of one in canonical form. */
export function parseTilePath(path: string): TileName | undefined {
  const [, level = '', groups = '', width] = TILE_PATH.exec(path) ?? [];
  const name = {
    level: level === 'entries' ? level : Number(level),
    index: Number(groups.replaceAll(/[x/]/g, '')),
    width: width === undefined ? TILE_WIDTH : Number(width),
  } as const;
  const sound = name.width >= 1 && name.width <= TILE_WIDTH && (name.level === 'entries' || name.level < 64);
  return sound && tilePath(name.level, name.index, name.width) === path ? name : undefined;
}

/** How wide the tile or bundle is in a log of `size` entries; 0 when it is not there yet. */
export function widthIn(size: number, level: TileName['level'], index: number): number {
  const items = Math.floor(size / TILE_WIDTH ** (level === 'entries' ? 0 : level));
  return Math.max(0, Math.min(TILE_WIDTH, items - index * TILE_WIDTH));
}

/** Entries framed one after the other in one buffer, and where each lies in it. */
export interface Framed {
  readonly bytes: Buffer;
  /** Views into `bytes`, without their lengths. */
  readonly entries: readonly Buffer[];
}

/**
 * Frames entries.
 * @throws AUDIT_ENTRY for an entry that is empty or over `max` bytes.
 */
export function frame(texts: readonly string[], max: number): Framed {
  const lengths = texts.map((text) => Buffer.byteLength(text));
  const bytes = Buffer.alloc(lengths.reduce((sum, length) => sum + FRAME_BYTES + length, 0));
  const entries: Buffer[] = [];
  let offset = 0;
  for (const [i, text] of texts.entries()) {
    const length = lengths[i] ?? 0;
    if (length === 0 || length > Math.min(max, MAX_FRAME_BYTES)) {
      throw new FristError('AUDIT_ENTRY', { what: `it is empty or over ${max} bytes` });
    }
    offset = bytes.writeUInt16BE(length, offset);
    bytes.write(text, offset);
    entries.push(bytes.subarray(offset, (offset += length)));
  }
  return { bytes, entries };
}

/**
 * The entries of a bundle or of any run of frames, as views into it.
 * @param count how many there must be.
 * @param where what it is called in an error.
 * @throws AUDIT_CORRUPT
 */
export function unframe(bytes: Buffer, count: number, where: string): Buffer[] {
  const entries: Buffer[] = [];
  let offset = 0;
  while (offset < bytes.length) {
    const start = offset + FRAME_BYTES;
    const end = start <= bytes.length ? start + bytes.readUInt16BE(offset) : Infinity;
    if (end > bytes.length) throw new FristError('AUDIT_CORRUPT', { where, what: 'an entry is cut off' });
    entries.push(bytes.subarray(start, end));
    offset = end;
  }
  if (entries.length !== count) {
    throw new FristError('AUDIT_CORRUPT', {
      where,
      what: `it holds ${entries.length} entries instead of ${count}`,
    });
  }
  return entries;
}

/** Reads the hash (level, index) of a tree of `size` entries out of its tiles, which `readTile` gives. */
export function tileHashes(size: number, readTile: (name: TileName) => Promise<Buffer>): HashReader {
  return async (level, index) => {
    const tileLevel = Math.floor(level / 8);
    const count = 2 ** (level % 8);
    const first = index * count;
    const tile = Math.floor(first / TILE_WIDTH);
    const bytes = await readTile({ level: tileLevel, index: tile, width: widthIn(size, tileLevel, tile) });
    const from = (first % TILE_WIDTH) * HASH_BYTES;
    return foldHashes(bytes.subarray(from, from + count * HASH_BYTES));
  };
}
