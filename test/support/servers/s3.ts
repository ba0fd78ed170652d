/** A real S3 server for tests: Ceph's gateway, kept by the keeper like the databases (index.ts). */
import { randomBytes } from 'node:crypto';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { ask } from './ask.ts';

export interface RealS3 {
  readonly endpoint: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly client: S3Client;
  /** Makes a bucket of a name that nobody else uses; with `lock` it has versions and Object Lock. */
  makeBucket(options?: { readonly lock?: boolean }): Promise<string>;
}

/** Undefined where it cannot be had. */
export async function realS3(): Promise<RealS3 | undefined> {
  const found = await ask('ceph');
  if (found === undefined) return undefined;
  const { origin: endpoint, username: accessKeyId, password: secretAccessKey } = new URL(found);
  const client = new S3Client({
    endpoint,
    region: 'default',
    forcePathStyle: true,
    requestChecksumCalculation: 'WHEN_REQUIRED',
    credentials: { accessKeyId, secretAccessKey },
  });
  return {
    endpoint,
    accessKeyId,
    secretAccessKey,
    client,
    makeBucket: async ({ lock = false } = {}) => {
      const Bucket = `frist-${randomBytes(6).toString('hex')}`;
      await client.send(new CreateBucketCommand({ Bucket, ObjectLockEnabledForBucket: lock }));
      return Bucket;
    },
  };
}
