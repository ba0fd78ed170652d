/**
 * Dates and times as sources write them, read by their digits: a run reads one or more per record.
 *
 *   YYYY-MM-DD [ ("T" | " ") H[H]:MM[:SS[.fraction]] [ [" "] ("Z" | ("+" | "-") HH[[:]MM[[:]SS]]) ] ]
 *
 * A date that does not exist, or anything else, does not read.
 */
import { DAY_MS, dayNumber, daysInMonth } from './day.ts';

export interface DateTime {
  /** Day number (day.ts). */
  readonly day: number;
  /** Milliseconds after midnight by the clock, a finer fraction rounded up so that no start is read too early; undefined: a date alone. */
  readonly time: number | undefined;
  /** Offset from UTC in milliseconds; undefined: none written. */
  readonly offset: number | undefined;
}

const ZERO = 48;

/** Reads a date, or a date and time; undefined where the text is neither. */
export function readDateTime(text: string): DateTime | undefined {
  if (text.length < 10 || text.charCodeAt(4) !== 45 || text.charCodeAt(7) !== 45) return undefined;
  const year = digits(text, 0, 4);
  const month = digits(text, 5, 7);
  const date = digits(text, 8, 10);
  // A part that is no number is NaN, and NaN fails this comparison like a day that does not exist.
  if (!(year >= 0 && date >= 1 && date <= daysInMonth(year, month))) return undefined;
  const day = dayNumber(year, month, date);
  const rest = text.length === 10 ? '' : text.slice(10).trimEnd();
  if (rest === '') return { day, time: undefined, offset: undefined };
  const separator = rest.charCodeAt(0);
  if (separator !== 32 && separator !== 84 && separator !== 116) return undefined;
  return withTime(day, rest);
}

/** The common form, " HH:MM:SS", is read by position; all others by the expression. */
function withTime(day: number, rest: string): DateTime | undefined {
  if (rest.length === 9 && rest.charCodeAt(3) === 58 && rest.charCodeAt(6) === 58) {
    const time = clock(digits(rest, 1, 3), digits(rest, 4, 6), digits(rest, 7, 9));
    return time === undefined ? undefined : { day, time, offset: undefined };
  }
  const parts =
    /^[ Tt]+(\d{1,2}):(\d\d)(?::(\d\d)(?:[.,](\d+))?)?(?: ?([Zz]|[+-]\d\d(?::?\d\d(?::?\d\d)?)?))?$/.exec(
      rest,
    );
  if (parts === null) return undefined;
  const [, hour, minute, second = '0', fraction = '', zone] = parts;
  const time = clock(Number(hour), Number(minute), Number(second));
  const offset = zone === undefined ? undefined : readOffset(zone);
  if (time === undefined || Number.isNaN(offset)) return undefined;
  return { day, time: time + milliseconds(fraction, true), offset };
}

/** Milliseconds of a decimal fraction of a second; `up`: a finer rest counts as one more. */
export function milliseconds(fraction: string, up: boolean): number {
  if (fraction === '') return 0;
  const whole = Number(fraction.slice(0, 3).padEnd(3, '0'));
  return up && /[1-9]/.test(fraction.slice(3)) ? whole + 1 : whole;
}

function clock(hour: number, minute: number, second: number): number | undefined {
  const valid = hour <= 23 && minute <= 59 && second <= 59;
  return valid ? ((hour * 60 + minute) * 60 + second) * 1000 : undefined;
}

function readOffset(zone: string): number {
  if (zone === 'Z' || zone === 'z') return 0;
  const plain = zone.slice(1).replaceAll(':', '').padEnd(6, '0');
  const time = clock(digits(plain, 0, 2), digits(plain, 2, 4), digits(plain, 4, 6));
  if (time === undefined || time >= DAY_MS) return NaN;
  return zone.startsWith('-') ? -time : time;
}

function digits(text: string, from: number, to: number): number {
  let value = 0;
  for (let i = from; i < to; i += 1) {
    const digit = text.charCodeAt(i) - ZERO;
    if (!(digit >= 0 && digit <= 9)) return NaN;
    value = value * 10 + digit;
  }
  return value;
}
