/** What the trail says was done to the records of one source. A contract: erasing knows no store, and no index. */

/** Something that was done to a record, as its entry has it. */
export interface Deed {
  readonly policy: string;
  /** `delete` or `anonymise`. */
  readonly action: string;
  /** The `incarnation` commitment: which life of the key it was. */
  readonly incarnation: string;
  /** The `subject` commitments: whose it was, by each identifier that it had. */
  readonly subjects: readonly string[];
}

export interface Past {
  /** Ids of the epochs that can be asked about: their keys are there. */
  readonly epochs: readonly string[];
  /** Whether anything was done to records of this type. */
  knows(type: string): boolean;
  /** What was done to the records with one of these `record` commitments, by the commitment. */
  deedsOf(commitments: ReadonlySet<string>): Promise<ReadonlyMap<string, readonly Deed[]>>;
}
