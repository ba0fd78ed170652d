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

/** Prints one JSON document; integers beyond 2^53 as text. */
export function printJson(io: Io, document: unknown): void {
  const text = JSON.stringify(
    document,
    (_, value: unknown) => (typeof value === 'bigint' ? value.toString() : value),
    2,
  );
  io.out(`${text}\n`);
}
