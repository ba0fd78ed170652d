/**
 * What `frist check --grants` says of the example policies on each server, from the tables of the demo. The test holds it
 * against what it says of real servers (test/e2e/grants.test.ts).
 */
import { readFileSync } from 'node:fs';
import { grantsText, viewsOf } from '../../src/cli/setup/grants.ts';
import type { Catalogue, TableId } from '../../src/connectors/sql/catalogue/catalogue.ts';
import { wholeCatalogue } from '../../src/connectors/sql/catalogue/load.ts';
import { scriptFor } from '../../src/connectors/sql/grants/grants.ts';
import type { Server } from '../../src/connectors/sql/grants/script.ts';
import { openDatabase, text } from '../../src/database.ts';
import { ddl } from '../../src/demo/schema.ts';
import type { DatabaseName } from '../../src/demo/types.ts';
import { parsePolicies } from '../../src/policy/parse/parse.ts';
import { compileViews } from '../../src/policy/view.ts';

const POLICIES = 'config/policies.example.yaml';
const NAMES: Readonly<Record<Server, string>> = {
  mariadb: 'MariaDB',
  mysql: 'MySQL',
  postgres: 'PostgreSQL',
};

/** The file of one server. */
export async function grantsPage(server: Server): Promise<string> {
  const { file } = parsePolicies(readFileSync(POLICIES, 'utf8'), {
    file: POLICIES,
    resolve: () => 'sqlite:none',
    kinds: ['sql'],
  });
  const tasks = compileViews(file);
  const scripts = [];
  for (const source of file.sources) {
    const catalogue = await catalogueOf(
      source.name as DatabaseName,
      server === 'postgres' ? 'public' : source.name,
    );
    const where = { server, database: source.name };
    const lines = scriptFor(
      where,
      catalogue,
      viewsOf(source, tasks),
      { user: 'frist', host: '%' },
      source.limits,
    );
    scripts.push({ source: source.name, lines });
  }
  return `-- What frist's user needs on ${NAMES[server]} for ${POLICIES}: the output of \`frist check --grants\`, each part for the
-- database of its source. For your own policies print your own. Choose a password in place of <password>, and leave out
-- CREATE where one server has several of the databases and the user is there already.

${grantsText(scripts)}`;
}

/** The demo's tables, under the schema that they have on the server. */
async function catalogueOf(name: DatabaseName, schema: string): Promise<Catalogue> {
  const database = openDatabase('sqlite::memory:', { create: true });
  const connection = await database.connect();
  for (const statement of ddl('sqlite', name)) await connection.query(statement);
  const found = await wholeCatalogue('sqlite', async (statement) =>
    (await connection.query(statement)).rows.map((row) => row.map(text)),
  );
  await connection.release();
  await database.close();
  const there = (id: TableId): TableId => id.replace(/^main\./, `${schema}.`);
  return {
    ...found,
    tables: new Map(
      [...found.tables].map(([own, table]) => [own, table && { ...table, id: there(table.id) }]),
    ),
    foreignKeys: found.foreignKeys.map((key) => ({ ...key, from: there(key.from), to: there(key.to) })),
  };
}
