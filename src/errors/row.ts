/** One line of the table of coded errors. */
export interface ErrorRow {
  /** Exit status when this error ends the command. */
  readonly exit: number;
  readonly message: string;
  /** What the reader does about it. */
  readonly remedy: string;
}
