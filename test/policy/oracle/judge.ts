/** The decision once more, following the published order of precedence word by word. Shares no code with src/policy. */
import type { Controller, Facts, Policy, PolicyFile, Raw, Rule, Start } from '../../../src/policy/policy.ts';
import { addLength, beginningOf, dayAt, endOf, nextDay, readWall, wallAt, type Day } from './calendar.ts';
import { readStart, type Read, type Store } from './start.ts';

export interface Hold {
  id: string;
  subjects: readonly (readonly [string, string])[];
  sources?: readonly string[];
  records?: readonly { controller: string; source: string; record: string; key: readonly string[] }[];
  policies?: readonly { controller: string; policy: string }[];
  until?: string;
}

/** One record, as the test made it. */
export interface Subject {
  store: Store;
  /** Names of the test's conditions that hold. */
  truths: ReadonlySet<string>;
  subjects: Facts['subjects'];
  /** By what can be done: the stages in their order, and behind each what it does instead. */
  done: readonly boolean[];
  /** Text that should be JSON is not. */
  unreadable: boolean;
  /** What the other source has about the person. */
  elsewhere: Elsewhere;
}

export type Elsewhere = 'unreachable' | readonly { truths: readonly string[]; start: Raw }[];

export interface Expected {
  verdict: string;
  stage?: number;
  due?: number;
  overdue: boolean;
}

const ceilSecond = (instant: number): number => Math.ceil(instant / 1000) * 1000;

/** From when a start is due, and from when it is overdue, under a rule. Undefined where the start is not known. */
export function bounds(
  rule: Rule,
  start: Start,
  store: Store,
  controller: Controller,
  asOf: number,
): { due: number; overdue: number } | Read {
  const zone = controller.timezone;
  const upper = rule.bound === 'within';
  const read = readStart(start, store, upper ? 'early' : 'late', controller, asOf);
  if (read.what !== 'day' && read.what !== 'instant') return read;
  let day: Day | undefined = read.what === 'day' ? read.day : undefined;
  const instant = read.what === 'instant' ? read[upper ? 'early' : 'late'] : 0;
  if (rule.roundUpTo !== undefined) {
    day = endOf(rule.roundUpTo, day ?? dayAt(zone, instant), controller.financialYearEnd);
  }
  if (upper) {
    const end =
      day !== undefined
        ? readWall(zone, `${addLength(day, rule.period)} 00:00:00.000`, 'early')
        : plus(zone, instant, rule, 'early');
    const lastDay = day !== undefined ? addLength(day, rule.period) : dayAt(zone, end);
    return {
      due: ceilSecond(end - margin(rule) * 3_600_000),
      overdue: ceilSecond(beginningOf(zone, nextDay(lastDay))),
    };
  }
  const due =
    day !== undefined
      ? beginningOf(zone, nextDay(addLength(day, rule.period)))
      : plus(zone, instant, rule, 'late');
  const [dueDay, time] = wallAt(zone, due).split(' ');
  let lateDay = dueDay;
  for (let i = 0; i < rule.allowanceDays; i += 1) lateDay = nextDay(lateDay!);
  return { due: ceilSecond(due), overdue: ceilSecond(readWall(zone, `${lateDay!} ${time!}`, 'late')) };
}

function plus(zone: string, instant: number, rule: Rule, which: 'early' | 'late'): number {
  const [day, time] = wallAt(zone, instant).split(' ');
  return readWall(zone, `${addLength(day!, rule.period)} ${time!}`, which);
}

function margin(rule: Rule): number {
  if (rule.marginHours !== undefined) return rule.marginHours;
  if (rule.period.years + rule.period.months > 0) return 48;
  const quarter = ((rule.period.weeks * 7 + rule.period.days) * 24) / 4;
  return quarter < 48 ? quarter : 48;
}

/** The test names each condition; the policy file refers to it as {column: name, values: ['yes']}. */
const nameOf = (condition: Policy['where']): string | undefined =>
  condition.kind === 'is' ? condition.column : undefined;

