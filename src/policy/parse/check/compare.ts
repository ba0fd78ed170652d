/** Whether two parts of the language say the same, and which of two rules is longer; only what is certain. */
import { certainty } from '../../certainty.ts';
import type { Condition, Period, Rule } from '../../policy.ts';

/** One spelling for all ways to write the same; parts of `all`, `any` and `latest of` have no order. */
function spell(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(spell).join()}]`;
  if (typeof value === 'bigint') return `${String(value)}n`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const entries = Object.entries(value as Readonly<Record<string, unknown>>).map(([key, one]) => {
    const unordered = Array.isArray(one) && ((key === 'of' && isGroup(value)) || key === 'values');
    return `${JSON.stringify(key)}:${unordered ? `[${one.map(spell).toSorted().join()}]` : spell(one)}`;
  });
  return `{${entries.toSorted().join()}}`;
}

function isGroup(value: object): boolean {
  return 'kind' in value && ['all', 'any', 'latest of'].includes(String(value.kind));
}

/** Whether two conditions, or two starting points, say the same. */
export function alike(a: unknown, b: unknown): boolean {
  return spell(a) === spell(b);
}

/** Whether every record that meets `narrow` certainly meets `wide`. */
export function implies(narrow: Condition, wide: Condition): boolean {
  const parts = (condition: Condition): readonly Condition[] =>
    condition.kind === 'all' ? condition.of : [condition];
  if (parts(wide).every((one) => parts(narrow).some((other) => alike(one, other)))) return true;
  return certainty({ kind: 'all', of: [narrow, { kind: 'not', of: wide }] }) === 'never';
}

/** Days of the shortest and the longest stretch of `months` consecutive months; a few days too generous. */
function monthDays(months: number): { readonly min: number; readonly max: number } {
  const average = months * 30.436875;
  return months === 0 ? { min: 0, max: 0 } : { min: Math.floor(average) - 3, max: Math.ceil(average) + 3 };
}

function parts(period: Period): { readonly months: number; readonly days: number } {
  const { years, months, weeks, days, hours = 0 } = period;
  return { months: years * 12 + months, days: weeks * 7 + days + hours / 24 };
}

/** How long the wait for the end of a month or year can take, days. */
const LONGEST_WAIT = { month: 31, year: 366, 'financial year': 366 } as const;

interface Length {
  readonly min: number;
  readonly max: number;
}

function lengthOf(rule: Rule): Length {
  const { months, days } = parts(rule.period);
  const { min, max } = monthDays(months);
  return {
    min: min + days,
    max: max + days + (rule.roundUpTo === undefined ? 0 : LONGEST_WAIT[rule.roundUpTo]),
  };
}

/** Whether `a`, counted from the same start as `b`, certainly lasts at least as long. */
export function atLeastAsLong(a: Rule, b: Rule): boolean {
  const [long, short] = [parts(a.period), parts(b.period)];
  const sameWait = a.roundUpTo === b.roundUpTo || b.roundUpTo === undefined;
  if (sameWait && long.months >= short.months && long.days >= short.days) return true;
  return lengthOf(a).min >= lengthOf(b).max;
}

/** Whether `a`, counted from the same start as `b`, may last longer. */
export function mayBeLonger(a: Rule, b: Rule): boolean {
  return !atLeastAsLong(b, a);
}
