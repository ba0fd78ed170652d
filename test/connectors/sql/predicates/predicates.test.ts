import { describe, it } from '@jest/globals';
import { createSqlConnector } from '../../../../src/connectors/sql/connector.ts';
import { engines } from '../../../support/servers/index.ts';
import { SCENARIOS } from './scenarios.ts';

describe.each(await engines())('every predicate on %s', (engine) => {
  const here = SCENARIOS.filter((one) => one.only === undefined || one.only === engine);
  it.each(here.map((one) => [one.name, one] as const))('%s', async (_, scenario) => {
    await scenario.run(engine, createSqlConnector);
  });
});

const ERASING = SCENARIOS.filter((one) => ['what is deleted', 'what is emptied'].some((name) => one.name.startsWith(name))); // prettier-ignore
const LOCKED = (await engines()).includes('mariadb') ? ['MyISAM', 'Aria'] : [];
for (const storage of LOCKED)
  describe(`every predicate on tables of ${storage}`, () => {
    it.each(ERASING.map((one) => [one.name, one] as const))('%s', async (_, scenario) => {
      await scenario.run('mariadb', createSqlConnector, [`SET default_storage_engine = ${storage}`]);
    });
  });
