/** SQLite's catalogue: sqlite_schema and the pragmas. A declared type is only a hint there, and is read as one. */
import type { Raw } from '../../../policy/policy.ts';
import { sql, value } from '../sql.ts';
import type { Column, Family, ForeignAction, ForeignKey, Index } from './catalogue.ts';
import type { Ask, FoundTable, Reading, Resolve } from './load.ts';

export async function readSqlite(ask: Ask, _schemas: readonly string[], resolve: Resolve): Promise<Reading> {
  const rows =
    await ask(sql`SELECT name, type, sql LIKE 'CREATE VIRTUAL%', sql LIKE '%COLLATE%' FROM sqlite_schema
    WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name`);
  const found = rows.map((row): FoundTable => {
    const name = row[0] ?? '';
    const kind = row[1] === 'view' ? 'view' : row[2] === '1' ? 'other' : 'table';
    return { id: `main.${name}`, schema: 'main', name, kind, transactional: true };
  });
  const columns = new Map<string, readonly Column[]>();
  const primaryKeys = new Map<string, readonly string[]>();
  const indexes = new Map<string, readonly Index[]>();
  for (const one of resolve(found).values()) {
    if (one === undefined) continue;
    const { of, primaryKey } = await readColumns(ask, one.name);
    const collated = rows.some((row) => row[0] === one.name && row[3] === '1');
    columns.set(one.id, collated ? of.map(withCollation) : of);
    primaryKeys.set(one.id, primaryKey);
    indexes.set(one.id, await readIndexes(ask, one.name, primaryKey));
  }
  const foreignKeys = await readForeignKeys(ask, found);
  return { found, columns, primaryKeys, indexes, foreignKeys, writesRefused: false, asksTarget: true };
}

async function readColumns(
  ask: Ask,
  table: string,
): Promise<{ readonly of: readonly Column[]; readonly primaryKey: readonly string[] }> {
  const rows = await ask(
    sql`SELECT name, type, "notnull", pk, hidden FROM pragma_table_xinfo(${value(table)})`,
  );
  const keyed = rows.filter((row) => row[3] !== '0').sort((a, b) => Number(a[3]) - Number(b[3]));
  const primaryKey = keyed.map((row) => row[0] ?? '');
  return { of: rows.filter((row) => row[4] !== '1').map((row) => column(row)), primaryKey };
}

function column(row: readonly Raw[]): Column {
  const type = row[1] ?? '';
  const family = familyOf(type);
  const length = family === 'text' ? /\((\d+)\)/.exec(type)?.[1] : undefined;
  return {
    name: row[0] ?? '',
    family,
    type,
    // A column of the primary key is taken at its word, although SQLite lets NULL into some.
    nullable: row[2] === '0' && row[3] === '0',
    generated: row[4] === '2' || row[4] === '3',
    onUpdate: false,
    bits: false,
    ...(length === undefined ? {} : { maxLength: Number(length) }),
    ...(family === 'integer' ? { range: [-(1n << 63n), (1n << 63n) - 1n] as const } : {}),
  };
}

/** Which column has one cannot be asked for; any text of the table may. */
const withCollation = (one: Column): Column =>
  one.family === 'text' ? { ...one, collation: 'declared' } : one;

/** By the name of the type, as SQLite's own rules of affinity go by it. */
function familyOf(declared: string): Family {
  const type = declared.toUpperCase();
  if (/^DATE\b(?!TIME)/.test(type)) return 'date';
  if (/^(?:DATETIME|TIMESTAMP)/.test(type)) return 'datetime';
  if (/^TIME\b/.test(type)) return 'time';
  if (type.includes('INT') || type.includes('BOOL')) return 'integer';
  if (/CHAR|CLOB|TEXT|UUID|GUID|STRING/.test(type)) return 'text';
  if (type.includes('JSON')) return 'json';
  if (type.includes('BLOB')) return 'binary';
  if (/REAL|FLOA|DOUB/.test(type)) return 'float';
  if (/NUM|DEC/.test(type)) return 'decimal';
  return 'other';
}

async function readIndexes(
  ask: Ask,
  table: string,
  primaryKey: readonly string[],
): Promise<readonly Index[]> {
  const list = await ask(
    sql`SELECT name, "unique", partial FROM pragma_index_list(${value(table)}) ORDER BY name`,
  );
  // A table's own order (rowid, or WITHOUT ROWID) is an index that the list leaves out.
  const all: Index[] =
    primaryKey.length === 0 ? [] : [{ name: '', columns: primaryKey, unique: true, whole: true }];
  for (const [name, unique, partial] of list) {
    const parts = await ask(
      sql`SELECT name FROM pragma_index_xinfo(${value(name ?? '')}) WHERE "key" = 1 ORDER BY seqno`,
    );
    all.push({
      name: name ?? '',
      columns: parts.map((row) => row[0] ?? undefined),
      unique: unique === '1',
      whole: partial === '0',
    });
  }
  return all;
}

async function readForeignKeys(ask: Ask, found: readonly FoundTable[]): Promise<readonly ForeignKey[]> {
  const all: ForeignKey[] = [];
  for (const from of found.filter((one) => one.kind === 'table')) {
    const rows = await ask(sql`SELECT id, "table", "from", "to", on_delete, on_update
      FROM pragma_foreign_key_list(${value(from.name)}) ORDER BY id, seq`);
    for (const id of new Set(rows.map((row) => row[0]))) {
      const parts = rows.filter((row) => row[0] === id);
      const named = (parts[0]?.[1] ?? '').toLowerCase();
      const to = found.find((one) => one.name.toLowerCase() === named);
      if (to === undefined) continue;
      const implied = parts.some((row) => row[3] === null);
      const references = implied
        ? (await readColumns(ask, to.name)).primaryKey
        : parts.map((row) => row[3] ?? '');
      all.push({
        from: from.id,
        columns: parts.map((row) => row[2] ?? ''),
        to: to.id,
        references,
        onDelete: action(parts[0]?.[4]),
        onUpdate: action(parts[0]?.[5]),
      });
    }
  }
  return all;
}

function action(rule: Raw | undefined): ForeignAction {
  const text = (rule ?? '').toLowerCase();
  return text === 'cascade' || text === 'set null' || text === 'set default' ? text : 'restrict';
}
