/** Objects of a bucket: all versions of the one that is named, and no other. */
import { S3Client } from '@aws-sdk/client-s3';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { bucketFiles } from '../../../src/connectors/files/s3.ts';
import { startS3 } from '../../support/s3/server.ts';
import type { S3Server } from '../../support/s3/server.ts';

let server: S3Server;
let client: S3Client;

beforeEach(async () => {
  server = await startS3();
  const { endpoint, accessKeyId, secretAccessKey } = server;
  client = new S3Client({
    endpoint,
    region: 'eu-north-1',
    forcePathStyle: true,
    credentials: { accessKeyId, secretAccessKey },
    requestChecksumCalculation: 'WHEN_REQUIRED',
    maxAttempts: 1,
  });
});
afterEach(async () => {
  client.destroy();
  await server.close();
});

const put = async (...keys: readonly string[]): Promise<void> => {
  for (const Key of keys) await client.send(new PutObjectCommand({ Bucket: 'cvs', Key, Body: 'words' }));
};
const keys = (): string[] => [...server.current('cvs').keys()].sort();

describe.each([false, true])('objects of a bucket (versions: %s)', (versioned) => {
  beforeEach(async () => {
    server.makeBucket('cvs', versioned ? { versioned } : {});
    await put('of/7/cv.pdf', 'of/7/cv.pdf', 'of/7/cv.pdf.old', 'of/7/cv', 'other/7/cv.pdf');
  });

  it('go when they are named, with all their versions', async () => {
    const files = bucketFiles('s3://cvs/of', client);
    expect(await files.remove(['7/cv.pdf', '7//./cv.pdf2', '../other/7/cv.pdf', '/of/7/cv'])).toEqual([
      'removed',
      'missing',
      'traversal',
      'absolute',
    ]);
    expect(keys()).toEqual(['of/7/cv', 'of/7/cv.pdf.old', 'other/7/cv.pdf']);
    expect(await files.remove(['7/cv.pdf'])).toEqual(['missing']);
    expect(await files.state()).toBe('there');
    expect(await bucketFiles('s3://cvs/none', client).state()).toBe('empty');
  });

  it('that cannot be removed are trouble, told by a code alone', async () => {
    server.fault = ({ action }) =>
      action === 'DeleteObject' ? { status: 403, code: 'AccessDenied' } : undefined;
    const trouble = bucketFiles('s3://cvs/of', client).remove(['7/cv.pdf']);
    await expect(trouble).rejects.toMatchObject({
      name: 'FileTrouble',
      code: 'AccessDenied',
      message: 'AccessDenied',
    });
  });
});
