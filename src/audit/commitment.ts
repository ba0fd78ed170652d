/**
 * Commitments: what stands in an entry instead of personal data.
 *
 *   m = parts, the first of them the label: what is committed to
 *   r = HMAC-SHA-256(epoch key, label || m)
 *   commitment = SHA-256(r || m), as 64 hex digits
 *
 * A part is its length in bytes (uint32, big endian) and its UTF-8 bytes; an absent one is the length 0xFFFFFFFF and
 * nothing. Different lists of parts therefore give different m. Numbers of items are parts in decimal.
 * `source` is the JSON array of the names of controller and source, as frist uses it.
 *   `record`       source, record type, each part of the key
 *   `subject`      kind of identifier, normalised value; not the source, so that a person is found in all of them
 *   `incarnation`  source, record type, number of key parts, key parts, number of subjects, for each its kind and
 *                  value, number of raw values of the starting point, each as the source gave it (absent for NULL)
 *
 * Without the epoch key nobody can try values (r is as long as the hash), and once the key is destroyed neither can
 * its owner. With the key the commitment is found again; r and m given to somebody (a receipt) prove the one
 * commitment and nothing about another. That the same m gives the same commitment within an epoch is meant: it is
 * how `replay` and `audit find` look things up.
 *
 * Pure. Three of these are made for every erased record, so the HMAC is written out (RFC 2104) over buffers that are
 * kept, with the one-shot `crypto.hash`: a quarter of the time of `createHmac` at best.
 */
import { hash } from 'node:crypto';
import { FristError } from '../errors.ts';

/** What a commitment commits to; the label of its m. */
export type Label = 'record' | 'subject' | 'incarnation';
/** A part of m; null is an absent value, which is not the empty string. */
export type Part = string | null;

/** What a commitment hides: given away, it proves that one commitment. */
export interface Opening {
  readonly r: Buffer;
  readonly m: Buffer;
}

/** Makes the commitments of one epoch. */
export interface Committer {
  /** Which record: 64 hex digits. */
  record(source: string, type: string, key: readonly string[]): string;
  /** Which person, by one normalised identifier: 64 hex digits. */
  subject(kind: string, normalisedValue: string): string;
  /** Which record in which life: a key that is used again for someone else gives another one. 64 hex digits. */
  incarnation(
    source: string,
    type: string,
    key: readonly string[],
    subjects: readonly (readonly [kind: string, normalisedValue: string])[],
    rawStart: readonly Part[],
  ): string;
  /** r and m of the commitment to these parts (see `recordParts` and its siblings), for a receipt. */
  open(label: Label, parts: readonly Part[]): Opening;
}

const BLOCK = 64;
const HASH = 32;
const ABSENT = 0xffff_ffff;
/** Bytes of an epoch key. */
export const EPOCH_KEY_BYTES = 32;

/** The parts of a `record` after its label. */
export function recordParts(source: string, type: string, key: readonly string[]): Part[] {
  return [source, type, ...key];
}

/** The parts of an `incarnation` after its label. */
export function incarnationParts(
  source: string,
  type: string,
  key: readonly string[],
  subjects: readonly (readonly [kind: string, normalisedValue: string])[],
  rawStart: readonly Part[],
): Part[] {
  const parts: Part[] = [source, type, String(key.length), ...key, String(subjects.length)];
  for (const [kind, value] of subjects) parts.push(kind, value);
  parts.push(String(rawStart.length), ...rawStart);
  return parts;
}

/** How a source of a controller is called in a commitment. */
export function sourceIn(controller: string, source: string): string {
  return JSON.stringify([controller, source]);
}

/** Writes one part at `offset`; returns where it ends. The buffer must be large enough. */
function putPart(buffer: Buffer, offset: number, part: Part): number {
  if (part === null) return buffer.writeUInt32BE(ABSENT, offset);
  // Half a surrogate pair has no UTF-8: two different strings would become one m.
  if (!part.isWellFormed())
    throw new FristError('AUDIT_ENTRY', { what: 'a value holds half of a surrogate pair' });
  const length = buffer.write(part, offset + 4);
  buffer.writeUInt32BE(length, offset);
  return offset + 4 + length;
}

function roomFor(parts: readonly Part[]): number {
  let bytes = 0;
  for (const part of parts) bytes += 4 + 3 * (part?.length ?? 0);
  return bytes;
}

/** The buffers of one label: `ipad || label || m`, `opad || inner hash`, `r || m`. */
class Workspace {
  readonly #outer: Buffer;
  readonly #label: Label;
  readonly #start: number;
  #inner: Buffer;
  #opened: Buffer;

