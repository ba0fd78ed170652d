import { createPublicKey, generateKeyPairSync, randomBytes, verify } from 'node:crypto';
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parseVkey } from '../../src/audit/checkpoint.ts';
import { putEvidence, readEvidence } from '../../src/audit/evidence.ts';
import {
  createSigningKey,
  createWrappingKey,
  loadSigner,
  loadWrappingKey,
  parseWrappingKey,
  unwrapEpochKey,
  wrapEpochKey,
} from '../../src/audit/keys.ts';
import { createMemoryStore } from '../../src/audit/store/memory.ts';

const coded = (code: string): unknown => expect.objectContaining({ code });
let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'frist-keys-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

const KINDS = [
  ['signing', createSigningKey, (file: string): Promise<unknown> => loadSigner(file, 'example.com/trail')],
  ['wrapping', createWrappingKey, loadWrappingKey],
] as const;

describe.each(KINDS)('a %s key in a file', (name, create, load) => {
  it('is made once, for its owner only', async () => {
    const file = join(folder, `${name}-once`);
    await create(file, randomBytes);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    const text = await readFile(file, 'utf8');
    await expect(create(file, randomBytes)).rejects.toEqual(coded('AUDIT_KEY_EXISTS'));
    expect(await readFile(file, 'utf8')).toBe(text);
    await load(file);
    expect((await readdir(folder)).filter((entry) => entry.endsWith('.tmp'))).toEqual([]);
  });

  it('is random', async () => {
    const files = [join(folder, `${name}-a`), join(folder, `${name}-b`)] as const;
    for (const file of files) await create(file, randomBytes);
    expect(await readFile(files[0])).not.toEqual(await readFile(files[1]));
  });

  it('is refused when others may read it', async () => {
    const file = join(folder, `${name}-exposed`);
    await create(file, randomBytes);
    for (const mode of [0o640, 0o604, 0o620, 0o660, 0o644]) {
      await chmod(file, mode);
      await expect(load(file)).rejects.toMatchObject({
        code: 'AUDIT_KEY_EXPOSED',
        params: { mode: `0${mode.toString(8)}` },
      });
    }
    await chmod(file, 0o400);
    await load(file);
  });

  it('is missed when it is not there', async () => {
    await expect(load(join(folder, 'nowhere'))).rejects.toEqual(coded('AUDIT_KEY_MISSING'));
    await writeFile(join(folder, 'in the way'), '');
    await expect(create(join(folder, 'in the way', 'key'), randomBytes)).rejects.toEqual(
      coded('AUDIT_KEY_INVALID'),
    );
    await create(join(folder, `deep-${name}`, 'er', 'key'), randomBytes);
    await load(join(folder, `deep-${name}`, 'er', 'key'));
    expect((await stat(join(folder, `deep-${name}`))).mode & 0o077).toBe(0);
  });

  it.each(['', 'nonsense', `${'ab'.repeat(31)}\n`, `${'AB'.repeat(32)}\n`, `${'ab'.repeat(32)}\n\n`])(
    'is refused when it is %j, which is not quoted',
    async (text) => {
      const file = join(folder, `${name}-bad`);
      await writeFile(file, text, { mode: 0o600 });
      const error = await load(file).catch((reason: unknown) => reason);
      expect(error).toEqual(coded('AUDIT_KEY_INVALID'));
      if (text !== '') expect(String(error)).not.toContain(text.trim());
    },
  );
});

