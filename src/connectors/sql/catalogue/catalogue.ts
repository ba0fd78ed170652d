/** What a database says of its own tables, in one form for every dialect. */

/** What a column can hold, as far as frist tells values apart. */
export type Family =
  | 'integer'
  | 'decimal'
  | 'float'
  | 'boolean'
  | 'text'
  | 'uuid'
  | 'binary'
  | 'date'
  /** A wall-clock time without zone. */
  | 'datetime'
  /** A moment, whatever the session's zone. */
  | 'instant'
  | 'time'
  | 'json'
  | 'other';

export interface Column {
  readonly name: string;
  readonly family: Family;
  /** As the database writes it, e.g. `varchar(80)`. */
  readonly type: string;
  readonly nullable: boolean;
  /** Most characters (text) or bytes (binary) it holds. */
  readonly maxLength?: number;
  /** Inclusive bounds of an integer. */
  readonly range?: readonly [bigint, bigint];
  readonly enumValues?: readonly string[];
  /** MySQL: of a text column. */
  readonly charset?: string;
  readonly collation?: string;
  /** Computed by the database; cannot be written. */
  readonly generated: boolean;
  /** MySQL: moves by itself at every UPDATE that does not name it. */
  readonly onUpdate: boolean;
  /** MySQL: a number of bits, which must be read as a number. */
  readonly bits: boolean;
  /** PostgreSQL: the type to cast a parameter to, so that the comparison happens in the column's own type. */
  readonly cast?: string;
}

export interface Index {
  readonly name: string;
  /** In order; the leading ones are what a search can use. Undefined where an expression stands. */
  readonly columns: readonly (string | undefined)[];
  readonly unique: boolean;
  /** False for an index over only some of the rows. */
  readonly whole: boolean;
}

/** `schema.table`; for SQLite `main.table`. */
export type TableId = string;

export type ForeignAction = 'restrict' | 'cascade' | 'set null' | 'set default';

/** Rows of `from` refer to rows of `to`. */
export interface ForeignKey {
  readonly from: TableId;
  readonly columns: readonly string[];
  readonly to: TableId;
  readonly references: readonly string[];
  readonly onDelete: ForeignAction;
  readonly onUpdate: ForeignAction;
}

export interface Table {
  readonly id: TableId;
  /** How statements name it: one part, or schema and name. */
  readonly parts: readonly string[];
  readonly kind: 'table' | 'view' | 'history' | 'other';
  /** Whether a DELETE can be rolled back. */
  readonly transactional: boolean;
  /** MySQL: the storage engine. */
  readonly engine?: string;
  readonly columns: ReadonlyMap<string, Column>;
  readonly primaryKey: readonly string[];
  readonly indexes: readonly Index[];
}

export interface Catalogue {
  /** By the name in the policy file; undefined where there is no such table. */
  readonly tables: ReadonlyMap<string, Table | undefined>;
  /** Every table's name as it could be written, for "did you mean". */
  readonly names: readonly string[];
  /** Every foreign key of the schemas concerned. */
  readonly foreignKeys: readonly ForeignKey[];
  /** The server cannot write in READ COMMITTED: MySQL with statement-based replication. */
  readonly writesRefused: boolean;
  /** A DELETE or UPDATE may ask other rows of the table that it changes: everywhere but in MySQL itself (error 1093). */
  readonly asksTarget: boolean;
}

/** The part of a table's id after the schema, as messages say it. */
export function shortName(id: TableId): string {
  return id.slice(id.indexOf('.') + 1);
}

/** The columns' sets of a table that no two rows share. */
export function uniqueSets(table: Table): readonly (readonly string[])[] {
  const sets: string[][] = table.primaryKey.length > 0 ? [[...table.primaryKey]] : [];
  for (const index of table.indexes) {
    const columns = index.columns.filter((column) => column !== undefined);
    if (index.unique && index.whole && columns.length === index.columns.length) sets.push(columns);
  }
  return sets;
}

/** Indexes by which rows come in the order of `columns` where the columns of `fixed` each have one value; best first. */
export function ordering(
  table: Table,
  fixed: readonly string[],
  columns: readonly string[],
): readonly Index[] {
  const wanted = columns.filter((column) => !fixed.includes(column));
  // InnoDB keeps the primary key behind every other index: its order is there without being written.
  const hidden = table.engine === 'InnoDB' && columns.join('\0') === table.primaryKey.join('\0');
  const fits = ({ columns: all, whole }: Index): boolean => {
    const first = all.findIndex(
      (column) => column === undefined || !fixed.includes(column) || wanted.includes(column),
    );
    const rest = first < 0 ? [] : all.slice(first);
    if (rest.length === 0) return whole && hidden;
    return whole && wanted.every((column, i) => rest[i] === column);
  };
  const skips = (index: Index): number =>
    index.columns.filter((column) => column !== undefined && fixed.includes(column)).length;
  return table.indexes.filter(fits).sort((a, b) => skips(b) - skips(a));
}
