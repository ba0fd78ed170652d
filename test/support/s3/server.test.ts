import {
  CreateBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  GetObjectLockConfigurationCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import type { PutObjectCommandInput } from '@aws-sdk/client-s3';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { CEPH_PLAIN, CEPH_VERSIONED } from './bucket.ts';
import type { Quirks } from './bucket.ts';
import { startS3 } from './server.ts';
import type { S3Server } from './server.ts';

let now = Date.UTC(2026, 10, 22);
let s3: S3Server;
let client: S3Client;

function clientOf(secretAccessKey = s3.secretAccessKey, maxAttempts = 1): S3Client {
  return new S3Client({
    endpoint: s3.endpoint,
    region: 'eu-north-1',
    forcePathStyle: true,
    maxAttempts,
    credentials: { accessKeyId: s3.accessKeyId, secretAccessKey },
  });
}

beforeEach(async () => {
  s3 = await startS3({ now: () => now });
  client = clientOf();
});
afterEach(async () => {
  client.destroy();
  await s3.close();
});

const put = async (bucket: string, key: string, text: string, more: Partial<PutObjectCommandInput> = {}) =>
  client.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: Buffer.from(text), ...more }));
const get = async (bucket: string, key: string): Promise<string | undefined> =>
  (await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }))).Body?.transformToString();
const status = (code: number): unknown =>
  expect.objectContaining({ $metadata: expect.objectContaining({ httpStatusCode: code }) });

