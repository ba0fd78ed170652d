/** Rows that belong to one of a list of others, whose matching values were read before, under the lock. */
import type { Dialect } from '../../../database.ts';
import type { Match, Raw, Related } from '../../../policy/policy.ts';
import type { Column } from '../catalogue/catalogue.ts';
import type { Ref } from '../dialect.ts';
import { exact, exactValue, folded, textValue } from '../dialect.ts';
import type { Sql } from '../sql.ts';
import { FALSE, TRUE, and, join, or, raw, sql, value } from '../sql.ts';
import { holds, needsExact } from '../compile/match.ts';
import { refTo } from '../compile/place.ts';
import type { Context, Place } from '../compile/place.ts';
import { canEqual, oneOf } from '../compile/values.ts';

/** The matching values of some rows, one list per row, in the order of `pairsOf`; null matches nothing. */
export type Values = readonly (readonly Raw[])[];

/** Every pair of a relation, its matches behind one another: what has to be read of ours. */
export function pairsOf({ match, orMatch = [] }: Pick<Related, 'match' | 'orMatch'>): Match {
  return [match, ...orMatch].flat();
}

/** What of a relation `listed` needs; a part is a relation too. */
export type Linked = Pick<Related, 'match' | 'orMatch' | 'ignoreCase'>;

/** A row of the place belongs to one of the rows with these values. `ours`: the columns that they were read from. */
export function listed(
  context: Context,
  linked: Linked,
  place: Place,
  ours: readonly Column[],
  values: Values,
): Sql {
  return or(...alternatives(context, linked, place, ours, values));
}

/** The same, one condition for each of the relation's matches. */
export function alternatives(
  context: Context,
  { match, orMatch = [], ignoreCase = false }: Linked,
  place: Place,
  ours: readonly Column[],
  values: Values,
): readonly Sql[] {
  let from = 0;
  return [match, ...orMatch].map((one) => {
    const to = from + one.length;
    const columns = ours.slice(from, to);
    const rows = values.map((row): readonly Raw[] => row.slice(from, to)).filter(isWhole);
    from = to;
    return new Alternative(context.dialect, one, place, context, columns, ignoreCase).meets(rows);
  });
}

const isWhole = (row: readonly Raw[]): row is readonly string[] => row.every((cell) => cell !== null);

class Alternative {
  readonly #dialect: Dialect;
  readonly #match: Match;
  readonly #theirs: readonly Ref[];
  readonly #ours: readonly Column[];
  readonly #ignoreCase: boolean;

  constructor(
    dialect: Dialect,
    match: Match,
    place: Place,
    context: Context,
    ours: readonly Column[],
    ignoreCase: boolean,
  ) {
    this.#dialect = dialect;
    this.#match = match;
    this.#theirs = match.map((pair) => refTo(context, place, pair.theirs));
    this.#ours = ours;
    this.#ignoreCase = ignoreCase;
  }

