/** Objects of a bucket as records: there as long as any of their versions is, and gone with all of them. */
import { DeleteObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Connector } from '../../../src/connectors/connector.ts';
import { createFilesConnector } from '../../../src/connectors/files/connector.ts';
import { Bucket } from '../../../src/connectors/files/place/bucket.ts';
import type { View } from '../../../src/policy/policy.ts';
import { startS3 } from '../../support/s3/server.ts';
import type { S3Server } from '../../support/s3/server.ts';
import { ON, failureOf, pagesOf, scanAll } from '../conformance/support.ts';
import { MEANING } from '../memory-harness.ts';
import { eraseKeys, keysOf, viewOf } from './bed.ts';

let server: S3Server;
let client: S3Client;
let connector: Connector;
const time = Date.parse('2024-01-01T00:00:00Z');

beforeEach(async () => {
  server = await startS3({ now: () => time });
  const { endpoint, accessKeyId, secretAccessKey } = server;
  client = new S3Client({
    endpoint,
    region: 'eu-north-1',
    forcePathStyle: true,
    credentials: { accessKeyId, secretAccessKey },
    requestChecksumCalculation: 'WHEN_REQUIRED',
    maxAttempts: 1,
  });
  connector = connect();
});
afterEach(async () => {
  await connector.close();
  await server.close();
});

const connect = (pageSize = 100, connection = 's3://chats/logs'): Connector => {
  const context = { source: 'chats', connection, pageSize, meaning: MEANING };
  return createFilesConnector(context, new Bucket(connection, client));
};
const put = async (...keys: readonly string[]): Promise<void> => {
  for (const Key of keys) await client.send(new PutObjectCommand({ Bucket: 'chats', Key, Body: 'words' }));
};
const DELETE = 'start: date, action: delete';
const RECORD = "{ files: 'of/{email}/{yyyy}-{mm}-{dd}.log', subject: { email: email } }";
const scan = async (view: View): Promise<readonly (string | undefined)[]> =>
  keysOf(await scanAll(connector, view)).map(([path]) => path);
const left = (): string[] => [...server.bucket('chats').keys.keys()].sort();

describe.each([false, true])('objects of a bucket (versions: %s)', (versioned) => {
  beforeEach(() => {
    server.makeBucket('chats', { versioned });
  });

  it('are those below the prefix that fit, in pages, resumed behind any', async () => {
    const all = ['a@x', 'b@x', 'c@x', 'ø@x'].map((who) => `of/${who}/2020-01-02.log`);
    await put(...all.map((path) => `logs/${path}`), 'of/z@x/2020-01-02.log', 'logs/of/a@x/other.txt');
    expect(await scan(viewOf(RECORD, DELETE))).toEqual(all);
    const [facts] = await scanAll(connector, viewOf(RECORD, DELETE));
    expect(facts).toMatchObject({ starts: ['2020-01-02'], subjects: ['a@x'] });
    const [written] = await scanAll(connector, viewOf(RECORD, 'start: modified, action: delete'));
    expect(written?.starts).toEqual([new Date(time).toISOString()]);
    const seen: unknown[] = [];
    for await (const page of pagesOf(connect(1), viewOf(RECORD, DELETE))) {
      seen.push(page.facts[0]?.key[0]);
      const rest = keysOf(await scanAll(connector, viewOf(RECORD, DELETE), undefined, page.cursor));
      expect([...seen, ...rest.map(([path]) => path)]).toEqual(all);
    }
  });

  it('go, and no other', async () => {
    await put('logs/of/a@x/2020-01-02.log', 'logs/of/a@x/2020-01-02.log', 'logs/of/a@x/2020-01-02.logs');
    const key = ['of/a@x/2020-01-02.log'];
    const { outcomes } = await eraseKeys(connector, viewOf(RECORD, DELETE), [key, ['of/b@x/2020-01-02.log']]);
    expect(outcomes).toEqual(['erased', 'already-absent']);
    expect(left()).toEqual(['logs/of/a@x/2020-01-02.logs']);
    expect(await connector.verify(viewOf(RECORD, DELETE), 0, [key], ON)).toEqual(['gone']);
  });

  it('stay where they were written again since they were judged', async () => {
    await put('logs/of/a@x/2020-01-02.log');
    const key = ['of/a@x/2020-01-02.log'];
    const session = await connector.erasing(viewOf(RECORD, DELETE), ON);
    // The second look finds a newer one.
    const list = server.bucket('chats');
    const stillDue = (): boolean[] => {
      const versions = list.keys.get('logs/of/a@x/2020-01-02.log') ?? [];
      versions.push({ ...versions[0]!, id: 'newer', written: time + 5000 });
      return [true];
    };
    const batch = { keys: [key], action: { kind: 'delete' } as const, dependents: [], stage: 0, stillDue };
    expect((await session.erase(batch, ON)).outcomes).toEqual(['changed']);
    await session.release();
    expect(left()).toEqual(['logs/of/a@x/2020-01-02.log']);
  });
});

