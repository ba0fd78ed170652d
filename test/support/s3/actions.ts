/** The actions of S3 that the test server knows: a request to what it asks, and that to an answer. */
import type { Bucket, Headers, Version } from './bucket.ts';
import { S3Error } from './bucket.ts';

export interface Request {
  readonly action: string;
  readonly bucket: string;
  /** Empty for an action on the bucket. */
  readonly key: string;
  readonly query: URLSearchParams;
  readonly headers: Headers;
  readonly body: Buffer;
}

export interface Answer {
  readonly status: number;
  readonly headers?: Record<string, string>;
  readonly body?: string | Buffer;
}

const NAMESPACE = 'xmlns="http://s3.amazonaws.com/doc/2006-03-01/"';
const XML = { 'content-type': 'application/xml' };
const iso = (ms: number): string => new Date(ms).toISOString();

export function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

function xml(root: string, content: string): Answer {
  return {
    status: 200,
    headers: XML,
    body: `<?xml version="1.0" encoding="UTF-8"?><${root} ${NAMESPACE}>${content}</${root}>`,
  };
}

const SUBRESOURCES: Readonly<Record<string, string>> = {
  GETversioning: 'GetBucketVersioning',
  'GETobject-lock': 'GetObjectLockConfiguration',
  GETversions: 'ListObjectVersions',
};
const OF_BUCKETS: Readonly<Record<string, string>> = {
  PUT: 'CreateBucket',
  HEAD: 'HeadBucket',
  GET: 'ListObjectsV2',
};
const OF_OBJECTS: Readonly<Record<string, string>> = {
  PUT: 'PutObject',
  GET: 'GetObject',
  HEAD: 'HeadObject',
  DELETE: 'DeleteObject',
};

/** Parts of a query that choose no action. */
const PLAIN =
  /^(?:x-id|versionId|list-type|prefix|max-keys|start-after|continuation-token|key-marker|.*-marker)$/;

/** The name that AWS gives to what is asked; undefined for what this server cannot do. */
export function actionOf(method: string, key: string, query: URLSearchParams): string | undefined {
  const special = [...query.keys()].find((name) => !PLAIN.test(name));
  if (special !== undefined) return key === '' ? SUBRESOURCES[method + special] : undefined;
  return (key === '' ? OF_BUCKETS : OF_OBJECTS)[method];
}

function headersOf(bucket: Bucket, version: Version): Record<string, string> {
  const { lock } = version;
  return {
    etag: version.etag,
    ...version.headers,
    'last-modified': new Date(version.written).toUTCString(),
    ...(bucket.versioned ? { 'x-amz-version-id': version.id } : {}),
    ...(version.bytes === undefined ? { 'x-amz-delete-marker': 'true' } : {}),
    ...(lock === undefined
      ? {}
      : {
          'x-amz-object-lock-mode': lock.mode,
          'x-amz-object-lock-retain-until-date': iso(lock.until),
        }),
  };
}

function list(bucket: Bucket, query: URLSearchParams): Answer {
  const prefix = query.get('prefix') ?? '';
  const after = query.get('continuation-token') ?? query.get('start-after') ?? '';
  const most = Number(query.get('max-keys') ?? '1000');
  const keys = [...bucket.keys.keys()]
    .filter((key) => key.startsWith(prefix) && key > after && bucket.current(key) !== undefined)
    .sort();
  const page = keys.slice(0, most);
  const rest = keys.length > page.length;
  const next = rest ? `<NextContinuationToken>${escapeXml(page.at(-1) ?? '')}</NextContinuationToken>` : '';
  const contents = page.map((key) => {
    const { bytes, etag, written } = bucket.read(key, null);
    return `<Contents><Key>${escapeXml(key)}</Key><LastModified>${iso(written)}</LastModified><ETag>${etag}</ETag><Size>${bytes?.length ?? 0}</Size></Contents>`;
  });
  return xml(
    'ListBucketResult',
    `<Prefix>${escapeXml(prefix)}</Prefix><KeyCount>${page.length}</KeyCount><MaxKeys>${most}</MaxKeys><IsTruncated>${rest}</IsTruncated>${next}${contents.join('')}`,
  );
}

/** In one page: the tests have no more. */
function listVersions(bucket: Bucket, query: URLSearchParams): Answer {
  const prefix = query.get('prefix') ?? '';
  const all = [...bucket.keys].filter(([key]) => key.startsWith(prefix)).sort(([a], [b]) => (a < b ? -1 : 1));
  const items = all.flatMap(([key, versions]) =>
    versions.toReversed().map(({ id, bytes, etag, written }, i) => {
      const common = `<Key>${escapeXml(key)}</Key><VersionId>${id}</VersionId><IsLatest>${i === 0}</IsLatest><LastModified>${iso(written)}</LastModified>`;
      return bytes === undefined
        ? `<DeleteMarker>${common}</DeleteMarker>`
        : `<Version>${common}<ETag>${etag}</ETag><Size>${bytes.length}</Size></Version>`;
    }),
  );
  return xml('ListVersionsResult', `<IsTruncated>false</IsTruncated>${items.join('')}`);
}

function lockConfiguration({ options, locks }: Bucket): Answer {
  if (!locks) throw new S3Error(404, 'ObjectLockConfigurationNotFoundError');
  const { lock } = options;
  const rule =
    typeof lock === 'object'
      ? `<Rule><DefaultRetention><Mode>${lock.mode}</Mode><Days>${lock.days}</Days></DefaultRetention></Rule>`
      : '';
  return xml('ObjectLockConfiguration', `<ObjectLockEnabled>Enabled</ObjectLockEnabled>${rule}`);
}

/** Does what is asked of a bucket that is there. */
export function act(bucket: Bucket, { action, key, query, headers, body }: Request): Answer {
  if (bucket.quirks.denied?.includes(action) === true) throw new S3Error(403, 'AccessDenied');
  const id = query.get('versionId');
  switch (action) {
    case 'PutObject':
      return { status: 200, headers: headersOf(bucket, bucket.put(key, body, headers)) };
    case 'GetObject':
    case 'HeadObject': {
      const version = bucket.read(key, id);
      return { status: 200, headers: headersOf(bucket, version), body: version.bytes ?? '' };
    }
    case 'DeleteObject': {
      const bypass = headers['x-amz-bypass-governance-retention'] === 'true';
      const gone = bucket.delete(key, id, bypass);
      return { status: 204, headers: gone === undefined ? {} : headersOf(bucket, gone) };
    }
    case 'HeadBucket':
      return { status: 200 };
    case 'ListObjectsV2':
      return list(bucket, query);
    case 'ListObjectVersions':
      return listVersions(bucket, query);
    case 'GetBucketVersioning':
      return xml('VersioningConfiguration', bucket.versioned ? '<Status>Enabled</Status>' : '');
    case 'GetObjectLockConfiguration':
      return lockConfiguration(bucket);
    default:
      throw new S3Error(501, 'NotImplemented');
  }
}
