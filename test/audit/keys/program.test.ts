// Keys behind a program: a key service as frist sees it.
import { generateKeyPairSync, randomBytes, verify } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parseVkey } from '../../../src/audit/checkpoint.ts';
import { createProgramSigner, createProgramWrapper } from '../../../src/audit/keys/program.ts';
import { wrapperOf } from '../../../src/audit/keys.ts';

/** Signs with a key of its own and wraps by a cipher of its own, bound to the epoch. */
const SERVICE = `
import { createCipheriv, createDecipheriv, createPrivateKey, createPublicKey, hash, sign } from 'node:crypto';
import { readFileSync } from 'node:fs';
const key = createPrivateKey(readFileSync(import.meta.dirname + '/key.pem'));
const [verb, epoch = ''] = process.argv.slice(2);
const cipher = (make) => make('aes-256-ctr', hash('sha256', 'secret', 'buffer'), hash('sha256', epoch, 'buffer').subarray(0, 16));
const input = readFileSync(0);
const answers = {
  'public-key': () => createPublicKey(key).export({ format: 'pem', type: 'spki' }),
  sign: () => sign(null, input, key).toString('base64'),
  wrap: () => cipher(createCipheriv).update(input).toString('hex'),
  unwrap: () => cipher(createDecipheriv).update(Buffer.from(String(input), 'hex')).toString(),
};
console.log(answers[verb]());
`;
let folder = '';
const program = (name: string): readonly string[] => [process.execPath, join(folder, name)];
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'frist-program-'));
  const { privateKey } = generateKeyPairSync('ed25519');
  await writeFile(join(folder, 'key.pem'), privateKey.export({ format: 'pem', type: 'pkcs8' }));
  await writeFile(join(folder, 'service.mjs'), SERVICE);
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

/** A program that is only this. */
async function saying(name: string, script: string): Promise<readonly string[]> {
  await writeFile(join(folder, name), script);
  return program(name);
}

/** The program that is shipped as an example, over keys of its own. */
async function shipped(): Promise<readonly string[]> {
  const keys = await mkdtemp(join(folder, 'shipped-'));
  const { privateKey } = generateKeyPairSync('ed25519');
  await writeFile(join(keys, 'signing.pem'), privateKey.export({ format: 'pem', type: 'pkcs8' }));
  await writeFile(join(keys, 'wrapping'), randomBytes(32).toString('hex'));
  return [join(import.meta.dirname, '../../../deploy/keys/openssl.sh'), keys];
}

describe.each([
  ['in the test', () => Promise.resolve(program('service.mjs'))],
  ['that is shipped', shipped],
])('a key service %s', (_, make) => {
  it('signs for the trail of its name', async () => {
    const signer = await createProgramSigner(await make(), 'example.com/trail');
    const message = randomBytes(5000);
    const { name, publicKey } = parseVkey(signer.vkey);
    expect(name).toBe('example.com/trail');
    expect(verify(null, message, publicKey, await signer.sign(message))).toBe(true);
  });

  it('wraps keys, each for its epoch', async () => {
    const wrapper = createProgramWrapper(await make());
    const key = randomBytes(32);
    const wrapped = await wrapper.wrap('e1', key);
    expect(wrapped).not.toContain(key.toString('base64'));
    expect(await wrapper.unwrap('e1', wrapped)).toEqual(key);
    const other = await wrapper.unwrap('e2', wrapped).catch(() => undefined);
    expect(other).not.toEqual(key);
  });
});

describe('a key service', () => {
  it('does not open what a key at hand has wrapped, nor the other way round', async () => {
    const [service, local] = [
      createProgramWrapper(program('service.mjs')),
      wrapperOf(randomBytes(32), randomBytes),
    ];
    const wrong = { code: 'AUDIT_KEY_WRONG' };
    await expect(local.unwrap('e1', await service.wrap('e1', randomBytes(32)))).rejects.toMatchObject(wrong);
    await expect(service.unwrap('e1', await local.wrap('e1', randomBytes(32)))).rejects.toMatchObject(wrong);
  });

  it.each([
    ['that is not there', ['/nowhere/at all'], 'it cannot be started (ENOENT)'],
    ['that fails', 'console.error("secret-4711"); process.exit(3)', 'it ended with status 3'],
    ['that dies', 'process.kill(process.pid, "SIGKILL")', 'it was ended by SIGKILL'],
    ['that says nothing', '', 'its answer is not an Ed25519 public key in PEM'],
    [
      'that says something else',
      'console.log("secret-4711")',
      'its answer is not an Ed25519 public key in PEM',
    ],
    ['that does not stop', 'console.log("x".repeat(100_000))', 'its answer is too long'],
  ])('%s is told by what happened, never by what it said', async (name, what, said) => {
    const command = typeof what === 'string' ? await saying(`${name}.mjs`, what) : what;
    const error: unknown = await createProgramSigner(command, 'a').catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'AUDIT_KEY_PROGRAM', params: { verb: 'public-key', what: said } });
    expect(String(error)).not.toContain('4711');
  });

  it('that signs with another key than its own is found out', async () => {
    const other = generateKeyPairSync('ed25519').publicKey.export({ format: 'pem', type: 'spki' });
    const script = `if (process.argv[2] === 'public-key') console.log(${JSON.stringify(other)}); else { ${SERVICE.replaceAll('import {', 'const {').replaceAll(/\} from '(.*)';/g, "} = await import('$1');")} }`;
    const signer = await createProgramSigner(await saying('liar.mjs', script), 'a');
    await expect(signer.sign(Buffer.from('x'))).rejects.toMatchObject({
      code: 'AUDIT_KEY_PROGRAM',
      params: { verb: 'sign', what: 'its signature is not that of its public key' },
    });
  });

  it('that answers a wrapped key in two lines is refused: the state could not give it back', async () => {
    const wrapper = createProgramWrapper(await saying('lines.mjs', 'console.log("a\\nb")'));
    await expect(wrapper.wrap('e1', randomBytes(32))).rejects.toMatchObject({
      params: { what: 'its answer is not one line of text' },
    });
    await expect(wrapper.unwrap('e1', '2.x')).rejects.toMatchObject({
      params: { what: 'its answer is not base64' },
    });
  });
});
