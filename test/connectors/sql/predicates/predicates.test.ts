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
