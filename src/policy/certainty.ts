/**
 * Whether a condition says nothing: met by every record, or by none, whatever the records hold.
 *
 * It is tried on one row for each way in which its columns can stand to its constants: NULL, each constant, between two
 * of them, something else. Related rows and selections stand for themselves: how many there are, or whether it is so.
 * Where those ways are too many, or depend on how a database sorts text, nothing is certain.
 */
import { holds, type Row } from './condition.ts';
import { fieldName } from './model/condition.ts';
import type { Condition, Field, Scalar } from './policy.ts';

/** What is known of a column from a catalogue. */
export interface Domain {
  readonly nullable: boolean;
  /** All that it can hold, besides NULL. */
  readonly values?: readonly string[];
  /** It holds numbers only. */
  readonly numeric?: boolean;
}

type DomainOf = (field: Field) => Domain | undefined;

/** More rows than these are not tried. */
const MOST_ROWS = 5000;
/** A text that no policy file names. */
const OTHER = '\u{10FFFD}';

/** `always`, `never`, or undefined where it depends on the record. Without `domainOf` any column can hold anything. */
export function certainty(
  condition: Condition,
  domainOf: DomainOf = () => undefined,
): 'always' | 'never' | undefined {
  const ways = new Ways(domainOf);
  const flat = ways.flatten(condition);
  const columns = ways.columns();
  const size = columns?.reduce((product, [, values]) => product * values.length, 1) ?? Infinity;
  if (columns === undefined || size > MOST_ROWS) return undefined;
  let met = 0;
  for (const row of rowsOf(columns)) if (holds(flat, row)) met += 1;
  if (met > 0 && met < size) return undefined;
  return met === 0 ? 'never' : 'always';
}

function* rowsOf(columns: readonly (readonly [string, readonly Scalar[]])[]): Generator<Row> {
  const [first, ...rest] = columns;
  if (first === undefined) {
    yield {};
    return;
  }
  const [name, values] = first;
  for (const row of rowsOf(rest)) for (const value of values) yield { ...row, [name]: value };
}

interface Asked {
  readonly domain: Domain | undefined;
  /** Stands in JSON, where one record may have a number and another a text. */
  readonly inJson: boolean;
  readonly constants: Set<Scalar>;
  readonly compared: Set<string | number | bigint>;
}

/** The columns of a condition, all of one flat row, and what there is to try of each. */
class Ways {
  readonly #domainOf: DomainOf;
  readonly #fields = new Map<string, Asked>();
  readonly #others = new Map<string, readonly Scalar[]>();

  constructor(domainOf: DomainOf) {
    this.#domainOf = domainOf;
  }

  /** The same condition over the flat row. */
  flatten(condition: Condition): Condition {
    switch (condition.kind) {
      case 'all':
      case 'any':
        return { kind: condition.kind, of: condition.of.map((part) => this.flatten(part)) };
      case 'not':
        return { kind: 'not', of: this.flatten(condition.of) };
      case 'is': {
        const asked = this.#field(condition);
        for (const value of condition.values) asked.constants.add(value);
        return { kind: 'is', column: fieldName(condition), values: condition.values };
      }
      case 'compare': {
        const { op, value } = condition;
        this.#field(condition).compared.add(value);
        return { kind: 'compare', column: fieldName(condition), op, value };
      }
      case 'related': {
        const { related, where, quantifier } = condition;
        if (quantifier === 'every') return this.#fact(textOf(condition));
        const some = this.#count(related, where, 1, '>=');
        return quantifier === 'exists' ? some : { kind: 'not', of: some };
      }
      case 'count':
        return this.#count(condition.related, condition.where, condition.number, condition.op);
      case 'selected':
        return this.#fact(textOf(condition));
    }
  }

  /** Undefined where a database alone knows how texts are sorted. */
  columns(): readonly (readonly [string, readonly Scalar[]])[] | undefined {
    const fields = [...this.#fields].map(([name, asked]) => [name, valuesOf(asked)] as const);
    const known = fields.flatMap(([name, values]) => (values === undefined ? [] : [[name, values] as const]));
    return known.length < fields.length ? undefined : [...known, ...this.#others];
  }

  #field(field: Field): Asked {
    const name = fieldName(field);
    const known = this.#fields.get(name) ?? {
      domain: this.#domainOf(field),
      inJson: field.path !== undefined,
      constants: new Set(),
      compared: new Set(),
    };
    this.#fields.set(name, known);
    return known;
  }

  #fact(text: string): Condition {
    this.#others.set(text, ['0', '1']);
    return { kind: 'is', column: text, values: ['1'] };
  }

  #count(related: string, where: Condition, number: number, op: '<' | '<=' | '>' | '>='): Condition {
    const column = textOf({ count: related, where });
    const near = [0, number - 1, number, number + 1].filter((n) => n >= 0);
    this.#others.set(column, [...new Set([...(this.#others.get(column) ?? []), ...near])]);
    return { kind: 'compare', column, op, value: number };
  }
}

/** A name for what is asked. A column cannot have it: it begins with a brace. */
function textOf(asked: unknown): string {
  return JSON.stringify(asked, (_, value: unknown) =>
    typeof value === 'bigint' ? `${String(value)}n` : value,
  );
}

function valuesOf({ domain, inJson, constants, compared }: Asked): readonly Scalar[] | undefined {
  const nulls = domain?.nullable === false ? [] : [null];
  if (domain?.values !== undefined) return [...nulls, ...domain.values];
  // No database compares a column of texts with a number by their size: it holds numbers.
  const isNumeric = domain?.numeric ?? (!inJson && [...compared].some((value) => typeof value !== 'string'));
  const given = [...constants, ...compared].filter((value) => value !== null);
  if (isNumeric) {
    const numbers = given.filter((value) => Number.isFinite(Number(value)));
    return [...nulls, ...numbers, ...aroundNumbers(numbers.map(Number))];
  }
  const texts = given.filter((value) => typeof value === 'string');
  if ([...compared].some((value) => typeof value === 'string') && !isSortable(texts)) return undefined;
  const numbers = given.filter((value) => typeof value === 'number' || typeof value === 'bigint').map(Number);
  const between = numbers.length === 0 ? [] : aroundNumbers(numbers);
  return [...nulls, ...given, OTHER, '', ...texts.map((text) => `${text}\0`), ...between];
}

/** Whether every database sorts them in one way: one text, or several days or moments in one form. */
function isSortable(texts: readonly string[]): boolean {
  const forms = new Set(texts.map((text) => text.replaceAll(/\d/g, '0')));
  return new Set(texts).size <= 1 || (forms.size === 1 && /^0000-00-00/.test([...forms][0] ?? ''));
}

/** A number below them all, one above, and one between each two. */
function aroundNumbers(numbers: readonly number[]): readonly number[] {
  const sorted = [...new Set(numbers)].sort((a, b) => a - b);
  const between = sorted.slice(1).map((n, i) => (n + (sorted[i] ?? n)) / 2);
  return [(sorted[0] ?? 0) - 1, ...between, (sorted.at(-1) ?? 0) + 1];
}