function meets(condition: Policy['where'], record: Subject): boolean {
  const name = nameOf(condition);
  return name === undefined || record.truths.has(name);
}

/** A statute in doubt protects; a rule to erase in doubt does not erase. */
const applies = (policy: Policy, record: Subject): boolean =>
  meets(policy.where, record) &&
  !isExempt(policy, record) &&
  (policy.kind === 'keep' || !isInDoubt(policy, record));

/** By a condition, or because the other source has a record of the person that meets the one it is asked. */
const isExempt = (policy: Policy, record: Subject): boolean =>
  policy.exemptions.some((one) => {
    if ('condition' in one) return meets(one.condition, record);
    const name = nameOf(one.elsewhere.where);
    if (record.elsewhere === 'unreachable') return false;
    return record.elsewhere.some((found) => name === undefined || found.truths.includes(name));
  });

/** Whether an exemption elsewhere is in doubt: nobody answers, or nobody there knows the person and that is said to matter. */
const isInDoubt = (policy: Policy, record: Subject): boolean =>
  policy.exemptions.some(
    (one) =>
      'elsewhere' in one &&
      (record.elsewhere === 'unreachable' ||
        (record.elsewhere.length === 0 && one.elsewhere.whenNone === 'keep')),
  );

/** Decides about one record under the policy of that position in the file. */
export function decide(
  file: PolicyFile,
  at: number,
  record: Subject,
  holds: readonly Hold[],
  givenAsOf: number,
): Expected {
  const asOf = Math.floor(givenAsOf / 1000) * 1000;
  const policy = file.policies[at]!;
  if (policy.kind !== 'erase') throw new Error('not an erase policy');
  const nothing = { overdue: false };
  if (record.unreadable) return { verdict: 'unreadable', ...nothing };
  if (!meets(policy.where, record)) return { verdict: 'out of scope', ...nothing };

  const stages = optionsOf(policy)
    .filter((one) => one.open(record))
    .map((one) => ({
      ...one,
      bounds: bounds(one.rule, policy.start, record.store, file.controller, asOf),
    }));
  const first = stages[0]!.bounds;
  if ('what' in first) {
    const verdicts = {
      implausible: 'implausible',
      unknown: 'undated',
      'not yet': 'pending',
      silent: 'unknown elsewhere',
    };
    return { verdict: verdicts[first.what as 'unknown'], ...nothing };
  }
  const timed = stages.map((one) => ({ ...one, bounds: one.bounds as { due: number; overdue: number } }));
  const due = timed.filter((one) => one.bounds.due <= asOf);
  const open = due.filter((one) => record.done[one.index] !== true);
  const later = timed.filter((one) => one.bounds.due > asOf).map((one) => one.bounds.due);
  const next = later.length === 0 ? {} : { due: Math.min(...later) };
  if (open.length === 0) return { verdict: due.length > 0 ? 'done' : 'pending', ...next, ...nothing };

  const deleting = open.filter((one) => one.deletes);
  const chosen = (deleting.length > 0 ? deleting : open).at(-1)!;
  const decided = {
    stage: chosen.index,
    due: chosen.bounds.due,
    overdue: open.some((one) => one.bounds.overdue <= asOf),
  };

  const running = holds.filter((hold) => hold.until === undefined || Date.parse(hold.until) > asOf);
  const suspended = suspension(file, policy, record, running);
  if (suspended !== undefined) return { verdict: suspended, ...decided };

  const others = file.policies.filter(
    (other) => other !== policy && other.source === policy.source && other.record === policy.record,
  );
  for (const keep of others) {
    if (keep.kind !== 'keep' || !applies(keep, record)) continue;
    const until = bounds(keep.rule, keep.start, record.store, file.controller, asOf);
    if ('what' in until || asOf < until.due) return { verdict: 'protected', ...decided };
  }
  if (isExempt(policy, record)) return { verdict: 'exempt', ...decided };

  if (isInDoubt(policy, record)) return { verdict: 'unknown elsewhere', ...decided };
  const another = goesFirst(file, at, others, record, asOf, chosen.deletes);
  return { verdict: another ? 'other rule' : 'erase', ...decided };
}

