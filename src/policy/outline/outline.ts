/** What a source says of its own tables, without their rows: enough to see where personal data may lie. */

/** What a column can hold, as far as it helps to guess what it is for. */
export type ColumnKind = 'text' | 'number' | 'date' | 'datetime' | 'instant' | 'binary' | 'json' | 'other';

export interface OutlineColumn {
  readonly name: string;
  readonly kind: ColumnKind;
  readonly nullable: boolean;
}

export interface OutlineTable {
  readonly name: string;
  readonly columns: readonly OutlineColumn[];
  /** Columns that tell its rows apart; empty where none do. */
  readonly key: readonly string[];
}

/** Rows of `from` refer to rows of `to`: `columns` to `references`, in this order. */
export interface Reference {
  readonly from: string;
  readonly columns: readonly string[];
  readonly to: string;
  readonly references: readonly string[];
  /** The database itself empties these columns when the row that they refer to goes. */
  readonly emptied?: true;
}

export interface Outline {
  readonly tables: readonly OutlineTable[];
  readonly references: readonly Reference[];
  /** Schemas of the same database that a bare name does not reach, with how many tables each has. */
  readonly elsewhere?: readonly { readonly schema: string; readonly tables: number }[];
}