describe('a bucket with versions', () => {
  it('still has an object that a mere deletion has hidden', async () => {
    server.makeBucket('chats', { versioned: true });
    await put('logs/of/a@x/2020-01-02.log');
    await client.send(new DeleteObjectCommand({ Bucket: 'chats', Key: 'logs/of/a@x/2020-01-02.log' }));
    expect([...server.current('chats').keys()]).toEqual([]);
    const key = ['of/a@x/2020-01-02.log'];
    expect(await scan(viewOf(RECORD, DELETE))).toEqual(key);
    expect((await eraseKeys(connector, viewOf(RECORD, DELETE), [key])).outcomes).toEqual(['erased']);
    expect(left()).toEqual([]);
  });

  it('that locks an object: that one fails, by its code', async () => {
    server.makeBucket('chats', { lock: { mode: 'COMPLIANCE', days: 10 } });
    await put('logs/of/a@x/2020-01-02.log');
    const key = ['of/a@x/2020-01-02.log'];
    const { outcomes } = await eraseKeys(connector, viewOf(RECORD, DELETE), [key]);
    expect(outcomes).toEqual([{ failed: 'AccessDenied' }]);
    expect(await connector.verify(viewOf(RECORD, DELETE), 0, [key], ON)).toEqual(['present']);
  });
});

describe('a bucket', () => {
  const codes = async (view: View, of = connector): Promise<readonly string[]> =>
    (await of.check([view], ON)).findings.map((one) => `${one.severity} ${one.code}`);

  it('is checked', async () => {
    server.makeBucket('chats');
    await put('logs/of/a@x/2020-01-02.log');
    expect(await codes(viewOf(RECORD, DELETE))).toEqual([]);
    expect(await codes(viewOf(RECORD.replace('of/', 'no/'), DELETE))).toEqual(['warning no-files']);
    expect(await codes(viewOf(RECORD, DELETE), connect(100, 's3://none/logs'))).toEqual(['error bucket-out-of-reach']); // prettier-ignore
    const rows = RECORD.replace('.log', '.ndjson').replace('{ files', '{ rows: ndjson, files').replace('email: email', 'email: mail'); // prettier-ignore
    expect(await codes(viewOf(rows, 'start: { column: at, as: date, null: unknown }, action: delete'))).toContain('error rows-in-bucket'); // prettier-ignore
  });

  it('that cannot be asked is a failure, and none without objects', async () => {
    const view = viewOf(RECORD, DELETE);
    server.makeBucket('chats');
    server.fault = () => ({ status: 503, code: 'SlowDown' });
    const key = ['of/a@x/2020-01-02.log'];
    const busy = { failure: 'transient', code: 'SlowDown' };
    for (const call of [() => connector.count(view, ON), () => connector.verify(view, 0, [key], ON)])
      await expect(call()).rejects.toMatchObject(busy);
    server.fault = () => ({ status: 403, code: 'AccessDenied' });
    expect(await failureOf(() => connector.read(view, [key], ON))).toMatchObject({ failure: 'fatal' });
  });

  it('whose answer is lost: nobody says whether the object is gone', async () => {
    server.makeBucket('chats');
    await put('logs/of/a@x/2020-01-02.log');
    const key = ['of/a@x/2020-01-02.log'];
    server.fault = ({ action }) => (action === 'DeleteObject' ? 'drop after' : undefined);
    const erase = () => eraseKeys(connector, viewOf(RECORD, DELETE), [key]);
    expect(await failureOf(erase)).toMatchObject({ failure: 'uncertain' });
    server.fault = () => undefined;
    expect(await connector.verify(viewOf(RECORD, DELETE), 0, [key], ON)).toEqual(['gone']);
  });

  it('loses nothing to whoever finds that another has the turn by now', async () => {
    server.makeBucket('chats');
    const all = ['a@x', 'b@x', 'c@x'].map((who) => `of/${who}/2020-01-02.log`);
    await put(...all.map((path) => `logs/${path}`));
    let asked = 0;
    const stillOurs = (): Promise<void> => Promise.reject(new Error(`lost ${String((asked += 1))}`));
    const keys = all.map((path) => [path]);
    await expect(eraseKeys(connector, viewOf(RECORD, DELETE), keys, { stillOurs })).rejects.toThrow('lost 1');
    expect(left()).toEqual(all.map((path) => `logs/${path}`));
  });

  it('lets one session erase for a policy', async () => {
    server.makeBucket('chats');
    const session = await connector.erasing(viewOf(RECORD, DELETE), ON);
    expect(await failureOf(() => connector.erasing(viewOf(RECORD, DELETE), ON))).toMatchObject({
      code: 'BUSY',
    });
    await session.release();
    await (await connector.erasing(viewOf(RECORD, DELETE), ON)).release();
  });
});
