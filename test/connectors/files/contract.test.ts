/** Files, rows inside files, and objects of a bucket against what every kind of connector owes. */
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createFilesConnector } from '../../../src/connectors/files/connector.ts';
import { Bucket } from '../../../src/connectors/files/place/bucket.ts';
import type { View } from '../../../src/policy/policy.ts';
import { startS3 } from '../../support/s3/server.ts';
import { contract } from '../contract.ts';
import type { ContractBed } from '../contract.ts';
import { MEANING } from '../memory-harness.ts';
import { makeBed, viewOf } from './bed.ts';

const address = (name: string): string => `${name}@Example.org`;

const pathOf = (name: string): string => `chats/${address(name)}/2020-01-02.log`;
const WHOLE = viewOf("{ files: 'chats/{email}/{yyyy}-{mm}-{dd}.log', subject: { email: email } }", 'start: date, action: delete'); // prettier-ignore

contract('whole files', async (): Promise<ContractBed> => {
  const bed = await makeBed();
  let put: readonly string[] = [];
  return {
    connect: bed.connect,
    view: WHOLE,
    put: async (names) => {
      put = names;
      for (const name of names) await bed.put(pathOf(name), 'words');
    },
    keyOf: (name) => [pathOf(name)],
    names: () => Promise.resolve(put.filter((name) => existsSync(join(bed.root, pathOf(name))))),
    close: bed.close,
  };
});

/** Rows spread over two files. */
function rowsBed(view: View, extension: string, head: string, lineOf: (name: string) => string) {
  return async (): Promise<ContractBed> => {
    const bed = await makeBed();
    const fileOf = (name: string): string => `${Number(name.replace(/\D/g, '')) % 2 === 0 ? 'even' : 'odd'}/1.${extension}`; // prettier-ignore
    return {
      connect: bed.connect,
      view,
      put: async (names) => {
        for (const file of ['even', 'odd'].map((one) => `${one}/1.${extension}`))
          await bed.put(file, head + names.filter((name) => fileOf(name) === file).map((name) => `${lineOf(name)}\n`).join('')); // prettier-ignore
      },
      keyOf: (name) => [fileOf(name), createHash('sha256').update(lineOf(name)).digest('hex')],
      names: async () => {
        const left = existsSync(join(bed.root, 'odd')) ? await bed.text(`odd/1.${extension}`) : '';
        const all = (await bed.text(`even/1.${extension}`)) + left;
        return [...all.matchAll(/(person\d+)@/g)].map(([, name = '']) => name).sort();
      },
      close: bed.close,
    };
  };
}

contract(
  'rows of JSON',
  rowsBed(
    viewOf("{ files: '*/1.ndjson', rows: ndjson, subject: { email: from/address } }", 'start: { column: at, as: date, null: unknown }, action: delete'), // prettier-ignore
    'ndjson',
    '\n',
    (name) => JSON.stringify({ from: { address: address(name) }, at: '2020-01-02' }),
  ),
);

contract(
  'rows of CSV',
  rowsBed(
    viewOf("{ files: '*/1.csv', rows: csv, subject: { email: e-mail } }", 'start: { column: at, as: date, null: unknown }, action: delete'), // prettier-ignore
    'csv',
    'e-mail,at\n',
    (name) => `"${address(name)}",2020-01-02`,
  ),
);

contract('objects of a bucket', async (): Promise<ContractBed> => {
  const server = await startS3();
  server.makeBucket('chats', { versioned: true });
  const { endpoint, accessKeyId, secretAccessKey } = server;
  const client = (): S3Client =>
    new S3Client({
      endpoint,
      region: 'eu-north-1',
      forcePathStyle: true,
      credentials: { accessKeyId, secretAccessKey },
    });
  const own = client();
  const connection = 's3://chats/logs';
  return {
    connect: (pageSize = 100) =>
      createFilesConnector({ source: 'chats', connection, pageSize, meaning: MEANING }, new Bucket(connection, client())), // prettier-ignore
    view: WHOLE,
    put: async (names) => {
      for (const name of names)
        await own.send(new PutObjectCommand({ Bucket: 'chats', Key: `logs/${pathOf(name)}`, Body: 'words' }));
    },
    keyOf: (name) => [pathOf(name)],
    names: () => {
      const keys = [...server.bucket('chats').keys.keys()];
      return Promise.resolve(keys.map((key) => /(\w+)@/.exec(key)?.[1] ?? '').sort());
    },
    close: async () => {
      own.destroy();
      await server.close();
    },
  };
});
