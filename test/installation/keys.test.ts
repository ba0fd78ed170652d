import { randomBytes } from 'node:crypto';
import { chmod, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createUlids } from '../../src/audit/format/ulid.ts';
import { createKeys, keysOf, openKeyRing, openSigner } from '../../src/installation/keys.ts';
import { loadSettings, type KeySource, type Settings } from '../../src/config.ts';
import { clock, freshState } from '../state/support.ts';

const ORIGIN = 'example.com/trail';
let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'frist-keys-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

/** The settings of an installation whose keys are in files of this folder, or where they are said to be. */
function settingsOf(keys: Partial<Settings['keys']> = {}): Settings {
  const { settings } = loadSettings({
    env: { FRIST_DATA_FOLDER: folder },
    readFile: () => '',
    file: undefined,
  });
  return { ...settings, keys: { ...settings.keys, ...keys } };
}
const random = (n: number): Uint8Array => randomBytes(n);
const world = { now: clock, randomBytes: random, newId: createUlids(randomBytes, clock) };

describe('the keys of an installation', () => {
  it('are made where they lie in files and are not there yet, and nowhere else', async () => {
    const { keys } = settingsOf();
    await createKeys({ ...keys, wrapping: { variable: 'W', text: 'x' } }, random);
    expect(await readdir(join(folder, 'keys'))).toEqual(['signing']);
    const made = await readFile(join(folder, 'keys/signing'), 'utf8');
    await createKeys(keys, random);
    expect((await readdir(join(folder, 'keys'))).sort()).toEqual(['signing', 'wrapping']);
    expect(await readFile(join(folder, 'keys/signing'), 'utf8')).toBe(made);
  });

  it('are the same keys, wherever they lie', async () => {
    const text = await readFile(join(folder, 'keys/signing'), 'utf8');
    const program = join(import.meta.dirname, '../../deploy/keys/openssl.sh');
    // The program wants its key under this name.
    await createKeys({ ...settingsOf().keys, signing: { file: join(folder, 'signing.pem') } }, random);
    const signers = async (from: KeySource): Promise<string> => (await openSigner(from, ORIGIN)).vkey;
    expect(await signers({ variable: 'S', text })).toBe(
      await signers({ file: join(folder, 'keys/signing') }),
    );
    expect(await signers({ command: [program, folder] })).toBe(
      await signers({ file: join(folder, 'signing.pem') }),
    );
    await chmod(join(folder, 'signing.pem'), 0o644);
    await expect(signers({ file: join(folder, 'signing.pem') })).rejects.toMatchObject({
      code: 'AUDIT_KEY_EXPOSED',
    });
    await expect(signers({ variable: 'S', text: 'nonsense-4711' })).rejects.toMatchObject({
      code: 'AUDIT_KEY_INVALID',
      params: { file: 'S' },
    });
  });

  it('name sources within their controller, and people in all of them', async () => {
    const test = await freshState('sqlite');
    const wrapping = { variable: 'W', text: 'ab'.repeat(32) };
    const ring = await openKeyRing(settingsOf({ wrapping }), test.state, world);
    await ring.begin();
    const [one, other] = await Promise.all(['A', 'B'].map((name) => keysOf(ring, name).current()));
    expect(one!.record('crm', 'contact', ['1'])).not.toBe(other!.record('crm', 'contact', ['1']));
    expect(one!.incarnation('crm', 'contact', ['1'], [], [])).not.toBe(
      other!.incarnation('crm', 'contact', ['1'], [], []),
    );
    expect(one!.subject('email', 'a@b.dk')).toBe(other!.subject('email', 'a@b.dk'));
    expect((await keysOf(ring, 'A').of(one!.epoch)).record('crm', 'contact', ['1'])).toBe(
      one!.record('crm', 'contact', ['1']),
    );
    await test.drop();
  });

  it('do not open what another key has wrapped', async () => {
    const test = await freshState('sqlite');
    const open = (digits: string) =>
      openKeyRing(settingsOf({ wrapping: { variable: 'W', text: digits.repeat(32) } }), test.state, world);
    await (await open('ab')).begin();
    await expect((await open('cd')).current()).rejects.toMatchObject({ code: 'AUDIT_KEY_WRONG' });
    await test.drop();
  });
});
