/** Conditions: which records, which exemptions, which related rows. */
import { ALWAYS } from '../../policy.ts';
import type { Condition, Scalar } from '../../policy.ts';
import { alike } from '../check/compare.ts';
import { isMapping } from '../document.ts';
import type { Mapping } from '../document.ts';
import type { Path } from '../position.ts';
import { suggestion } from '../report.ts';
import type { Report } from '../report.ts';
import { CONDITION_WORDS } from '../schema/values.ts';

const QUANTIFIERS = ['exists', 'none', 'every'] as const;
const OPERATORS = { 'less than': '<', 'at most': '<=', 'more than': '>', 'at least': '>=' } as const;

/** Names of the related rows that a condition may speak of; undefined inside related rows, which have none. */
export type RelatedNames = ReadonlySet<string> | undefined;

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
  column: string,
  test: unknown,
  path: Path,
  report: Report,
): readonly (Condition | undefined)[] {
  const is = (values: unknown): Condition => {
    return { kind: 'is', column, values: (Array.isArray(values) ? values : [values]) as readonly Scalar[] };
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
          column,
          op: OPERATORS[word as keyof typeof OPERATORS],
          value: value as string | number | bigint,
        },
  );
}

/** The name of declared related rows; undefined, and reported, where there are none of that name. */
export function readRelatedName(
  name: string,
  path: Path,
  related: RelatedNames,
  report: Report,
): string | undefined {
  if (related?.has(name) === true) return name;
  report.add({
    code: 'unknown-related',
    path,
    message: `No related rows are called "${name}"`,
    remedy:
      related === undefined
        ? 'Inside related rows, and in `columns`, only columns can be tested.'
        : `Declare them below \`related\` of the record type. ${suggestion(name, related, 'related rows')}`,
  });
  return undefined;
}

/** `exists`, `none` or `every` with the `where` beside it; undefined where the mapping has none of them. */
function readQuantifier(
  raw: Mapping,
  path: Path,
  names: RelatedNames,
  report: Report,
): Condition | undefined {
  const given = Object.keys(raw).flatMap((key) => QUANTIFIERS.find((word) => word === key) ?? []);
  const [quantifier] = given;
  if (quantifier === undefined) {
    if (raw['where'] === undefined) return undefined;
    report.add({
      code: 'contradiction',
      path: [...path, 'where'],
      message: '`where` needs exists, none or every beside it',
      remedy: 'Name the related rows that it is about, or write the columns without `where`.',
      on: 'key',
    });
    return undefined;
  }
  if (given.length > 1) {
    report.add({
      code: 'contradiction',
      path: [...path, given[1] ?? quantifier],
      message: `${given.join(' and ')} cannot stand in one mapping`,
      remedy: 'Put each in a mapping of its own below `all of` or `any of`.',
      on: 'key',
    });
    return undefined;
  }
  const related = readRelatedName(String(raw[quantifier]), [...path, quantifier], names, report);
  const where =
    raw['where'] === undefined ? ALWAYS : readCondition(raw['where'], [...path, 'where'], undefined, report);
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
    : { kind: 'related', quantifier, related, where };
}

/** Whether one of the parts is the opposite of another: met by all (any of) or by none (all of). */
function opposites(of: readonly Condition[]): boolean {
  return of.some((one) => of.some((other) => other.kind === 'not' && alike(other.of, one)));
}

function readGroup(
  word: 'all of' | 'any of',
  raw: unknown,
  path: Path,
  names: RelatedNames,
  report: Report,
): Condition | undefined {
  const parts = (raw as readonly unknown[]).map((part, index) =>
    readCondition(part, [...path, index], names, report),
  );
  const of = parts.filter((part) => part !== undefined);
  if (of.length < parts.length) return undefined;
  if (opposites(of)) {
    report.add({
      code: 'tautology',
      path,
      message: word === 'any of' ? 'One of these is always met' : 'These are never met together',
      remedy: 'Two of them are opposites; remove or mend one.',
      on: 'key',
    });
    return undefined;
  }
  return word === 'all of' ? all(of) : { kind: 'any', of };
}

/**
 * Reads a condition whose shape is already valid. `related` are the names it may speak of. Undefined, and reported,
 * where something in it is wrong, or where it is certain from the text alone that it says nothing.
 */
export function readCondition(
  raw: unknown,
  path: Path,
  related: RelatedNames,
  report: Report,
): Condition | undefined {
  const mapping = raw as Mapping;
  if (Object.keys(mapping).length === 0) {
    refuseEmpty(path, report);
    return undefined;
  }
  const parts: (Condition | undefined)[] = [];
  for (const [word, value] of Object.entries(mapping)) {
    const below = [...path, word];
    if (word === 'all of' || word === 'any of') parts.push(readGroup(word, value, below, related, report));
    else if (word === 'not') {
      const of = readCondition(value, below, related, report);
      parts.push(of && { kind: 'not', of });
    } else if (word === 'columns') {
      const tests = Object.entries(value as Mapping);
      if (tests.length === 0) {
        refuseEmpty(below, report);
        parts.push(undefined);
      }
      for (const [column, test] of tests) parts.push(...readTest(column, test, [...below, column], report));
    } else if (!CONDITION_WORDS.some((known) => known === word))
      parts.push(...readTest(word, value, below, report));
  }
  if (CONDITION_WORDS.slice(0, 4).some((word) => word in mapping))
    parts.push(readQuantifier(mapping, path, related, report));
  const of = parts.filter((part) => part !== undefined);
  if (of.length < parts.length) return undefined;
  if (!opposites(of)) return all(of);
  report.add({
    code: 'tautology',
    path,
    message: 'This condition is never met',
    remedy: 'Two of its parts are opposites; remove or mend one.',
  });
  return undefined;
}