interface Option {
  index: number;
  rule: Rule;
  deletes: boolean;
  /** Whether it is meant for such a record. */
  open: (record: Subject) => boolean;
}

/** Everything that a policy can do; a stage with something else to do meanwhile can do two things. */
function optionsOf(policy: Policy): Option[] {
  const options: Omit<Option, 'index'>[] = [];
  for (const { rule, action, instead } of policy.kind === 'erase' ? policy.stages : []) {
    const meanwhile = (record: Subject): boolean => instead !== undefined && meets(instead.when, record);
    options.push({ rule, deletes: action.kind === 'delete', open: (record) => !meanwhile(record) });
    if (instead !== undefined) options.push({ rule, deletes: false, open: meanwhile });
  }
  return options.map((one, index) => ({ index, ...one }));
}

/** The key of the one record that a case is about. */
const RECORD_KEY = '1';

/** A hold or restriction that is about this policy, record or person, or that cannot be compared. */
function suspension(
  file: PolicyFile,
  policy: Policy,
  record: Subject,
  holds: readonly Hold[],
): string | undefined {
  const type = file.sources
    .find((one) => one.name === policy.source)!
    .records.find((one) => one.name === policy.record)!;
  const relevant =
    type.subjects.length === 0 ? [] : holds.filter((hold) => hold.sources?.includes(policy.source) ?? true);
  const value = (text: string | null, how: string): string => {
    if (text === null) return '';
    if (how === 'lowercase') return text.trim().normalize('NFC').toLowerCase();
    return how === 'digits' ? text.split(/[ ()+./-]/).join('') : text.trim();
  };
  let held = holds.some(
    (hold) =>
      (hold.policies ?? []).some(
        (one) => one.controller === file.controller.name && one.policy === policy.name,
      ) ||
      (hold.records ?? []).some(
        ({ controller, source, record: type, key }) =>
          [controller, source, type].join() === [file.controller.name, policy.source, policy.record].join() &&
          key.join() === RECORD_KEY,
      ),
  );
  let strange = false;
  for (const hold of relevant) {
    if (hold.subjects.length === 0) continue;
    let comparable = false;
    for (const [kind, wanted] of hold.subjects) {
      type.subjects.forEach((identifier, i) => {
        const theirs = value(record.subjects[i] ?? null, identifier.normalise);
        const ours = value(wanted, identifier.normalise);
        if (identifier.kind !== kind || theirs === '' || ours === '') return;
        comparable = true;
        if (theirs === ours) held = true;
      });
    }
    if (!comparable) strange = true;
  }
  if (held) return 'held';
  return strange ? 'subject unknown' : undefined;
}

/** Whether another erase policy names these records before a default, or deletes them before this one. */
function goesFirst(
  file: PolicyFile,
  at: number,
  others: readonly Policy[],
  record: Subject,
  asOf: number,
  deletes: boolean,
): boolean {
  const policy = file.policies[at]!;
  const deletion = (other: Policy): number => {
    const dues = optionsOf(other)
      .filter((one) => one.deletes && one.open(record))
      .map((one) => bounds(one.rule, other.start, record.store, file.controller, asOf))
      .map((one) => ('what' in one ? Infinity : one.due));
    const earliest = Math.min(...dues);
    return earliest <= asOf ? earliest : Infinity;
  };
  const mine = deletes ? deletion(policy) : Infinity;
  for (const other of others) {
    if (other.kind !== 'erase') continue;
    if (!policy.specific && other.specific && meets(other.where, record)) return true;
    if (policy.specific !== other.specific || !applies(other, record)) continue;
    const theirs = deletion(other);
    const firstInFile = file.policies.indexOf(other) < at;
    if (theirs < mine || (theirs === mine && theirs < Infinity && firstInFile)) return true;
  }
  return false;
}
