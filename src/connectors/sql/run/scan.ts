/**
 * Scanning by keyset: each page begins behind the last row of the one before, so that it costs the same wherever it
 * is. Each page is read in a read-only transaction that is closed before the page is handed out; the next one is read
 * while the caller works.
 */
import { text } from '../../../database.ts';
import type { Key, Raw, Window } from '../../../policy/policy.ts';
import type { Page } from '../../connector.ts';
import type { Question } from '../compile/facts.ts';
import { refTo } from '../compile/place.ts';
import { NULL_KEY, behind, byKeys, keyLike, recordsOf } from '../compile/keys.ts';
import { literal } from '../compile/values.ts';
import { mayMatter, segmentsByStart } from '../compile/window.ts';
import type { Segment } from '../compile/window.ts';
import { readable } from '../dialect.ts';
import type { Ref } from '../dialect.ts';
import { heed, unfit } from '../failure.ts';
import type { Sql } from '../sql.ts';
import { FALSE, TRUE, and, join, not, raw, sql } from '../sql.ts';

/** Sends statements on a connection that refuses writes; every call is a transaction of its own. */
export type Reader = (statement: Sql) => Promise<readonly (readonly unknown[])[]>;

/**
 * Where a scan stands, as the text of a cursor: JSON `[segment, start, key…]` of the last row read, all texts; `start`
 * is null where the segment does not go by it. `[segment]` stands before the segment's first row.
 */
interface Position {
  readonly segment: number;
  readonly start: Raw;
  readonly key: readonly string[] | undefined;
}

interface Rows {
  readonly rows: readonly (readonly unknown[])[];
  /** The position behind them; undefined at the end of the scan. */
  readonly next: Position | undefined;
  readonly last: Position;
}

export class Scan {
  readonly #question: Question;
  readonly #segments: readonly Segment[];
  readonly #start: Ref | undefined;
  readonly #startCell: number;
  readonly #pageSize: number;
  readonly #read: Reader;