describe('the S3 server of the tests', () => {
  it('gives back what was put, with its headers', async () => {
    await client.send(new CreateBucketCommand({ Bucket: 'a' }));
    await put('a', 'tile/0/x001/000.p/1', 'ab', { ContentType: 'text/plain', CacheControl: 'no-store' });
    const found = await client.send(new GetObjectCommand({ Bucket: 'a', Key: 'tile/0/x001/000.p/1' }));
    expect(await found.Body?.transformToString()).toBe('ab');
    expect([found.ContentType, found.CacheControl]).toEqual(['text/plain', 'no-store']);
    await expect(get('a', 'other')).rejects.toMatchObject({ name: 'NoSuchKey' });
    await expect(get('b', 'other')).rejects.toMatchObject({ name: 'NoSuchBucket' });
  });

  it('checks signature and sums', async () => {
    s3.makeBucket('a');
    await expect(put('a', 'k', 'x', { ContentMD5: 'AAAAAAAAAAAAAAAAAAAAAA==' })).rejects.toMatchObject({
      name: 'BadDigest',
    });
    client = clientOf('wrong');
    await expect(put('a', 'k', 'x')).rejects.toMatchObject({ name: 'SignatureDoesNotMatch' });
    expect(s3.current('a').size).toBe(0);
  });

  it('lists in pages', async () => {
    s3.makeBucket('a');
    for (let i = 0; i < 25; i++) await put('a', `k/${String(i).padStart(2, '0')}`, 'x');
    await put('a', 'other', 'x');
    const keys: (string | undefined)[] = [];
    let token: string | undefined;
    do {
      const asked = { Bucket: 'a', Prefix: 'k/', MaxKeys: 10, ContinuationToken: token };
      const page = await client.send(new ListObjectsV2Command(asked));
      keys.push(...(page.Contents ?? []).map((one) => one.Key));
      token = page.NextContinuationToken;
    } while (token !== undefined);
    expect(keys).toHaveLength(25);
    expect(new Set(keys).size).toBe(25);
  });

  it.each(['plain', 'lock'])('lets one of many conditional writers win (%s)', async (kind) => {
    s3.makeBucket('a', { lock: kind === 'lock' });
    const race = (more: Partial<PutObjectCommandInput>) =>
      Promise.allSettled(
        Array.from({ length: 8 }, (_, i) => put('a', 'k', `${more.IfMatch ?? ''} ${i}`, more)),
      );
    const won = (results: PromiseSettledResult<unknown>[]): number =>
      results.filter((one) => one.status === 'fulfilled').length;
    expect(won(await race({ IfNoneMatch: '*' }))).toBe(1);
    const head = await client.send(new HeadObjectCommand({ Bucket: 'a', Key: 'k' }));
    expect(won(await race({ IfMatch: head.ETag }))).toBe(1);
    await expect(put('a', 'absent', 'x', { IfMatch: head.ETag })).rejects.toEqual(status(404));
  });

  it('keeps versions below a delete marker', async () => {
    s3.makeBucket('a', { versioned: true });
    const { VersionId } = await put('a', 'k', 'first');
    await client.send(new DeleteObjectCommand({ Bucket: 'a', Key: 'k' }));
    await expect(get('a', 'k')).rejects.toEqual(status(404));
    const listed = await client.send(new ListObjectVersionsCommand({ Bucket: 'a', Prefix: 'k' }));
    expect(listed.DeleteMarkers?.map((one) => one.IsLatest)).toEqual([true]);
    expect(listed.Versions?.map((one) => one.VersionId)).toEqual([VersionId]);
    await put('a', 'k', 'again', { IfNoneMatch: '*' });
    expect(await get('a', 'k')).toBe('again');
  });

  it('refuses to delete a locked version until its day', async () => {
    s3.makeBucket('a', { lock: true });
    const lock = (mode: 'GOVERNANCE' | 'COMPLIANCE') => ({
      ObjectLockMode: mode,
      ObjectLockRetainUntilDate: new Date(now + 60_000),
    });
    const strict = await put('a', 'k', 'x', lock('COMPLIANCE'));
    const mild = await put('a', 'g', 'x', lock('GOVERNANCE'));
    const remove = async (key: string, VersionId: string | undefined, bypass: boolean) => {
      const asked = { Bucket: 'a', Key: key, VersionId, BypassGovernanceRetention: bypass };
      return client.send(new DeleteObjectCommand(asked));
    };
    const head = await client.send(new HeadObjectCommand({ Bucket: 'a', Key: 'k' }));
    expect([head.ObjectLockMode, head.ObjectLockRetainUntilDate]).toEqual([
      'COMPLIANCE',
      new Date(now + 60_000),
    ]);
    await expect(remove('k', strict.VersionId, true)).rejects.toEqual(status(403));
    await expect(remove('g', mild.VersionId, false)).rejects.toEqual(status(403));
    await remove('g', mild.VersionId, true);
    now += 61_000;
    await remove('k', strict.VersionId, false);
    s3.makeBucket('b');
    await expect(put('b', 'k', 'x', lock('COMPLIANCE'))).rejects.toEqual(status(400));
    await expect(client.send(new GetObjectLockConfigurationCommand({ Bucket: 'b' }))).rejects.toEqual(
      status(404),
    );
  });

  it('fails before or after having done what was asked', async () => {
    s3.makeBucket('a');
    s3.fault = () => 'drop before';
    await expect(put('a', 'before', 'x')).rejects.toThrow();
    s3.fault = () => 'drop after';
    await expect(put('a', 'after', 'x')).rejects.toThrow();
    s3.fault = () => ({ status: 503, code: 'SlowDown' });
    await expect(put('a', 'slow', 'x')).rejects.toEqual(status(503));
    s3.fault = () => ({ delayMs: 5 });
    await put('a', 'late', 'x');
    expect([...s3.current('a').keys()]).toEqual(['after', 'late']);
    expect(s3.requests.map((one) => one.status)).toEqual([0, 0, 503, 200]);
  });

  it('has the quirks of others where it is told to', async () => {
    const bucket = async (quirks: Quirks, lock = false): Promise<string> => {
      s3.makeBucket('q', { quirks, lock });
      return (await put('q', 'k', 'first')).ETag ?? '';
    };
    await bucket({ ifNoneMatch: 'ignored' });
    await put('q', 'k', 'second', { IfNoneMatch: '*' });
    await bucket({ ifNoneMatch: 'refused' });
    await expect(put('q', 'k', 'second', { IfNoneMatch: '*' })).rejects.toEqual(status(501));
    let etag = await bucket(CEPH_PLAIN);
    await expect(put('q', 'k', 'second', { IfMatch: etag })).rejects.toEqual(status(412));
    await put('q', 'k', 'second', { IfMatch: etag.replaceAll('"', '') });
    etag = await bucket(CEPH_VERSIONED, true);
    await expect(put('q', 'k', 'second', { IfMatch: etag.replaceAll('"', '') })).rejects.toEqual(status(412));
    await put('q', 'k', 'second', { IfNoneMatch: '*' });
    await bucket({ md5: 'ignored', lock: 'dropped' }, true);
    await put('q', 'k', 'x', {
      ContentMD5: 'AAAAAAAAAAAAAAAAAAAAAA==',
      ObjectLockMode: 'COMPLIANCE',
      ObjectLockRetainUntilDate: new Date(now + 60_000),
    });
    const head = await client.send(new HeadObjectCommand({ Bucket: 'q', Key: 'k' }));
    expect(head.ObjectLockMode).toBeUndefined();
    await bucket({ denied: ['DeleteObject'] });
    await expect(client.send(new DeleteObjectCommand({ Bucket: 'q', Key: 'k' }))).rejects.toEqual(
      status(403),
    );
  });
});
