/**
 * Periods as people write them: "3 months", "1 year 6 months", "P1Y6M", "5 years after the end of the financial year".
 *
 *   phrase = period [ "after the end of the" ( "month" | "year" | "financial year" ) ]
 *   period = words | ISO 8601 duration of years, months, weeks and days, or of 1 to 23 hours alone
 *   words  = number unit { [ "," | "and" ] number unit }     years before months before weeks before days
 *   span   = "0" | words or ISO 8601 of weeks, days and hours
 *
 * Nothing is guessed: what does not read as one of these is refused with the reason.
 */
import type { Period, Rule } from '../policy.ts';

export type RoundUpTo = NonNullable<Rule['roundUpTo']>;

export interface Refusal {
  readonly ok: false;
  /** What is wrong and what to write instead; a whole clause without a full stop. */
  readonly reason: string;
}

export type PeriodPhrase =
  { readonly ok: true; readonly period: Period; readonly roundUpTo?: RoundUpTo } | Refusal;

export type Span = { readonly ok: true; readonly hours: number } | Refusal;

const UNITS = ['years', 'months', 'weeks', 'days', 'hours'] as const;
type Unit = (typeof UNITS)[number];
type Amounts = Record<Unit, number>;

/** Longer than any statute; keeps every sum far inside the range of the calendar. */
const MOST_YEARS = 1000;

/**
 * Reads a period, with the rounding of its start if the phrase names one. Years, months, weeks and days in whole
 * numbers, not all zero, at most 1,000 years; or 1 to 23 hours, which the policy file must mean on purpose.
 */
export function parsePeriodPhrase(text: string): PeriodPhrase {
  const clean = text.trim().replace(/\s+/g, ' ');
  const [, head = '', tail] = /^(.*?)(?: after (.*))?$/i.exec(clean) ?? [];
  const roundUpTo = tail === undefined ? undefined : readRounding(tail);
  if (roundUpTo !== undefined && typeof roundUpTo !== 'string') return roundUpTo;
  const amounts = readAmounts(head);
  if ('ok' in amounts) return amounts;
  const calendar = amounts.years + amounts.months + amounts.weeks + amounts.days;
  if (amounts.hours > 0 && (calendar > 0 || amounts.hours > 23))
    return refuse(
      'hours stand alone and are at most 23: write a longer period in days, weeks, months or years',
    );
  if (calendar + amounts.hours === 0) {
    return refuse('a period of zero would erase everything at once: write at least 1 day');
  }
  if (amounts.years + amounts.months / 12 + (amounts.weeks * 7 + amounts.days) / 365 > MOST_YEARS) {
    return refuse(`a period is at most ${String(MOST_YEARS)} years`);
  }
  const { years, months, weeks, days, hours } = amounts;
  const period: Period = { years, months, weeks, days, ...(hours === 0 ? {} : { hours }) };
  return roundUpTo === undefined ? { ok: true, period } : { ok: true, period, roundUpTo };
}

/** Reads a length of time by the clock (a margin, an allowance): "2 days", "12 hours", "0". A day is 24 hours. */
export function parseSpan(text: string): Span {
  const clean = text.trim().replace(/\s+/g, ' ');
  if (clean === '0') return { ok: true, hours: 0 };
  const amounts = readAmounts(clean);
  if ('ok' in amounts) return amounts;
  if (amounts.years > 0 || amounts.months > 0) {
    return refuse('years and months differ in length: write this one in days or hours');
  }
  const hours = (amounts.weeks * 7 + amounts.days) * 24 + amounts.hours;
  if (hours > MOST_YEARS * 365 * 24) return refuse(`this is more than ${String(MOST_YEARS)} years`);
  return { ok: true, hours };
}

/** "1 year 6 months"; reads back to the same period. */
export function formatPeriod(period: Period): string {
  return UNITS.flatMap((unit) => {
    const amount = period[unit] ?? 0;
    return amount > 0 ? [count(amount, unit)] : [];
  }).join(' ');
}

