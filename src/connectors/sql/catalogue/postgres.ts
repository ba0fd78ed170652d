/** PostgreSQL's catalogue: pg_class and its kin. */
import type { Raw } from '../../../policy/policy.ts';
import type { Sql } from '../sql.ts';
import { sql, value } from '../sql.ts';
import type { Column, Family, ForeignAction, ForeignKey, Index, Table, TableId } from './catalogue.ts';
import { grouped } from './load.ts';
import type { Ask, FoundTable, Reading, Resolve } from './load.ts';

const FAMILIES: Readonly<Record<string, Family>> = {
  int2: 'integer',
  int4: 'integer',
  int8: 'integer',
  oid: 'integer',
  numeric: 'decimal',
  float4: 'float',
  float8: 'float',
  text: 'text',
  varchar: 'text',
  bpchar: 'text',
  citext: 'text',
  name: 'text',
  uuid: 'uuid',
  bytea: 'binary',
  bool: 'boolean',
  date: 'date',
  timestamp: 'datetime',
  timestamptz: 'instant',
  time: 'time',
  timetz: 'time',
  json: 'json',
  jsonb: 'json',
};

const BITS: Readonly<Record<string, bigint>> = { int2: 16n, int4: 32n, int8: 64n };

export async function readPostgres(ask: Ask, schemas: readonly string[], resolve: Resolve): Promise<Reading> {
  const places = sql`current_schemas(false)::text[] || ${value(schemas)}::text[]`;
  const found = await tables(ask, places);
  const wanted = [...resolve(found).values()].filter((one) => one !== undefined);
  const which = value(wanted.map((one) => one.id));
  const [columns, keys, foreign] = [
    await readColumns(ask, which),
    await readIndexes(ask, which),
    await readForeignKeys(ask, places),
  ];
  return { found, columns, ...keys, foreignKeys: foreign, writesRefused: false, asksTarget: true };
}

async function tables(ask: Ask, places: Sql): Promise<readonly FoundTable[]> {
  const rows = await ask(sql`SELECT n.nspname, c.relname, c.relkind FROM pg_class c
    JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND n.nspname::text = ANY (${places})
    ORDER BY array_position(${places}, n.nspname::text), c.relname`);
  const kinds: Readonly<Record<string, Table['kind']>> = { r: 'table', p: 'table', v: 'view', m: 'view' };
  return rows.map((row) => ({
    id: `${row[0] ?? ''}.${row[1] ?? ''}`,
    schema: row[0] ?? '',
    name: row[1] ?? '',
    kind: kinds[row[2] ?? ''] ?? 'other',
    transactional: true,
  }));
}

/** Schemas with tables that a bare name does not reach: those beside the search path, without PostgreSQL's own. */
export async function otherSchemas(
  ask: Ask,
): Promise<readonly { readonly schema: string; readonly tables: number }[]> {
  const rows = await ask(sql`SELECT n.nspname, COUNT(*) FROM pg_class c
    JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p') AND NOT n.nspname = ANY (current_schemas(true)) AND n.nspname <> 'information_schema'
      AND n.nspname NOT LIKE 'pg\\_%' GROUP BY n.nspname ORDER BY n.nspname`);
  return rows.map(([schema, count]) => ({ schema: schema ?? '', tables: Number(count) }));
}

/** The tables asked for, as `id`. */
const asked = (which: Sql): Sql => sql`(SELECT c.oid, n.nspname || '.' || c.relname AS id FROM pg_class c
    JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname || '.' || c.relname = ANY (${which}::text[]))`;

async function readColumns(ask: Ask, which: Sql): Promise<ReadonlyMap<TableId, readonly Column[]>> {
  // A domain is read as the type below it, but compared in its own. An identity GENERATED ALWAYS cannot be set.
  const rows = await ask(sql`SELECT t.id, a.attname, b.typname, format_type(a.atttypid, a.atttypmod),
    format_type(a.atttypid, -1), a.attnotnull OR y.typnotnull, a.attgenerated <> '' OR a.attidentity = 'a',
    CASE WHEN b.typname IN ('varchar', 'bpchar') THEN
      NULLIF(CASE WHEN y.typtype = 'd' THEN y.typtypmod ELSE a.atttypmod END, -1) - 4 END,
    b.typtype,
    (SELECT json_agg(e.enumlabel ORDER BY e.enumsortorder) FROM pg_enum e WHERE e.enumtypid = b.oid)
    FROM ${asked(which)} t JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped
    JOIN pg_type y ON y.oid = a.atttypid
    JOIN pg_type b ON b.oid = COALESCE(NULLIF(y.typbasetype, 0), y.oid)
    ORDER BY t.id, a.attnum`);
  return grouped(rows, (row) => row[0] ?? '', column);
}

