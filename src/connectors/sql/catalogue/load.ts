/** Reads the part of a database's own catalogue that a set of tables rests on. Reads only. */
import { createHash } from 'node:crypto';
import type { Dialect } from '../../../database.ts';
import type { Raw } from '../../../policy/policy.ts';
import { starOf } from '../../table-name.ts';
import type { Sql } from '../sql.ts';
import type { Catalogue, Column, ForeignKey, Index, Table, TableId } from './catalogue.ts';
import { readMysql } from './mysql.ts';
import { readPostgres } from './postgres.ts';
import { readSqlite } from './sqlite.ts';

/** Sends a statement and gives its rows as text. */
export type Ask = (statement: Sql) => Promise<readonly (readonly Raw[])[]>;

export interface FoundTable {
  readonly id: TableId;
  readonly schema: string;
  readonly name: string;
  readonly kind: Table['kind'];
  readonly transactional: boolean;
  readonly engine?: string;
}

/** What each dialect's reader answers; columns and indexes only of the tables asked for. */
export interface Reading {
  /** Tables of the schemas concerned, in the order in which a bare name is looked up. */
  readonly found: readonly FoundTable[];
  readonly columns: ReadonlyMap<TableId, readonly Column[]>;
  readonly primaryKeys: ReadonlyMap<TableId, readonly string[]>;
  readonly indexes: ReadonlyMap<TableId, readonly Index[]>;
  readonly foreignKeys: readonly ForeignKey[];
  readonly writesRefused: boolean;
  readonly asksTarget: boolean;
}

/** Finds the table that a name in the policy file means: `table` or `schema.table`. */
export type Resolve = (found: readonly FoundTable[]) => ReadonlyMap<string, FoundTable | undefined>;

const READERS: Readonly<
  Record<Dialect, (ask: Ask, schemas: readonly string[], resolve: Resolve) => Promise<Reading>>
> = {
  mysql: readMysql,
  postgres: readPostgres,
  sqlite: readSqlite,
};

export async function loadCatalogue(
  dialect: Dialect,
  ask: Ask,
  names: readonly string[],
): Promise<Catalogue> {
  const wanted = [...new Set(names)];
  const schemas = [...new Set(wanted.map(schemaOf).filter((schema) => schema !== undefined))];
  const resolve: Resolve = (found) =>
    new Map(
      wanted.map((name) => {
        const schema = schemaOf(name);
        const own = schema === undefined ? name : name.slice(schema.length + 1);
        return [
          name,
          found.find((one) => one.name === own && (schema === undefined || one.schema === schema)),
        ];
      }),
    );
  const reading = await READERS[dialect](ask, schemas, resolve);
  const resolved = resolve(reading.found);
  const tables = new Map(
    wanted.map((name) => {
      const found = resolved.get(name);
      return [name, found === undefined ? undefined : table(reading, found, schemaOf(name) !== undefined)];
    }),
  );
  return {
    tables,
    names: reading.found.map((one) => one.name),
    foreignKeys: reading.foreignKeys,
    writesRefused: reading.writesRefused,
    asksTarget: reading.asksTarget,
  };
}

/** Every table of the database's own schemas, and these others. */
export async function wholeCatalogue(
  dialect: Dialect,
  ask: Ask,
  others: readonly string[] = [],
): Promise<Catalogue> {
  const { names } = await loadCatalogue(dialect, ask, []);
  return await loadCatalogue(dialect, ask, [...names, ...others]);
}

/** Names, as statements can use them, of the tables that fit a pattern (table-name.ts). */
export async function tablesLike(dialect: Dialect, ask: Ask, pattern: string): Promise<readonly string[]> {
  const schema = schemaOf(pattern);
  const { found } = await READERS[dialect](ask, schema === undefined ? [] : [schema], () => new Map());
  const wanted = pattern.slice(schema === undefined ? 0 : schema.length + 1);
  const names = found
    .filter((one) => one.kind === 'table' && (schema === undefined || one.schema === schema))
    .map((one) => one.name)
    .filter((name) => starOf(wanted, name) !== undefined);
  return [...new Set(names)].map((name) => (schema === undefined ? name : `${schema}.${name}`));
}

function schemaOf(name: string): string | undefined {
  const dot = name.indexOf('.');
  return dot < 0 ? undefined : name.slice(0, dot);
}

function table(reading: Reading, found: FoundTable, qualified: boolean): Table {
  return {
    id: found.id,
    parts: qualified ? [found.schema, found.name] : [found.name],
    kind: found.kind,
    transactional: found.transactional,
    ...(found.engine === undefined ? {} : { engine: found.engine }),
    columns: new Map((reading.columns.get(found.id) ?? []).map((column) => [column.name, column])),
    primaryKey: reading.primaryKeys.get(found.id) ?? [],
    indexes: reading.indexes.get(found.id) ?? [],
  };
}

/** Digest (hex) of the facts on which plans rest: tables, columns, keys and references, not indexes and not rows. */
export function digestOf(catalogue: Catalogue): string {
  const tables = [...catalogue.tables.values()].filter((one) => one !== undefined);
  const ids = new Set(tables.map((one) => one.id));
  const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
  const facts = {
    tables: tables
      .map((one) => [
        one.id,
        one.kind,
        one.engine ?? null,
        one.primaryKey,
        [...one.columns.values()].map(columnFacts),
      ])
      .sort((a, b) => byText(String(a[0]), String(b[0]))),
    references: catalogue.foreignKeys
      .filter((key) => ids.has(key.to) || ids.has(key.from))
      .map((key) =>
        JSON.stringify([key.from, key.columns, key.to, key.references, key.onDelete, key.onUpdate]),
      )
      .sort(byText),
  };
  return createHash('sha256').update(JSON.stringify(facts)).digest('hex');
}

function columnFacts(column: Column): readonly unknown[] {
  return [
    column.name,
    column.type,
    column.nullable,
    column.generated,
    column.onUpdate,
    column.collation ?? null,
  ];
}

/** Rows grouped by the id that `of` gives them, in their order. */
export function grouped<Row, Value>(
  rows: readonly Row[],
  of: (row: Row) => TableId,
  to: (row: Row) => Value,
): ReadonlyMap<TableId, readonly Value[]> {
  const groups = new Map<TableId, Value[]>();
  for (const row of rows) {
    const group = groups.get(of(row));
    if (group === undefined) groups.set(of(row), [to(row)]);
    else group.push(to(row));
  }
  return groups;
}
