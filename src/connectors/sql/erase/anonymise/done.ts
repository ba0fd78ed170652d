/** Whether a stage has nothing left to do for a record: it was anonymised before, with all that goes with it. */
import { redactor } from '../../../text.ts';
import type {
  Condition,
  Dependent,
  Field,
  Replacement,
  Replacements,
  View,
} from '../../../../policy/policy.ts';
import type { Ref } from '../../dialect.ts';
import { readable, textValue } from '../../dialect.ts';
import type { Sql } from '../../sql.ts';
import type { KeyText } from './replacement.ts';
import { FALSE, TRUE, and, not, or, raw, sql } from '../../sql.ts';
import { inPlace, keyText } from './change.ts';
import { owned, releasedNow } from '../shared.ts';
import type { Context, Place } from '../../compile/place.ts';
import { refTo, relatedNamed, relatedRows } from '../../compile/place.ts';

export interface Done {
  /** Everything that the stage would change is as it would leave it, but for free text. Never NULL. */
  readonly holds: Sql;
  /** Free text to be looked through where `holds` does; NULL: none. */
  readonly texts: readonly { readonly cell: Sql; readonly isDone: (cell: string | null) => boolean }[];
}

export function stageDone(
  context: Context,
  root: Place,
  keys: readonly Ref[],
  view: View,
  position: number,
): Done {
  const stage = view.stages[position];
  if (stage?.action.kind !== 'anonymise') return { holds: FALSE, texts: [] };
  const own = inPlace(context, root, stage.action.set, () => keyText(context.dialect, keys));
  const holds = and(
    own,
    ...stage.dependents.map((one) => not(leftOf(context, root, view, stage.dependents, one))),
  );
  const texts = [
    ...freeTexts(stage.action.set).map((field) => ({
      cell: readable(context.dialect, refTo(context, root, field)),
      isDone: (cell: string | null) => cell === null || isRedacted(field.with, cell),
    })),
    ...stage.dependents.flatMap((one) => textsOf(context, root, one)),
  ];
  return { holds, texts: texts.map(({ cell, isDone }) => ({ cell: onlyIf(holds, cell), isDone })) };
}

const onlyIf = (holds: Sql, cell: Sql): Sql =>
  holds === TRUE ? cell : sql`CASE WHEN ${holds} THEN ${cell} END`;

type Redacting = Field & { readonly with: Extract<Replacement, { readonly kind: 'redact' }> };

const freeTexts = (set: Replacements): readonly Redacting[] =>
  set.flatMap(({ with: by, ...field }) => (by.kind === 'redact' ? [{ ...field, with: by }] : []));

const isRedacted = (by: Redacting['with'], text: string): boolean =>
  redactor(by.patterns, by.with)(text) === text;

/** Stands between the texts of several rows, and (alone) for texts that are too long to be read together. */
const BETWEEN = '\x1e';
const TOO_LONG = '\x1f';

/** All free texts of a dependent's rows in one cell. */
function textsOf(context: Context, root: Place, dependent: Dependent): Done['texts'] {
  if (dependent.kind !== 'anonymise') return [];
  const { dialect } = context;
  return freeTexts(dependent.set).map((field) => {
    const { place, where } = relatedRows(context, root, dependent.related, dependent.where ?? ALWAYS);
    const { text } = refTo(context, place, field.column);
    const all = {
      mysql: sql`GROUP_CONCAT(${text} SEPARATOR '${raw(BETWEEN)}')`,
      postgres: sql`string_agg(${text}, chr(30))`,
      sqlite: sql`group_concat(${text}, char(30))`,
    }[dialect];
    const whole = sql`COALESCE(${all}, CASE WHEN COUNT(${text}) > 0 THEN ${textValue(dialect, TOO_LONG)} END)`;
    const isDone = (cell: string | null): boolean =>
      cell === null || (cell !== TOO_LONG && cell.split(BETWEEN).every((one) => isRedacted(field.with, one)));
    return { cell: sql`(SELECT ${whole} FROM ${place.from} WHERE ${where})`, isDone };
  });
}

const ALWAYS: Condition = { kind: 'all', of: [] };

/** Some related row of the record still has to be changed. */
function leftOf(
  context: Context,
  root: Place,
  view: View,
  all: readonly Dependent[],
  dependent: Dependent,
): Sql {
  if (dependent.kind === 'keep') return FALSE;
  const { place, where } = relatedRows(context, root, dependent.related, dependent.where ?? ALWAYS);
  const owners = dependent.kind === 'delete' ? (dependent.unlessOwned ?? []) : [];
  const wrong =
    dependent.kind === 'anonymise'
      ? not(inPlace(context, place, dependent.set, keyInDependent(context, place, view, dependent.related)))
      : not(or(...owners.map((owner) => owned(context, place, dependent.related, owner))));
  const released = releasedNow(context, all, place, dependent.related);
  return sql`EXISTS (SELECT 1 FROM ${place.from} WHERE ${and(where, wrong, released)})`;
}

/** The record's key in the columns by which a related row refers to it; undefined where it refers otherwise. */
export function keyInDependent(
  context: Context,
  place: Place,
  view: View,
  name: string,
): KeyText | undefined {
  const { match, of, orMatch = [] } = relatedNamed(context, name);
  if (of !== undefined || orMatch.length > 0) return undefined;
  const refs = view.record.key.map(
    (column) =>
      match.find((pair) => pair.ours === column && pair.part === undefined && pair.inText === undefined)
        ?.theirs,
  );
  if (!refs.every((one) => one !== undefined)) return undefined;
  return () => keyText(context.dialect, refs.map((one) => refTo(context, place, one))); // prettier-ignore
}
