/** Conditions: which records, which exemptions, which related rows. */
import { ALWAYS } from '../../policy.ts';
import type { Condition, Field, Scalar } from '../../policy.ts';
import { certainty } from '../../certainty.ts';
import { isMapping } from '../document.ts';
import type { Mapping } from '../document.ts';
import type { Path } from '../position.ts';
import { suggestion } from '../report.ts';
import type { Report } from '../report.ts';
import { CONDITION_WORDS, RELATED_WORDS } from '../schema/values.ts';
import { readField } from './names/field.ts';
import { readRelatedName } from './names/sight.ts';
import type { Sight } from './names/sight.ts';

const QUANTIFIERS = ['exists', 'none', 'every', 'count'] as const;
const OPERATORS = { 'less than': '<', 'at most': '<=', 'more than': '>', 'at least': '>=' } as const;
const BOUNDS = Object.keys(OPERATORS) as readonly (keyof typeof OPERATORS)[];

/** An empty mapping asks nothing, so everything would meet it. */
function refuseEmpty(path: Path, report: Report): void {
  report.add({
    code: 'tautology',
    path,
    message: 'An empty condition is met by everything',
    remedy: 'Write what is asked, or leave the condition out where everything is meant.',
  });
}

function all(of: readonly Condition[]): Condition {
  const [only] = of;
  return of.length === 1 && only !== undefined ? only : { kind: 'all', of };
}

function readTest(
  field: Field,
  test: unknown,
  path: Path,
  report: Report,
): readonly (Condition | undefined)[] {
  const is = (values: unknown): Condition => {
    return { kind: 'is', ...field, values: (Array.isArray(values) ? values : [values]) as readonly Scalar[] };
  };
  if (!isMapping(test)) return [is(test)];
  if (Object.keys(test).length === 0) {
    refuseEmpty(path, report);
    return [undefined];
  }
  return Object.entries(test).map(([word, value]) =>
    word === 'not'
      ? { kind: 'not', of: is(value) }
      : {
          kind: 'compare',
          ...field,
          op: OPERATORS[word as keyof typeof OPERATORS],
          value: value as string | number | bigint,
        },
  );
}

/** What is asked of one column, which the key of the mapping names. */
function readColumn(
  key: string,
  test: unknown,
  path: Path,
  sight: Sight,
  report: Report,
): readonly (Condition | undefined)[] {
  const field = readField(key, path, sight, report, 'key');
  return field === undefined ? [undefined] : readTest(field, test, path, report);
}

/** What comes of words that cannot stand together: nothing, and it is reported. */
function refused(report: Report, path: Path, message: string, remedy: string): Condition | undefined {
  report.add({ code: 'contradiction', path, message, remedy, on: 'key' });
  return undefined;
}

type Related = Extract<Condition, { readonly kind: 'related' }>;

/** `exists`, `none`, `every` or `count` with what stands beside it. */
function readQuantifier(raw: Mapping, path: Path, sight: Sight, report: Report): Condition | undefined {
  const given = Object.keys(raw).flatMap((key) => QUANTIFIERS.find((word) => word === key) ?? []);
  const [quantifier] = given;
  if (quantifier === undefined) {
    const stray = RELATED_WORDS.find((word) => word in raw) ?? 'where';
    return refused(
      report,
      [...path, stray],
      `\`${stray}\` needs ${stray === 'where' ? 'exists, none, every or count' : 'count'} beside it`,
      'Name the related rows that it is about, or write it on the column that it is about.',
    );
  }
  if (given.length > 1) {
    const remedy = 'Put each in a mapping of its own below `all of` or `any of`.';
    const message = `${given.join(' and ')} cannot stand in one mapping`;
    return refused(report, [...path, given[1] ?? quantifier], message, remedy);
  }
  const related = readRelatedName(String(raw[quantifier]), [...path, quantifier], sight, report);
  const inside = sight.inside(related ?? '');
  const where =
    raw['where'] === undefined ? ALWAYS : readCondition(raw['where'], [...path, 'where'], inside, report);
  const bounds = BOUNDS.filter((word) => word in raw);
  if (quantifier === 'count') return readCount(raw, bounds, path, related, where, report);
  const [bound] = bounds;
  if (bound !== undefined) {
    const message = `\`${bound}\` needs count beside it`;
    return refused(
      report,
      [...path, bound],
      message,
      `Write count: ${String(raw[quantifier])} instead of ${quantifier}.`,
    );
  }
  if (quantifier === 'every' && raw['where'] === undefined) {
    report.add({
      code: 'tautology',
      path: [...path, quantifier],
      message: '`every` without `where` is always true',
      remedy: 'Add the `where` that every related row must meet.',
      on: 'key',
    });
    return undefined;
  }
  return related === undefined || where === undefined
    ? undefined
    : ({ kind: 'related', quantifier, related, where } satisfies Related);
}

