/** Where a command writes: its document on `out`, progress and people's hints on `err`. */
export interface Io {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
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
export function printJson(io: Io, document: unknown): void {
  io.out(jsonText(document));
}
