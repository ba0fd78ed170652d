/**
 * The append under way, `.state/pending`: all that is needed to finish it, by whoever comes next.
 *
 *   "frist/pending/1\n" base "\n" count "\n" length "\n" note frames
 * base: entries in the log before; count: entries that are appended; length: bytes of the note; note: the signed
 * checkpoint of the log afterwards; frames: the entries as in a bundle (tile.ts). It stays as it is after its append
 * is finished, until the next one replaces it. Pure.
 */
import { FristError } from '../../errors.ts';
import { unframe } from '../tile.ts';
import type { Framed } from '../tile.ts';

const WHERE = '.state/pending';
const HEADER = /^frist\/pending\/1\n(0|[1-9]\d{0,15})\n([1-9]\d{0,8})\n([1-9]\d{0,5})\n/;
/** No header is longer. */
const HEADER_BYTES = 64;

/** An append under way. */
export interface Pending {
  readonly base: number;
  readonly note: Buffer;
  readonly added: Framed;
}

/** The bytes of an append. */
export function formatPending({ base, note, added }: Pending): Buffer {
  const header = `frist/pending/1\n${base}\n${added.entries.length}\n${note.length}\n`;
  return Buffer.concat([Buffer.from(header), note, added.bytes]);
}

/**
 * Reads the bytes of an append. The note is not opened here.
 * @throws AUDIT_CORRUPT
 */
export function parsePending(bytes: Buffer): Pending {
  const match = HEADER.exec(bytes.toString('latin1', 0, HEADER_BYTES));
  if (match === null)
    throw new FristError('AUDIT_CORRUPT', { where: WHERE, what: 'its first lines are malformed' });
  const [header, base, count, length] = match;
  const end = header.length + Number(length);
  if (end > bytes.length) throw new FristError('AUDIT_CORRUPT', { where: WHERE, what: 'it is cut off' });
  const frames = bytes.subarray(end);
  return {
    base: Number(base),
    note: bytes.subarray(header.length, end),
    added: { bytes: frames, entries: unframe(frames, Number(count), WHERE) },
  };
}
