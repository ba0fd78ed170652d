/** Where a command writes: its document on `out`, progress and people's hints on `err`. */
export interface Io {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  /** Takes a document instead of `out`, to make it part of a larger one. */
  readonly document?: (document: Readonly<Record<string, unknown>>) => void;
}

/** Options that every verb has. */
export interface CommonOptions {
  readonly policies: readonly string[];
  readonly settings?: string;
  readonly json: boolean;
}

/** One JSON document as text; integers beyond 2^53 as text. */
export function jsonText(document: unknown): string {
  const text = JSON.stringify(
    document,
    (_, value: unknown) => (typeof value === 'bigint' ? value.toString() : value),
    2,
  );
  return `${text}\n`;
}

/** Prints one JSON document. */
export function printJson(io: Io, document: object): void {
  if (io.document === undefined) io.out(jsonText(document));
  else io.document({ ...document });
}
