import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { examineStore } from '../../src/audit/store/examine.ts';
import type { S3Settings } from '../../src/audit/store/s3/place.ts';
import { storeProblems, storeText } from '../../src/cli/print/store-report.ts';
import { CEPH_PLAIN, CEPH_VERSIONED } from '../support/s3/bucket.ts';
import type { BucketOptions } from '../support/s3/bucket.ts';
import { placeIn } from '../support/s3/place.ts';
import { startS3 } from '../support/s3/server.ts';
import type { S3Server } from '../support/s3/server.ts';

const NOW = Date.UTC(2026, 10, 22);
const YEARS = 6;
let s3: S3Server;
beforeAll(async () => {
  s3 = await startS3({ now: () => NOW });
});
afterAll(() => s3.close());

async function examined(buckets: readonly BucketOptions[], mode: S3Settings['lock']['mode'] = 'none') {
  const names = ['trail', 'trail-state'];
  buckets.forEach((options, i) => s3.makeBucket(names[i]!, options));
  const place = placeIn(s3, 'trail', {
    prefix: '',
    lock: { mode, years: YEARS },
    ...(buckets.length > 1 ? { stateBucket: 'trail-state' } : {}),
  });
  const report = await examineStore({ folder: 'unused', s3: place }, NOW);
  return {
    codes: storeProblems(report).map(({ severity, code }) => `${severity} ${code}`),
    text: storeText(report),
  };
}

describe('the store of the trail, at frist check', () => {
  it('is only named when it is a folder', async () => {
    const { bucket: _, ...s3Settings } = placeIn(s3, 'trail');
    const report = await examineStore({ folder: '/var/trail', s3: s3Settings }, NOW);
    expect(storeText(report)).toBe('\nTrail in /var/trail\n');
    expect(storeProblems(report)).toEqual([]);
  });

  it('is described by what its bucket does', async () => {
    expect((await examined([{}])).text).toBe(`
Trail in s3://trail
  bucket trail: creates an object only once; refuses a lost swap; checks MD5; lists what was written; keeps no versions; does not lock objects (off)
  What changes is swapped in the bucket itself.
  Nothing is locked.
`);
  });

  it('says until when nobody can delete it', async () => {
    const { codes, text } = await examined(
      [{ lock: true, quirks: CEPH_VERSIONED }, { quirks: CEPH_PLAIN }],
      'compliance',
    );
    expect(codes).toEqual([]);
    expect(text).toBe(`
Trail in s3://trail
  bucket trail: ignores the condition that an object be new, so that frist looks before and after it writes; cannot swap; checks MD5; lists what was written; keeps versions; locks objects
  bucket trail-state: creates an object only once; refuses a lost swap (ETag without quotes); checks MD5; lists what was written; keeps no versions
  What changes is swapped in the second bucket.
  What is written today cannot be deleted by anybody, not even by the owner of the account, before 2032-11-22.
`);
  });

  it.each([
    ['a bucket that cannot swap', [{ quirks: { ifMatch: 'ignored' } }], 'none', []],
    ['two that cannot', [{}, { quirks: { ifMatch: 'ignored' } }], 'none', ['error AUDIT_BUCKET_SWAP']],
    ['no lock', [{ versioned: true }], 'governance', ['error AUDIT_BUCKET_LOCK']],
    [
      'a lock that is dropped',
      [{ lock: true, quirks: { lock: 'dropped' } }],
      'compliance',
      ['error AUDIT_BUCKET_LOCK'],
    ],
    [
      'a lock that is not known',
      [{ lock: true, quirks: { lock: 'refused' } }],
      'compliance',
      ['error AUDIT_BUCKET_LOCK'],
    ],
    [
      'a default retention',
      [{ lock: { mode: 'GOVERNANCE', days: 30 } }],
      'governance',
      ['warning bucket-retention'],
    ],
  ] as const)('knows %s', async (_, buckets, mode, codes) => {
    expect((await examined(buckets, mode)).codes).toEqual(codes);
  });

  it('leaves nothing behind where deleting is allowed, and works where it is not', async () => {
    await examined([{}, {}]);
    expect([...s3.current('trail').keys(), ...s3.current('trail-state').keys()]).toEqual([]);
    const denied = {
      quirks: { denied: ['DeleteObject', 'ListObjectVersions', 'GetObjectLockConfiguration'] },
    };
    const { codes, text } = await examined([denied]);
    expect(codes).toEqual([]);
    expect(text).toContain('What changes is swapped in the bucket itself.');
    expect([...s3.current('trail').keys()].every((key) => key.startsWith('.state/probe-'))).toBe(true);
  });

  it('is not guessed from a server that is busy', async () => {
    s3.makeBucket('trail', {});
    s3.fault = ({ n }) => (n % 2 === 0 ? { status: 503, code: 'SlowDown' } : undefined);
    await examineStore({ folder: '', s3: placeIn(s3, 'trail') }, NOW).then(
      (report) => expect(report.s3?.swaps).toBe('bucket'),
      (error: unknown) => expect(error).toMatchObject({ code: 'AUDIT_STORE' }),
    );
    s3.fault = ({ action }) => (action === 'PutObject' ? { status: 503, code: 'SlowDown' } : undefined);
    await expect(examineStore({ folder: '', s3: placeIn(s3, 'trail') }, NOW)).rejects.toMatchObject({
      code: 'AUDIT_STORE',
      params: { code: 'SlowDown' },
    });
    s3.fault = () => undefined;
  });
});