  meets(rows: readonly (readonly string[])[]): Sql {
    const converted = rows.map((row) => row.map((cell, i) => this.#inTheirs(i, cell)));
    const possible = converted.filter((row) => row.every((cell, i) => this.#canMeet(i, cell)));
    const distinct = [...new Map(possible.map((row) => [JSON.stringify(row), row])).values()];
    if (distinct.length === 0) return FALSE;
    const plain = this.#match.every((_, i) => !this.#inText(i) && !this.#folds(i));
    if (plain) return and(oneOf(this.#dialect, this.#theirs, distinct), ...this.#bytes(distinct));
    const [their] = this.#theirs;
    if (distinct[0]?.length === 1 && their !== undefined && this.#folds(0))
      return this.#oneFolded(their, distinct.map((row) => row[0] ?? '')); // prettier-ignore
    return this.#anyOf(distinct);
  }

  #inText(i: number): boolean {
    return this.#match[i]?.inText !== undefined;
  }

  #folds(i: number): boolean {
    const both = [this.#theirs[i]?.column, this.#ours[i]];
    return this.#ignoreCase && !this.#inText(i) && both.every((column) => column?.family === 'text');
  }

  #canMeet(i: number, cell: string): boolean {
    const column = this.#theirs[i]?.column;
    // An empty value stands in every text.
    if (this.#inText(i)) return cell !== '';
    return column !== undefined && canEqual(this.#dialect, column, cell);
  }

  /** A value of ours as theirs would write it: a whole number kept as decimal is that number. */
  #inTheirs(i: number, cell: string): string {
    const whole = this.#ours[i]?.family === 'decimal' && this.#theirs[i]?.column.family === 'integer';
    return whole ? cell.replace(/\.0+$/, '') : cell;
  }

  /** Where their collation would call different values of ours equal, the bytes decide. */
  #bytes(rows: readonly (readonly string[])[]): readonly Sql[] {
    return this.#theirs.map((ref, i) => {
      const ours = this.#ours[i];
      if (ours === undefined || !needsExact(ref.column, ours)) return TRUE;
      const wanted = [...new Set(rows.map((row) => row[i] ?? ''))];
      const exactly = wanted.map((cell) => exactValue(this.#dialect, textValue(this.#dialect, cell)));
      return sql`${exact(this.#dialect, ref.text)} IN (${join(exactly, ', ')})`;
    });
  }

  #oneFolded(their: Ref, cells: readonly string[]): Sql {
    const dialect = this.#dialect;
    const all = cells.map((cell) => folded(dialect, textValue(dialect, cell)));
    const same = sql`${folded(dialect, their.text)} IN (${join(all, ', ')})`;
    // Such a collation has an index for it that no function has.
    if (their.column.collation?.endsWith('_ci') !== true) return same;
    return and(oneOf(dialect, [their], cells.map((cell) => [cell])), same); // prettier-ignore
  }

  /** Row by row, where no list of values can say it. */
  #anyOf(rows: readonly (readonly string[])[]): Sql {
    const dialect = this.#dialect;
    const names = this.#match.map((_, i) => raw(`c${String(i + 1)}`));
    const columns = join(names, ', ');
    if (dialect === 'postgres') {
      const lists = names.map((_, i) => sql`CAST(${value(rows.map((row) => row[i] ?? ''))} AS text[])`);
      return sql`EXISTS (SELECT 1 FROM unnest(${join(lists, ', ')}) AS frist_v (${columns}) WHERE ${this.#pairs(names)})`;
    }
    if (dialect === 'mysql') return or(...rows.map((row) => this.#pairs(row.map((cell) => value(cell)))));
    const all = rows.map((row) => sql`(${join(row.map((cell) => value(cell)), ', ')})`); // prettier-ignore
    return sql`EXISTS (WITH frist_v (${columns}) AS (VALUES ${join(all, ', ')}) SELECT 1 FROM frist_v WHERE ${this.#pairs(names)})`;
  }

  /** All pairs are met by these values, which are texts. */
  #pairs(cells: readonly Sql[]): Sql {
    const dialect = this.#dialect;
    return and(
      ...this.#match.map(({ inText }, i) => {
        const [their, ours, cell] = [this.#theirs[i], this.#ours[i], cells[i]];
        if (their === undefined || ours === undefined || cell === undefined) return FALSE;
        if (inText !== undefined) return holds(dialect, their, { text: cell, column: ours }, inText);
        if (this.#folds(i)) return sql`${folded(dialect, their.text)} = ${folded(dialect, cell)}`;
        if (their.column.family === 'text')
          return sql`${exact(dialect, their.text)} = ${exactValue(dialect, cell)}`;
        return dialect === 'postgres'
          ? sql`${their.text} = CAST(${cell} AS ${raw(their.column.cast ?? 'text')})`
          : sql`${their.text} = ${cell}`;
      }),
    );
  }
}
