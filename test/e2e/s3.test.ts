/** A sweep whose trail lies on a real S3 server, through the real command; then without frist's store or state. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { DeleteObjectCommand, ListObjectVersionsCommand } from '@aws-sdk/client-s3';
import { afterAll, describe, expect, it } from '@jest/globals';
import { openS3Reader } from '../../src/audit/store/s3.ts';
import { demoData } from '../../src/demo/data.ts';
import { demoFile, seedDemo } from '../../src/demo/seed.ts';
import { placeIn } from '../support/s3/place.ts';
import { realS3 } from '../support/servers/s3.ts';
import { install, ON_THE_DAY } from './installation.ts';
import type { Ended, Installation } from './installation.ts';

const s3 = await realS3();
const made: (() => Promise<void>)[] = [];
afterAll(async () => {
  for (const remove of made) await remove();
});

async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'frist-s3-'));
  made.push(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** An installation over the demo's databases, with these settings in the environment. */
async function installOn(settings: Readonly<Record<string, string>>): Promise<Installation> {
  const folder = await newFolder();
  await seedDemo(folder);
  const sources = demoData().databases.map(
    ({ database }) => [`FRIST_${database.toUpperCase()}`, `sqlite:${demoFile(folder, database)}`] as const,
  );
  const installation = await install({ ...Object.fromEntries(sources), ...settings });
  made.push(() => installation.remove());
  return installation;
}

/** What `aws s3 sync` would bring. */
async function download(bucket: string): Promise<string> {
  const folder = await newFolder();
  const reader = openS3Reader(placeIn(s3!, bucket, { prefix: 'acme' }));
  for (const prefix of ['tile/', 'evidence/', 'checkpoint'])
    for await (const key of reader.list(prefix)) {
      await mkdir(dirname(join(folder, key)), { recursive: true });
      await writeFile(join(folder, key), (await reader.get(key))?.bytes ?? '');
    }
  return folder;
}

const well = ({ status, stderr }: Ended): void =>
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });

it('has a real S3 server in CI', () => {
  if (process.env['CI'] === 'true') expect(s3).toBeDefined();
});

describe.each(s3 === undefined ? [] : ['a second bucket', 'the state database'])(
  'a trail under Object Lock, swapped in %s',
  (swaps) => {
    it('is written, verified, downloaded, and kept from whoever would delete it', async () => {
      const server = s3!;
      const bucket = await server.makeBucket({ lock: true });
      const frist = await installOn({
        FRIST_AUDIT_S3_BUCKET: bucket,
        FRIST_AUDIT_S3_PREFIX: 'acme',
        FRIST_AUDIT_S3_ENDPOINT: server.endpoint,
        FRIST_AUDIT_S3_ACCESS_KEY: server.accessKeyId,
        FRIST_AUDIT_S3_ACCESS_SECRET: server.secretAccessKey,
        FRIST_AUDIT_S3_LOCK_MODE: 'compliance',
        FRIST_AUDIT_S3_LOCK_YEARS: '1',
        FRIST_LOG_LEVEL: 'error',
        ...(swaps === 'a second bucket' ? { FRIST_AUDIT_S3_STATE: await server.makeBucket() } : {}),
      });
      well(await frist.frist(['state', 'init']));
      expect((await frist.frist(['check'])).stdout).toContain(
        swaps === 'a second bucket' ? 'swapped in the second bucket' : 'swapped in the state database',
      );
      const { document } = await frist.json(['run', ...ON_THE_DAY]);
      for (const { plan } of document.policies ?? [])
        if (plan !== undefined) well(await frist.frist(['approve', plan, '--why', 'seen', ...ON_THE_DAY]));
      const verified = await frist.frist(['audit', 'verify', '--json']);
      well(verified);
      const { size, verifierKey } = JSON.parse(verified.stdout) as { size: number; verifierKey: string };
      expect(size).toBeGreaterThan(256);

      const copy = ['--trail', await download(bucket), '--key', verifierKey, '--json'];
      const again = await frist.frist(['audit', 'verify', ...copy]);
      expect(JSON.parse(again.stdout)).toMatchObject({ size, exit: 0 });

      const Key = 'acme/tile/entries/000';
      const { Versions = [] } = await server.client.send(
        new ListObjectVersionsCommand({ Bucket: bucket, Prefix: Key }),
      );
      const whole = Versions.filter((one) => one.Key === Key);
      expect(whole).toHaveLength(1);
      const asked = { Bucket: bucket, Key, VersionId: whole[0]?.VersionId, BypassGovernanceRetention: true };
      await expect(server.client.send(new DeleteObjectCommand(asked))).rejects.toMatchObject({
        $metadata: { httpStatusCode: 403 },
      });
      await server.client.send(new DeleteObjectCommand({ Bucket: bucket, Key }));
      const hidden = await frist.frist(['audit', 'verify']);
      expect(hidden.status).toBe(0);
      expect(hidden.stdout).toContain('tile/entries/000');
    });
  },
);
