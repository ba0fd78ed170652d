/** A catalogue as an outline: names, kinds and references of all tables. */
import type { ColumnKind, Outline, OutlineTable } from '../../policy/outline/outline.ts';
import { shortName, uniqueSets } from './catalogue/catalogue.ts';
import type { Catalogue, Family, Table } from './catalogue/catalogue.ts';

const KINDS: Readonly<Record<Family, ColumnKind>> = {
  integer: 'number',
  decimal: 'number',
  float: 'number',
  boolean: 'other',
  text: 'text',
  uuid: 'other',
  binary: 'binary',
  date: 'date',
  datetime: 'datetime',
  instant: 'instant',
  time: 'other',
  json: 'json',
  other: 'other',
};

/** The outline of a catalogue that was read for all its tables; views are left out. */
export function outlineOf(catalogue: Catalogue): Outline {
  const tables = [...catalogue.tables].flatMap(([name, table]) =>
    table?.kind === 'table' ? [[name, table] as const] : [],
  );
  const ids = new Set(tables.map(([, table]) => table.id));
  return {
    tables: tables.map(([name, table]) => tableOf(name, table)),
    references: catalogue.foreignKeys
      .filter(({ from, to }) => ids.has(from) && ids.has(to))
      .map(({ from, columns, to, references, onDelete }) => ({
        from: shortName(from),
        columns,
        to: shortName(to),
        references,
        ...(onDelete === 'set null' ? { emptied: true as const } : {}),
      })),
  };
}

function tableOf(name: string, table: Table): OutlineTable {
  const columns = [...table.columns.values()];
  const nullable = new Set(columns.filter((one) => one.nullable).map((one) => one.name));
  const keys = uniqueSets(table).filter((key) => !key.some((column) => nullable.has(column)));
  return {
    name,
    columns: columns.map((one) => ({ name: one.name, kind: KINDS[one.family], nullable: one.nullable })),
    key: keys[0] ?? [],
  };
}
