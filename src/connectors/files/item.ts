/** One record of a folder or bucket, a file or a row inside one, and what it tells: as the contract's `Facts`. */
import type { Condition, Facts, Field, Key, Raw, Replacements, Scalar, View } from '../../policy/policy.ts';
import { SourceFailure } from '../connector.ts';
import type { Meaning } from '../connector.ts';
import type { Found } from './place/place.ts';
import type { Pattern } from './pattern.ts';

export interface Item {
  readonly key: Key;
  /** Undefined: it has no such column. */
  valueOf(field: Field): Scalar | undefined;
  /** What of it cannot be read, so that nobody knows what it is; then nothing else of it means anything. */
  readonly unreadable: readonly string[] | undefined;
  /** Whether it is already as these replacements would leave it. */
  isDone(set: Replacements): boolean;
}

/** A whole file, by its name and its time of writing. */
export function fileItem(pattern: Pattern, { names, state }: Found): Item {
  const key = [names.join('/')];
  const own = pattern.read(names);
  if (state === undefined || own === undefined || own === 'ambiguous')
    return { key, valueOf: () => null, unreadable: ['path'], isDone: () => false };
  const { size, modified } = state;
  const row: Readonly<Record<string, Raw>> = {
    ...own,
    path: names.join('/'),
    name: names.at(-1) ?? null,
    size,
    modified,
  };
  return { key, valueOf: ({ column }) => row[column], unreadable: undefined, isDone: () => false };
}

/** What one kind of record means to one view. */
export class Asked {
  readonly view: View;
  /** Every field that the view looks at. */
  readonly fields: readonly Field[];
  readonly #meaning: Meaning;
  readonly #plain = new Map<Condition, Plain>();

  constructor(meaning: Meaning, view: View) {
    this.#meaning = meaning;
    this.view = view;
    this.fields = fieldsAsked(view);
  }

  /** Whether the item is a record of the type. One that cannot be read is: it is kept and reported. */
  isRecord(item: Item): boolean {
    const { where } = this.view.record;
    return item.unreadable !== undefined || where === undefined || this.#holds(where, item);
  }

  /** Whether the policy is about it, or nobody can say. */
  isMeant(item: Item): boolean {
    return item.unreadable !== undefined || this.#holds(this.view.where, item);
  }

  /** The policy's own predicate, exemptions included, for this stage. */
  mayGo(item: Item, stage: number): boolean {
    const { where, exempt, stages } = this.view;
    const when = stages[stage]?.when;
    const holds = (one: Condition): boolean => this.#holds(one, item);
    return item.unreadable === undefined && holds(where) && (when === undefined || holds(when)) && !exempt.some(holds); // prettier-ignore
  }

  /** Everything the view asks. */
  facts(item: Item): Facts {
    const { record, starts, conditions, stages } = this.view;
    const { key, unreadable } = item;
    if (unreadable !== undefined)
      return {
        key,
        starts: starts.map(() => null),
        truths: conditions.map(() => false),
        subjects: record.subjects.map(() => null),
        done: stages.map(() => false),
        unreadable,
      };
    return {
      key,
      starts: starts.map((start) => {
        const { timeColumn, part } = start;
        const [value, clock] = [textOf(item, start), timeColumn === undefined ? null : textOf(item, { column: timeColumn, ...(part === undefined ? {} : { part }) })]; // prettier-ignore
        const time = (clock ?? '').trim();
        return value === null || time === '' ? value : `${value} ${time}`;
      }),
      truths: conditions.map((condition) => this.#holds(condition, item)),
      subjects: record.subjects.map((subject) => textOf(item, subject)),
      done: stages.map(({ action }) => action.kind === 'anonymise' && item.isDone(action.set)),
    };
  }

  #holds(condition: Condition, item: Item): boolean {
    const { fields, plain } = this.#plainOf(condition);
    const values = fields.map(({ name, field }) => [name, item.valueOf(field) ?? null] as const);
    return this.#meaning.holds(plain, Object.fromEntries(values));
  }

  #plainOf(condition: Condition): Plain {
    const known = this.#plain.get(condition);
    if (known !== undefined) return known;
    const fields = fieldsOf(condition).map((field) => ({ name: nameOf(field), field }));
    const made = { plain: plainOf(condition), fields };
    this.#plain.set(condition, made);
    return made;
  }
}

/** A condition whose fields are columns of those names: the item itself knows what lies inside which. */
interface Plain {
  readonly plain: Condition;
  readonly fields: readonly { readonly name: string; readonly field: Field }[];
}

function plainOf(condition: Condition): Condition {
  switch (condition.kind) {
    case 'all':
    case 'any':
      return { kind: condition.kind, of: condition.of.map(plainOf) };
    case 'not':
      return { kind: 'not', of: plainOf(condition.of) };
    case 'is':
      return { kind: 'is', column: nameOf(condition), values: condition.values };
    case 'compare':
      return { kind: 'compare', column: nameOf(condition), op: condition.op, value: condition.value };
    default:
      throw new SourceFailure('fatal', 'NO_RELATED_ROWS');
  }
}

const nameOf = ({ part, column, path }: Field): string => JSON.stringify([part, column, path]);

function textOf(item: Item, field: Field): Raw {
  const value = item.valueOf(field);
  if (value === undefined) throw new SourceFailure('fatal', 'UNKNOWN_COLUMN');
  return value === null ? null : String(value);
}

/** The fields that a condition asks for. */
export function fieldsOf(condition: Condition): readonly Field[] {
  if (condition.kind === 'all' || condition.kind === 'any') return condition.of.flatMap(fieldsOf);
  if (condition.kind === 'not') return fieldsOf(condition.of);
  return 'column' in condition ? [condition] : [];
}

/** Every field that a view looks at. */
export function fieldsAsked({ record, starts, conditions, where, exempt, stages }: View): readonly Field[] {
  const asked = [...(record.where === undefined ? [] : [record.where]), ...conditions, where, ...exempt];
  const clocks = starts.flatMap(({ timeColumn: column, part }): Field[] => {
    return column === undefined ? [] : [{ column, ...(part === undefined ? {} : { part }) }];
  });
  const changed = stages.flatMap(({ action, when }) => [
    ...(action.kind === 'anonymise' ? action.set : []),
    ...(when === undefined ? [] : fieldsOf(when)),
  ]);
  return [...asked.flatMap(fieldsOf), ...starts, ...clocks, ...record.subjects, ...changed];
}
