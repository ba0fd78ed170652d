/** A constant of the policy file is that text to the byte, whatever the collation of its column takes for equal. */
import { describe, expect, it } from '@jest/globals';
import type { Condition, RecordType, View } from '../../../../src/policy/policy.ts';
import { engines } from '../../../support/servers/index.ts';
import type { Engine } from '../../../support/servers/index.ts';
import { ON, batchOf, inSession, scanAll } from '../../conformance/support.ts';
import { is, not, relatedRows } from '../../conformance/views.ts';
import { makeBed, recordOf, relation, viewOf } from '../bed.ts';

const TYPES: Readonly<Record<Engine, readonly string[]>> = {
  mariadb: ['VARCHAR(20)', 'VARCHAR(20) CHARACTER SET latin1', 'CHAR(20)', 'TEXT', 'VARCHAR(20) COLLATE utf8mb4_bin'],
  postgres: ['VARCHAR(20)', 'TEXT'],
  sqlite: ['VARCHAR(20) COLLATE NOCASE', 'TEXT COLLATE RTRIM'],
}; // prettier-ignore

const SPELLINGS = ['lead', 'Lead', 'LEAD', 'léad', 'leads', '', 'lead '];
const KINDS = (await engines()).flatMap((engine) => TYPES[engine].map((type) => [engine, type] as const));

describe.each(KINDS)('constants on %s, in %s', (engine, type) => {
  it('are what they are', async () => {
    // A CHAR keeps no blanks at its end.
    const spellings = type.startsWith('CHAR') ? SPELLINGS.slice(0, -1) : SPELLINGS;
    const bed = await makeBed(engine, ({ big, time }) => [
      `CREATE TABLE people (id ${big} PRIMARY KEY, status ${type}, started_at ${time})`,
      `CREATE TABLE fields (id ${big} PRIMARY KEY, person_id ${big}, name ${type})`,
      'CREATE INDEX by_status ON people (started_at)',
      ...spellings.flatMap((one, i) => [
        `INSERT INTO people VALUES (${String(i + 1)}, '${one}', NULL)`,
        `INSERT INTO fields VALUES (${String(i + 1)}, ${String(i + 1)}, '${one}')`,
      ]),
      'INSERT INTO people VALUES (9, NULL, NULL)',
    ]);
    const record = recordOf('people', ['id'], { related: [relation('fields', { person_id: 'id' })] });
    const meeting = async (condition: Condition): Promise<string> => {
      const view = viewOf(record, { where: condition });
      return (await scanAll(bed.connect(), view)).map((one) => one.key[0]).join(' ');
    };
    expect(await meeting(is('status', 'lead'))).toBe('1');
    expect(await meeting(not(is('status', 'lead')))).toBe(
      spellings.includes('lead ') ? '2 3 4 5 6 7 9' : '2 3 4 5 6 9',
    );
    expect(await meeting(is('status', 'LEAD', 'Lead', null))).toBe('2 3 9');
    expect(await meeting(is('status', ''))).toBe('6');
    expect(await meeting(relatedRows('exists', 'fields', is('name', 'Lead')))).toBe('2');
    const warned = async (asked: View): Promise<readonly string[]> =>
      (await bed.connect().advise([asked], ON)).map((one) => `${one.code} ${one.path.join('.')}`);
    const lead = is('status', 'lead');
    const fields = relatedRows('exists', 'fields', is('name', 'lead'));
    const isLoose = engine !== 'postgres';
    const places = { where: not(lead), exempt: [fields], conditions: [lead, fields] };
    expect(await warned(viewOf(record, places))).toEqual(
      isLoose ? ['other-spellings policies.test.where', 'other-spellings policies.test.unless'] : [],
    );
    const spared = await bed.connect().advise([viewOf(record, { exempt: [fields] })], ON);
    expect(spared.every((one) => one.message.includes('NOT spared'))).toBe(true);
    expect(await warned(viewOf(record, { conditions: [lead] }))).toEqual(
      isLoose ? ['other-spellings sources.bed.records.people'] : [],
    );
    expect(await warned(viewOf(record, { where: is('status', ...spellings) }))).toEqual([]);
    const scoped: RecordType = { ...record, scope: [{ column: 'status', value: 'lead' }] };
    const view = viewOf(scoped);
    expect((await scanAll(bed.connect(), view)).map((one) => one.key[0])).toEqual(['1']);
    const keys = ['1', '2', '3'].map((id) => [id]);
    const result = await inSession(bed.connect(), view, (session) => session.erase(batchOf(view, keys), ON));
    expect(result.outcomes).toEqual(['erased', 'already-absent', 'already-absent']);
    expect(await bed.rows('people')).toHaveLength(spellings.length);
    await bed.close();
  });
});
