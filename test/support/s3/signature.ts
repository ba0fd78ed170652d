/** AWS Signature Version 4, as the server checks it: of the headers, with the whole body hashed. */
import { createHmac, hash } from 'node:crypto';
import { S3Error } from './bucket.ts';
import type { Headers } from './bucket.ts';

export interface Signed {
  readonly method: string;
  readonly url: URL;
  readonly headers: Headers;
  readonly body: Buffer;
}

const AUTHORIZATION =
  /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/s3\/aws4_request, ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})$/;

const hmac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest();

/** encodeURIComponent leaves five characters that AWS encodes. */
function encode(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function canonical({ method, url, headers }: Signed, names: string, bodyHash: string): string {
  const path = url.pathname
    .split('/')
    .map((part) => encode(decodeURIComponent(part)))
    .join('/');
  const query = [...url.searchParams]
    .map(([name, value]) => `${encode(name)}=${encode(value)}`)
    .sort()
    .join('&');
  const lines = names
    .split(';')
    .map((name) => `${name}:${(headers[name] ?? '').trim().replaceAll(/\s+/g, ' ')}`);
  return [method, path, query, ...lines, '', names, bodyHash].join('\n');
}

/** Throws the error that S3 gives, unless the request was signed with the secret of a key in `secrets`. */
export function checkSignature(request: Signed, secrets: Readonly<Record<string, string>>): void {
  const { headers, body } = request;
  const parts = AUTHORIZATION.exec(headers['authorization'] ?? '');
  if (parts === null) throw new S3Error(403, 'AccessDenied');
  const [, id = '', day = '', region = '', names = '', signature = ''] = parts;
  const secret = secrets[id];
  if (secret === undefined) throw new S3Error(403, 'InvalidAccessKeyId');
  const bodyHash = headers['x-amz-content-sha256'] ?? '';
  const date = headers['x-amz-date'] ?? '';
  const scope = `${day}/${region}/s3/aws4_request`;
  const text = `AWS4-HMAC-SHA256\n${date}\n${scope}\n${hash('sha256', canonical(request, names, bodyHash))}`;
  const key = [region, 's3', 'aws4_request'].reduce<Buffer>(hmac, hmac(`AWS4${secret}`, day));
  if (hmac(key, text).toString('hex') !== signature) throw new S3Error(403, 'SignatureDoesNotMatch');
  // A body in signed chunks is what Ceph's gateway refuses, too.
  if (bodyHash.startsWith('STREAMING-')) throw new S3Error(411, 'MissingContentLength');
  if (bodyHash !== 'UNSIGNED-PAYLOAD' && hash('sha256', body) !== bodyHash)
    throw new S3Error(400, 'XAmzContentSHA256Mismatch');
}