  constructor(question: Question, windows: readonly Window[] | undefined, pageSize: number, read: Reader) {
    // All rows of a key come together, and so in the order of the keys.
    const grouped = question.view.record.repeats === true;
    const byStart = windows === undefined || grouped ? undefined : segmentsByStart(question, windows);
    const filter = windows === undefined || byStart !== undefined ? TRUE : mayMatter(question, windows);
    const { startTree, starts } = question.view;
    const start = startTree.kind === 'column' ? starts[startTree.index] : undefined;
    this.#question = question;
    this.#segments = withUnreadable(
      question,
      byStart ?? [{ byStart: false, from: question.byKey, where: filter }],
    );
    // Only a column of the record itself has segments.
    this.#start =
      start === undefined || byStart === undefined
        ? undefined
        : refTo(question.context, question.root, start.column);
    this.#startCell = (startTree.kind === 'column' ? question.startCells[startTree.index] : undefined) ?? 0;
    this.#pageSize = pageSize;
    this.#read = read;
  }

  /** Whether it goes by an index on the start, and so is not meant to read the whole table. */
  get byIndex(): boolean {
    return this.#start !== undefined;
  }

  /** The first statement of each segment. */
  opening(): readonly Sql[] {
    return this.#segments.map((segment) => this.#statement(segment, TRUE, segment.byStart, this.#pageSize));
  }

  async *pages(signal: AbortSignal, cursor: string | undefined): AsyncGenerator<Page> {
    heed(signal);
    let ahead = this.#ahead(
      cursor === undefined ? { segment: 0, start: null, key: undefined } : position(cursor),
    );
    try {
      for (;;) {
        const { rows, next, last } = await ahead;
        heed(signal);
        if (next !== undefined) ahead = this.#ahead(next);
        const facts = recordsOf(this.#question, rows);
        if (facts.length > 0) yield { facts, cursor: cursorOf(last) };
        if (next === undefined) return;
        heed(signal);
      }
    } finally {
      // Left early: the page being read is waited for, and nobody asks for it.
      await ahead.catch(() => undefined);
    }
  }

  /** Begins to read a page. Its failure is reported when the page is asked for, not before. */
  #ahead(from: Position): Promise<Rows> {
    const page = this.#page(from);
    page.catch(() => undefined);
    return page;
  }

  async #page(from: Position): Promise<Rows> {
    const rows: (readonly unknown[])[] = [];
    let last = from;
    for (;;) {
      const segment = this.#segments[last.segment];
      if (segment === undefined) return { rows: await this.#whole(rows), next: undefined, last };
      const wanted = this.#pageSize - rows.length;
      if (wanted === 0) return { rows: await this.#whole(rows), next: last, last };
      const found = await this.#rowsBehind(segment, last, wanted);
      rows.push(...found);
      const end = found.at(-1);
      const finished = found.length < wanted || end === undefined;
      last = finished
        ? { segment: last.segment + 1, start: null, key: undefined }
        : this.#behind(last.segment, segment, end);
    }
  }

  /**
   * Where keys repeat, a page is one of keys until here: all rows of each of them, whatever a filter says of some, and of
   * those that the grouping took for the same.
   */
  async #whole(rows: readonly (readonly unknown[])[]): Promise<readonly (readonly unknown[])[]> {
    const { view, scope, select, root } = this.#question;
    if (view.record.repeats !== true || rows.length === 0) return rows;
    const keys = rows.map((row) => this.#keyOf(row));
    return await this.#read(
      sql`SELECT ${select} FROM ${root.from} WHERE ${and(scope, keyLike(this.#question, keys))}`,
    );
  }

  #keyOf(row: readonly unknown[]): Key {
    return this.#question.keys.map((_, i) => text(row[i]) ?? NULL_KEY);
  }

  #behind(segment: number, { byStart }: Segment, row: readonly unknown[]): Position {
    const key = this.#keyOf(row);
    return { segment, start: byStart ? text(row[this.#startCell]) : null, key };
  }

  async #rowsBehind(segment: Segment, from: Position, wanted: number): Promise<(readonly unknown[])[]> {
    const { context } = this.#question;
    if (from.key === undefined) return [...(await this.#select(segment, TRUE, segment.byStart, wanted))];
    const behindKey = behind(this.#question, from.key);
    if (!segment.byStart || this.#start === undefined || from.start === null)
      return [...(await this.#select(segment, behindKey, false, wanted))];
    // First what is left at the same moment, then what is later: two plain searches of the index.
    const at = literal(context.dialect, this.#start.column, from.start);
    if (at === undefined) throw unfit('CURSOR');
    const same = await this.#select(segment, and(sql`${this.#start.text} = ${at}`, behindKey), false, wanted);
    if (same.length === wanted) return [...same];
    const later = await this.#select(segment, sql`${this.#start.text} > ${at}`, true, wanted - same.length);
    return [...same, ...later];
  }

  async #select(
    segment: Segment,
    from: Sql,
    byStart: boolean,
    limit: number,
  ): Promise<readonly (readonly unknown[])[]> {
    return await this.#read(this.#statement(segment, from, byStart, limit));
  }

  #statement(segment: Segment, from: Sql, byStart: boolean, limit: number): Sql {
    const { select, scope, where, keys, view, context } = this.#question;
    const about = segment.whatever === true ? TRUE : where;
    const of = sql`FROM ${segment.from} WHERE ${and(scope, about, segment.where, from)}`;
    const order = byKeys(this.#question);
    const end = sql`LIMIT ${raw(String(limit))}`;
    if (view.record.repeats === true) {
      const cells = keys.map((key) => readable(context.dialect, key));
      const names = keys.map((key) => key.text);
      return sql`SELECT ${join(cells, ', ')} ${of} GROUP BY ${join(names, ', ')} ORDER BY ${order} ${end}`;
    }
    const first = byStart && this.#start !== undefined ? sql`${this.#start.text}, ` : raw('');
    return sql`SELECT ${select} ${of} ORDER BY ${first}${order} ${end}`;
  }
}

/** Records of which nothing can be said come first, and by themselves: no filter may leave them out. */
function withUnreadable({ unreadable, byKey }: Question, segments: readonly Segment[]): readonly Segment[] {
  if (unreadable === FALSE) return segments;
  const readable = segments.map((one) => ({ ...one, where: and(not(unreadable), one.where) }));
  return [{ byStart: false, from: byKey, where: unreadable, whatever: true }, ...readable];
}

function cursorOf({ segment, start, key }: Position): string {
  return JSON.stringify(key === undefined ? [segment] : [segment, start, ...key]);
}

function position(cursor: string): Position {
  const [segment, start, ...key] = JSON.parse(cursor) as [number, Raw?, ...string[]];
  return { segment, start: start ?? null, key: key.length === 0 ? undefined : key };
}
