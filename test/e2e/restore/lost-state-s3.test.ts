/** The state is lost, or is an old copy, and the trail lies on a real S3 server: as lost-state.test.ts, with both ways to swap. */
import { cpSync, rmSync } from 'node:fs';
import { GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { afterEach, describe, expect, it } from '@jest/globals';
import { install, type Document, type Installation } from '../../support/bad-days/installation.ts';
import { emailOf, makePeople, type People } from '../../support/bad-days/people.ts';
import { realS3 } from '../../support/servers/s3.ts';

const s3 = await realS3();

it('has a real S3 server in CI', () => {
  if (process.env['CI'] === 'true') expect(s3).toBeDefined();
});

describe.each(s3 === undefined ? [] : ['a second bucket', 'the state database'])(
  'a trail in S3, swapped in %s, whose state',
  (swaps) => {
    let people: People;
    let on: Installation;
    afterEach(async () => {
      on.remove();
      await people.db.drop();
    });

    const begin = async (): Promise<void> => {
      const server = s3!;
      people = await makePeople('sqlite', 30);
      const env = {
        FRIST_CRM: people.db.url,
        FRIST_AUDIT_S3_BUCKET: await server.makeBucket({ lock: true }),
        FRIST_AUDIT_S3_LOCK_MODE: 'governance',
        FRIST_AUDIT_S3_LOCK_YEARS: '1',
        FRIST_AUDIT_S3_PREFIX: 'acme',
        FRIST_AUDIT_S3_ENDPOINT: server.endpoint,
        FRIST_AUDIT_S3_ACCESS_KEY: server.accessKeyId,
        FRIST_AUDIT_S3_ACCESS_SECRET: server.secretAccessKey,
        ...(swaps === 'a second bucket' ? { FRIST_AUDIT_S3_STATE: await server.makeBucket() } : {}),
      };
      on = await install({ env, settings: { batch: { max: 10 } } });
    };
    const hold = async (key: number | undefined): Promise<string> => {
      const who = `email=${emailOf(key ?? 0)}`;
      const { stdout } = await on.frist('hold', 'add', '--subject', who, '--why', 'case 7', '--json');
      return (JSON.parse(stdout) as { hold: { id: string } }).hold.id;
    };
    /** The copy in the bucket, replaced if another is given. */
    const checkpoint = async (replace?: string): Promise<string> => {
      const at = { Bucket: on.env['FRIST_AUDIT_S3_BUCKET'], Key: 'acme/checkpoint' };
      if (replace !== undefined) await s3!.client.send(new PutObjectCommand({ ...at, Body: replace }));
      const { Body } = await s3!.client.send(new GetObjectCommand(at));
      return (await Body?.transformToString()) ?? '';
    };
    const adopt = (): Promise<Document> => on.json('state', 'adopt', '--why', 'the disk is gone');

    /** Nothing goes until the hold has been placed again, and the trail goes on and verifies. */
    const goesOn = async (): Promise<void> => {
      expect(await on.json('run')).toMatchObject({ exit: 0, policies: [{ found: { by: { 'subject unknown': 20 } } }] }); // prettier-ignore
      expect(await on.json('audit', 'verify')).toMatchObject({ exit: 0 });
    };

    it('is lost is made anew', async () => {
      await begin();
      const before = await checkpoint();
      const lost = await hold(people.due[3]);
      const last = await checkpoint();
      for (const name of ['state.db', 'state.db-wal', 'state.db-shm'])
        rmSync(on.at('data', name), { force: true });
      expect(await on.json('run')).toMatchObject({ error: { code: 'STATE_MISSING' } });
      if (swaps === 'the state database') {
        // As a crash leaves it between the swap and the copy.
        await checkpoint(before);
        expect(await adopt()).toMatchObject({ exit: 4, error: { code: 'AUDIT_END_LOST' } });
        await checkpoint(last);
      }
      expect(await adopt()).toMatchObject({ exit: 0, anew: true, lostHolds: [{ hold: { id: lost } }] });
      await goesOn();
    });

    it('is an old copy goes on from the trail', async () => {
      await begin();
      await hold(people.kept[0]);
      cpSync(on.at('data/state.db'), on.at('old.db'));
      const lost = await hold(people.due[3]);
      cpSync(on.at('old.db'), on.at('data/state.db'));
      expect(await on.json('run')).toMatchObject({ exit: 2, error: { code: 'AUDIT_STATE_OLD' } });
      expect(await adopt()).toMatchObject({ exit: 0, anew: false, lostHolds: [{ hold: { id: lost } }] });
      await goesOn();
    });
  },
);
