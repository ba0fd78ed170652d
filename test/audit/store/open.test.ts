import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { nameOfStore, openReadStore, openStore } from '../../../src/audit/store/open.ts';
import type { StoreSettings } from '../../../src/audit/store/open.ts';
import { placeIn } from '../../support/s3/place.ts';
import { startS3 } from '../../support/s3/server.ts';
import type { S3Server } from '../../support/s3/server.ts';

const now = Date.now;
let s3: S3Server;
let folder: string;
beforeAll(async () => {
  s3 = await startS3();
  for (const name of ['trail', 'trail-state', 'heads']) s3.makeBucket(name);
  folder = await mkdtemp(join(tmpdir(), 'frist-open-'));
});
afterAll(async () => {
  await s3.close();
  await rm(folder, { recursive: true });
});

const object = new Map([['heads/1', Buffer.from('head')]]);
const inBucket = (): StoreSettings => ({
  folder: join(folder, 'unused'),
  s3: placeIn(s3, 'trail', { stateBucket: 'trail-state' }),
});
function inFolder(): StoreSettings {
  const { bucket: _, ...access } = placeIn(s3, '');
  return { folder: join(folder, 'trail'), s3: access };
}

describe('the store of a trail', () => {
  it('is the bucket that the settings name, or else the folder', async () => {
    await (await openStore(inBucket(), { now })).putImmutable(object);
    expect((await (await openReadStore(inBucket())).get('heads/1'))?.bytes.toString()).toBe('head');
    expect(s3.current('trail').has('trail/heads/1')).toBe(true);
    await expect(openStore(inFolder(), { now })).rejects.toMatchObject({ code: 'AUDIT_STORE' });
    await (await openStore(inFolder(), { now, create: true })).putImmutable(object);
    expect((await (await openReadStore(inFolder())).get('heads/1'))?.bytes.toString()).toBe('head');
    expect([nameOfStore(inBucket()), nameOfStore(inFolder())]).toEqual([
      's3://trail/trail',
      join(folder, 'trail'),
    ]);
  });

  it('is another one where that is asked for, reached in the same way', async () => {
    const where = 's3://heads/of/acme/';
    for (const settings of [inBucket(), inFolder()]) {
      await (await openStore(settings, { now, where })).putImmutable(object);
      expect((await (await openReadStore(settings, where)).get('heads/1'))?.bytes.toString()).toBe('head');
    }
    expect([...s3.current('heads').keys()]).toEqual(['of/acme/heads/1']);
    const elsewhere = join(folder, 'elsewhere');
    await (await openStore(inBucket(), { now, where: elsewhere, create: true })).putImmutable(object);
    expect((await (await openReadStore(inBucket(), elsewhere)).get('heads/1'))?.bytes.toString()).toBe(
      'head',
    );
  });

  it.each(['s3://', 's3://Not A Bucket/x', 's3:///x'])('is not at %s', async (where) => {
    await expect(openReadStore(inFolder(), where)).rejects.toMatchObject({ code: 'USAGE' });
  });
});
