// What docs/auditing.md tells an auditor to type does what it says, with openssl and jq and no code of frist's.
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openReader } from '../../src/audit/lookup/reader.ts';
import { formatReceipt } from '../../src/audit/receipt.ts';
import { leafHash } from '../../src/audit/tree.ts';
import { COMMITTER, erased } from '../audit/lookup/support.ts';
import { entries, logOf, SIGNER } from '../support/trail.ts';
import { blocks } from './pages.ts';

const run = promisify(execFile);
const EMAIL = 'jens@example.dk';
const COMMITMENT = COMMITTER.subject('email', EMAIL);

const toolsAreHere = await run('bash', ['-c', 'openssl version && jq --version && sha256sum --version']).then(
  () => true,
  () => false,
);

let folder: string;
let leaf: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'frist-auditor-'));
  const { store } = await logOf([...entries(300), erased({ key: '42', email: EMAIL }), ...entries(7)]);
  const reader = await openReader({ store, vkey: SIGNER.vkey });
  const entry = await reader.entry(300);
  leaf = leafHash(Buffer.from(entry)).toString('hex');
  const opening = { label: 'subject', ...COMMITTER.open('subject', ['email', EMAIL]) } as const;
  const receipt = formatReceipt({ entry, openings: [opening], proof: await reader.prove(300) });
  await writeFile(join(folder, 'receipt.json'), receipt);
  await writeFile(join(folder, 'checkpoint'), store.objects.get('checkpoint')!);
});
afterAll(() => rm(folder, { recursive: true }));

describe('docs/auditing.md', () => {
  if (!toolsAreHere) {
    it('is left untried: openssl, jq or sha256sum is not installed', () => undefined);
    return;
  }

  it('verifies the head, opens the receipt, and takes the proof out of it', async () => {
    const script = blocks('bash', ['docs/auditing.md']).map(({ text }) => text);
    expect(script).toHaveLength(3);
    const { stdout } = await run('bash', ['-euc', script.join('')], {
      cwd: folder,
      env: { ...process.env, VKEY: SIGNER.vkey, LC_ALL: 'C' },
    });
    expect(stdout).toContain('Signature Verified Successfully');
    expect(stdout).toContain(`${COMMITMENT}  -`);
    expect(stdout).toMatch(/subject +email +jens@example\.dk/);
    expect(stdout).toContain(`${leaf}  -`);
  });

  it('finds a head that was changed', async () => {
    await run('sed', ['-i', '2s/308/309/', 'checkpoint'], { cwd: folder });
    const [head] = blocks('bash', ['docs/auditing.md']);
    const verified = run('bash', ['-euc', head!.text], {
      cwd: folder,
      env: { ...process.env, VKEY: SIGNER.vkey },
    });
    await expect(verified).rejects.toMatchObject({ code: 1 });
  });
});
