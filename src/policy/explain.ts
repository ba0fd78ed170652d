/**
 * Policies and dispositions in sentences, for people who read promises and not programs. They hold names from the policy
 * file, ids of holds, and dates; never a value of a record.
 */
import type { Disposition, Reason, SilentBecause, UnknownBecause } from './model/disposition.ts';
import { fieldName } from './model/condition.ts';
import { formatPeriod, formatSpan } from './time/period.ts';
import type { Condition, Policy, Rule, Scalar, Stage, Start } from './policy.ts';
import { formatDay } from './time/day.ts';
import { marginHours } from './time/deadline.ts';
import { columnName } from './time/start.ts';
import { zoneOf } from './time/zone.ts';
import type { Task } from './view.ts';

/** "within 3 months of rejected_at", "5 years after the end of the financial year of ended_on". */
export function explainRule(rule: Rule, start: Start): string {
  const from = explainStart(start);
  const anchor = rule.roundUpTo === undefined ? from : `the end of the ${rule.roundUpTo} of ${from}`;
  return `${rule.bound === 'within' ? 'within ' : ''}${formatPeriod(rule.period)} ${rule.bound === 'within' ? 'of' : 'after'} ${anchor}`;
}

/** What a policy does, one sentence a line. */
export function explainPolicy(policy: Policy): string[] {
  const records = `${policy.source}.${policy.record}`;
  const lines = [
    ...(policy.promise === undefined ? [] : [`It keeps the promise "${withoutStop(policy.promise)}".`]),
    ...(policy.because === undefined ? [] : [`It rests on ${policy.because}.`]),
    ...(policy.kind === 'keep'
      ? [`Records of ${records} are kept until ${explainRule(policy.rule, policy.start)}.`]
      : policy.stages.flatMap((stage) => explainStage(records, stage, policy.start))),
  ];
  const where = explainCondition(policy.where);
  if (where !== '') lines.push(`It is about records where ${where}.`);
  for (const exemption of policy.exemptions) {
    const when = 'condition' in exemption ? explainCondition(exemption.condition) : '';
    lines.push(`It does not apply where ${when}: ${exemption.name}.`);
  }
  return lines;
}

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
    case 'held':
      return `${reason.restriction ? 'restriction of processing' : 'hold'} ${reason.hold}`;
    case 'subject unknown':
      return `it cannot be told whether this is the person of hold ${some(reason.holds)}`;
    case 'protected':
      return reason.until === undefined
        ? `policy ${reason.policy} keeps it without end: no start of its period is known`
        : `policy ${reason.policy} keeps it until ${dayOf(task, reason.until)}`;
    case 'exempt':
      return reason.exemption;
    case 'unreadable':
      return `${reason.columns.join(', ')} should hold JSON and does not`;
    case 'unknown elsewhere':
      return `${reason.what}: ${reason.source} ${WHY_SILENT[reason.why]}`;
    case 'other rule':
      return `policy ${reason.policy} ${reason.why === 'goes first' ? 'is due first' : 'names these records'}`;
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

function explainStage(records: string, stage: Stage, start: Start): string[] {
  const verb = stage.action.kind === 'delete' ? 'deleted' : 'anonymised';
  const lines = [
    `Records of ${records} are ${verb} ${explainRule(stage.rule, start)}${explainLatitude(stage.rule)}.`,
  ];
  const dependents = stage.dependents.map((one) => `${one.related} (${one.kind})`);
  return dependents.length === 0
    ? lines
    : [...lines, `With them go, in this order: ${dependents.join(', ')}.`];
}

function explainLatitude(rule: Rule): string {
  const hours = rule.bound === 'within' ? marginHours(rule) : rule.allowanceDays * 24;
  if (hours === 0) return '';
  return rule.bound === 'within'
    ? `, beginning ${formatSpan(hours)} before the end`
    : `, at the latest ${formatSpan(hours)} later`;
}

function explainStart(start: Start): string {
  if (start.kind === 'column') return columnName(start);
  if (start.kind === 'elsewhere') return `${start.source}.${start.record}.${columnName(start.start)}`;
  const parts = start.of.map(explainStart);
  return `the ${start.kind === 'latest of' ? 'latest of' : 'first known of'} ${parts.join(', ')}`;
}

function dayOf(task: Task, instant: number): string {
  return formatDay(zoneOf(task.controller.timezone).day(instant));
}

/** A quoted sentence inside another ends once. */
function withoutStop(sentence: string): string {
  return sentence.replace(/\.$/, '');
}

const COMPARISONS = { '<': 'less than', '<=': 'at most', '>': 'more than', '>=': 'at least' } as const;

/** A condition as a clause: "status is “rejected” and there are no deals"; empty for the one that every record meets. */
export function explainCondition(condition: Condition): string {
  return clause(condition, false);
}

function clause(condition: Condition, negated: boolean): string {
  switch (condition.kind) {
    case 'all':
      return joined(condition.of, negated, negated ? 'or' : 'and');
    case 'any':
      return joined(condition.of, negated, negated ? 'and' : 'or');
    case 'not':
      return clause(condition.of, !negated);
    case 'is':
      return `${fieldName(condition)} is ${negated ? 'not ' : ''}${values(condition.values)}`;
    case 'compare': {
      const is = `is ${negated ? 'not ' : ''}${COMPARISONS[condition.op]}`;
      return `${fieldName(condition)} ${is} ${value(condition.value)}`;
    }
    case 'related':
      return related(condition, negated);
    case 'count': {
      const rows = clause(condition.where, false);
      const number = `${COMPARISONS[condition.op]} ${String(condition.number)} ${condition.related}`;
      return `there are ${negated ? 'not ' : ''}${number}${rows === '' ? '' : ` with ${rows}`}`;
    }
    case 'selected':
      return `it is ${negated ? 'not ' : ''}among “${condition.selection}”`;
  }
}

function joined(parts: readonly Condition[], negated: boolean, word: 'and' | 'or'): string {
  const clauses = parts.map((part) => {
    const nested = (part.kind === 'all' || part.kind === 'any') && part.of.length > 1 && parts.length > 1;
    return nested ? `(${clause(part, negated)})` : clause(part, negated);
  });
  return clauses.filter((text) => text !== '').join(` ${word} `);
}

function related(
  { quantifier, related: name, where }: Extract<Condition, { kind: 'related' }>,
  negated: boolean,
): string {
  const rows = clause(where, false);
  if (quantifier === 'every') return `${negated ? 'not all' : 'all'} ${name} have ${rows}`;
  const none = (quantifier === 'none') !== negated;
  return `there are ${none ? 'no ' : ''}${name}${rows === '' ? '' : ` with ${rows}`}`;
}

function values(all: readonly Scalar[]): string {
  const words = all.map(value);
  const last = words.at(-1) ?? 'nothing';
  return words.length < 2 ? last : `${words.slice(0, -1).join(', ')} or ${last}`;
}

function value(scalar: Scalar): string {
  if (scalar === null) return 'empty';
  return typeof scalar === 'string' ? `“${scalar}”` : String(scalar);
}
