/**
 * An S3 server within the test's own process: signatures, conditions, versions and Object Lock as AWS documents them,
 * with faults and quirks where a test wants them.
 *
 *   const s3 = await startS3();                     // { now } for a clock that the test turns
 *   s3.makeBucket('trail', { lock: true });         // { versioned, lock, quirks }
 *   s3.fault = ({ action, n }) => (action === 'PutObject' && n === 3 ? 'drop after' : undefined);
 *   s3.requests                                     // every request so far: action, bucket, key, status
 *   s3.current('trail')                             // what a reader sees: key to bytes
 *   await s3.close();
 *
 * Faults come in pairs: 'drop before' cuts the connection and has done nothing, 'drop after' has done what was asked.
 */
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { act, actionOf, escapeXml } from './actions.ts';
import type { Answer, Request } from './actions.ts';
import { Bucket, S3Error } from './bucket.ts';
import type { BucketOptions, Headers } from './bucket.ts';
import { checkSignature } from './signature.ts';

/** What a fault may be decided by. `n` counts the requests of this server from 0. */
export interface Asked {
  readonly n: number;
  /** AWS's name, e.g. PutObject. */
  readonly action: string;
  readonly bucket: string;
  readonly key: string;
}

export type Fault =
  | 'drop before'
  | 'drop after'
  /** Answered at once, nothing done, e.g. 503 and SlowDown. */
  | { readonly status: number; readonly code: string }
  | { readonly delayMs: number };

export interface S3Server {
  /** http://127.0.0.1:port, for path-style requests in any region. */
  readonly endpoint: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Every request so far. Status 0: the connection was cut. */
  readonly requests: (Asked & { readonly status: number; readonly bytes: number })[];
  fault: (asked: Asked) => Fault | undefined;
  makeBucket(name: string, options?: BucketOptions): Bucket;
  bucket(name: string): Bucket;
  /** The objects that a reader sees. */
  current(bucket: string): Map<string, Buffer>;
  close(): Promise<void>;
}

const ACCESS_KEY = 'TESTKEY';
const SECRET = 'test-secret';

function errorAnswer(error: unknown): Answer {
  const { status, code } = error instanceof S3Error ? error : new S3Error(500, String(error));
  return {
    status,
    headers: { 'content-type': 'application/xml' },
    body: `<Error><Code>${escapeXml(code)}</Code><Message>${escapeXml(code)}</Message></Error>`,
  };
}

function flat(headers: IncomingMessage['headers']): Headers {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(',') : value]),
  );
}

/** Starts a server on a free port of 127.0.0.1. `now` is its clock: when locks end. */
export async function startS3(options: { readonly now?: () => number } = {}): Promise<S3Server> {
  const now = options.now ?? Date.now;
  const buckets = new Map<string, Bucket>();
  const requests: S3Server['requests'] = [];
  let count = 0;

  function bucketOf(name: string): Bucket {
    const found = buckets.get(name);
    if (found === undefined) throw new S3Error(404, 'NoSuchBucket');
    return found;
  }

  function answer(request: Request, method: string, url: URL): Answer {
    try {
      checkSignature({ method, url, headers: request.headers, body: request.body }, { [ACCESS_KEY]: SECRET });
      if (request.action !== 'CreateBucket') return act(bucketOf(request.bucket), request);
      if (buckets.has(request.bucket)) throw new S3Error(409, 'BucketAlreadyOwnedByYou');
      const lock = request.headers['x-amz-bucket-object-lock-enabled'] === 'true';
      buckets.set(request.bucket, new Bucket({ lock }, now));
      return { status: 200 };
    } catch (error) {
      return errorAnswer(error);
    }
  }

  async function handle(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await buffer(incoming);
    const method = incoming.method ?? '';
    const url = new URL(incoming.url ?? '/', 'http://s3');
    const [, bucket = '', ...rest] = url.pathname.split('/').map(decodeURIComponent);
    const key = rest.join('/');
    const query = url.searchParams;
    const action = actionOf(method, key, query) ?? `${method}?${[...query.keys()].join('&')}`;
    const asked = { n: count++, action, bucket, key };
    const log = (status: number): void => void requests.push({ ...asked, status, bytes: body.length });
    const fault = server.fault(asked);
    if (fault === 'drop before') {
      log(0);
      incoming.socket.destroy();
      return;
    }
    if (typeof fault === 'object' && 'delayMs' in fault) await sleep(fault.delayMs);
    const given =
      typeof fault === 'object' && 'status' in fault
        ? errorAnswer(new S3Error(fault.status, fault.code))
        : answer({ action, bucket, key, query, headers: flat(incoming.headers), body }, method, url);
    log(fault === 'drop after' ? 0 : given.status);
    if (fault === 'drop after') {
      incoming.socket.destroy();
      return;
    }
    response.writeHead(given.status, {
      ...given.headers,
      'content-length': Buffer.byteLength(given.body ?? ''),
    });
    response.end(method === 'HEAD' ? undefined : given.body);
  }

  const http = createServer((incoming, response) => {
    // A client that went away in the middle of its request.
    handle(incoming, response).catch(() => incoming.socket.destroy());
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  const address = http.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const server: S3Server = {
    endpoint: `http://127.0.0.1:${address.port}`,
    accessKeyId: ACCESS_KEY,
    secretAccessKey: SECRET,
    requests,
    fault: () => undefined,
    makeBucket: (name, made = {}) => {
      const bucket = new Bucket(made, now);
      buckets.set(name, bucket);
      return bucket;
    },
    bucket: bucketOf,
    current: (name) => {
      const bucket = bucketOf(name);
      const seen = [...bucket.keys.keys()].sort().map((key) => [key, bucket.current(key)?.bytes] as const);
      return new Map(seen.flatMap(([key, bytes]) => (bytes === undefined ? [] : [[key, bytes] as const])));
    },
    close: async () => {
      http.closeAllConnections();
      await new Promise((resolve) => http.close(resolve));
    },
  };
  return server;
}
