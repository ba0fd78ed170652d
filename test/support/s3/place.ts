import type { S3Place } from '../../../src/audit/store/s3/place.ts';
import type { S3Server } from './server.ts';

/** Where a trail lies in a bucket of the test server; `more` are settings of its own. */
export function placeIn(
  s3: Pick<S3Server, 'endpoint' | 'accessKeyId' | 'secretAccessKey'>,
  bucket: string,
  more: Partial<S3Place> = {},
): S3Place {
  return {
    endpoint: s3.endpoint,
    region: 'eu-north-1',
    credentials: { key: s3.accessKeyId, secret: s3.secretAccessKey },
    pathStyle: true,
    checksums: 'required',
    timeoutMs: 30_000,
    bucket,
    prefix: 'trail',
    lock: { mode: 'none', years: 6 },
    ...more,
  };
}
