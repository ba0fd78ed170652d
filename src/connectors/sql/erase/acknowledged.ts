/** Names of tables in the policy file, which may be patterns, against the tables of the catalogue. */
import type { TableId } from '../catalogue/catalogue.ts';
import { shortName } from '../catalogue/catalogue.ts';
import { starOf } from '../../table-name.ts';

/** Whether the name is that of the table, without regard to capitals. */
export function isTable(name: string, id: TableId): boolean {
  const wanted = name.toLowerCase();
  return [id, shortName(id)].some((one) => starOf(wanted, one.toLowerCase()) !== undefined);
}

/** Whether a name or pattern under `acknowledge cascades` is the table's. */
export function isAcknowledged(names: readonly string[], id: TableId): boolean {
  return names.some((name) => isTable(name, id));
}