  constructor(key: Uint8Array, label: Label) {
    this.#label = label;
    this.#start = BLOCK + label.length;
    this.#inner = Buffer.alloc(512, 0x36);
    this.#outer = Buffer.alloc(BLOCK + HASH, 0x5c);
    this.#opened = Buffer.alloc(512);
    for (const [i, byte] of key.entries()) {
      this.#inner[i] = byte ^ 0x36;
      this.#outer[i] = byte ^ 0x5c;
    }
    this.#inner.write(label, BLOCK);
  }

  /** Leaves `r || m` in the returned view, which the next call overwrites. */
  compute(parts: readonly Part[]): Buffer {
    const room = this.#start + 4 + this.#label.length + roomFor(parts);
    if (room > this.#inner.length) this.#grow(room);
    let end = putPart(this.#inner, this.#start, this.#label);
    for (const part of parts) end = putPart(this.#inner, end, part);
    this.#outer.write(hash('sha256', this.#inner.subarray(0, end), 'binary'), BLOCK, 'binary');
    this.#opened.write(hash('sha256', this.#outer, 'binary'), 0, 'binary');
    this.#inner.copy(this.#opened, HASH, this.#start, end);
    return this.#opened.subarray(0, HASH + end - this.#start);
  }

  #grow(room: number): void {
    const inner = Buffer.alloc(2 * room);
    this.#inner.copy(inner, 0, 0, this.#start);
    this.#inner = inner;
    this.#opened = Buffer.alloc(2 * room);
  }
}

/**
 * Makes commitments under one epoch key of 32 random bytes.
 * @throws AUDIT_ENTRY from its methods, for a string that has no UTF-8.
 */
export function createCommitter(epochKey: Uint8Array): Committer {
  if (epochKey.length !== EPOCH_KEY_BYTES) {
    throw new FristError('AUDIT_KEY_INVALID', {
      file: 'the key ring',
      what: `it has not ${EPOCH_KEY_BYTES} bytes`,
    });
  }
  const spaces = {
    record: new Workspace(epochKey, 'record'),
    subject: new Workspace(epochKey, 'subject'),
    incarnation: new Workspace(epochKey, 'incarnation'),
  };
  const commit = (label: Label, parts: readonly Part[]): string =>
    hash('sha256', spaces[label].compute(parts), 'hex');
  return {
    record: (source, type, key) => commit('record', recordParts(source, type, key)),
    subject: (kind, value) => commit('subject', [kind, value]),
    incarnation: (source, type, key, subjects, rawStart) =>
      commit('incarnation', incarnationParts(source, type, key, subjects, rawStart)),
    open: (label, parts) => {
      const opened = Buffer.from(spaces[label].compute(parts));
      return { r: opened.subarray(0, HASH), m: opened.subarray(HASH) };
    },
  };
}

/** The commitment that an opening is of: 64 hex digits. */
export function commitmentTo({ r, m }: Opening): string {
  return hash('sha256', Buffer.concat([r, m]), 'hex');
}

/** Whether an opening is that of a commitment. What m says is for the caller to read. */
export function checkCommitment(commitment: string, opening: Opening): boolean {
  return opening.r.length === HASH && commitmentTo(opening) === commitment;
}

/**
 * The digest of a batch: SHA-256 over, for each record in the order of the batch, the 32 bytes of its `record` and
 * the 32 bytes of its `incarnation` commitment. 64 hex digits.
 */
export function batchDigest(
  records: readonly { readonly record: string; readonly incarnation: string }[],
): string {
  const digits = records.map(({ record, incarnation }) => record + incarnation).join('');
  return hash('sha256', Buffer.from(digits, 'hex'), 'hex');
}

/**
 * The parts of an m, its label first: the other way round from `open`. Undefined for bytes that are no m.
 */
export function parseParts(m: Uint8Array): Part[] | undefined {
  const bytes = Buffer.from(m);
  const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  const parts: Part[] = [];
  for (let at = 0; at < bytes.length;) {
    if (bytes.length - at < 4) return undefined;
    const length = bytes.readUInt32BE(at);
    at += 4;
    if (length === ABSENT) {
      parts.push(null);
      continue;
    }
    if (bytes.length - at < length) return undefined;
    try {
      parts.push(text.decode(bytes.subarray(at, at + length)));
    } catch {
      return undefined;
    }
    at += length;
  }
  return parts;
}
