/** A trail whose bucket cannot swap: a crash at any request leaves one trail, and a bucket that is whole by itself. */
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { openLog } from '../../../src/audit/log.ts';
import type { Log } from '../../../src/audit/log.ts';
import { createMemoryStore } from '../../../src/audit/store/memory.ts';
import { openS3Reader, openS3Store } from '../../../src/audit/store/s3.ts';
import type { Swap } from '../../../src/audit/store/store.ts';
import { verifyTrail } from '../../../src/audit/verify.ts';
import { CEPH_PLAIN, CEPH_VERSIONED } from '../../support/s3/bucket.ts';
import { placeIn } from '../../support/s3/place.ts';
import { startS3 } from '../../support/s3/server.ts';
import type { Asked, S3Server } from '../../support/s3/server.ts';
import { entries, SIGNER } from '../../support/trail.ts';

let s3: S3Server;
beforeEach(async () => {
  s3 = await startS3();
});
afterEach(() => s3.close());

/** Before an append that fills a bundle and begins another. */
const BEFORE = 254;
const ofProbe = ({ key }: Asked): boolean => key.includes('/probe-');

async function process(swap: Swap | undefined): Promise<Log> {
  const stateBucket = swap === undefined ? { stateBucket: 'trail-state' } : {};
  const store = openS3Store(placeIn(s3, 'trail', stateBucket), { now: Date.now, swap });
  return await openLog({ store, signer: SIGNER });
}

/** How many requests the append makes; the `crash`th and all after it are cut off, before or after they are done. */
async function crashAt(
  crash: number,
  fault: 'drop before' | 'drop after',
  database: boolean,
): Promise<number> {
  s3.makeBucket('trail', { lock: true, quirks: CEPH_VERSIONED });
  s3.makeBucket('trail-state', { quirks: CEPH_PLAIN });
  const swap = database ? createMemoryStore() : undefined;
  const log = await process(swap);
  const old = entries(BEFORE);
  await log.append(old);
  const texts = entries(4);
  let seen = 0;
  s3.fault = (asked) => {
    if (ofProbe(asked)) return undefined;
    const n = seen++;
    if (n < crash) return undefined;
    return n === crash ? fault : 'drop before';
  };
  await log.append(texts).catch(() => undefined);
  s3.fault = () => undefined;
  // The next process finds the entries, or publishes them anew, as the outbox would.
  const next = await process(swap);
  if (next.head().size === BEFORE) await next.append(texts);
  const reader = openS3Reader(placeIn(s3, 'trail'));
  const found = await verifyTrail({ store: reader, vkey: SIGNER.vkey });
  expect([found.firstProblem, found.size]).toEqual([undefined, BEFORE + 4]);
  expect(await next.readEntries(0, BEFORE + 4)).toEqual([...old, ...texts]);
  return seen;
}

it.each([
  ['a second bucket', false],
  ['the state database', true],
])(
  'survives a crash at every request, with %s',
  async (_, database) => {
    const requests = await crashAt(Number.POSITIVE_INFINITY, 'drop before', database);
    expect(requests).toBeGreaterThan(10);
    for (let n = 0; n < requests; n++)
      for (const fault of ['drop before', 'drop after'] as const) await crashAt(n, fault, database);
  },
  600_000,
);
