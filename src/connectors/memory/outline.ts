/** What the tables in memory are called and hold. */
import type { ColumnKind, Outline } from '../../policy/outline/outline.ts';
import type { MemoryColumnType, MemoryDatabase } from './database.ts';

const KINDS: Readonly<Record<MemoryColumnType, ColumnKind>> = {
  int: 'number',
  text: 'text',
  datetime: 'datetime',
  date: 'date',
  bool: 'other',
};

export function outlineOf({ tables }: MemoryDatabase): Outline {
  const all = [...tables.values()];
  return {
    tables: all.map(({ name, columns, primaryKey }) => ({
      name,
      columns: Object.entries(columns).map(([column, { type, nullable }]) => {
        return { name: column, kind: KINDS[type], nullable };
      }),
      key: primaryKey,
    })),
    references: all.flatMap(({ name, foreignKeys }) =>
      foreignKeys.map(({ columns, table, references }) => ({ from: name, columns, to: table, references })),
    ),
  };
}
