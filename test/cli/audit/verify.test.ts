// What is wrong with a head or a key that somebody gives is not told as damage of the trail.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openLog } from '../../../src/audit/log.ts';
import { openFileStore } from '../../../src/audit/store/file.ts';
import { auditVerify, type AuditVerifyOptions } from '../../../src/cli/audit/verify.ts';
import { readText } from '../../../src/cli/shared/files.ts';
import { loadSettings } from '../../../src/config.ts';
import { createLogger } from '../../../src/logger.ts';
import type { World } from '../../../src/installation/wiring.ts';
import { madeUpTrail } from '../../audit/report/made-up.ts';
import { codeOf } from '../../state/support.ts';
import { SIGNER } from '../../support/trail.ts';
import { capture } from './support.ts';

let folder = '';
let trail = '';
let head = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'frist-verify-'));
  trail = join(folder, 'trail');
  head = join(folder, 'kept');
  const store = await openFileStore(trail, { create: true });
  await (await openLog({ store, signer: SIGNER })).append(await madeUpTrail(store));
  await copyFile(join(trail, 'checkpoint'), head);
});
afterAll(() => rm(folder, { recursive: true }));

const now = (): number => Date.parse('2026-08-05T12:00:00Z');
const world: World = {
  now,
  random: () => 0,
  randomBytes: (n) => Buffer.alloc(n, 1),
  sleep: () => Promise.resolve(),
  logger: createLogger({ level: 'error', format: 'json', stream: process.stderr, now }),
  version: '0.2.0',
};

async function verify(given: Partial<AuditVerifyOptions> = {}): Promise<string> {
  const env = { FRIST_DATA_FOLDER: join(folder, 'nothing') };
  const { settings } = loadSettings({ env, file: undefined, readFile: () => '' });
  const { io, all } = capture();
  const options = { trail, key: SIGNER.vkey, head: [], json: false, readFile: readText, ...given };
  await auditVerify(settings, world, options, io);
  return all();
}

describe('frist audit verify', () => {
  it('says where nothing from outside was given, and counts a head of before as such', async () => {
    expect(await verify()).toMatch(/verifies[\s\S]*no head from outside/);
    expect(await verify({ head: [head] })).toMatch(/Held against heads: 1 given\.\n$/);
    expect(await verify({ since: head })).toMatch(/Held against heads: 1 verified before\.\n$/);
  });

  it('does not call the trail damaged where a given head is none of it', async () => {
    const other = join(folder, 'other');
    await writeFile(other, 'no checkpoint\n');
    expect(await codeOf(verify({ head: [other] }))).toBe('AUDIT_HEAD');
    expect(await codeOf(verify({ since: other }))).toBe('AUDIT_HEAD');
  });

  it('asks for the key of a copy, not for a state', async () => {
    expect(await codeOf(verify({ key: undefined }))).toBe('USAGE');
  });
});
