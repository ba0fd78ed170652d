/**
 * Checkpoints: the signed head of the trail (C2SP tlog-checkpoint and signed-note, Ed25519).
 *
 * Text, signed as it stands, its last newline included:
 *   origin "\n" size "\n" root "\n"
 * size in decimal, root in base64. The origin names the trail (`example.com/erasure`): printable, without space or
 * `+`. There are no extension lines.
 *
 * Note: the text, an empty line, and one or more signature lines
 *   "— " name " " base64(key id || signature) "\n"
 * (U+2014). The last empty line parts text from signatures. Lines of other keys are ignored; a line of this key
 * that does not verify spoils the note, and so does the lack of one.
 *
 * Verifier key: name "+" 8 hex digits of the key id "+" base64(0x01 || 32 bytes of public key). base64 may hold a
 * `+`, so it is split at the first two. Key id: first 4 bytes of SHA-256(name || "\n" || 0x01 || public key).
 *
 * Text in any other form (a size with a leading zero, base64 with stray bits, a missing newline) is refused. Pure.
 */
import { createPublicKey, hash, verify as verifySignature } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { FristError } from '../errors.ts';
import { HASH_BYTES } from './tree.ts';

/** A size of the trail and the root of its tree at that size, in base64 as in a checkpoint. */
export interface Head {
  readonly size: number;
  readonly root: string;
}

/** Who a trail is signed by: what is needed to check. */
export interface Verifier {
  /** Name of the key, which is the origin of the trail. */
  readonly name: string;
  readonly keyId: string;
  readonly publicKey: KeyObject;
}

/** Who signs: a key in a file, or a service that keeps it. */
export interface Signer {
  /** The verifier key that belongs to it. */
  readonly vkey: string;
  /** The Ed25519 signature, 64 bytes. */
  sign(message: Uint8Array): Promise<Uint8Array>;
}

const ED25519 = 1;
const SPKI_PREFIX = Buffer.from('302a300506032b6570032100', 'hex');
/** Printable, without space and `+`: what may name a trail. */
const NAME = /^[!-*,-~]{1,200}$/;
const SIGNATURE_LINE = /^\u2014 ([!-*,-~]{1,200}) ([A-Za-z0-9+/]+={0,2})$/u;

function corrupt(where: string, what: string): never {
  throw new FristError('AUDIT_CORRUPT', { where, what });
}

/** Strict base64: what `encode` would give and nothing else. */
function decode(text: string, bytes: number): Buffer | undefined {
  const decoded = Buffer.from(text, 'base64');
  return decoded.length === bytes && decoded.toString('base64') === text ? decoded : undefined;
}

/** The root of a head as bytes. */
export function rootBytes(head: Head): Buffer {
  return decode(head.root, HASH_BYTES) ?? corrupt('checkpoint', 'its root is not a hash');
}

/** Whether a text may name a trail. */
export function isOrigin(text: string): boolean {
  return NAME.test(text);
}

function keyIdOf(name: string, publicKey: Uint8Array): string {
  const bytes = Buffer.concat([Buffer.from(`${name}\n`), Buffer.of(ED25519), publicKey]);
  return hash('sha256', bytes, 'hex').slice(0, 8);
}

/** The verifier key for a public key of 32 bytes. */
export function formatVkey(name: string, publicKey: Uint8Array): string {
  const key = Buffer.concat([Buffer.of(ED25519), publicKey]).toString('base64');
  return `${name}+${keyIdOf(name, publicKey)}+${key}`;
}

/**
 * Reads a verifier key.
 * @throws AUDIT_KEY_INVALID
 */
