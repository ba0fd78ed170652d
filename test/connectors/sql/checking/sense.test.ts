/** Conditions that every row meets because of what its columns can hold, on every engine that knows. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createSqlConnector } from '../../../../src/connectors/sql/connector.ts';
import type { Condition, View } from '../../../../src/policy/policy.ts';
import { engines } from '../../../support/servers/index.ts';
import { ON } from '../../conformance/support.ts';
import { is } from '../../conformance/views.ts';
import { MEANING } from '../../memory-harness.ts';
import { makeBed, recordOf, viewOf } from '../bed.ts';
import type { Bed } from '../bed.ts';

const not = (of: Condition): Condition => ({ kind: 'not', of });
const any = (...of: Condition[]): Condition => ({ kind: 'any', of });
const compare = (op: '<' | '>=', value: number): Condition => ({
  kind: 'compare',
  column: 'score',
  op,
  value,
});

describe.each(await engines())('conditions that say nothing, on %s', (engine) => {
  let bed: Bed;
  beforeAll(async () => {
    const status = engine === 'mariadb' ? "ENUM('lead', 'gone')" : engine === 'postgres' ? 'mood' : 'TEXT';
    bed = await makeBed(
      engine,
      ({ big }) => [
        ...(engine === 'postgres' ? ["CREATE TYPE mood AS ENUM ('lead', 'gone')"] : []),
        `CREATE TABLE people (id ${big} PRIMARY KEY, started_at DATE, status ${status} NOT NULL, maybe ${status},
           active BOOLEAN NOT NULL, score INT NOT NULL)`,
      ],
      (context, options) => createSqlConnector({ ...context, meaning: MEANING }, options),
    );
  });
  afterAll(async () => {
    await bed.close();
  });

  const person = recordOf('people', ['id']);
  const always = async (view: View): Promise<unknown[]> =>
    (await bed.connect().check([view], ON)).findings
      .filter(({ code }) => code === 'condition-always')
      .map(({ severity, path }) => [severity, path.join('.')]);
  const where = (condition: Condition): Promise<unknown[]> => always(viewOf(person, { where: condition }));
  const refused = [['error', 'policies.test.where']];
  const knowsEnums = engine !== 'sqlite';

  it('are refused', async () => {
    expect(await where(not(is('status', null)))).toEqual(refused);
    expect(await where(any(compare('<', 5), compare('>=', 5)))).toEqual(refused);
    expect(await where(is('status', 'lead', 'gone'))).toEqual(knowsEnums ? refused : []);
    expect(await where(is('maybe', 'lead', 'gone', null))).toEqual(knowsEnums ? refused : []);
    expect(await where(is('active', true, false))).toEqual(engine === 'postgres' ? refused : []);
    expect(await always(viewOf(person, { exempt: [not(is('score', null))] }))).toEqual([
      ['error', 'policies.test.unless'],
    ]);
  });

  it('are not found where something is left over', async () => {
    expect(await where({ kind: 'all', of: [] })).toEqual([]);
    expect(await where(is('status', 'lead'))).toEqual([]);
    expect(await where(is('maybe', 'lead', 'gone'))).toEqual([]);
    expect(await where(not(is('maybe', null)))).toEqual([]);
    expect(await where(any(compare('<', 5), compare('>=', 6)))).toEqual([]);
  });
});
