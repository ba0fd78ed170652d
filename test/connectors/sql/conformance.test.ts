import { conformance } from '../conformance.ts';
import { sqlHarness } from '../sql-harness.ts';
import { engines } from '../../support/servers/index.ts';

for (const engine of await engines()) conformance(engine, sqlHarness(engine));
