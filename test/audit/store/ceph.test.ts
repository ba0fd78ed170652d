/** The conformance suite and Object Lock on a real server. */
import { DeleteObjectCommand, ListObjectVersionsCommand } from '@aws-sdk/client-s3';
import { describe, expect, it } from '@jest/globals';
import { openLog } from '../../../src/audit/log.ts';
import { openS3Reader, openS3Store } from '../../../src/audit/store/s3.ts';
import { S3Bucket } from '../../../src/audit/store/s3/bucket.ts';
import { probe } from '../../../src/audit/store/s3/probe.ts';
import type { Store } from '../../../src/audit/store/store.ts';
import { verifyTrail } from '../../../src/audit/verify.ts';
import { placeIn } from '../../support/s3/place.ts';
import { realS3 } from '../../support/servers/s3.ts';
import { entries, SIGNER } from '../../support/trail.ts';
import { describeStore } from '../store-conformance.ts';

const s3 = await realS3();
const now = (): number => Date.now();

it('has a real S3 server in CI', () => {
  if (process.env['CI'] === 'true') expect(s3).toBeDefined();
});

if (s3 !== undefined) {
  const place = (bucket: string, stateBucket?: string) =>
    placeIn(s3, bucket, {
      ...(stateBucket === undefined ? {} : { stateBucket, lock: { mode: 'compliance', years: 1 } }),
    });

  describeStore({
    name: 'Ceph',
    make: async () => {
      const where = place(await s3.makeBucket());
      return { store: openS3Store(where, { now }), again: async () => openS3Store(where, { now }) };
    },
  });

  describeStore({
    name: 'Ceph with Object Lock, and a state bucket',
    createsTwice: true,
    make: async () => {
      const where = place(await s3.makeBucket({ lock: true }), await s3.makeBucket());
      return { store: openS3Store(where, { now }), again: async () => openS3Store(where, { now }) };
    },
  });

  describe('Ceph', () => {
    it('is known for what it does', async () => {
      const plain = await s3.makeBucket();
      expect(await probe(new S3Bucket(place(plain), plain, 'trail'))).toEqual({
        bucket: plain,
        create: 'atomic',
        swap: 'unquoted',
        md5: true,
        list: true,
        versions: false,
      });
      const locked = await s3.makeBucket({ lock: true });
      const lock = { mode: 'compliance', now: now() } as const;
      expect(await probe(new S3Bucket(place(locked), locked, 'trail'), lock)).toEqual({
        bucket: locked,
        create: 'ignored',
        swap: 'none',
        md5: true,
        list: true,
        versions: true,
        lock: {},
      });
    });

    it('keeps a locked trail from whoever deletes it, and a reader from a delete marker', async () => {
      const bucket = await s3.makeBucket({ lock: true });
      const where = place(bucket, await s3.makeBucket());
      const store: Store = openS3Store(where, { now });
      const log = await openLog({ store, signer: SIGNER });
      const texts = entries(300);
      await log.append(texts);
      const Key = 'trail/tile/entries/000';
      const { Versions = [] } = await s3.client.send(
        new ListObjectVersionsCommand({ Bucket: bucket, Prefix: Key }),
      );
      expect(Versions.length).toBeGreaterThan(0);
      for (const { VersionId } of Versions) {
        const asked = { Bucket: bucket, Key, VersionId, BypassGovernanceRetention: true };
        const refused = s3.client.send(new DeleteObjectCommand(asked));
        await expect(refused).rejects.toMatchObject({ $metadata: { httpStatusCode: 403 } });
      }
      await s3.client.send(new DeleteObjectCommand({ Bucket: bucket, Key }));
      const reader = openS3Reader(where);
      const hidden: string[] = [];
      for await (const key of reader.hidden?.('tile/') ?? []) hidden.push(key);
      expect(hidden).toEqual(['tile/entries/000']);
      const { firstProblem, size } = await verifyTrail({ store: reader, vkey: SIGNER.vkey });
      expect([firstProblem, size]).toEqual([undefined, 300]);
    });
  });
}