export function parseVkey(vkey: string): Verifier {
  const invalid = (what: string): never => {
    throw new FristError('AUDIT_KEY_INVALID', { file: 'the verifier key', what });
  };
  const first = vkey.indexOf('+');
  const second = vkey.indexOf('+', first + 1);
  if (first < 0 || second < 0) return invalid('it is not name+id+key');
  const name = vkey.slice(0, first);
  const key = decode(vkey.slice(second + 1), 1 + 32);
  if (!isOrigin(name)) return invalid('its name is not allowed');
  if (key?.[0] !== ED25519) return invalid('it is not an Ed25519 key');
  const publicKey = key.subarray(1);
  const keyId = keyIdOf(name, publicKey);
  if (vkey.slice(first + 1, second) !== keyId) return invalid('its id is not that of its key');
  const spki = Buffer.concat([SPKI_PREFIX, publicKey]);
  return { name, keyId, publicKey: createPublicKey({ key: spki, format: 'der', type: 'spki' }) };
}

/** The text of a checkpoint. */
export function formatCheckpoint(origin: string, head: Head): string {
  return `${origin}\n${head.size}\n${head.root}\n`;
}

/**
 * Reads the text of a checkpoint.
 * @param where what it is called in an error.
 * @throws AUDIT_CORRUPT
 */
export function parseCheckpoint(text: string, where = 'checkpoint'): Head & { readonly origin: string } {
  const [origin = '', size = '', root = ''] = text.split('\n');
  const head = { origin, size: Number(size), root };
  if (!Number.isSafeInteger(head.size) || head.size < 0) corrupt(where, 'its size is not a number');
  if (!isOrigin(origin)) corrupt(where, 'its origin is not allowed');
  if (decode(root, HASH_BYTES) === undefined) corrupt(where, 'its root is not a hash');
  if (formatCheckpoint(origin, head) !== text) corrupt(where, 'it is not in canonical form');
  return head;
}

/**
 * Signs a head.
 * @returns the note.
 */
export async function signCheckpoint(origin: string, head: Head, signer: Signer): Promise<string> {
  const text = formatCheckpoint(origin, head);
  const { name, keyId } = parseVkey(signer.vkey);
  const signature = await signer.sign(Buffer.from(text));
  const line = Buffer.concat([Buffer.from(keyId, 'hex'), signature]).toString('base64');
  return `${text}\n\u2014 ${name} ${line}\n`;
}

/** Whether one signature line is this key's and verifies; undefined for a line of another key. */
function checkLine(line: string, text: string, verifier: Verifier, where: string): true | undefined {
  const [, name, encoded] = SIGNATURE_LINE.exec(line) ?? corrupt(where, 'a signature line is malformed');
  const bytes = Buffer.from(encoded ?? '', 'base64');
  if (bytes.length < 5 || bytes.toString('base64') !== encoded) corrupt(where, 'a signature is malformed');
  if (name !== verifier.name || bytes.toString('hex', 0, 4) !== verifier.keyId) return undefined;
  const good = verifySignature(null, Buffer.from(text), verifier.publicKey, bytes.subarray(4));
  return good ? true : corrupt(where, 'its signature does not verify');
}

/**
 * Opens a signed checkpoint: the head, when the verifier's key signed it for the trail of that name.
 * @param note the bytes as they are stored.
 * @param where what it is called in an error.
 * @throws AUDIT_CORRUPT
 */
export function openCheckpoint(note: Uint8Array, verifier: Verifier, where = 'checkpoint'): Head {
  // Bytes that are no UTF-8 become U+FFFD here, which neither the text nor a signature line may hold.
  const whole = Buffer.from(note).toString('utf8');
  const cut = whole.lastIndexOf('\n\n');
  if (cut < 0 || !whole.endsWith('\n') || cut + 2 >= whole.length) corrupt(where, 'it is not a signed note');
  const text = whole.slice(0, cut + 1);
  const lines = whole.slice(cut + 2, -1).split('\n');
  const signed = lines.map((line) => checkLine(line, text, verifier, where));
  if (!signed.includes(true)) corrupt(where, 'no signature is by the key of this trail');
  const { origin, size, root } = parseCheckpoint(text, where);
  if (origin !== verifier.name) corrupt(where, 'it is of another trail');
  return { size, root };
}
