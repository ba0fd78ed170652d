/**
 * The keys of the trail as text, and the files that they lie in when nothing better is at hand (keys/program.ts is).
 *
 * Signing key: an Ed25519 private key, PKCS #8 in PEM (`openssl pkey` reads it).
 * Wrapping key: 32 bytes as 64 hex digits and a newline. It wraps the epoch keys that lie in the state database, so
 * that a copy of the database alone opens no commitment.
 * Wrapped epoch key: "1." base64(nonce, 12 bytes || ciphertext, 32 || tag, 16) of AES-256-GCM, with the id of the
 * epoch as additional data: a wrapped key does not open as that of another epoch.
 *
 * A key file has mode 0600, or is refused; one that root gave us (a secret that Kubernetes mounts) may be read by its
 * group as well, for that is how we read it. Trust: who reads the signing key can sign another history; who reads the
 * wrapping key and the state database can try values against commitments.
 */
import { createCipheriv, createDecipheriv, createPrivateKey, createPublicKey, sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { existsSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { FristError } from '../errors.ts';
import { formatVkey, isOrigin } from './checkpoint.ts';
import type { Signer } from './checkpoint.ts';
import { EPOCH_KEY_BYTES } from './commitment.ts';
import { createFile, makeFolders, syncFolder, systemCode } from './store/durable.ts';

const MODE = 0o600;
const OTHERS = 0o077;
const OTHERS_OF_ROOTS = 0o037;
const WRAPPING_KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');
const CIPHER = 'aes-256-gcm';

function invalid(file: string, what: string): never {
  throw new FristError('AUDIT_KEY_INVALID', { file, what });
}

async function readKeyFile(file: string): Promise<string> {
  const handle = await open(file, 'r').catch((error: unknown) => {
    if (systemCode(error) === 'ENOENT') throw new FristError('AUDIT_KEY_MISSING', { file });
    return invalid(file, `it cannot be read (${systemCode(error) ?? 'unknown'})`);
  });
  try {
    // Of the open file, not of the name: what is checked is what is read.
    const { mode, uid } = await handle.stat();
    const given = uid === 0 && process.getuid?.() !== 0;
    if ((mode & (given ? OTHERS_OF_ROOTS : OTHERS)) !== 0) {
      throw new FristError('AUDIT_KEY_EXPOSED', { file, mode: (mode & 0o777).toString(8).padStart(4, '0') });
    }
    return await handle.readFile('utf8');
  } finally {
    await handle.close();
  }
}

async function createKeyFile(file: string, text: string, random: (n: number) => Uint8Array): Promise<void> {
  // A key that was given may lie where nothing can be written.
  if (existsSync(file)) throw new FristError('AUDIT_KEY_EXISTS', { file });
  const temporary = `${file}.${Buffer.from(random(8)).toString('hex')}.tmp`;
  try {
    await makeFolders(dirname(file), 0o700);
    if (!(await createFile(file, temporary, Buffer.from(text), MODE)))
      throw new FristError('AUDIT_KEY_EXISTS', { file });
    await syncFolder(dirname(file));
  } catch (error) {
    if (error instanceof FristError) throw error;
    invalid(file, `it cannot be written (${systemCode(error) ?? 'unknown'})`);
  }
}

/**
 * Makes a signing key in a file that is not there yet.
 * @param random `crypto.randomBytes`
 * @throws AUDIT_KEY_EXISTS, AUDIT_KEY_INVALID
 */
export async function createSigningKey(file: string, random: (n: number) => Uint8Array): Promise<void> {
  const key = createPrivateKey({
    key: Buffer.concat([PKCS8_PREFIX, random(32)]),
    format: 'der',
    type: 'pkcs8',
  });
  await createKeyFile(file, key.export({ format: 'pem', type: 'pkcs8' }).toString(), random);
}

/** A signer over a private key in memory. */
export function signerOf(key: KeyObject, origin: string): Signer {
  const publicKey = createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(-32);
  return {
    vkey: formatVkey(origin, publicKey),
    sign: (message) => Promise.resolve(sign(null, message, key)),
  };
}

/**
 * Reads a signing key.
 * @param origin the name of the trail: printable, without space and `+`.
 * @throws AUDIT_KEY_MISSING, AUDIT_KEY_EXPOSED, AUDIT_KEY_INVALID
 */
export async function loadSigner(file: string, origin: string): Promise<Signer> {
  return parseSigner(await readKeyFile(file), file, origin);
}

/**
 * Reads a signing key from its text, which may come from elsewhere than a file.
 * @param where what it is called in an error.
 * @throws AUDIT_KEY_INVALID
 */
export function parseSigner(pem: string, where: string, origin: string): Signer {
  if (!isOrigin(origin)) invalid(where, 'the origin of the trail is empty, or has a space or a plus sign');
  let key: KeyObject;
  try {
    key = createPrivateKey(pem);
  } catch {
    // The cause may quote the text.
    return invalid(where, 'it is not a private key in PEM');
  }
  if (key.asymmetricKeyType !== 'ed25519') invalid(where, 'it is not an Ed25519 key');
  return signerOf(key, origin);
}

/**
 * Makes a wrapping key in a file that is not there yet.
 * @throws AUDIT_KEY_EXISTS, AUDIT_KEY_INVALID
 */
export async function createWrappingKey(file: string, random: (n: number) => Uint8Array): Promise<void> {
  await createKeyFile(file, `${Buffer.from(random(WRAPPING_KEY_BYTES)).toString('hex')}\n`, random);
}

/**
 * Reads a wrapping key from its text, which may come from elsewhere than a file.
 * @param where what it is called in an error.
 * @throws AUDIT_KEY_INVALID
 */
export function parseWrappingKey(text: string, where: string): Buffer {
  const digits = /^([0-9a-f]{64})\n?$/.exec(text)?.[1];
  return digits === undefined ? invalid(where, 'it is not 64 hex digits') : Buffer.from(digits, 'hex');
}

/**
 * Reads a wrapping key.
 * @throws AUDIT_KEY_MISSING, AUDIT_KEY_EXPOSED, AUDIT_KEY_INVALID
 */
export async function loadWrappingKey(file: string): Promise<Buffer> {
  return parseWrappingKey(await readKeyFile(file), file);
}

/** What wraps epoch keys: a key at hand, or a service that keeps its key to itself. */
export interface KeyWrapper {
  /**
   * @returns one line of text for the state database.
   */
  wrap(epoch: string, epochKey: Uint8Array): Promise<string>;
  /**
   * @throws AUDIT_KEY_WRONG when it was wrapped by another key, for another epoch, or was changed.
   */
  unwrap(epoch: string, wrapped: string): Promise<Buffer>;
}

/**
 * A wrapper over a wrapping key in memory.
 * @param random `crypto.randomBytes`
 */
export function wrapperOf(wrappingKey: Uint8Array, random: (n: number) => Uint8Array): KeyWrapper {
  return {
    wrap: (epoch, epochKey) => Promise.resolve(wrapEpochKey(wrappingKey, epoch, epochKey, random)),
    // In a promise of its own, so that it rejects instead of throwing.
    unwrap: async (epoch, wrapped) => await Promise.resolve(unwrapEpochKey(wrappingKey, epoch, wrapped)),
  };
}

/**
 * Wraps the key of an epoch.
 * @returns text for the state database.
 */
export function wrapEpochKey(
  wrappingKey: Uint8Array,
  epoch: string,
  epochKey: Uint8Array,
  random: (n: number) => Uint8Array,
): string {
  const nonce = random(NONCE_BYTES);
  const cipher = createCipheriv(CIPHER, wrappingKey, nonce).setAAD(Buffer.from(epoch));
  const bytes = Buffer.concat([nonce, cipher.update(epochKey), cipher.final(), cipher.getAuthTag()]);
  return `1.${bytes.toString('base64')}`;
}

/**
 * Opens the key of an epoch.
 * @throws AUDIT_KEY_WRONG when it was wrapped by another key, for another epoch, or was changed.
 */
export function unwrapEpochKey(wrappingKey: Uint8Array, epoch: string, wrapped: string): Buffer {
  const bytes = Buffer.from(wrapped.slice(2), 'base64');
  const wrong = (): never => {
    throw new FristError('AUDIT_KEY_WRONG', { epoch });
  };
  if (`1.${bytes.toString('base64')}` !== wrapped) return wrong();
  if (bytes.length !== NONCE_BYTES + EPOCH_KEY_BYTES + TAG_BYTES) return wrong();
  const decipher = createDecipheriv(CIPHER, wrappingKey, bytes.subarray(0, NONCE_BYTES), {
    authTagLength: TAG_BYTES,
  });
  decipher.setAAD(Buffer.from(epoch)).setAuthTag(bytes.subarray(-TAG_BYTES));
  try {
    return Buffer.concat([decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()]);
  } catch {
    return wrong();
  }
}