/** How many related rows there are, within bounds that some numbers meet and others do not. */
function readCount(
  raw: Mapping,
  bounds: readonly (keyof typeof OPERATORS)[],
  path: Path,
  related: string | undefined,
  where: Condition | undefined,
  report: Report,
): Condition | undefined {
  if (bounds.length === 0) {
    return refused(
      report,
      [...path, 'count'],
      '`count` without a number',
      'Write one beside it, e.g. { count: deals, at least: 2 }.',
    );
  }
  const low = Math.max(0, ...bounds.map((word) => lowest(word, Number(raw[word]))));
  const high = Math.min(...bounds.map((word) => highest(word, Number(raw[word]))));
  if (low > high || (low === 0 && high === Infinity)) {
    report.add({
      code: 'tautology',
      path: [...path, bounds[0] ?? 'count'],
      message: low > high ? 'No number is within these bounds' : 'Every number is within these bounds',
      remedy: 'Mend the number, or leave the condition out.',
    });
    return undefined;
  }
  if (related === undefined || where === undefined) return undefined;
  return all(
    bounds.map((word): Condition => {
      return { kind: 'count', related, where, op: OPERATORS[word], number: Number(raw[word]) };
    }),
  );
}

function lowest(bound: keyof typeof OPERATORS, number: number): number {
  if (bound === 'at least') return number;
  return bound === 'more than' ? number + 1 : 0;
}

function highest(bound: keyof typeof OPERATORS, number: number): number {
  if (bound === 'at most') return number;
  return bound === 'less than' ? number - 1 : Infinity;
}

function readSelected(name: string, path: Path, sight: Sight, report: Report): Condition | undefined {
  if (sight.selections.has(name)) return { kind: 'selected', selection: name };
  report.add({
    code: 'unknown-selection',
    path,
    message: `No selection is called "${name}"`,
    remedy:
      sight.within === undefined
        ? `Declare it below \`selections\` of the record type. ${suggestion(name, sight.selections, 'selections')}`
        : 'A selection is about records, not about related rows.',
  });
  return undefined;
}

function readGroup(
  word: 'all of' | 'any of',
  raw: unknown,
  path: Path,
  sight: Sight,
  report: Report,
): Condition | undefined {
  const parts = (raw as readonly unknown[]).map((part, index) =>
    readCondition(part, [...path, index], sight, report),
  );
  const of = parts.filter((part) => part !== undefined);
  if (of.length < parts.length) return undefined;
  const group: Condition = word === 'all of' ? all(of) : { kind: 'any', of };
  const sure = certainty(group);
  if (sure === undefined) return group;
  report.add({
    code: 'tautology',
    path,
    message: sure === 'always' ? 'One of these is always met' : 'These are never met together',
    remedy: 'Two of them are opposites, or leave nothing over: remove or mend one.',
    on: 'key',
  });
  return undefined;
}

/** One entry of the mapping that is a condition; those about related rows are read together. */
function readEntry(
  word: string,
  value: unknown,
  path: Path,
  sight: Sight,
  report: Report,
): readonly (Condition | undefined)[] {
  switch (word) {
    case 'all of':
    case 'any of':
      return [readGroup(word, value, path, sight, report)];
    case 'not': {
      const of = readCondition(value, path, sight, report);
      return [of && { kind: 'not', of }];
    }
    case 'selected':
      return [readSelected(String(value), path, sight, report)];
    case 'elsewhere': {
      const remedy = 'Write it as an exemption of its own below `unless`, or in `start`.';
      return [refused(report, path, '`elsewhere` cannot be a part of a condition', remedy)];
    }
    case 'columns': {
      const tests = Object.entries(value as Mapping);
      if (tests.length === 0) refuseEmpty(path, report);
      if (tests.length === 0) return [undefined];
      return tests.flatMap(([key, test]) => readColumn(key, test, [...path, key], sight, report));
    }
    default:
      return CONDITION_WORDS.some((known) => known === word)
        ? []
        : readColumn(word, value, path, sight, report);
  }
}

/**
 * Reads a condition whose shape is already valid. `sight` is what it may speak of. Undefined, and reported, where
 * something in it is wrong, or where it is certain from the text alone that it says nothing.
 */
export function readCondition(raw: unknown, path: Path, sight: Sight, report: Report): Condition | undefined {
  const mapping = raw as Mapping;
  if (Object.keys(mapping).length === 0) {
    refuseEmpty(path, report);
    return undefined;
  }
  const parts = Object.entries(mapping).flatMap(([word, value]) =>
    readEntry(word, value, [...path, word], sight, report),
  );
  if (RELATED_WORDS.some((word) => word in mapping)) parts.push(readQuantifier(mapping, path, sight, report));
  const of = parts.filter((part) => part !== undefined);
  if (of.length < parts.length) return undefined;
  const condition = all(of);
  const sure = certainty(condition);
  if (sure === undefined) return condition;
  report.add({
    code: 'tautology',
    path,
    message: `This condition is ${sure} met`,
    remedy: 'Some of its parts are opposites, or leave nothing over: remove or mend one.',
  });
  return undefined;
}