function column(row: readonly Raw[]): Column {
  const [, name, base, type, cast, required, generated, length, kind, labels] = row.map((cell) => cell ?? '');
  const bits = BITS[base ?? ''];
  const family = kind === 'e' ? 'text' : (FAMILIES[base ?? ''] ?? 'other');
  return {
    name: name ?? '',
    family,
    type: type ?? '',
    nullable: required !== 't',
    generated: generated === 't',
    onUpdate: false,
    bits: false,
    cast: castOf(base ?? '', family, cast ?? ''),
    ...(base === 'citext' ? { collation: 'citext' } : {}),
    ...(length === '' || length === undefined ? {} : { maxLength: Number(length) }),
    ...(bits === undefined ? {} : { range: [-(1n << (bits - 1n)), (1n << (bits - 1n)) - 1n] }),
    ...(labels === '' || labels === undefined ? {} : { enumValues: JSON.parse(labels) as string[] }),
  };
}

/** Integers are compared as int8, so that a key beyond the column's own range is no error but no match. */
function castOf(base: string, family: Family, own: string): string {
  if (family === 'integer' && base !== 'oid') return 'int8';
  return base === 'varchar' && own === 'character varying' ? 'text' : own;
}

async function readIndexes(ask: Ask, which: Sql): Promise<Pick<Reading, 'primaryKeys' | 'indexes'>> {
  const rows = await ask(sql`SELECT t.id, i.relname, x.indisunique, x.indpred IS NULL, x.indisprimary,
    (SELECT json_agg(a.attname ORDER BY k.position) FROM unnest(x.indkey::int2[]) WITH ORDINALITY AS k(number, position)
      LEFT JOIN pg_attribute a ON a.attrelid = x.indrelid AND a.attnum = k.number WHERE k.position <= x.indnkeyatts)
    FROM ${asked(which)} t JOIN pg_index x ON x.indrelid = t.oid AND x.indisvalid
    JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_am m ON m.oid = i.relam AND m.amname = 'btree'
    ORDER BY t.id, i.relname`);
  const parts = (row: readonly Raw[]): (string | undefined)[] =>
    (JSON.parse(row[5] ?? '[]') as (string | null)[]).map((name) => name ?? undefined);
  const primary = rows.filter((row) => row[4] === 't');
  return {
    primaryKeys: new Map(primary.map((row) => [row[0] ?? '', parts(row).map((name) => name ?? '')])),
    indexes: grouped(
      rows,
      (row) => row[0] ?? '',
      (row): Index => ({
        name: row[1] ?? '',
        columns: parts(row),
        unique: row[2] === 't',
        whole: row[3] === 't',
      }),
    ),
  };
}

const ACTIONS: Readonly<Record<string, ForeignAction>> = { c: 'cascade', n: 'set null', d: 'set default' };

async function readForeignKeys(ask: Ask, places: Sql): Promise<readonly ForeignKey[]> {
  const named = (table: Sql, numbers: Sql): Sql =>
    sql`(SELECT json_agg(a.attname ORDER BY k.position) FROM unnest(${numbers}) WITH ORDINALITY AS k(number, position)
      JOIN pg_attribute a ON a.attrelid = ${table} AND a.attnum = k.number)`;
  const rows = await ask(sql`SELECT fn.nspname || '.' || f.relname, tn.nspname || '.' || t.relname,
    ${named(sql`c.conrelid`, sql`c.conkey`)}, ${named(sql`c.confrelid`, sql`c.confkey`)}, c.confdeltype, c.confupdtype
    FROM pg_constraint c
    JOIN pg_class f ON f.oid = c.conrelid JOIN pg_namespace fn ON fn.oid = f.relnamespace
    JOIN pg_class t ON t.oid = c.confrelid JOIN pg_namespace tn ON tn.oid = t.relnamespace
    WHERE c.contype = 'f' AND c.conparentid = 0 AND tn.nspname::text = ANY (${places})
    ORDER BY 1, 2, c.conname`);
  return rows.map((row) => ({
    from: row[0] ?? '',
    to: row[1] ?? '',
    columns: JSON.parse(row[2] ?? '[]') as string[],
    references: JSON.parse(row[3] ?? '[]') as string[],
    onDelete: ACTIONS[row[4] ?? ''] ?? 'restrict',
    onUpdate: ACTIONS[row[5] ?? ''] ?? 'restrict',
  }));
}
