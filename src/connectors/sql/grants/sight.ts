/**
 * Whether the user of the connection sees all tables of a schema and their foreign keys. MySQL and MariaDB show a user
 * only what they have some right to, and a foreign key only to who may more than SELECT: with the rows of a table that
 * frist sees, the database would delete those of one that it does not.
 */
import type { View } from '../../../policy/policy.ts';
import type { Catalogue } from '../catalogue/catalogue.ts';
import type { Ask } from '../catalogue/load.ts';
import { ofRecord } from '../check/findings.ts';
import type { Findings } from '../check/findings.ts';
import { raw } from '../sql.ts';
import { schemaOf } from './needs.ts';

const CODE = 'catalogue-hidden';

/** Rights to a whole schema with which its foreign keys are seen. */
const SEEING = /\b(?:ALL PRIVILEGES|REFERENCES|INSERT|UPDATE|DELETE|CREATE|DROP|ALTER|INDEX|TRIGGER|SHOW VIEW)\b(?! (?:ROUTINE|TEMPORARY|USER|ROLE))/; // prettier-ignore

/**
 * One finding for each schema in which records lie: an error where any of them is deleted, for a cascade that nobody sees
 * takes rows that nobody decided about. Only for MySQL and MariaDB.
 */
export async function checkSight(
  { tables }: Catalogue,
  views: readonly View[],
  findings: Findings,
  ask: Ask,
): Promise<void> {
  if (views.length === 0) return;
  const grants = (await ask(raw('SHOW GRANTS'))).map((row) => row[0] ?? '');
  // What a role may is not listed with those who have it.
  if (grants.some((one) => !one.includes(' ON '))) return;
  const bySchema = Map.groupBy(views, (view) => schemaOf(tables.get(view.record.table)?.id ?? '.'));
  for (const [schema, [first, ...others]] of bySchema) {
    if (schema === '' || first === undefined || grants.some((one) => sees(one, schema))) continue;
    const eraser = [first, ...others].find(deletes);
    const message = `The user of the connection does not see every table and foreign key of ${schema}: rows of others may go with those that are deleted, and nothing would tell; nor is it known what no policy names`;
    const remedy = `GRANT REFERENCES ON ${schema}.* to that user: it shows names, and no row (\`frist check --grants\`).`;
    if (eraser === undefined) findings.warning(CODE, ofRecord(first, 'table'), message, remedy);
    else findings.error(CODE, ofRecord(eraser, 'table'), message, remedy);
  }
}

const deletes = ({ stages }: View): boolean =>
  stages.some(
    ({ action, dependents }) => action.kind === 'delete' || dependents.some(({ kind }) => kind === 'delete'),
  );

/** `GRANT rights ON schema.* TO user`; in the name of the schema `_` and `%` stand for others, unless escaped. */
function sees(grant: string, schema: string): boolean {
  const [, rights = '', name = ''] = /^GRANT (.*) ON (\*|`(?:[^`]|``)+`)\.\* TO /.exec(grant) ?? [];
  if (!SEEING.test(rights)) return false;
  if (name === '*') return true;
  const pattern = name.slice(1, -1).replaceAll('``', '`');
  const text = pattern.replace(/\\?[\s\S]/g, (one) =>
    one === '%' ? '.*' : one === '_' ? '.' : (one.at(-1) ?? '').replace(/[\\^$.*+?()[\]{}|/]/, '\\$&'),
  );
  return new RegExp(`^${text}$`, 'su').test(schema);
}
