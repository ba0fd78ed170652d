/**
 * The decision about one record, by all policies on its type together (ARCHITECTURE.md, "Precedence").
 *
 * Nothing happens to a record that is not due, so that comes first. Of a record that is due, a hold or restriction keeps
 * it before all else, then a statutory minimum, then an exemption of the policy, then another policy that goes first.
 *
 * `verdict` and `judge` decide by the same functions; `verdict` stops at the first that keeps the record and makes no
 * reasons, because a run asks it for millions.
 */
import { FristError } from '../errors.ts';
import { exemptionElsewhere, type Answered } from './elsewhere.ts';
import type { Disposition, Reason, Ruling, Verdict } from './model/disposition.ts';
import type { Facts, Raw } from './policy.ts';
import { createReach, type Hold, type Reach } from './subject.ts';
import { formatDay } from './time/day.ts';
import { createDeadline, type Deadline } from './time/deadline.ts';
import type { Now } from './time/raw.ts';
import type { Bound } from './time/start.ts';
import { Starts } from './time/starts.ts';
import {
  deleteDue,
  isMoment,
  NO_TIMING,
  timedStages,
  timingOf,
  type TimedStage,
  type Timing,
} from './time/timing.ts';
import { zoneOf, type Zone } from './time/zone.ts';
import { isTrue, type Clause, type KeepClause, type RivalClause, type Task } from './view.ts';

export type { Disposition, Reason, Ruling, Verdict } from './model/disposition.ts';
export type { Hold } from './subject.ts';

export interface JudgeOptions {
  /** The instant by which everything is judged, ms since the epoch; its fraction of a second is dropped. */
  readonly asOf: number;
  /** The active holds and restrictions; those that do not concern the task are ignored. */
  readonly holds: readonly Hold[];
}

export interface Judge {
  /** The decision alone. */
  verdict(facts: Facts): Ruling;
  /** The same decision with its reasons. */
  judge(facts: Facts): Disposition;
  /** Names of the policy's exemptions that the record meets. */
  exemptions(facts: Facts): string[];
  /** The raw values of the policy's own starting point, one per part. */
  startRaw(facts: Facts): Raw[];
  /** The day (YYYY-MM-DD) on which the period starts, from `startRaw`, before rounding; undefined where it is not known. */
  startDayOf(starts: readonly Raw[]): string | undefined;
  /** The day (YYYY-MM-DD) after which the record is overdue by this stage, from `startRaw`. */
  promisedDayOf(starts: readonly Raw[], stage: number): string | undefined;
  /** The same for a record that is due. Throws where its start is not known. */
  promisedDay(facts: Facts, stage: number): string;
}

/** A judge for one task at one moment. The task must have its encodings (`withEncodings`). */
export function createJudge(task: Task, options: JudgeOptions): Judge {
  return new TaskJudge(task, options);
}

/** The decisions to keep a record: one object each, for a run makes millions. */
const RULINGS: { readonly [K in Exclude<Verdict, 'erase'>]: { readonly verdict: K } } = {
  'out of scope': { verdict: 'out of scope' },
  unreadable: { verdict: 'unreadable' },
  implausible: { verdict: 'implausible' },
  undated: { verdict: 'undated' },
  pending: { verdict: 'pending' },
  done: { verdict: 'done' },
  held: { verdict: 'held' },
  'subject unknown': { verdict: 'subject unknown' },
  protected: { verdict: 'protected' },
  exempt: { verdict: 'exempt' },
  'unknown elsewhere': { verdict: 'unknown elsewhere' },
  'other rule': { verdict: 'other rule' },
};

type Protection = Extract<Reason, { kind: 'protected' }>;
type OtherRule = Extract<Reason, { kind: 'other rule' }>;
type Keeping =
  | Extract<Reason, { kind: 'held' | 'subject unknown' | 'exempt' | 'unknown elsewhere' }>
  | Protection
  | OtherRule;

class TaskJudge implements Judge {
  readonly #task: Task;
  readonly #zone: Zone;
  readonly #now: Now;
  readonly #starts: Starts;
  readonly #stages: readonly TimedStage[];
  readonly #keeps: readonly (KeepClause & { readonly deadline: Deadline })[];
  readonly #rivals: readonly (RivalClause & { readonly timed: readonly TimedStage[] })[];
  readonly #reach: (facts: Facts) => Reach;

