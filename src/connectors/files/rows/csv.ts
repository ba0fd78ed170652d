/** The cells of one record of CSV (RFC 4180). The quotes pair: split.ts saw to it. Pure. */

export interface Cell {
  /** Where it stands in the record, quotes included. */
  readonly start: number;
  readonly end: number;
  readonly quoted: boolean;
  readonly value: string;
}

/** The cells of the record, or, where there are more than `most`, the first of them: one more than `most`. */
export function cellsOf(text: string, separator: string, most = Infinity): readonly Cell[] {
  const cells: Cell[] = [];
  for (let at = 0; ;) {
    const cell = text[at] === '"' ? quoted(text, at) : plain(text, at, separator);
    cells.push(cell);
    if (cell.end >= text.length || cells.length > most) return cells;
    at = cell.end + 1;
  }
}

function quoted(text: string, start: number): Cell {
  let at = start + 1;
  while (text[at] !== '"' || text[at + 1] === '"') at += text[at] === '"' ? 2 : 1;
  const value = text.slice(start + 1, at).replaceAll('""', '"');
  return { start, end: at + 1, quoted: true, value };
}

function plain(text: string, start: number, separator: string): Cell {
  const found = text.indexOf(separator, start);
  const end = found < 0 ? text.length : found;
  return { start, end, quoted: false, value: text.slice(start, end) };
}

/** The record with another value in this cell. It keeps its quotes, and gets some where it needs them. */
export function withCell(text: string, cell: Cell, value: string, separator: string): string {
  const needed = cell.quoted || /["\r\n]/.test(value) || value.includes(separator);
  const written = needed ? `"${value.replaceAll('"', '""')}"` : value;
  return text.slice(0, cell.start) + written + text.slice(cell.end);
}
