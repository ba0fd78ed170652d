/**
 * Dispositions in sentences, for people who read promises and not programs. They hold names from the policy file, ids of
 * holds, and dates; never a value of a record.
 */
import type { Disposition, Reason, SilentBecause, UnknownBecause } from '../model/disposition.ts';
import { formatDay } from '../time/day.ts';
import { zoneOf } from '../time/zone.ts';
import type { Task } from '../view.ts';
import { explainRule } from './policy.ts';

/** Why one record goes or stays, in one sentence without a full stop. */
export function explainDisposition(task: Task, disposition: Disposition): string {
  const keeping = disposition.reasons.filter((reason) => reason.kind !== 'due');
  const due = disposition.reasons.find((reason) => reason.kind === 'due');
  const because = keeping.map((reason) => explainReason(task, reason)).join('; ');
  if (due === undefined) {
    return `${disposition.verdict === 'done' ? 'done' : 'kept'}: ${because}${upcoming(task, disposition)}`;
  }
  const since = `due since ${dayOf(task, due.due)}`;
  const overdue = explainOverdue(task, disposition, due.due);
  if (disposition.verdict !== 'erase') return `kept: ${because}; would be ${since}${overdue}`;
  const stage = task.view.stages[due.stage];
  const rule = stage === undefined ? '' : `: ${explainRule(stage.rule, task.policy.start)}`;
  return `${stage?.action.kind ?? 'erase'}${rule}; ${since}${overdue}`;
}

/** One reason as a clause. */
export function explainReason(task: Task, reason: Reason): string {
  switch (reason.kind) {
    case 'out of scope':
      return `policy ${task.policy.name} is not about this record`;
    case 'implausible':
      return `${reason.column} ${reason.why === 'ahead' ? 'lies ahead' : 'lies before the earliest plausible day'}`;
    case 'undated':
      return `the start is not known (${reason.columns.map((one) => `${one.column} ${WHY_UNKNOWN[one.why]}`).join(', ')})`;
    case 'not yet':
      return `the period has not begun (${reason.columns.join(', ')})`;
    case 'not due':
      return `not due before ${dayOf(task, reason.due)}`;
    case 'done':
      return `${task.view.stages[reason.stage]?.action.kind === 'delete' ? 'deleted' : 'anonymised'} already`;
    case 'held': {
      const hold = `${reason.restriction ? 'restriction of processing' : 'hold'} ${reason.hold}`;
      return reason.until === undefined
        ? hold
        : `held until ${dayOf(task, reason.until)}: ${hold} was released`;
    }
    case 'subject unknown':
      return `it cannot be told whether hold ${some(reason.holds)} is about it`;
    case 'protected':
      return reason.until === undefined
        ? `policy ${reason.policy} keeps it without end: no start of its period is known`
        : `policy ${reason.policy} keeps it until ${dayOf(task, reason.until)}`;
    case 'exempt':
      return reason.exemption;
    case 'unreadable':
      if (task.view.record.rows !== undefined)
        return `${reason.columns.join(', ')} cannot be read in one way only`;
      return task.view.record.files === true
        ? 'its name cannot be read in one way only'
        : `${reason.columns.join(', ')} should hold JSON and does not`;
    case 'unknown elsewhere':
      return `${reason.what}: ${reason.source} ${WHY_SILENT[reason.why]}`;
    case 'other rule':
      return `policy ${reason.policy} ${reason.why === 'goes first' ? 'deletes it first' : 'names these records'}`;
    case 'due':
      return `due since ${dayOf(task, reason.due)}`;
  }
}

function explainOverdue(task: Task, disposition: Disposition, due: number): string {
  const { overdue, overdueSince } = disposition;
  if (!overdue || overdueSince === undefined) return '';
  const what = overdueSince < due ? 'an earlier stage overdue' : 'overdue';
  return `, ${what} since ${dayOf(task, overdueSince)}`;
}

const MOST_NAMES = 3;

/** Names, or the first of them where there are many. */
function some(names: readonly string[]): string {
  const shown = names.slice(0, MOST_NAMES).join(', ');
  return names.length <= MOST_NAMES ? shown : `${shown} and ${names.length - MOST_NAMES} more`;
}

const WHY_SILENT: Readonly<Record<SilentBecause, string>> = {
  unreachable: 'could not be asked',
  none: 'has no record of the person',
  several: 'has several records of the person, which differ',
};

const WHY_UNKNOWN: Readonly<Record<UnknownBecause, string>> = {
  null: 'is empty',
  listed: 'holds a value that means unknown',
  unreadable: 'holds no date',
};

function upcoming(task: Task, disposition: Disposition): string {
  if (disposition.verdict !== 'done' || disposition.due === undefined) return '';
  return `; the next stage is due ${dayOf(task, disposition.due)}`;
}

function dayOf(task: Task, instant: number): string {
  return formatDay(zoneOf(task.controller.timezone).day(instant));
}
