/** How a trail in S3 is reached and kept: the settings `audit.s3.*`. */
import type { LockSettings } from './lock.ts';

/** How a server that speaks S3 is reached. */
export interface S3Access {
  /** URL; undefined: AWS's own, by region. */
  readonly endpoint?: string;
  /** undefined: as the environment or the files of AWS say. */
  readonly region?: string;
  /** undefined: what the environment, the files of AWS or the machine give. Never printed. */
  readonly credentials?: { readonly key: string; readonly secret: string };
  /** The bucket in the path of the URL, instead of in the host name. */
  readonly pathStyle: boolean;
  /** `supported`: every request also has a checksum that only newer servers know. MD5 is always sent. */
  readonly checksums: 'supported' | 'required';
  readonly timeoutMs: number;
}

export interface S3Settings extends S3Access {
  /** undefined: the trail is in a folder. */
  readonly bucket?: string;
  /** Before each key, without a `/` at its end; empty: none. */
  readonly prefix: string;
  /** A second bucket, without versions, for what changes, where the first cannot swap. */
  readonly stateBucket?: string;
  readonly lock: LockSettings;
}

/** Where a trail lies in S3. */
export interface S3Place extends S3Settings {
  readonly bucket: string;
}
