// `npm run docs`: writes the pages that are generated from the code. A test fails when one of them is stale.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { errorsPage } from './docs/errors-page.ts';
import { grantsPage } from './docs/grants.ts';
import { withMetrics } from './docs/metrics-table.ts';
import { withSettings } from './docs/settings-table.ts';

const docs = join(import.meta.dirname, '..', 'docs');
mkdirSync(docs, { recursive: true });
writeFileSync(join(docs, 'errors.md'), errorsPage());
const operating = join(docs, 'operating.md');
writeFileSync(operating, withSettings(readFileSync(operating, 'utf8')));
const metrics = join(docs, 'metrics.md');
writeFileSync(metrics, withMetrics(readFileSync(metrics, 'utf8')));

const grants = join(import.meta.dirname, '..', 'deploy', 'grants');
mkdirSync(grants, { recursive: true });
for (const server of ['mariadb', 'mysql', 'postgres'] as const)
  writeFileSync(join(grants, `example.${server}.sql`), await grantsPage(server));
