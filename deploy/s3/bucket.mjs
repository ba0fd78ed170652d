// Makes the bucket of a trail, as bucket.json and lifecycle.json beside this file say, or brings one up to them:
//
//   FRIST_AUDIT_S3_BUCKET=… FRIST_AUDIT_S3_REGION=… node deploy/s3/bucket.mjs
//
// Bucket, prefix, region and endpoint are frist's settings in the environment; the key is that of somebody who may make
// buckets, from where AWS's tools take theirs (AWS_PROFILE, AWS_SHARED_CREDENTIALS_FILE, …), and never frist's own.
// A step that the server refuses is named and passed over, for servers differ; `frist check` then tries out what the
// bucket can do. Ends with 1 where there is no bucket afterwards, with 0 otherwise.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  CreateBucketCommand,
  PutBucketLifecycleConfigurationCommand,
  PutBucketPolicyCommand,
  PutBucketVersioningCommand,
  S3Client,
} from '@aws-sdk/client-s3';

const {
  FRIST_AUDIT_S3_BUCKET: Bucket = '',
  FRIST_AUDIT_S3_PREFIX: prefix = '',
  FRIST_AUDIT_S3_REGION: region = 'us-east-1',
  FRIST_AUDIT_S3_ENDPOINT: endpoint = '',
} = process.env;
const below = prefix === '' ? '' : `${prefix}/`;
const read = (name) => JSON.parse(readFileSync(join(import.meta.dirname, name), 'utf8'));
const bucket = read('bucket.json');
const lifecycle = read('lifecycle.json');
for (const rule of lifecycle.Rules) rule.Filter.Prefix = `${below}${rule.Filter.Prefix}`;
const policy = JSON.stringify(bucket.PutBucketPolicy).replaceAll('TRAIL/', `${Bucket}/${below}`);
// A bucket in the region that AWS began with is made without naming it.
const place = endpoint === '' && region !== 'us-east-1' ? { LocationConstraint: region } : undefined;

const STEPS = [
  new CreateBucketCommand({
    Bucket,
    ...bucket.CreateBucket,
    ...(place === undefined ? {} : { CreateBucketConfiguration: place }),
  }),
  new PutBucketVersioningCommand({ Bucket, ...bucket.PutBucketVersioning }),
  new PutBucketLifecycleConfigurationCommand({ Bucket, LifecycleConfiguration: lifecycle }),
  new PutBucketPolicyCommand({ Bucket, Policy: policy }),
];

const client = new S3Client({
  region,
  requestChecksumCalculation: 'WHEN_REQUIRED',
  ...(endpoint === '' ? {} : { endpoint, forcePathStyle: true }),
});
for (const step of STEPS) {
  const name = step.constructor.name.replace(/Command$/, '');
  try {
    await client.send(step);
    console.log(`${name}: done`);
  } catch (error) {
    const there = ['BucketAlreadyOwnedByYou', 'BucketAlreadyExists'].includes(error.name);
    console.log(`${name}: ${there ? 'it is there' : `refused (${error.name})`}`);
    if (name !== 'CreateBucket' || there) continue;
    process.exitCode = 1;
    break;
  }
}