/** "5 years after the end of the financial year"; reads back to the same period and rounding. */
export function formatPeriodPhrase(period: Period, roundUpTo?: RoundUpTo): string {
  return roundUpTo === undefined
    ? formatPeriod(period)
    : `${formatPeriod(period)} after the end of the ${roundUpTo}`;
}

/** "2 days", "30 hours", "0 hours"; reads back to the same number of hours. */
export function formatSpan(hours: number): string {
  return hours > 0 && hours % 24 === 0 ? count(hours / 24, 'days') : count(hours, 'hours');
}

/** The least a period can last, in hours by the calendar (28-day months, 365-day years, 24-hour days). */
export function shortestHours(period: Period): number {
  const { years, months, weeks, days, hours = 0 } = period;
  return 24 * (years * 365 + months * 28 + weeks * 7 + days) + hours;
}

function readRounding(tail: string): RoundUpTo | Refusal {
  const named = /^the end of the (month|year|financial year)$/i.exec(tail)?.[1]?.toLowerCase();
  if (named === 'month' || named === 'year' || named === 'financial year') return named;
  return refuse(
    'what follows the period must be "after the end of the month", "… year" or "… financial year"',
  );
}

function readAmounts(text: string): Amounts | Refusal {
  if (text === '') return refuse('there is no period: write for example "3 months"');
  if (/^[-−]|[ P][-−]\d/i.test(text)) return refuse('a period cannot be negative');
  if (/\d[.,]\d/.test(text))
    return refuse('only whole numbers: write "1 year 6 months" instead of "1.5 years"');
  return /^P[\dT]/i.test(text) ? readIso(text) : readWords(text);
}

function readIso(text: string): Amounts | Refusal {
  const parts = /^P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?(T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?$/i.exec(
    text,
  );
  if (parts === null || /[PT]$/i.test(text))
    return refuse('this is no ISO 8601 period: write for example "P3M" or "P1Y6M"');
  const [, years, months, weeks, days, , hours, minutes, seconds] = parts;
  if (minutes !== undefined || seconds !== undefined)
    return refuse('minutes and seconds are too fine: write hours or days');
  return checked({
    years: Number(years ?? 0),
    months: Number(months ?? 0),
    weeks: Number(weeks ?? 0),
    days: Number(days ?? 0),
    hours: Number(hours ?? 0),
  });
}

function readWords(text: string): Amounts | Refusal {
  const amounts: Amounts = { years: 0, months: 0, weeks: 0, days: 0, hours: 0 };
  let next = 0;
  for (const part of text.split(/(?:, and |, | and | )(?=\d)/i)) {
    const [, digits, word = ''] = /^(\d+) ?(.*)$/.exec(part) ?? [];
    if (digits === undefined)
      return refuse(`"${text}" does not begin with a number in digits: write for example "3 months"`);
    const unit = readUnit(word);
    if (typeof unit !== 'string') return unit;
    if (UNITS.indexOf(unit) < next)
      return refuse('name each unit once, the longest first: "1 year 6 months"');
    next = UNITS.indexOf(unit) + 1;
    amounts[unit] = Number(digits);
  }
  return checked(amounts);
}

function readUnit(word: string): Unit | Refusal {
  if (word === '') return refuse('the number has no unit: write for example "3 months"');
  const lower = word.toLowerCase();
  const unit = UNITS.find((known) => lower === known || lower === known.slice(0, -1));
  return unit ?? refuse(`"${word}" is no unit: use years, months, weeks, days or hours`);
}

function checked(amounts: Amounts): Amounts | Refusal {
  return Object.values(amounts).every(Number.isSafeInteger) ? amounts : refuse('the number is too large');
}

function count(amount: number, unit: Unit): string {
  return `${String(amount)} ${amount === 1 ? unit.slice(0, -1) : unit}`;
}

function refuse(reason: string): Refusal {
  return { ok: false, reason };
}