describe('a signer', () => {
  it('signs for the trail of its name', async () => {
    const file = join(folder, 'signer');
    await createSigningKey(file, randomBytes);
    const signer = await loadSigner(file, 'example.com/trail');
    const verifier = parseVkey(signer.vkey);
    expect(verifier.name).toBe('example.com/trail');
    const message = Buffer.from('text');
    expect(verify(null, message, verifier.publicKey, await signer.sign(message))).toBe(true);
    // The file is what openssl and every library reads.
    expect(createPublicKey(await readFile(file)).equals(verifier.publicKey)).toBe(true);
  });

  it('is made by the seed that it is given', async () => {
    const file = join(folder, 'seeded');
    await createSigningKey(file, (n) => Uint8Array.from({ length: n }, (_, i) => i));
    expect((await loadSigner(file, 'example.com/erasure-log')).vkey).toBe(
      'example.com/erasure-log+712f8d61+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4',
    );
  });

  it('needs an Ed25519 key, and an origin that a checkpoint can carry', async () => {
    const file = join(folder, 'rsa');
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    await writeFile(file, privateKey.export({ format: 'pem', type: 'pkcs8' }), { mode: 0o600 });
    await expect(loadSigner(file, 'example.com/trail')).rejects.toEqual(coded('AUDIT_KEY_INVALID'));
    for (const origin of ['', 'with space', 'a+b', 'å', 'a\n']) {
      await expect(loadSigner(join(folder, 'signer'), origin)).rejects.toEqual(coded('AUDIT_KEY_INVALID'));
    }
  });
});

describe('epoch keys', () => {
  const wrapping = Buffer.alloc(32, 1);
  const epochKey = randomBytes(32);

  it('come back from their wrapping', () => {
    const wrapped = wrapEpochKey(wrapping, '2026-11', epochKey, randomBytes);
    expect(unwrapEpochKey(wrapping, '2026-11', wrapped)).toEqual(epochKey);
    expect(wrapEpochKey(wrapping, '2026-11', epochKey, randomBytes)).not.toBe(wrapped);
  });

  it('do not open with another key, as another epoch, or changed', () => {
    const wrapped = wrapEpochKey(wrapping, '2026-11', epochKey, randomBytes);
    const wrong = coded('AUDIT_KEY_WRONG');
    expect(() => unwrapEpochKey(Buffer.alloc(32, 2), '2026-11', wrapped)).toThrow(wrong);
    expect(() => unwrapEpochKey(wrapping, '2026-12', wrapped)).toThrow(wrong);
    for (let at = 0; at < wrapped.length; at++) {
      const other = wrapped[at] === 'A' ? 'B' : 'A';
      const spoilt = wrapped.slice(0, at) + other + wrapped.slice(at + 1);
      expect(() => unwrapEpochKey(wrapping, '2026-11', spoilt)).toThrow(wrong);
    }
    for (const text of ['', '1.', wrapped.slice(0, -4), `${wrapped}AAAA`]) {
      expect(() => unwrapEpochKey(wrapping, '2026-11', text)).toThrow(wrong);
    }
  });

  it('may be wrapped by a key that comes as text from elsewhere', () => {
    expect(parseWrappingKey('01'.repeat(32), 'FRIST_KEY')).toEqual(wrapping);
    expect(() => parseWrappingKey('01', 'FRIST_KEY')).toThrow(/FRIST_KEY/);
  });
});

describe('evidence', () => {
  it('comes back, and is gone without a trace when it is erased', async () => {
    const store = createMemoryStore();
    const ref = await putEvidence(store, 'Because of case 17: ærligt', randomBytes);
    expect(ref.bytes).toBe(32 + Buffer.byteLength('Because of case 17: ærligt'));
    expect(await readEvidence(store, ref)).toBe('Because of case 17: ærligt');
    store.objects.clear();
    expect(await readEvidence(store, ref)).toBeUndefined();
  });

  it('of the same text has another hash each time, so that a hash gives no text away', async () => {
    const store = createMemoryStore();
    const one = await putEvidence(store, 'yes', randomBytes);
    expect(await putEvidence(store, 'yes', randomBytes)).not.toEqual(one);
    expect(await readEvidence(store, await putEvidence(store, '', randomBytes))).toBe('');
  });

  it('is refused when its bytes are not those of its hash', async () => {
    const store = createMemoryStore();
    const ref = await putEvidence(store, 'yes', randomBytes);
    await expect(readEvidence(store, { ...ref, bytes: 36 })).rejects.toEqual(coded('AUDIT_CORRUPT'));
    for (const key of store.objects.keys()) store.objects.get(key)![33]! ^= 1;
    await expect(readEvidence(store, ref)).rejects.toEqual(coded('AUDIT_CORRUPT'));
  });
});
