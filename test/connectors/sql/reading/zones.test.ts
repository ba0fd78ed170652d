/** Times are read as they are stored, whatever zone this process or the server lives in. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { Facts, View, Window } from '../../../../src/policy/policy.ts';
import { engines } from '../../../support/servers/index.ts';
import { startAt } from '../../conformance/views.ts';
import { makeBed, recordOf, viewOf } from '../bed.ts';
import type { Bed } from '../bed.ts';

const run = promisify(execFile);
const CHILD = join(import.meta.dirname, 'zone-child.ts');

/** Both readings of the hour that Copenhagen has twice, and the one that it does not have. */
const INSTANTS = ['2027-10-31 00:30:00', '2027-10-31 01:30:00', '2027-03-28 01:30:00', '2020-01-01 00:00:00'];

async function scanIn(
  zone: string,
  bed: Bed,
  view: View,
  windows: readonly Window[],
): Promise<readonly Facts[]> {
  const env = { ...process.env, TZ: zone };
  const task = JSON.stringify({ url: bed.database.url, view, windows });
  const { stdout } = await run(process.execPath, ['--no-warnings', CHILD, task], { env });
  const answer = JSON.parse(stdout) as { found: readonly Facts[]; apart: number; zone: string };
  expect(answer.zone).toBe(zone);
  expect(answer.apart).toBeLessThan(60_000);
  return answer.found;
}

describe.each(await engines())('zones on %s', (engine) => {
  let bed: Bed;
  afterEach(async () => {
    await bed.close();
  });

  it.each(['Europe/Copenhagen', 'America/St_Johns', 'UTC'])(
    "are nobody's business but the policy's: %s",
    async (zone) => {
      const moment = { mariadb: 'TIMESTAMP NULL', postgres: 'TIMESTAMPTZ', sqlite: 'TEXT' }[engine];
      bed = await makeBed(engine, ({ time }) => [
        ...(engine === 'mariadb' ? ["SET time_zone = '+00:00'"] : []),
        `CREATE TABLE people (id INT PRIMARY KEY, moment ${moment}, wall ${time})`,
        'CREATE INDEX by_moment ON people (moment)',
        ...INSTANTS.map(
          (at, i) =>
            `INSERT INTO people VALUES (${String(i + 1)}, '${at}${engine === 'postgres' ? '+00' : ''}', '${at}')`,
        ),
      ]);
      const view = viewOf(recordOf('people', ['id']), {
        starts: [startAt('moment', { encoding: { kind: 'instant' } }), startAt('wall')],
      });
      const windows = [{ index: 0, dueBefore: '2021-01-01 00:00:00', aheadAfter: '2027-03-28 01:30:00' }];
      const found = await scanIn(zone, bed, view, windows);
      const expected = [INSTANTS[3]!, INSTANTS[2]!, INSTANTS[0]!, INSTANTS[1]!];
      expect(found.map((one) => one.starts[0])).toEqual(
        expected.map((at) => (engine === 'postgres' ? `${at}+00` : at)),
      );
      expect(found.map((one) => one.starts[1])).toEqual(expected);
    },
  );
});
