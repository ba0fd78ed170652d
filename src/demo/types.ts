/** The demo's data before they become rows of a database. */

export type DatabaseName = 'crm' | 'newsletter' | 'ats' | 'chat';

export type Cell = string | number | bigint | null;
export type Row = readonly Cell[];

export interface Table {
  readonly name: string;
  readonly columns: readonly string[];
  /** Cells in the order of `columns`. */
  readonly rows: readonly Row[];
}

export interface DemoDatabase {
  readonly database: DatabaseName;
  /** In an order that foreign keys allow. */
  readonly tables: readonly Table[];
}

/** What a sceptic would try, and what must come of it. */
export interface EdgeCase {
  /** What it is, in a line. */
  readonly label: string;
  readonly database: DatabaseName;
  readonly table: string;
  /** Primary key of the row, in the order of the table's key. */
  readonly key: Row;
  readonly fate: 'goes' | 'is anonymised' | 'stays';
  readonly because: string;
}

/** One database of the demo with its edge cases. */
export interface Part extends DemoDatabase {
  readonly edgeCases: readonly EdgeCase[];
}
