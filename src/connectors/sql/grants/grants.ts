/** What frist's user in a database needs for a set of views, asked of the catalogue of that database. */
import type { Dialect } from '../../../database.ts';
import type { SourceLimits, View } from '../../../policy/policy.ts';
import type { Account } from '../../connector.ts';
import { wholeCatalogue } from '../catalogue/load.ts';
import type { Ask } from '../catalogue/load.ts';
import type { Catalogue } from '../catalogue/catalogue.ts';
import { sql } from '../sql.ts';
import { needsOf, schemaOf } from './needs.ts';
import { grantScript } from './script.ts';

/** The lines of the script; see script.ts. */
export async function grantsFor(
  dialect: Dialect,
  ask: Ask,
  views: readonly View[],
  account: Account,
  limits: SourceLimits | undefined,
): Promise<readonly string[]> {
  if (dialect === 'sqlite')
    return [
      '-- SQLite has no users. The user of the process must be able to write to the file, and to the folder that it lies in:',
      '-- there stand its journal, and the lock that frist takes while it erases.',
    ];
  const tables = views.flatMap(({ record }) => [record, ...(record.parts ?? []), ...record.related]);
  const catalogue = await wholeCatalogue(dialect, ask, tables.map((one) => one.table)); // prettier-ignore
  const database = dialect === 'mysql' ? sql`SELECT DATABASE()` : sql`SELECT current_database()`;
  return scriptFor(
    {
      server: dialect === 'postgres' ? dialect : catalogue.asksTarget ? 'mariadb' : 'mysql',
      database: (await ask(database))[0]?.[0] ?? '',
    },
    catalogue,
    views,
    account,
    limits,
  );
}

/** The script for a catalogue that was read already. */
export function scriptFor(
  where: Pick<Parameters<typeof grantScript>[0], 'server' | 'database'>,
  catalogue: Catalogue,
  views: readonly View[],
  account: Account,
  limits: SourceLimits | undefined,
): readonly string[] {
  const needs = needsOf(catalogue, views);
  return grantScript({
    ...where,
    schemas: [...new Set([...needs.tables.keys()].map(schemaOf))].sort(),
    needs,
    account,
    watches: { server: limits?.threadsRunning !== undefined, replicas: limits?.replicaLag !== undefined },
  });
}
