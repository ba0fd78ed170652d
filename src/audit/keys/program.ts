/**
 * Keys that never leave a key service (KMS) or a hardware module: frist asks a program of the operator's, which asks
 * the service by whatever client it has. The program gets the words of the setting, and then
 *
 *   public-key      stdout: the public key of the signing key, Ed25519, in PEM
 *   sign            stdin: the bytes to sign; stdout: the signature, base64
 *   wrap EPOCH      stdin: the epoch key, base64; stdout: one line of text, which lies in the state database
 *   unwrap EPOCH    stdin: that line; stdout: the epoch key, base64
 *
 * and ends with status 0 within 30 s. A line end after an answer is allowed. EPOCH is an id: bind the wrapped key to it
 * where the service can (an encryption context, additional data). Standard error is not read: it may quote a key.
 *
 * What it answers is not taken on trust: a signature must verify, and a wrapped key must open again (ring.ts).
 * `public-key` is asked once when frist starts, `sign` for each checkpoint, `unwrap` once for each epoch in use.
 */
import { spawn } from 'node:child_process';
import { createPublicKey, verify } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { FristError } from '../../errors.ts';
import { formatVkey } from '../checkpoint.ts';
import type { Signer } from '../checkpoint.ts';
import type { KeyWrapper } from '../keys.ts';
import { systemCode } from '../store/durable.ts';

const PATIENCE_MS = 30_000;
const LONGEST_ANSWER = 16_384;
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;
/** What is not base64 of a local key ("1."), so that each kind refuses what the other wrapped. */
const PREFIX = '2.';

type Command = readonly string[];

function failed(command: Command, verb: string, what: string): FristError {
  return new FristError('AUDIT_KEY_PROGRAM', { program: command[0] ?? '', verb, what });
}

/** Runs the program; its answer without the line end. */
async function ask(command: Command, words: readonly string[], input: Uint8Array | string): Promise<string> {
  const [program = '', ...args] = command;
  const [verb = ''] = words;
  const child = spawn(program, [...args, ...words], {
    stdio: ['pipe', 'pipe', 'ignore'],
    signal: AbortSignal.timeout(PATIENCE_MS),
    killSignal: 'SIGKILL',
  });
  const chunks: Buffer[] = [];
  let length = 0;
  child.stdout.on('data', (chunk: Buffer) => {
    length += chunk.length;
    if (length <= LONGEST_ANSWER) chunks.push(chunk);
  });
  // A program that does not read its input closes the pipe; how it ended says the rest.
  child.stdin.on('error', () => undefined);
  child.stdin.end(input);
  const status = await new Promise<number | null>((resolve, reject) => {
    child.on('error', (error) => {
      const late = error.name === 'AbortError';
      const what = late
        ? 'it took longer than 30 s'
        : `it cannot be started (${systemCode(error) ?? 'unknown'})`;
      reject(failed(command, verb, what));
    });
    child.on('close', resolve);
  });
  if (child.signalCode !== null) throw failed(command, verb, `it was ended by ${child.signalCode}`);
  if (status !== 0) throw failed(command, verb, `it ended with status ${String(status)}`);
  if (length > LONGEST_ANSWER) throw failed(command, verb, 'its answer is too long');
  return Buffer.concat(chunks).toString('utf8').trimEnd();
}

async function askBase64(
  command: Command,
  words: readonly string[],
  input: Uint8Array | string,
): Promise<Buffer> {
  const answer = await ask(command, words, input);
  if (!BASE64.test(answer)) throw failed(command, words[0] ?? '', 'its answer is not base64');
  return Buffer.from(answer, 'base64');
}

async function publicKeyOf(command: Command): Promise<KeyObject> {
  const pem = await ask(command, ['public-key'], '');
  try {
    const key = createPublicKey(pem);
    if (key.asymmetricKeyType === 'ed25519') return key;
  } catch {
    // Said below: the cause would quote the answer.
  }
  throw failed(command, 'public-key', 'its answer is not an Ed25519 public key in PEM');
}

/**
 * A signer that asks a program.
 * @param origin the name of the trail.
 * @throws AUDIT_KEY_PROGRAM, from here and from `sign`.
 */
export async function createProgramSigner(command: Command, origin: string): Promise<Signer> {
  const key = await publicKeyOf(command);
  return {
    vkey: formatVkey(origin, key.export({ format: 'der', type: 'spki' }).subarray(-32)),
    sign: async (message) => {
      const signature = await askBase64(command, ['sign'], message);
      if (!verify(null, message, key, signature))
        throw failed(command, 'sign', 'its signature is not that of its public key');
      return signature;
    },
  };
}

/**
 * A wrapper that asks a program.
 * @throws AUDIT_KEY_PROGRAM, from its methods.
 */
export function createProgramWrapper(command: Command): KeyWrapper {
  return {
    wrap: async (epoch, epochKey) => {
      const wrapped = await ask(command, ['wrap', epoch], Buffer.from(epochKey).toString('base64'));
      if (wrapped === '' || /\p{Cc}/u.test(wrapped))
        throw failed(command, 'wrap', 'its answer is not one line of text');
      return PREFIX + wrapped;
    },
    unwrap: async (epoch, wrapped) => {
      if (!wrapped.startsWith(PREFIX)) throw new FristError('AUDIT_KEY_WRONG', { epoch });
      return await askBase64(command, ['unwrap', epoch], wrapped.slice(PREFIX.length));
    },
  };
}
