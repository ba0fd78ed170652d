/**
 * A writer in a process of its own: `node writer-child.ts STORE APPENDS`, where STORE is a folder, or the JSON of a
 * place in S3. Appends batches of different sizes, and insists; each line of its output is the JSON of a batch that it
 * was told is in the log.
 */
import { randomBytes } from 'node:crypto';
import { formatEntry } from '../../../src/audit/entry.ts';
import { createUlids } from '../../../src/audit/format/ulid.ts';
import { openLog } from '../../../src/audit/log.ts';
import { openFileStore } from '../../../src/audit/store/file.ts';
import { openS3Store } from '../../../src/audit/store/s3.ts';
import type { S3Place } from '../../../src/audit/store/s3/place.ts';
import { SIGNER } from '../../support/trail.ts';
import { insist, insistOnOpening } from './insist.ts';

const [where = '', appends = '0'] = process.argv.slice(2);
const ulid = createUlids(randomBytes, Date.now);
const store = where.startsWith('{')
  ? openS3Store(JSON.parse(where) as S3Place, { now: Date.now })
  : await openFileStore(where);
const log = await insistOnOpening(() => openLog({ store, signer: SIGNER }));
process.stdout.write('[]\n');
for (let i = 0; i < Number(appends); i++) {
  const batch = Array.from({ length: 1 + ((i * 37) % 90) }, () =>
    formatEntry({ v: 1, type: 'heartbeat', eid: ulid(), at: new Date().toISOString() }),
  );
  await insist(log, batch);
  process.stdout.write(`${JSON.stringify(batch)}\n`);
}
