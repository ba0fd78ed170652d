// Reads a trail straight from its files, by its published format and with no code of frist's.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export type TrailEntry = Readonly<Record<string, unknown>>;

const BUNDLE = 256;

function bundlePath(folder: string, index: number, width: number): string {
  const full = join(folder, 'tile/entries', String(index).padStart(3, '0'));
  return width === BUNDLE || existsSync(full) ? full : join(`${full}.p`, String(width));
}

function unframed(bytes: Buffer): readonly string[] {
  const entries: string[] = [];
  for (let at = 0; at < bytes.length;) {
    const length = bytes.readUInt16BE(at);
    entries.push(bytes.toString('utf8', at + 2, at + 2 + length));
    at += 2 + length;
  }
  return entries;
}

/** The name and the size of a trail, from its checkpoint. */
export function headOf(folder: string): { readonly origin: string; readonly size: number } {
  const [origin = '', size = ''] = readFileSync(join(folder, 'checkpoint'), 'utf8').split('\n');
  return { origin, size: Number(size) };
}

/** Every entry of a trail of fewer than 256,000, in order. */
export function entriesOf(folder: string): readonly TrailEntry[] {
  const { size } = headOf(folder);
  const entries: string[] = [];
  for (let index = 0; index * BUNDLE < size; index += 1) {
    const width = Math.min(BUNDLE, size - index * BUNDLE);
    entries.push(...unframed(readFileSync(bundlePath(folder, index, width))).slice(0, width));
  }
  return entries.map((text) => JSON.parse(text) as TrailEntry);
}
