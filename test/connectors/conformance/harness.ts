/**
 * What a kind of connector provides to be held against the contract: a way to make the fixture's tables, and ways to
 * look at them and to change them behind the connector's back.
 */
import type { Connector } from '../../../src/connectors/connector.ts';

/**
 * A value in the one form that all kinds share: integers in decimal, booleans as `1` and `0`, datetimes as
 * `YYYY-MM-DD HH:MM:SS`, dates as `YYYY-MM-DD`, text as it is, null.
 */
export type Value = string | null;
export type Row = Readonly<Record<string, Value>>;

/** `int` holds at least 64 bits; `text` compares byte by byte (case, accents and trailing spaces differ). */
export type ColumnType = 'int' | 'text' | 'datetime' | 'date' | 'bool';

export interface ColumnSpec {
  readonly type: ColumnType;
  readonly nullable: boolean;
}

/** Referring rows forbid the deletion of the row they refer to. */
export interface ForeignKey {
  readonly columns: readonly string[];
  readonly table: string;
  readonly references: readonly string[];
}

export interface TableSpec {
  readonly name: string;
  readonly columns: Readonly<Record<string, ColumnSpec>>;
  readonly primaryKey: readonly string[];
  readonly foreignKeys: readonly ForeignKey[];
  /** Every row names every column. */
  readonly rows: readonly Row[];
}

export interface Harness {
  /** Another connector on the same data, as another process would have one. `close` of the harness closes it too. */
  connect(options?: { readonly pageSize?: number }): Connector;
  /** All rows of a table, in any order. */
  rows(table: string): Promise<readonly Row[]>;
  insert(table: string, row: Row): Promise<void>;
  /** Changes the one row with this primary key. */
  update(table: string, key: Row, set: Row): Promise<void>;
  remove(table: string, key: Row): Promise<void>;
  /** Makes the tables hold exactly the fixture's rows again. */
  reset(): Promise<void>;
  close(): Promise<void>;
}

/** Makes tables in a database of their own, in the order given (a table comes after those it refers to). */
export type MakeHarness = (tables: readonly TableSpec[]) => Promise<Harness>;
