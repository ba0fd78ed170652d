/** However many records a batch has, and whatever goes with them: the number of statements stays the same. */
import { afterEach, describe, expect, it } from '@jest/globals';
import type { Dependent } from '../../../../src/policy/policy.ts';
import { engines } from '../../../support/servers/index.ts';
import { batchOf, inSession, ON } from '../../conformance/support.ts';
import { stage } from '../../conformance/views.ts';
import { makeBed, recordOf, relation, viewOf } from '../bed.ts';
import type { Bed } from '../bed.ts';

const NAMES = Array.from({ length: 10 }, (_, i) => `d${String(i)}`);
const DEPENDENTS = NAMES.map((related, i): Dependent => {
  if (i < 6) return { related, kind: 'delete' };
  if (i < 8)
    return { related, kind: 'anonymise', set: [{ column: 'body', with: { kind: 'constant', value: null } }] };
  return i === 8 ? { related, kind: 'detach' } : { related, kind: 'keep' };
});
const RECORD = recordOf('people', ['id'], {
  related: NAMES.map((name, i) =>
    // The first is rows of rows of the second.
    i === 0 ? relation(name, { parent_id: 'id' }, { of: 'd1' }) : relation(name, { person_id: 'id' }),
  ),
});
const VIEW = viewOf(RECORD, { stages: [stage({ kind: 'delete' }, ...DEPENDENTS)] });
const PEOPLE = 400;

let bed: Bed | undefined;
afterEach(() => bed?.close());

async function makePeople(engine: (typeof servers)[number]): Promise<Bed> {
  const people = Array.from({ length: PEOPLE }, (_, i) => i + 1);
  bed = await makeBed(engine, ({ time }) => [
    `CREATE TABLE people (id INTEGER PRIMARY KEY, started_at ${time})`,
    `INSERT INTO people VALUES ${people.map((id) => `(${String(id)}, '2020-01-01 00:00:00')`).join(',')}`,
    ...NAMES.flatMap((name) => [
      `CREATE TABLE ${name} (id INTEGER PRIMARY KEY, person_id INTEGER, parent_id INTEGER, body VARCHAR(20))`,
      `INSERT INTO ${name} VALUES ${people.map((id) => `(${[id, id, id, "'about'"].map(String).join(',')})`).join(',')}`,
      `CREATE INDEX ${name}_person ON ${name} (person_id)`,
    ]),
  ]);
  return bed;
}

const servers = await engines();

describe.each(servers)('ten dependents on %s', (engine) => {
  it('cost as many statements for 300 records as for two', async () => {
    const at = await makePeople(engine);
    const connector = at.connect();
    await connector.check([VIEW], ON);
    const counts: number[] = [];
    for (const keys of [['1', '2'], Array.from({ length: 300 }, (_, i) => String(i + 3))]) {
      await inSession(connector, VIEW, async (session) => {
        at.sent();
        const batch = batchOf(VIEW, keys.map((key) => [key])); // prettier-ignore
        const result = await session.erase(batch, ON);
        expect(result.outcomes).toEqual(keys.map(() => 'erased'));
        for (const name of NAMES.slice(0, 6)) expect(result.dependents.get(name)?.deleted).toBe(keys.length);
        counts.push(at.sent().length);
      });
    }
    expect(counts[1]).toBe(counts[0]);
    // Read, then write each of them; look again.
    expect(counts[0]).toBeLessThan(4 * NAMES.length);
    expect(await at.rows('people')).toHaveLength(PEOPLE - 302);
    expect(await at.rows('d5')).toHaveLength(PEOPLE - 302);
    expect(await at.rows('d9')).toHaveLength(PEOPLE);
  });
});
