/** The writer over HTTP: an S3 server that loses answers, is busy, or cuts connections, and writers that race on it. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { openLog, type Log } from '../../../src/audit/log.ts';
import { createMemoryStore } from '../../../src/audit/store/memory.ts';
import { openS3Store } from '../../../src/audit/store/s3.ts';
import { verifyTrail } from '../../../src/audit/verify.ts';
import { withRandom, type Random } from '../../support/random.ts';
import type { BucketOptions } from '../../support/s3/bucket.ts';
import { placeIn } from '../../support/s3/place.ts';
import { startS3, type Fault, type S3Server } from '../../support/s3/server.ts';
import { entries, SIGNER } from '../../support/trail.ts';
import { insist, insistOnOpening } from './insist.ts';

let s3: S3Server;
beforeEach(async () => {
  s3 = await startS3();
});
afterEach(() => s3.close());

const open = (): Promise<Log> =>
  openLog({ store: openS3Store(placeIn(s3, 'trail'), { now: Date.now }), signer: SIGNER });

/** The bucket as an auditor would have it, downloaded. */
function download(): ReturnType<typeof createMemoryStore> {
  const objects = [...s3.current('trail')].map(([key, bytes]) => [key.replace('trail/', ''), bytes] as const);
  return createMemoryStore({ objects: new Map(objects) });
}

/** These entries, each once, in a trail that verifies. */
async function expectOnce(texts: readonly string[]): Promise<void> {
  s3.fault = () => undefined;
  const store = download();
  const log = await openLog({ store, signer: SIGNER });
  expect(await verifyTrail({ store, vkey: SIGNER.vkey })).toMatchObject(log.head());
  const found = await log.readEntries(0, log.head().size);
  expect(found).toHaveLength(texts.length);
  expect([...found].sort()).toEqual([...texts].sort());
}

describe.each([
  ['a plain bucket', {}],
  ['a bucket with versions and locks', { lock: true }],
] as const satisfies readonly (readonly [string, BucketOptions])[])('in %s', (_, bucket) => {
  beforeEach(() => {
    s3.makeBucket('trail', bucket);
  });

  it.each([1, 255, 256, 65_535])(
    'an answer that is lost after any write on top of %i entries changes nothing',
    async (size) => {
      const log = await open();
      const all = entries(size);
      await log.append(all);
      const measure = s3.requests.length;
      all.push(...(await append(log, 2)));
      const writes = s3.requests.slice(measure).filter(({ action }) => action === 'PutObject').length;
      expect(writes).toBeGreaterThanOrEqual(4);
      // One more than are needed now: some appends cross into another tile.
      for (let lost = 0; lost <= writes; lost++) {
        let seen = 0;
        s3.fault = ({ action }) => (action === 'PutObject' && seen++ === lost ? 'drop after' : undefined);
        all.push(...(await append(log, 2)));
      }
      await expectOnce(all);
    },
    120_000,
  );

  it.each([2, 4])(
    '%i writers in a storm of SlowDown and cut connections lose and double nothing',
    async (writers) =>
      withRandom(async (random) => {
        s3.fault = storm(random);
        const lists = await Promise.all(
          Array.from({ length: writers }, async () => {
            const log = await insistOnOpening(open);
            const mine: string[] = [];
            for (let i = 0; i < 5; i++) mine.push(...(await append(log, 1 + Math.floor(random() * 300))));
            return mine;
          }),
        );
        expect(s3.requests.some(({ status }) => status === 503 || status === 0)).toBe(true);
        await expectOnce(lists.flat());
      })(),
    300_000,
  );
});

describe('processes of their own on one bucket', () => {
  it.each([2, 4])(
    '%i of them in a storm lose and double nothing',
    async (writers) =>
      withRandom(async (random) => {
        s3.makeBucket('trail');
        s3.fault = storm(random);
        const lists = await Promise.all(Array.from({ length: writers }, () => child(5)));
        await expectOnce(lists.flat());
      })(),
    300_000,
  );
});

async function append(log: Log, count: number): Promise<string[]> {
  const texts = entries(count);
  await insist(log, texts);
  return texts;
}

/** One request in ten is refused, or cut off before or after it was carried out; and now and then some in a row. */
function storm(random: Random): () => Fault | undefined {
  const faults = ['drop before', 'drop after', { status: 503, code: 'SlowDown' }] as const;
  let gust = 0;
  return () => {
    if (gust > 0) gust--;
    else if (random() < 0.02) gust = 8;
    return gust > 0 || random() < 0.1 ? faults[Math.floor(random() * faults.length)] : undefined;
  };
}

/** What a writer process was told is in the log. */
async function child(appends: number): Promise<string[]> {
  const script = join(import.meta.dirname, 'writer-child.ts');
  const args = [script, JSON.stringify(placeIn(s3, 'trail')), String(appends)];
  const writer = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const acknowledged: string[] = [];
  createInterface({ input: writer.stdout }).on('line', (line) =>
    acknowledged.push(...(JSON.parse(line) as string[])),
  );
  const status = await new Promise<number | null>((resolve) => writer.once('close', resolve));
  expect(status).toBe(0);
  return acknowledged;
}
