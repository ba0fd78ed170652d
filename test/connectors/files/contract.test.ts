/** Files, rows inside files, and objects of a bucket against what every kind of connector owes. */
import { ListObjectVersionsCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe } from '@jest/globals';
import { createFilesConnector } from '../../../src/connectors/files/connector.ts';
import { Bucket } from '../../../src/connectors/files/place/bucket.ts';
import type { View } from '../../../src/policy/policy.ts';
import { startS3 } from '../../support/s3/server.ts';
import { realS3 } from '../../support/servers/s3.ts';
import { contract } from '../contract.ts';
import type { ContractBed } from '../contract.ts';
import { MEANING } from '../memory-harness.ts';
import { makeBed, viewOf } from './bed.ts';

const ceph = await realS3();

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

interface Server {
  readonly endpoint: string;
  readonly bucket: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  close(): Promise<void>;
}

function bucketBed(start: () => Promise<Server>) {
  return async (): Promise<ContractBed> => {
    const { endpoint, bucket, credentials, close } = await start();
    const client = (): S3Client =>
      new S3Client({ endpoint, region: 'eu-north-1', forcePathStyle: true, credentials, requestChecksumCalculation: 'WHEN_REQUIRED' }); // prettier-ignore
    const own = client();
    const connection = `s3://${bucket}/logs`;
    const context = { source: 'chats', connection, meaning: MEANING };
    return {
      connect: (pageSize = 100) =>
        createFilesConnector({ ...context, pageSize }, new Bucket(connection, client(), 5)),
      view: WHOLE,
      // Twice, so that there are two versions where versions are kept.
      put: async (names) => {
        for (const name of [...names, ...names])
          await own.send(
            new PutObjectCommand({ Bucket: bucket, Key: `logs/${pathOf(name)}`, Body: 'words' }),
          );
      },
      keyOf: (name) => [pathOf(name)],
      names: async () => {
        const { Versions = [], DeleteMarkers = [] } = await own.send(new ListObjectVersionsCommand({ Bucket: bucket })); // prettier-ignore
        const names = [...Versions, ...DeleteMarkers].map(({ Key = '' }) => /(\w+)@/.exec(Key)?.[1] ?? '');
        return [...new Set(names)].sort();
      },
      close: async () => {
        own.destroy();
        await close();
      },
    };
  };
}

describe.each([false, true])('versions: %s', (versioned) => {
  const ours = async (): Promise<Server> => {
    const server = await startS3();
    server.makeBucket('chats', { versioned });
    const { endpoint, accessKeyId, secretAccessKey } = server;
    return {
      endpoint,
      bucket: 'chats',
      credentials: { accessKeyId, secretAccessKey },
      close: () => server.close(),
    };
  };
  contract('objects of a bucket', bucketBed(ours));

  const theirs = ceph;
  if (theirs === undefined) return;
  const real = async (): Promise<Server> => {
    const bucket = await theirs.makeBucket({ lock: versioned });
    return { endpoint: theirs.endpoint, bucket, credentials: theirs, close: () => Promise.resolve() };
  };
  contract('objects of a bucket of Ceph', bucketBed(real));
});
