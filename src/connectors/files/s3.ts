/**
 * Files that are objects of a bucket: `s3://bucket/prefix`, with `?endpoint=https://host&region=name` for a server that
 * is not AWS's own. Credentials come from where AWS's tools look for them (environment, files, the machine's role).
 *
 * In a bucket that keeps versions an object is gone when all its versions are; a mere deletion only hides it.
 */
import {
  DeleteObjectCommand,
  ListObjectVersionsCommand,
  ListObjectsV2Command,
  S3Client,
} from '@aws-sdk/client-s3';
import { namesBelow } from './path.ts';
import { FileTrouble } from './root.ts';
import type { FileOutcome, FileRoot } from './root.ts';

/** How many objects are removed at a time. */
const TOGETHER = 8;

/** The objects below `root`, through a client of one's own or the one that `root` describes. */
export function bucketFiles(root: string, own?: S3Client): FileRoot {
  const { bucket, prefix, client: described } = bucketOf(root);
  const client = own ?? described;
  return {
    async remove(paths) {
      const outcomes: FileOutcome[] = [];
      for (let at = 0; at < paths.length; at += TOGETHER) {
        const some = paths.slice(at, at + TOGETHER).map((path) => removeObject(client, bucket, prefix, path));
        outcomes.push(...(await Promise.all(some)));
      }
      return outcomes;
    },
    async state() {
      try {
        const asked = { Bucket: bucket, Prefix: prefix === '' ? '' : `${prefix}/`, MaxKeys: 1 };
        const { Contents } = await client.send(new ListObjectsV2Command(asked));
        return (Contents ?? []).length > 0 ? 'there' : 'empty';
      } catch {
        return 'missing';
      }
    },
  };
}

/** Bucket, prefix (without slashes at its ends) and client of `s3://…`. */
export function bucketOf(root: string): {
  readonly bucket: string;
  readonly prefix: string;
  readonly client: S3Client;
} {
  const place = new URL(root);
  const prefix = decodeURIComponent(place.pathname).replace(/^\/+|\/+$/g, '');
  return { bucket: place.hostname, prefix, client: clientOf(place.searchParams) };
}

function clientOf(options: URLSearchParams): S3Client {
  const endpoint = options.get('endpoint');
  const region = options.get('region');
  return new S3Client({
    ...(endpoint === null ? {} : { endpoint, forcePathStyle: true }),
    ...(region === null ? {} : { region }),
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
  });
}

async function removeObject(
  client: S3Client,
  Bucket: string,
  prefix: string,
  path: string,
): Promise<FileOutcome> {
  const names = namesBelow(path);
  if (names === undefined) return 'no file';
  if (typeof names === 'string') return names;
  const Key = [...(prefix === '' ? [] : [prefix]), ...names].join('/');
  try {
    const versions = await versionsOf(client, Bucket, Key);
    for (const VersionId of versions) await client.send(new DeleteObjectCommand({ Bucket, Key, VersionId }));
    return versions.length > 0 ? 'removed' : 'missing';
  } catch (error) {
    throw new FileTrouble(error);
  }
}

/** Every version of exactly this object, deletion markers too; `null` names the one of a bucket without versions. */
async function versionsOf(client: S3Client, Bucket: string, Key: string): Promise<readonly string[]> {
  const found: string[] = [];
  let after: { readonly KeyMarker?: string; readonly VersionIdMarker?: string } = {};
  for (;;) {
    const page = await client.send(new ListObjectVersionsCommand({ Bucket, Prefix: Key, ...after }));
    const all = [...(page.Versions ?? []), ...(page.DeleteMarkers ?? [])];
    found.push(...all.filter((one) => one.Key === Key).map((one) => one.VersionId ?? 'null'));
    // Keys come in order: behind this one there are only longer ones.
    const more = page.IsTruncated === true && page.NextKeyMarker === Key;
    if (!more) return found;
    after = {
      KeyMarker: Key,
      ...(page.NextVersionIdMarker === undefined ? {} : { VersionIdMarker: page.NextVersionIdMarker }),
    };
  }
}
