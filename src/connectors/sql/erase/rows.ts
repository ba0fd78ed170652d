/**
 * The rows that belong to a set of records, over as many relations as lie between: what stands in the rows on the way is
 * read under the lock, hop by hop, and the last rows are matched by values. A statement that changes them also demands
 * that the way to the record is still there.
 */
import type { Condition, Part, Related } from '../../../policy/policy.ts';
import type { Column } from '../catalogue/catalogue.ts';
import type { Ref } from '../dialect.ts';
import { readable } from '../dialect.ts';
import type { Sql } from '../sql.ts';
import { TRUE, and, join, sql } from '../sql.ts';
import type { Question } from '../compile/facts.ts';
import { listed, pairsOf } from './listed.ts';
import type { Linked, Values } from './listed.ts';
import { oursOf } from '../compile/match.ts';
import { aliasOf, belongs, ownOf, placeOf, refTo, relatedNamed, tableNamed } from '../compile/place.ts';
import type { Context, Place } from '../compile/place.ts';

/** Where rows of one relation lead to those of the next. */
export interface Hop {
  /** What it reads, the same for the same hop of another dependent. */
  readonly id: string;
  /** SELECT of the values by which rows of the next relation belong to these. */
  readonly select: (values: Values) => Sql;
}

export interface RowsSql {
  readonly place: Place;
  /** How they belong to the rows before them, and the columns of those. */
  readonly linked: Linked;
  readonly columns: readonly Column[];
  /** What of the record the first relation refers to. */
  readonly ours: readonly Ref[];
  readonly hops: readonly Hop[];
  /** Matched by the values that the last hop read (without hops: by those of `ours`); scope and `where` included. */
  readonly matched: (values: Values) => Sql;
  /** The rows on the way still lead to one of the records. */
  readonly reached: (roots: Values) => Sql;
  /** Whether an index begins with a column that the statements name. */
  readonly indexed: boolean;
}

/** The relations from the record to this one. */
export function chainTo(context: Context, name: string): readonly Related[] {
  const related = relatedNamed(context, name);
  return related.of === undefined ? [related] : [...chainTo(context, related.of), related];
}

export function compileRows(question: Question, name: string): RowsSql {
  const { context } = question;
  const chain = chainTo(context, name);
  const steps = chain.map((related, i) => {
    const above = i === 0 ? question.root : placeOfRelated(context, chain[i - 1] ?? related);
    return step(context, related, above);
  });
  const last = steps.at(-1);
  const first = steps[0];
  if (last === undefined || first === undefined) throw new TypeError('a chain has a relation');
  const hops = steps.slice(1).map((next, i): Hop => {
    const from = steps[i] ?? first;
    const cells = join(next.ours.map((ref) => readable(context.dialect, ref)), ', '); // prettier-ignore
    return {
      id: `${from.related.name}\0${next.related.name}`,
      select: (values) => sql`SELECT ${cells} FROM ${from.place.from} WHERE ${from.matched(values)}`,
    };
  });
  return {
    place: last.place,
    linked: last.related,
    columns: last.ours.map((ref) => ref.column),
    ours: first.ours,
    hops,
    matched: last.matched,
    reached: reach(context, question.root, chain, last.place),
    indexed: isIndexed(last.place, last.related),
  };
}

/** The row of a part, as rows of a relation that leads straight from the record. */
export function compilePart(question: Question, part: Part): RowsSql {
  const { context, root } = question;
  const one = step(context, { ...part, where: ALWAYS }, root);
  return {
    place: one.place,
    linked: part,
    columns: one.ours.map((ref) => ref.column),
    ours: one.ours,
    hops: [],
    matched: one.matched,
    reached: () => TRUE,
    indexed: isIndexed(one.place, { ...part, where: ALWAYS }),
  };
}

const ALWAYS: Condition = { kind: 'all', of: [] };

interface Step {
  readonly related: Related;
  readonly place: Place;
  readonly ours: readonly Ref[];
  readonly matched: (values: Values) => Sql;
}

function step(context: Context, related: Related, above: Place): Step {
  const place = placeOfRelated(context, related);
  const ours = pairsOf(related).map((pair) => refTo(context, above, oursOf(pair)));
  const columns = ours.map((ref) => ref.column);
  const own = ownOf(context, related, place);
  return {
    related,
    place,
    ours,
    matched: (values) => and(listed(context, related, place, columns, values), own),
  };
}

function placeOfRelated(context: Context, related: Related): Place {
  return { ...placeOf(context.dialect, tableNamed(context, related.table)), related: related.name };
}

/** From a row of the last relation up to the records, as nested EXISTS. */
function reach(
  context: Context,
  root: Place,
  chain: readonly Related[],
  place: Place,
): (roots: Values) => Sql {
  const related = chain.at(-1);
  const above = chain.at(-2);
  if (related === undefined || above === undefined) return () => TRUE;
  const there: Place = { ...aliasOf(context, above.table), related: above.name };
  const link = and(belongs(context, related, place, there), ownOf(context, above, there));
  const rest = chain.slice(0, -1);
  if (rest.length > 1) {
    const further = reach(context, root, rest, there);
    return (roots) => sql`EXISTS (SELECT 1 FROM ${there.from} WHERE ${and(link, further(roots))})`;
  }
  const columns = pairsOf(above).map((pair) => refTo(context, root, oursOf(pair)).column);
  return (roots) =>
    sql`EXISTS (SELECT 1 FROM ${there.from} WHERE ${and(link, listed(context, above, there, columns, roots))})`;
}

function isIndexed({ table }: Place, { match, orMatch = [], ignoreCase, scope }: Related): boolean {
  if (orMatch.length > 0 || ignoreCase === true) return false;
  const equal = match.filter((pair) => pair.inText === undefined).map((pair) => pair.theirs);
  const named = [...equal, ...scope.map((one) => one.column)];
  return table.indexes.some((index) => index.columns[0] !== undefined && named.includes(index.columns[0]));
}
