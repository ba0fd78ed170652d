/**
 * Cuts a file into rows without ever holding more than one piece and one row of it.
 *
 * A row ends at a line feed; in CSV, at one outside quotes. A carriage return directly before it belongs to the ending.
 * The last row needs no ending. A byte order mark at the beginning belongs to no row.
 */
import type { FileHandle } from 'node:fs/promises';

export interface RawRow {
  /** What stands between the endings; empty where there is a fault. */
  readonly bytes: Buffer;
  /** Offsets in the file: of the first byte, behind the last one, and behind the ending. */
  readonly start: number;
  readonly stop: number;
  readonly end: number;
  /**
   * `too long`: more than a row can have. `quotes`: the quotes of CSV do not pair, so that nobody knows where a row ends;
   * then this is the rest of the file.
   */
  readonly fault?: 'too long' | 'quotes';
}

const PIECE = 1 << 18;
const LONGEST_ROW = 1 << 24;
const [LF, CR, QUOTE] = [0x0a, 0x0d, 0x22];
const MARK = Buffer.from([0xef, 0xbb, 0xbf]);

/**
 * The rows from this offset on, which is 0 or the end of a row; some at a time. `separator` undefined: lines. `size` is
 * how many bytes are read at once.
 */
export async function* rowsOf(
  file: Pick<FileHandle, 'read'>,
  from: number,
  separator: string | undefined,
  size = PIECE,
): AsyncGenerator<readonly RawRow[]> {
  const begin = from === 0 ? await behindMark(file) : from;
  const cutter = new Cutter(begin, separator?.charCodeAt(0));
  const piece = Buffer.allocUnsafe(size);
  for (let at = begin; ;) {
    const { bytesRead } = await file.read(piece, 0, size, at);
    if (bytesRead === 0) break;
    const rows = cutter.cut(piece.subarray(0, bytesRead));
    at += bytesRead;
    if (rows.length > 0) yield rows;
  }
  const last = cutter.finish();
  if (last !== undefined) yield [last];
}

async function behindMark(file: Pick<FileHandle, 'read'>): Promise<number> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(MARK.length), 0, MARK.length, 0);
  return bytesRead === MARK.length && buffer.equals(MARK) ? MARK.length : 0;
}

/** Where in a cell of CSV the next byte stands. */
type Within = 'start' | 'plain' | 'quoted' | 'behind quote' | 'behind return';

class Cutter {
  readonly #separator: number | undefined;
  /** Of the row that has not ended. */
  #pieces: Buffer[] = [];
  #length = 0;
  #start: number;
  #tooLong = false;
  #within: Within = 'start';
  #broken = false;

  constructor(from: number, separator: number | undefined) {
    this.#start = from;
    this.#separator = separator;
  }

  cut(bytes: Buffer): RawRow[] {
    const rows: RawRow[] = [];
    let from = 0;
    while (from < bytes.length && !this.#broken) {
      const at = this.#separator === undefined ? bytes.indexOf(LF, from) : this.#endOfCsv(bytes, from);
      if (at < 0) break;
      this.#hold(bytes.subarray(from, at));
      rows.push(this.#row(1));
      from = at + 1;
    }
    // The next piece is read into the same memory.
    this.#hold(Buffer.from(bytes.subarray(from)));
    return rows;
  }

  /** The row without an ending, if there is one. */
  finish(): RawRow | undefined {
    if (this.#within === 'quoted') this.#broken = true;
    return this.#length === 0 ? undefined : this.#row(0);
  }

  #hold(bytes: Buffer): void {
    if (bytes.length === 0) return;
    this.#length += bytes.length;
    if (this.#length > LONGEST_ROW) this.#tooLong = true;
    // More likely a quote that somebody forgot than a row so long.
    if (this.#tooLong && this.#separator !== undefined) this.#broken = true;
    if (this.#tooLong || this.#broken) this.#pieces = [];
    else this.#pieces.push(bytes);
  }

  #row(ending: 0 | 1): RawRow {
    const start = this.#start;
    const whole = start + this.#length;
    // A copy: who keeps a row must not keep the piece that it came in.
    const bytes = Buffer.concat(this.#pieces);
    const fault = this.#broken ? 'quotes' : this.#tooLong ? 'too long' : undefined;
    const returned = ending === 1 && bytes.at(-1) === CR ? 1 : 0;
    this.#start = whole + ending;
    this.#pieces = [];
    this.#length = 0;
    this.#tooLong = false;
    this.#within = 'start';
    return {
      bytes: fault === undefined ? bytes.subarray(0, bytes.length - returned) : Buffer.alloc(0),
      start,
      stop: whole - returned,
      end: whole + ending,
      ...(fault === undefined ? {} : { fault }),
    };
  }

  /** Where the row ends, or -1 where it does not end here, or its quotes are broken. */
  #endOfCsv(bytes: Buffer, from: number): number {
    for (let at = from; at < bytes.length; at += 1) {
      const byte = bytes[at];
      if (this.#within === 'quoted') {
        if (byte === QUOTE) this.#within = 'behind quote';
      } else if (byte === LF) {
        return at;
      } else if (this.#within === 'behind return') {
        return this.#breaks();
      } else if (byte === this.#separator) {
        this.#within = 'start';
      } else if (byte === QUOTE) {
        // Behind a quote it is the second of two, which stand for one.
        if (this.#within === 'plain') return this.#breaks();
        this.#within = 'quoted';
      } else if (this.#within === 'behind quote') {
        if (byte !== CR) return this.#breaks();
        this.#within = 'behind return';
      } else {
        this.#within = 'plain';
      }
    }
    return -1;
  }

  #breaks(): -1 {
    this.#broken = true;
    return -1;
  }
}
