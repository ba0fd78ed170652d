/**
 * What a bucket really does. Servers that call themselves S3 accept a condition or a lock and do nothing about it, and
 * the same server differs from bucket to bucket; so each is tried out, and no list of providers is believed.
 *
 * The objects of a probe lie under `.state/probe-<uuid>` and are removed afterwards; where deleting is not allowed they
 * stay, two or three tiny ones for each process that writes. A rule of the bucket may expire them after a day.
 */
import { hash, randomUUID } from 'node:crypto';
import { FristError } from '../../../errors.ts';
import type { Condition, S3Bucket } from './bucket.ts';
import type { Lock, LockMode } from './lock.ts';

/** How `If-Match` must be written: the ETag as the server gave it, or without its quotes. */
export type SwapForm = 'quoted' | 'unquoted';

export interface Abilities {
  readonly bucket: string;
  /** `If-None-Match: *`: of several writers one creates, or the condition is ignored, or refused as unknown. */
  readonly create: 'atomic' | 'ignored' | 'refused';
  /** `If-Match`: of several writers one replaces, and a lost swap is refused; none: not so. */
  readonly swap: SwapForm | 'none';
  /** A body that is not what its MD5 says is refused. */
  readonly md5: boolean;
  /** What was written is listed. */
  readonly list: boolean;
  readonly versions: boolean;
  /** Only where it was asked for. */
  readonly lock?: LockAbilities;
}

export interface LockAbilities {
  /**
   * Why objects are not locked: `off` (the bucket has no Object Lock), `dropped` (the lock was accepted and is not
   * there), `deleted` (the object was deleted all the same), or the code of the refusal. Undefined: they are.
   */
  readonly fault?: string;
  /** Retention that every object gets unasked, in words. */
  readonly standing?: string;
}

const RACERS = 4;
/** Long enough for a clock that is a little ahead; nothing but a tiny object waits for it. */
const LOCK_MS = 120_000;

/** How an unknown header is refused: 501, and what others say instead. */
const UNKNOWN: ReadonlySet<string> = new Set([
  'NotImplemented',
  'InvalidArgument',
  'InvalidRequest',
  'HTTP_501',
]);

/** The server's code in an error of the bucket; empty for any other error. */
function codeIn(error: unknown): string {
  return error instanceof FristError ? String(error.params['code']) : '';
}

type Outcome = 'done' | 'refused' | 'unknown';

/** One conditional PUT. An answer that says nothing of the condition (a server that is busy) is an error. */
async function attempt(bucket: S3Bucket, key: string, body: string, condition: Condition): Promise<Outcome> {
  try {
    return (await bucket.put(key, Buffer.from(body), { condition })) === undefined ? 'refused' : 'done';
  } catch (error) {
    if (UNKNOWN.has(codeIn(error))) return 'unknown';
    throw error;
  }
}

/**
 * Several writers under one condition, at once: a server that only looks before it writes is mostly found out, too.
 * @returns whether one of them did it, several, or none; unknown: the condition is refused as such.
 */
async function race(
  bucket: S3Bucket,
  key: string,
  name: string,
  condition: Condition,
): Promise<'one' | 'several' | 'none' | 'unknown'> {
  const bodies = Array.from({ length: RACERS }, (_, i) => `${name} ${i}`);
  const settled = await Promise.allSettled(bodies.map((body) => attempt(bucket, key, body, condition)));
  const failure = settled.find((one) => one.status === 'rejected');
  if (failure !== undefined) throw failure.reason;
  const outcomes = settled.map((one) => (one.status === 'fulfilled' ? one.value : 'unknown'));
  if (outcomes.includes('unknown')) return 'unknown';
  const done = outcomes.filter((one) => one === 'done').length;
  if (done > 1) return 'several';
  // A writer whose answer was lost is refused when the client tries again: what stands there tells who it was.
  const now = (await bucket.get(key))?.bytes.toString() ?? '';
  return bodies.includes(now) ? 'one' : 'none';
}

async function probeCreate(bucket: S3Bucket, key: string): Promise<Abilities['create']> {
  const result = await race(bucket, key, 'create', { absent: true });
  if (result === 'one') return 'atomic';
  return result === 'several' ? 'ignored' : 'refused';
}

