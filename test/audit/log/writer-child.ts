/**
 * A writer in a process of its own, for race.test.ts: `node writer-child.ts FOLDER APPENDS NAME`. Appends batches of
 * different sizes; each line of its output is the JSON of a batch that it was told is in the log.
 */
import { randomBytes } from 'node:crypto';
import { formatEntry } from '../../../src/audit/entry.ts';
import { createUlids } from '../../../src/audit/format/ulid.ts';
import { openLog } from '../../../src/audit/log.ts';
import { openFileStore } from '../../../src/audit/store/file.ts';
import { SIGNER } from '../../support/trail.ts';

const [folder = '', appends = '0'] = process.argv.slice(2);
const ulid = createUlids(randomBytes, Date.now);
const store = await openFileStore(folder);
const log = await openLog({ store, signer: SIGNER });
process.stdout.write('[]\n');
for (let i = 0; i < Number(appends); i++) {
  const batch = Array.from({ length: 1 + ((i * 37) % 90) }, () =>
    formatEntry({ v: 1, type: 'heartbeat', eid: ulid(), at: new Date().toISOString() }),
  );
  await log.append(batch);
  process.stdout.write(`${JSON.stringify(batch)}\n`);
}
