import { engines } from '../../support/servers/index.ts';
import { conformance } from '../conformance.ts';
import { sqlHarness } from '../sql-harness.ts';

for (const engine of await engines()) conformance(`sql on ${engine}`, sqlHarness(engine));
