/**
 * When a period has run out: the end of the sum start + period, by the kind of bound.
 *
 *   within  due from the end less a margin, so that a failed night breaks no promise; overdue when the end's day is over
 *   after   due from the end; overdue an allowance later
 *   keep    protected until the end
 *
 * A whole day counts from its beginning for `within`, from its end for the others. An instant keeps its time of day;
 * where the clock shows that time twice or never on the last day, the earlier reading ends `within`, the later one the
 * others. All answers are instants in whole seconds, rounded up: due <=> due <= asOf, with asOf in whole seconds too.
 */
import type { Controller, Period, Rule } from '../policy.ts';
import { civil, DAY_MS, dayNumber, daysInMonth, HOUR_MS } from './day.ts';
import type { Moment } from './raw.ts';
import type { Bound } from './start.ts';
import { addition, zoneOf, type Reading, type Zone } from './zone.ts';

/** Default margin, hours; never more than a quarter of the period. */
const MARGIN_HOURS = 48;

export interface Deadline {
  readonly bound: Bound;
  /** From when the record is to be erased (`keep`: until when it is protected); ms since the epoch. */
  due(start: Moment): number;
  /** From when the promise is broken if the record is still there; ms since the epoch. */
  overdue(start: Moment): number;
  /** The day after which the record is overdue, by its number. */
  promisedDay(start: Moment): number;
}

/** How the rule's bound reads an inexact start. */
export function boundOf(rule: Rule): Bound {
  return rule.bound === 'within' ? 'upper' : 'lower';
}

/** The margin of a `within` rule in whole hours: as declared, else 48 or a quarter of the period if that is less. */
export function marginHours(rule: Rule): number {
  if (rule.marginHours !== undefined) return rule.marginHours;
  const { years, months, weeks, days, hours = 0 } = rule.period;
  // A month is longer than the 8 days whose quarter is 48 hours.
  return years > 0 || months > 0
    ? MARGIN_HOURS
    : Math.min(MARGIN_HOURS, (weeks * 7 + days) * 6 + Math.floor(hours / 4));
}

/** The sums of one rule in the controller's zone and financial year. */
export function createDeadline(rule: Rule, controller: Controller): Deadline {
  const zone = zoneOf(controller.timezone);
  const round = rounding(rule, controller, zone);
  const deadline = rule.bound === 'within' ? upper(rule, zone) : lower(rule, zone);
  const due = (start: Moment): number => wholeSeconds(deadline.due(round(start)));
  const overdue = (start: Moment): number => wholeSeconds(deadline.overdue(round(start)));
  return { bound: boundOf(rule), due, overdue, promisedDay: (start) => zone.day(overdue(start) - 1) };
}

/**
 * The latest day on which a start could lie that is due at `now`, or undefined if none could. Every start on a later
 * day, whatever its kind, its zone and its time of day, is plainly not due.
 *
 * Found by halving over whole days with the same addition. That is allowed because days keep their order under it:
 * a longer month's last days fall together on a shorter month's last, but never change places; nor under rounding. The
 * instants themselves do change places: 28 Jan 14:00 + 1 month lies after 31 Jan 10:00 + 1 month, and so do times in an
 * hour that the clock shows twice. They stay on their day, and no clock is more than a day from UTC, so two days of
 * slack cover them.
 */
export function lastDueDay(rule: Rule, controller: Controller, now: number): number {
  const add = addition(rule.period);
  const round = dayRounding(rule, controller);
  const margin = rule.bound === 'within' ? marginHours(rule) * HOUR_MS : 0;
  const possible = (day: number): boolean => (add(round(day)) - 2) * DAY_MS - margin <= now;
  let due = dayNumber(0, 1, 1);
  let notDue = Math.floor((now + margin) / DAY_MS) + 4;
  while (notDue - due > 1) {
    const middle = Math.floor((due + notDue) / 2);
    if (possible(middle)) due = middle;
    else notDue = middle;
  }
  return due;
}

type Sums = Pick<Deadline, 'due' | 'overdue'>;

function upper(rule: Rule, zone: Zone): Sums {
  const margin = marginHours(rule) * HOUR_MS;
  const end = sum(rule.period, zone, 'earlier');
  const add = addition(rule.period);
  return {
    due: (start) => end(start) - margin,
    overdue: (start) => zone.startOf((start.kind === 'day' ? add(start.day) : zone.day(end(start))) + 1),
  };
}

function lower(rule: Rule, zone: Zone): Sums {
  const end = sum(rule.period, zone, 'later');
  const add = addition(rule.period);
  const due = (start: Moment): number =>
    start.kind === 'day' ? zone.startOf(add(start.day) + 1) + hoursOf(rule.period) : end(start);
  const allowance = rule.allowanceDays * DAY_MS;
  return { due, overdue: (start) => zone.instant(zone.wall(due(start)) + allowance, 'later') };
}

function hoursOf({ hours = 0 }: Period): number {
  return hours * HOUR_MS;
}

/** Start + period: the day by the calendar, the time of day as it was. Hours are those that pass, whatever the clock shows. */
function sum(period: Period, zone: Zone, reading: Reading): (start: Moment) => number {
  const add = addition(period);
  const hours = hoursOf(period);
  return (start) => {
    if (start.kind === 'day') return zone.instant(add(start.day) * DAY_MS, reading) + hours;
    const instant = reading === 'earlier' ? start.early : start.late;
    if (hours > 0) return instant + hours;
    const wall = zone.wall(instant);
    const day = Math.floor(wall / DAY_MS);
    return zone.instant(add(day) * DAY_MS + (wall - day * DAY_MS), reading);
  };
}

function rounding(rule: Rule, controller: Controller, zone: Zone): (start: Moment) => Moment {
  if (rule.roundUpTo === undefined) return (start) => start;
  const round = dayRounding(rule, controller);
  return (start) => {
    if (start.kind === 'day') return { kind: 'day', day: round(start.day) };
    return { kind: 'day', day: round(zone.day(rule.bound === 'within' ? start.early : start.late)) };
  };
}

/** The last day of the day's month, year or financial year. */
function dayRounding(rule: Rule, controller: Controller): (day: number) => number {
  const { roundUpTo } = rule;
  if (roundUpTo === undefined) return (day) => day;
  switch (roundUpTo) {
    case 'month':
      return (day) => lastOfMonth(civil(day).year, civil(day).month);
    case 'year':
      return (day) => dayNumber(civil(day).year, 12, 31);
    case 'financial year': {
      const { month, day: last } = controller.financialYearEnd;
      // A financial year that ends on 29 Feb ends on the last of February in other years.
      const end = (year: number): number =>
        Math.min(lastOfMonth(year, month), dayNumber(year, month, 1) + last - 1);
      return (day) => {
        const { year } = civil(day);
        return day <= end(year) ? end(year) : end(year + 1);
      };
    }
  }
}

function lastOfMonth(year: number, month: number): number {
  return dayNumber(year, month, daysInMonth(year, month));
}

function wholeSeconds(instant: number): number {
  return Math.ceil(instant / 1000) * 1000;
}