  constructor(task: Task, options: JudgeOptions) {
    if (task.starts.length !== task.view.starts.length) {
      throw new FristError('DEFECT', {
        what: `policy ${task.policy.name} is judged before its encodings are known`,
      });
    }
    const { controller } = task;
    this.#task = task;
    this.#zone = zoneOf(controller.timezone);
    const instant = Math.floor(options.asOf / 1000) * 1000;
    this.#now = { instant, day: this.#zone.day(instant) };
    this.#starts = new Starts(task, this.#zone, this.#now);
    this.#stages = timedStages(task.own.stages, controller);
    this.#keeps = task.keeps.map((keep) => ({ ...keep, deadline: createDeadline(keep.rule, controller) }));
    this.#rivals = task.rivals.map((rival) => ({ ...rival, timed: timedStages(rival.stages, controller) }));
    this.#reach = createReach(task, options.holds, instant);
  }

  verdict(facts: Facts): Ruling {
    return this.#verdictOfRow(this.#decisive(facts));
  }

  judge(facts: Facts): Disposition {
    return this.#judgeRow(this.#decisive(facts));
  }

  /** Of rows with one key, which go together, the one that keeps them all; or where all may go, the one due last. */
  #decisive(facts: Facts): Facts {
    if (facts.also === undefined) return facts;
    let decisive = facts;
    let last = -Infinity;
    for (const row of [facts, ...facts.also]) {
      const { verdict, stage, due } = this.#judgeRow(row);
      if (verdict === 'done') continue;
      if (verdict !== 'erase') return row;
      // Where stages differ, the one that does least is the one that all have come to.
      const place = this.#stages.findIndex((one) => one.index === stage) * 1e16 + known(due);
      if (place > last) [decisive, last] = [row, place];
    }
    return decisive;
  }

  #verdictOfRow(facts: Facts): Ruling {
    const { own } = this.#task;
    this.#mustFit(facts);
    if (isUnreadable(facts)) return RULINGS.unreadable;
    if (!isTrue(facts, own.where)) return RULINGS['out of scope'];
    const timing = this.#timing(facts);
    if (timing.verdict !== 'due') return RULINGS[timing.verdict];
    const stage = known(timing.stage);
    const reach = this.#reach(facts);
    if (reach.by.length > 0) return RULINGS.held;
    if (reach.unknownTo.length > 0) return RULINGS['subject unknown'];
    if (this.#keeps.some((keep) => this.#protection(keep, facts) !== undefined)) return RULINGS.protected;
    if (own.exempt.some((exemption) => isTrue(facts, exemption.condition))) return RULINGS.exempt;
    if (own.exemptElsewhere.length > 0) {
      const elsewhere = this.#exemptElsewhere(own, facts);
      if (elsewhere.some((one) => one.answer === 'met')) return RULINGS.exempt;
      if (elsewhere.length > 0) return RULINGS['unknown elsewhere'];
    }
    if (this.#otherRule(facts, stage) !== undefined) return RULINGS['other rule'];
    return { verdict: 'erase', stage, overdue: this.#isOverdue(timing) };
  }

  #judgeRow(facts: Facts): Disposition {
    this.#mustFit(facts);
    if (isUnreadable(facts))
      return this.#kept('unreadable', [{ kind: 'unreadable', columns: facts.unreadable ?? [] }]);
    if (!isTrue(facts, this.#task.own.where)) return this.#kept('out of scope', [{ kind: 'out of scope' }]);
    const timing = this.#timing(facts);
    if (timing.verdict !== 'due') return this.#kept(timing.verdict, this.#timeReasons(facts, timing), timing);
    const stage = known(timing.stage);
    const keeping = this.#keeping(facts, stage);
    return {
      ...timing,
      verdict: keeping[0]?.kind ?? 'erase',
      overdue: this.#isOverdue(timing),
      reasons: [...keeping, { kind: 'due', stage, due: known(timing.due) }],
    };
  }

  exemptions(facts: Facts): string[] {
    return this.#exemptionsOf(this.#decisive(facts));
  }

  #exemptionsOf(row: Facts): string[] {
    const { own } = this.#task;
    const elsewhere = this.#exemptElsewhere(own, row).filter((one) => one.answer === 'met');
    return [...own.exempt.filter((one) => isTrue(row, one.condition)), ...elsewhere].map((one) => one.name);
  }

  startRaw(facts: Facts): Raw[] {
    const row = this.#decisive(facts);
    return this.#starts.raw(row, this.#bound());
  }

  startDayOf(starts: readonly Raw[]): string | undefined {
    const bound = this.#bound();
    const start = this.#starts.ofRaw(starts, bound);
    if (!isMoment(start)) return undefined;
    if (start.kind === 'day') return formatDay(start.day);
    return formatDay(this.#zone.day(bound === 'upper' ? start.early : start.late));
  }

  promisedDayOf(starts: readonly Raw[], stage: number): string | undefined {
    const deadline = this.#stages.find((one) => one.index === stage)?.deadline;
    if (deadline === undefined) return undefined;
    const start = this.#starts.ofRaw(starts, deadline.bound);
    return isMoment(start) ? formatDay(deadline.promisedDay(start)) : undefined;
  }

  promisedDay(facts: Facts, stage: number): string {
    return known(this.promisedDayOf(this.startRaw(facts), stage));
  }

  /** A truth that is missing reads as "not protected, not exempt": rather nothing is decided at all. */
  #mustFit(facts: Facts): void {
    const { starts, conditions, record } = this.#task.view;
    const fits =
      (facts.elsewhere === undefined || facts.elsewhere.length === this.#task.inquiries.length) &&
      facts.starts.length === starts.length &&
      facts.truths.length === conditions.length &&
      facts.subjects.length === record.subjects.length;
    if (!fits) throw new FristError('DEFECT', { what: MISFIT });
  }

  /** The exemptions of a policy that other sources know, those that are not met left out. */
  #exemptElsewhere(
    clause: Clause,
    facts: Facts,
  ): { readonly name: string; readonly inquiry: number; readonly answer: Exclude<Answered, 'not met'> }[] {
    return clause.exemptElsewhere.flatMap((one) => {
      const answer = exemptionElsewhere(known(this.#task.inquiries[one.inquiry]), facts, one.inquiry);
      return answer === 'not met' ? [] : [{ ...one, answer }];
    });
  }

  /** Which way the start is read where no stage is in question. */
  #bound(): Bound {
    return this.#stages[0]?.deadline.bound ?? 'lower';
  }

  #timing(facts: Facts): Timing {
    const { start } = this.#task.own;
    return timingOf(this.#stages, (bound) => this.#starts.of(start, facts, bound), facts, this.#now.instant);
  }

  /** All that keeps a record that is due, in the order of precedence: the first is the verdict. */
  #keeping(facts: Facts, stage: number): Keeping[] {
    const { by, unknownTo } = this.#reach(facts);
    const keeping: Keeping[] = by.map(({ id, kind, until }) => ({
      kind: 'held',
      hold: id,
      restriction: kind === 'restriction',
      ...(until === undefined ? {} : { until: Date.parse(until) }),
    }));
    if (unknownTo.length > 0)
      keeping.push({ kind: 'subject unknown', holds: unknownTo.map((hold) => hold.id) });
    keeping.push(...this.#keeps.flatMap((keep) => this.#protection(keep, facts) ?? []).sort(longestFirst));
    for (const exemption of this.#exemptionsOf(facts)) keeping.push({ kind: 'exempt', exemption });
    for (const { name, inquiry, answer } of this.#exemptElsewhere(this.#task.own, facts)) {
      if (answer === 'met') continue;
      const { source } = known(this.#task.inquiries[inquiry]).about;
      keeping.push({ kind: 'unknown elsewhere', what: name, source, why: answer });
    }
    const other = this.#otherRule(facts, stage);
    if (other !== undefined) keeping.push(other);
    return keeping;
  }

  /** A minimum whose start is not known, or cannot be true, protects without end. */
  #protection(keep: KeepClause & { readonly deadline: Deadline }, facts: Facts): Protection | undefined {
    if (!this.#applies(keep, facts)) return undefined;
    const start = this.#starts.of(keep.start, facts, 'lower');
    if (!isMoment(start)) return { kind: 'protected', policy: keep.policy, until: undefined };
    const until = keep.deadline.due(start);
    return until > this.#now.instant ? { kind: 'protected', policy: keep.policy, until } : undefined;
  }

  /**
   * The erase policy that the task's own yields to. Only policies that delete go before another: whether a record is
   * already anonymised under another policy is not known here, and waiting for what has long happened would keep it for
   * ever. Two policies that anonymise both do so; one that deletes leaves nothing to anonymise.
   */
  #otherRule(facts: Facts, stage: number): OtherRule | undefined {
    const specific = this.#task.overridden.find((one) => isTrue(facts, one.where));
    if (specific !== undefined)
      return { kind: 'other rule', policy: specific.policy, why: 'names the record' };
    if (this.#rivals.length === 0) return undefined;
    const deletes = this.#stages.some((one) => one.index === stage && one.deletes);
    let first = deletes ? this.#deleteDue(this.#stages, this.#task.own, facts) : Infinity;
    let winner: RivalClause | undefined;
    for (const rival of this.#rivals) {
      if (!this.#applies(rival, facts)) continue;
      const due = this.#deleteDue(rival.timed, rival, facts);
      if (due < first || (due === first && due < Infinity && winner === undefined && rival.before)) {
        [first, winner] = [due, rival];
      }
    }
    return winner === undefined
      ? undefined
      : { kind: 'other rule', policy: winner.policy, why: 'goes first' };
  }

  #deleteDue(stages: readonly TimedStage[], clause: Clause, facts: Facts): number {
    return deleteDue(
      stages,
      (bound) => this.#starts.of(clause.start, facts, bound),
      facts,
      this.#now.instant,
    );
  }

  /** Whether another policy is about the record. A statute that may not be about it protects; a rival that may be kept yields. */
  #applies(clause: KeepClause | RivalClause, facts: Facts): boolean {
    if (!isTrue(facts, clause.where) || clause.exempt.some((one) => isTrue(facts, one.condition)))
      return false;
    if (clause.exemptElsewhere.length === 0) return true;
    return !this.#exemptElsewhere(clause, facts).some((one) => one.answer === 'met' || !('rule' in clause));
  }

  #isOverdue(timing: Timing): boolean {
    return timing.overdueSince !== undefined && timing.overdueSince <= this.#now.instant;
  }

  #kept(verdict: Verdict, reasons: readonly Reason[], timing: Timing = NO_TIMING): Disposition {
    return { ...timing, verdict, overdue: false, reasons };
  }

  #timeReasons(facts: Facts, timing: Timing): Reason[] {
    const parts = this.#starts.parts(facts, this.#bound());
    switch (timing.verdict) {
      case 'implausible':
        return parts.flatMap(({ name, value }) =>
          value.kind === 'implausible' ? [{ kind: 'implausible', column: name, why: value.why }] : [],
        );
      case 'unknown elsewhere':
        return parts.flatMap(({ name, value, source = '' }) =>
          value.kind === 'unknown elsewhere'
            ? [{ kind: value.kind, what: name, source, why: value.why }]
            : [],
        );
      case 'undated': {
        const columns = parts.flatMap(({ name, value }) =>
          value.kind === 'unknown' ? [{ column: name, why: value.why }] : [],
        );
        return [{ kind: 'undated', columns }];
      }
      case 'done':
        return this.#stages
          .filter((one) => facts.done[one.index] === true)
          .map((one) => ({ kind: 'done', stage: one.index }));
      default: {
        if (timing.due !== undefined) return [{ kind: 'not due', due: timing.due }];
        const columns = parts.flatMap(({ name, value }) => (value.kind === 'not yet' ? [name] : []));
        return [{ kind: 'not yet', columns }];
      }
    }
  }
}

const MISFIT = 'facts do not fit the view they were asked by';

function longestFirst(a: Protection, b: Protection): number {
  const [first, second] = [a.until ?? Infinity, b.until ?? Infinity];
  return first === second ? 0 : second - first;
}

function isUnreadable(facts: Facts): boolean {
  return facts.unreadable !== undefined && facts.unreadable.length > 0;
}

function known<T>(value: T | undefined): T {
  if (value === undefined) throw new FristError('DEFECT', { what: MISFIT });
  return value;
}
