/**
 * The one place that knows which kinds of store there are: a folder, and S3. The client of S3 is loaded when a trail
 * lies there: it would be a good part of the start of every command.
 */
import { FristError } from '../../errors.ts';
import { openFileStore } from './file.ts';
import type { S3Place, S3Settings } from './s3/place.ts';
import type { ReadStore, Store, Swap } from './store.ts';

/** Where the own trail lies: in S3 if a bucket is named, else in the folder. */
export interface StoreSettings {
  readonly folder: string;
  readonly s3: S3Settings;
}

export interface StoreOptions {
  /** Milliseconds since the epoch: when locks begin. */
  readonly now: () => number;
  /** Another place than that of the own trail: a folder, or `s3://bucket/prefix` reached in the same way. */
  readonly where?: string | undefined;
  /** The state database, for a bucket that cannot swap. */
  readonly swap?: Swap | undefined;
  /** Makes a folder that is not there. A bucket is never made. */
  readonly create?: boolean;
}

/** A place in words: for people, and for `where`. */
export function nameOfStore({ folder, s3 }: StoreSettings): string {
  if (s3.bucket === undefined) return folder;
  return `s3://${s3.bucket}${s3.prefix === '' ? '' : `/${s3.prefix}`}`;
}

const S3_URL = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:\/(.*))?$/;

/** The place in S3; undefined for a folder. */
function s3PlaceOf({ s3 }: StoreSettings, where: string | undefined): S3Place | undefined {
  const { bucket } = s3;
  if (where === undefined) return bucket === undefined ? undefined : { ...s3, bucket };
  if (!where.startsWith('s3://')) return undefined;
  const [, other, prefix = ''] = S3_URL.exec(where) ?? [];
  if (other === undefined)
    throw new FristError('USAGE', { what: 'A place in S3 is written s3://bucket/prefix' });
  const { stateBucket: _, ...access } = s3;
  return { ...access, bucket: other, prefix: prefix.replace(/\/+$/, '') };
}

/** Opens a store for writing. @throws AUDIT_STORE where it is a folder that is not there. */
export async function openStore(settings: StoreSettings, options: StoreOptions): Promise<Store> {
  const { where, now, swap, create = false } = options;
  const place = s3PlaceOf(settings, where);
  if (place !== undefined) return (await import('./s3.ts')).openS3Store(place, { now, swap });
  return await openFileStore(where ?? settings.folder, { create });
}

/** Opens a store for reading; `where` as in `StoreOptions`. @throws AUDIT_STORE as `openStore`. */
export async function openReadStore(settings: StoreSettings, where?: string): Promise<ReadStore> {
  const place = s3PlaceOf(settings, where);
  if (place !== undefined) return (await import('./s3.ts')).openS3Reader(place);
  return await openFileStore(where ?? settings.folder);
}
