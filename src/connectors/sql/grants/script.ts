/**
 * The script that makes frist's user in a database and gives it what it needs, and no more. Each statement stands on one
 * line and ends with a semicolon; a comment before it says what for. The password is a placeholder.
 *
 * GRANT names columns where the engine has such rights (all but SQLite). INSERT is never among them, and nothing that
 * changes tables.
 */
import type { Account } from '../../connector.ts';
import { schemaOf } from './needs.ts';
import type { Needs, TableNeeds } from './needs.ts';

/** Whose script it is. MariaDB and MySQL share a dialect, but not all rights. */
export type Server = 'mariadb' | 'mysql' | 'postgres';

export interface Granted {
  readonly server: Server;
  readonly database: string;
  /** Of the database, where a bare name is looked up first. */
  readonly schemas: readonly string[];
  readonly needs: Needs;
  readonly account: Account;
  /** Whether the policy file sets limits on how busy the server may be, and on how far replicas are behind. */
  readonly watches: { readonly server: boolean; readonly replicas: boolean };
}

/** The lines of the script. */
export function grantScript(granted: Granted): readonly string[] {
  return granted.server === 'postgres' ? postgres(granted) : mysql(granted);
}

function mysql({ server, schemas, needs, account, watches }: Granted): readonly string[] {
  const user = `${literal(account.user)}@${literal(account.host)}`;
  const schema = (name: string): string => `${tick(name.replace(/[\\_%]/g, '\\$&'))}.*`;
  const locked = [...new Set([...needs.wholeLocks].map(schemaOf))];
  // MySQL's manual asks for the right to read each table that LOCK TABLES names as a whole.
  const whole = server === 'mysql' ? needs.wholeLocks : new Set<string>();
  return [
    `CREATE USER ${user} IDENTIFIED BY '<password>';`,
    '-- Shows the names of tables, columns and foreign keys, and no row. Without it a cascade is not seen.',
    ...schemas.map((name) => `GRANT REFERENCES ON ${schema(name)} TO ${user};`),
    ...(locked.length === 0 ? [] : ['-- Tables that cannot roll back are locked while a batch runs.']),
    ...locked.map((name) => `GRANT LOCK TABLES ON ${schema(name)} TO ${user};`),
    ...tables(needs, tick, (id, table) => rightsOn(table, tick, whole.has(id)), user),
    ...(watches.replicas
      ? [
          '-- On each replica that the policy file names, for the user of its connection:',
          `-- GRANT ${server === 'mysql' ? 'REPLICATION CLIENT' : 'SLAVE MONITOR'} ON *.* TO ${user};`,
        ]
      : []),
  ];
}

function postgres({ database, schemas, needs, account, watches }: Granted): readonly string[] {
  const user = quoted(account.user);
  // PostgreSQL locks a row only for who may write to one of its columns at least.
  const forLock = ({ lockedBy, written }: TableNeeds): readonly string[] =>
    lockedBy === undefined || written.size > 0 ? [] : [lockedBy];
  const rights = (_: string, table: TableNeeds): readonly string[] =>
    rightsOn({ ...table, written: new Set([...table.written, ...forLock(table)]) }, quoted, false);
  return [
    `CREATE ROLE ${user} LOGIN PASSWORD '<password>';`,
    `GRANT CONNECT ON DATABASE ${quoted(database)} TO ${user};`,
    ...schemas.map((name) => `GRANT USAGE ON SCHEMA ${quoted(name)} TO ${user};`),
    ...([...needs.tables.values()].some((one) => forLock(one).length > 0)
      ? ['-- UPDATE of one column, where rows are only deleted: without it PostgreSQL locks no row.']
      : []),
    ...tables(needs, quoted, rights, user),
    ...(watches.server || watches.replicas
      ? ['-- `pause above` asks about the sessions of others.', `GRANT pg_monitor TO ${user};`]
      : []),
  ];
}

function tables(
  { tables: all, guessed }: Needs,
  quote: (name: string) => string,
  rights: (id: string, table: TableNeeds) => readonly string[],
  user: string,
): readonly string[] {
  const notes = [...guessed].map(
    (one) => `-- Look at ${one}: the tables that it reads are taken from the names in its text.`,
  );
  const lines = [...all]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([id, table]) => {
      const [schema, name] = [schemaOf(id), id.slice(schemaOf(id).length + 1)];
      return `GRANT ${rights(id, table).join(', ')} ON ${quote(schema)}.${quote(name)} TO ${user};`;
    });
  return [...notes, ...lines];
}

function rightsOn(table: TableNeeds, quote: (name: string) => string, whole: boolean): readonly string[] {
  const columns = (names: ReadonlySet<string>): string => `(${[...names].sort().map(quote).join(', ')})`;
  return [
    table.readsAll || whole ? 'SELECT' : `SELECT ${columns(table.read)}`,
    ...(table.written.size === 0 ? [] : [`UPDATE ${columns(table.written)}`]),
    ...(table.deletes ? ['DELETE'] : []),
  ];
}

const literal = (value: string): string => `'${value.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;
const tick = (name: string): string => `\`${name.replaceAll('`', '``')}\``;
const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;
