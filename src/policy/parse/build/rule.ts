/** Deletion rules: bound, period, margin, allowance. */
import { parsePeriodPhrase, parseSpan, shortestHours } from '../../time/period.ts';
import type { Period, Rule } from '../../policy.ts';
import type { Path } from '../position.ts';
import type { Report } from '../report.ts';

/** The keys that say a rule, as far as they are valid. */
export interface RuleText {
  readonly within?: string;
  readonly after?: string;
  readonly keep?: string;
  readonly margin?: string | 0;
  readonly allowance?: string | 0;
  readonly 'short period'?: 'on purpose';
}

const ALLOWANCE_DAYS = 7;

/** Hours of a length of time; undefined, and reported, where it is none. */
export function readSpan(text: string | 0, path: Path, report: Report): number | undefined {
  const span = parseSpan(String(text));
  if (span.ok) return span.hours;
  report.add({
    code: 'bad-period',
    path,
    message: `This is no length of time: ${span.reason}`,
    remedy: 'Write for example "2 days", "12 hours" or 0.',
  });
  return undefined;
}

/** Hours of a margin that is certainly shorter than the period. */
function readMargin(text: string | 0, rule: Rule, path: Path, report: Report): number | undefined {
  const hours = readSpan(text, path, report);
  if (hours === undefined || hours < shortestHours(rule.period)) return hours;
  report.add({
    code: 'bad-margin',
    path,
    message: 'The margin is as long as the period, so every record would be due at once',
    remedy: 'Write a margin shorter than the period, e.g. 2 days; leave it out for the usual one.',
  });
  return undefined;
}

/** Whole days; an allowance is counted on the calendar. */
function readAllowance(text: string | 0, path: Path, report: Report): number | undefined {
  const hours = readSpan(text, path, report);
  if (hours === undefined || hours % 24 === 0) return hours === undefined ? undefined : hours / 24;
  report.add({
    code: 'bad-period',
    path,
    message: 'An allowance is counted in whole days',
    remedy: 'Write for example "7 days".',
  });
  return undefined;
}

/** Reports keys that belong to another bound. */
function refuseForeign(bound: Rule['bound'], given: ReadonlySet<string>, path: Path, report: Report): void {
  const belongs = { margin: 'within', allowance: 'after' } as const;
  for (const key of ['margin', 'allowance'] as const) {
    if (!given.has(key) || belongs[key] === bound) continue;
    report.add({
      code: 'contradiction',
      path: [...path, key],
      message: `\`${key}\` stands only with \`${belongs[key]}\``,
      remedy: `Remove it, or write the promise as \`${belongs[key]}\`.`,
      on: 'key',
    });
  }
}

type Bound = Rule['bound'];

const BOUNDS = ['within', 'after', 'keep'] as const;

/** The one bound that is given; undefined, and reported, where it is none, several, or one that cannot stand here. */
function readBound(
  given: ReadonlySet<string>,
  bounds: readonly Bound[],
  path: Path,
  report: Report,
): Bound | undefined {
  const named = [...given].flatMap((key) => BOUNDS.find((bound) => bound === key) ?? []);
  const remedy = `Write exactly one of: ${bounds.join(', ')}.`;
  const [bound, second] = named;
  if (bound === undefined) {
    report.add({ code: 'missing-key', path, message: 'No period is given', remedy, on: 'key' });
    return undefined;
  }
  if (second === undefined && bounds.includes(bound)) return bound;
  report.add({
    code: 'contradiction',
    path: [...path, second ?? bound],
    message:
      second === undefined
        ? `\`${bound}\` cannot stand here`
        : `${named.join(' and ')} cannot stand together`,
    remedy,
    on: 'key',
  });
  return undefined;
}

function readPeriod(
  text: string,
  path: Path,
  report: Report,
): Pick<Rule, 'period' | 'roundUpTo'> | undefined {
  const phrase = parsePeriodPhrase(text);
  if (phrase.ok) {
    const { period, roundUpTo } = phrase;
    return roundUpTo === undefined ? { period } : { period, roundUpTo };
  }
  report.add({
    code: 'bad-period',
    path,
    message: `This is no period: ${phrase.reason}`,
    remedy:
      'Write for example "3 months", "26 weeks", "P1Y6M" or "5 years after the end of the financial year".',
  });
  return undefined;
}

/** Whether a period under a day is declared to be meant, and no other is. */
function isMeant(
  period: Period,
  bound: Bound,
  given: ReadonlySet<string>,
  path: Path,
  report: Report,
): boolean {
  const isShort = period.hours !== undefined;
  if (isShort === given.has('short period')) return true;
  if (isShort)
    report.add({
      code: 'short-period',
      path: [...path, bound],
      message: 'This period is shorter than a day',
      remedy: 'Write at least 1 day; where hours are meant, add `short period: on purpose`.',
    });
  else
    report.add({
      code: 'contradiction',
      path: [...path, 'short period'],
      message: '`short period` stands only beside a period of hours',
      remedy: 'Remove it, or write the period in hours.',
      on: 'key',
    });
  return false;
}

/**
 * Reads the rule of a policy or a stage. `given` are the keys that stand there, valid or not. Undefined, and reported,
 * where something is wrong.
 */
export function readRule(
  values: RuleText,
  given: ReadonlySet<string>,
  bounds: readonly Bound[],
  path: Path,
  report: Report,
): Rule | undefined {
  const bound = readBound(given, bounds, path, report);
  if (bound === undefined) return undefined;
  refuseForeign(bound, given, path, report);
  const text = values[bound];
  const period = text === undefined ? undefined : readPeriod(text, [...path, bound], report);
  if (period === undefined || !isMeant(period.period, bound, given, path, report)) return undefined;
  const rule: Rule = { bound, ...period, allowanceDays: ALLOWANCE_DAYS };
  const { margin, allowance } = values;
  if (bound === 'within' && margin !== undefined) {
    const marginHours = readMargin(margin, rule, [...path, 'margin'], report);
    return marginHours === undefined ? undefined : { ...rule, marginHours };
  }
  if (bound === 'after' && allowance !== undefined) {
    const allowanceDays = readAllowance(allowance, [...path, 'allowance'], report);
    return allowanceDays === undefined ? undefined : { ...rule, allowanceDays };
  }
  return rule;
}