async function probeSwap(bucket: S3Bucket, key: string): Promise<Abilities['swap']> {
  // What was never there must not match, nor what is not there any more.
  const stale = `"${hash('md5', 'another version')}"`;
  if ((await attempt(bucket, key, 'stale', { etag: stale })) !== 'refused') return 'none';
  if ((await attempt(bucket, `${key}-absent`, 'absent', { etag: stale })) !== 'refused') return 'none';
  for (const form of ['quoted', 'unquoted'] as const) {
    const etag = etagIn(form, (await bucket.get(key))?.tag ?? '');
    const result = await race(bucket, key, form, { etag });
    if (result === 'one') return form;
    if (result !== 'none') return 'none';
  }
  return 'none';
}

/** Whether what changes can lie in this bucket. */
export function canSwap({ create, swap }: Abilities): boolean {
  return create === 'atomic' && swap !== 'none';
}

/** An ETag as `If-Match` must have it. */
export function etagIn(form: SwapForm, etag: string): string {
  return form === 'quoted' ? etag : etag.replaceAll('"', '');
}

async function probeMd5(bucket: S3Bucket, key: string): Promise<boolean> {
  try {
    await bucket.put(key, Buffer.from('body'), { md5: hash('md5', 'another body', 'base64') });
    return false;
  } catch (error) {
    // Anything but the server's own refusal has been tried three times and says nothing.
    if (/Digest|MD5|HTTP_400/i.test(codeIn(error))) return true;
    throw error;
  }
}

async function probeList(bucket: S3Bucket, key: string): Promise<boolean> {
  for await (const found of bucket.list(key)) if (found === key) return true;
  return false;
}

/** Whether a lock of two minutes shows, and keeps its version from being deleted. */
async function probeLock(bucket: S3Bucket, key: string, mode: LockMode, now: number): Promise<LockAbilities> {
  const { enabled, standing } = await bucket.lockConfiguration();
  const lock: Lock = { mode, until: new Date(now + LOCK_MS) };
  const fault = enabled ? await lockFault(bucket, key, lock) : 'off';
  return { ...(fault === undefined ? {} : { fault }), ...(standing === undefined ? {} : { standing }) };
}

async function lockFault(bucket: S3Bucket, key: string, lock: Lock): Promise<string | undefined> {
  try {
    const version = (await bucket.put(key, Buffer.from('locked'), { lock }))?.version;
    if (version === undefined || (await bucket.lockOf(key))?.mode !== lock.mode) return 'dropped';
    await bucket.remove(key, version).catch(() => undefined);
    // Those who refuse a deletion have no code in common; what can still be read was not deleted.
    return (await bucket.get(key, version)) === undefined ? 'deleted' : undefined;
  } catch (error) {
    if (UNKNOWN.has(codeIn(error)) || codeIn(error) === 'AccessDenied') return codeIn(error);
    throw error;
  }
}

/** Away with what the probe wrote. Whoever may not delete leaves it, and a bucket with versions keeps those. */
async function tidy(bucket: S3Bucket, keys: readonly string[]): Promise<void> {
  await Promise.all(keys.map((key) => bucket.remove(key).catch(() => undefined)));
}

/**
 * Tries out a bucket, in some twenty requests.
 * @param lock also Object Lock, in this mode; `now` is in milliseconds since the epoch.
 * @throws AUDIT_STORE when the bucket cannot be reached, read or written.
 */
export async function probe(
  bucket: S3Bucket,
  lock?: { readonly mode: LockMode; readonly now: number },
): Promise<Abilities> {
  const key = `.state/probe-${randomUUID()}`;
  const [lockKey, sumKey] = [`${key}-lock`, `${key}-sum`];
  try {
    const create = await probeCreate(bucket, key);
    const written = await bucket.put(key, Buffer.from('written'));
    const swap = await probeSwap(bucket, key);
    const md5 = await probeMd5(bucket, sumKey);
    const list = await probeList(bucket, key);
    const locks = lock === undefined ? {} : { lock: await probeLock(bucket, lockKey, lock.mode, lock.now) };
    return {
      bucket: bucket.name,
      create,
      swap,
      md5,
      list,
      versions: written?.version !== undefined,
      ...locks,
    };
  } finally {
    await tidy(bucket, [key, sumKey, `${key}-absent`, lockKey]);
  }
}
