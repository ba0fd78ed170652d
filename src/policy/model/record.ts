/** Where records stand: sources, record types, and the rows that belong to a record. */
import type { Condition, Scalar } from './condition.ts';

/**
 * A record's key: one text per key column, in the order of `RecordType.key`. Where the table is a pattern, what its `*`
 * or its `#`s (with `-` between) stand for comes first. NULL, which only a key with `repeats` can hold, is the character U+0000.
 */
export type Key = readonly string[];

/** Constant columns that every statement repeats, e.g. the tenant. */
export type Scope = readonly { readonly column: string; readonly value: Scalar }[];

/** A column of another table that must equal a column of the row that it belongs to. NULL equals nothing. */
export interface Pair {
  readonly theirs: string;
  readonly ours: string;
  /** The part of the record that has `ours`; undefined: the row itself. */
  readonly part?: string;
  /**
   * Instead of equality: `theirs` is a text that holds `before`, the value of `ours` and `after` in one piece, with no
   * ASCII letter or digit, `_`, `-` or character beyond ASCII directly before or behind that piece: the same on every
   * engine, and rather a row too few. Letters are compared exactly; `before` is not empty, nor may `ours` be.
   */
  readonly inText?: { readonly before: string; readonly after: string };
}

/** All pairs must be met. */
export type Match = readonly Pair[];

/** A row of another table that is part of the record: at most one for each. It is erased with the record. */
export interface Part {
  readonly name: string;
  readonly table: string;
  /** `ours` is a column of the record's row, or of a part that stands before this one. */
  readonly match: Match;
  readonly scope: Scope;
}

/** Rows of another table that belong to a record. */
export interface Related {
  readonly name: string;
  readonly table: string;
  /** They are rows of these related rows, not of the record itself; never in a circle. */
  readonly of?: string;
  readonly match: Match;
  /** Other matches: a row that meets any of them, or `match`, belongs to the record. */
  readonly orMatch?: readonly Match[];
  /** Text in `match` is compared without regard to capital letters. */
  readonly ignoreCase?: boolean;
  readonly scope: Scope;
  /** Only these rows of the table. */
  readonly where: Condition;
  /** Where the table is a pattern, and there is no such table beside one of the records': there are no such rows. Only dependents can be. */
  readonly mayBeMissing?: boolean;
}

/** How two spellings of one identifier are made equal before they are compared. */
export type Normalisation = 'exact' | 'lowercase' | 'digits';

export interface SubjectIdentifier {
  /** Kind of identifier, e.g. `email`; holds and requests name the same kinds. */
  readonly kind: string;
  readonly column: string;
  /** As in `Field`; never together with `related`. */
  readonly part?: string;
  readonly path?: readonly string[];
  /** Read the column of this related row instead of the record's own. Several different values there, or none in one of them: unknown. */
  readonly related?: string;
  readonly normalise: Normalisation;
}

/** The escape hatch: a SELECT of keys, its columns in the order of `RecordType.key`. NULL keys are none. */
export interface Selection {
  readonly name: string;
  readonly sql: string;
}

/** Rows inside files: how they are written, and when a file may be written anew. */
export interface FileRows {
  /** One JSON object a line; or CSV (RFC 4180), whose first record names the columns. */
  readonly format: 'ndjson' | 'csv';
  /** One ASCII character between the cells of CSV. */
  readonly separator: string;
  /** A file that was written to within so many minutes is left to the next run: somebody may go on writing. */
  readonly untouchedMinutes: number;
}

export interface RecordType {
  readonly name: string;
  /**
   * One `*`, or `#`s, make it a pattern: every table whose name fits holds such records, and in the tables of `related`
   * and `parts` a `*` is the same text, the `#`s in their order the same numbers. The connector resolves it anew for every
   * check, count, scan and batch.
   */
  readonly table: string;
  /** The records are files, `table` is the pattern of their paths below the source's folder, and the key is the path. */
  readonly files?: true;
  /**
   * The records are rows inside such files, and the key is the path and the SHA-256 of the row's bytes: rows with the same
   * bytes are one record. Columns are the row's; those of the file are `file.path` and so on.
   */
  readonly rows?: FileRows;
  readonly key: readonly string[];
  /**
   * The key is not unique: rows with equal keys (NULL equals NULL) are one record, and go together when all of them may.
   * `Facts.also` then holds the others, and a scan leaves none of them out, whatever `where` and windows say.
   */
  readonly repeats?: boolean;
  readonly scope: Scope;
  /** Only these rows are records of the type: part of its population, unlike a policy's `where`. Not inherited. */
  readonly where?: Condition;
  readonly parts?: readonly Part[];
  /** Empty only with `subject: none`: rows that are about nobody. */
  readonly subjects: readonly SubjectIdentifier[];
  readonly related: readonly Related[];
  readonly selections?: readonly Selection[];
  /** Zone of DATETIME-like columns without one of their own. */
  readonly datetimesIn?: string;
}

/** A table or column that looks like personal data and is left alone knowingly. */
export interface NotCovered {
  readonly table: string;
  readonly column?: string;
  readonly reason: string;
}

/** How busy a system may be while frist erases in it; above that, erasing waits. */
export interface SourceLimits {
  /** Statements that are carried out at once, frist's own included. */
  readonly threadsRunning?: number;
  /** How far a replica may be behind, in seconds. */
  readonly replicaLag?: number;
  /** Connections of the replicas that are asked, where the system itself does not know them; never printed. */
  readonly replicas: readonly string[];
}

export interface Source {
  readonly name: string;
  readonly kind: string;
  /** Where it is: a URL, secrets already filled in. Never printed, never part of a digest. */
  readonly connection: string;
  readonly records: readonly RecordType[];
  readonly notCovered?: readonly NotCovered[];
  readonly limits?: SourceLimits;
  /** Most records that are erased there in a second, by all processes together. */
  readonly recordsPerSecond?: number;
}
