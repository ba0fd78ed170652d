/** The numbers of one policy (report.ts says what they mean), from its entries in the order of the trail. Pure. */
import type { EntryOf } from '../entry.ts';
import { add, addAll, counted, type Counter } from './counts.ts';
import { calendarOf, dayOf } from './days.ts';
import type { EndNumbers, MonthNumbers, PeriodNumbers, PolicyFindings, Wording } from './report.ts';

type Sums = { -readonly [K in keyof Omit<PeriodNumbers, 'dependents' | 'due'>]: number };
type Month = { -readonly [K in keyof MonthNumbers]: MonthNumbers[K] };

/** What of the end of a period changes while entries are read. */
type Standing = { -readonly [K in keyof Omit<EndNumbers, 'open'>]: EndNumbers[K] };

/** Outcomes by which a record that was due is not left any more. */
const DEALT_WITH = ['erased', 'already-absent', 'absent-after-crash', 'changed'] as const;
/** Dispositions in `run-finished` that keep nothing: what was due, and how much of it was left past its day. */
const NOT_KEPT: ReadonlySet<string> = new Set(['erase', 'overdue']);

/** A month of which nothing is known yet. */
export function blankMonth(month: string): Month {
  return { month, inTime: 0, late: 0, undated: 0, foundGone: 0, failed: 0 };
}

/** A plan that waited for approval: made by this run, with so many records due, of which batches dealt with so many. */
export interface PlanTally {
  readonly policy: PolicyTally;
  readonly run: string | undefined;
  readonly due: number;
  dealtWith: number;
}

/** A run under way, and how many records its batches have dealt with; `plan` is the one that it carries out. */
export interface RunTally {
  readonly policy: PolicyTally;
  readonly trigger: string;
  dealtWith: number;
  plan?: PlanTally;
}

export class PolicyTally {
  readonly controller: string | undefined;
  readonly policy: string;
  readonly #of = new Set<string>();
  readonly #wordings: Wording[] = [];
  readonly #months: ReadonlyMap<string, Month>;
  readonly #dependents: Counter = new Map();
  readonly #runs: Counter = new Map();
  readonly #failures: Counter = new Map();
  #dayOf = calendarOf(undefined);
  /** The last run that looked at the records. */
  #lookedBy: string | undefined;
  readonly #sums: Sums = {
    erased: 0,
    deleted: 0,
    anonymised: 0,
    inTime: 0,
    late: 0,
    undated: 0,
    foundGone: 0,
    alreadyGone: 0,
    changed: 0,
    failed: 0,
    again: 0,
    seenGone: 0,
    stillThere: 0,
    batches: 0,
  };
  readonly #end: Standing = { kept: {}, failing: 0, left: 0, overdue: 0, pendingProof: 0 };

  constructor(policy: string, controller: string | undefined, months: readonly string[]) {
    this.policy = policy;
    this.controller = controller;
    this.#months = new Map(months.map((month) => [month, blankMonth(month)]));
  }

  wording(entry: EntryOf<'policy'>, inPeriod: boolean): void {
    const { digest, at, text: evidence, source, record, zone } = entry;
    if (!inPeriod) this.#wordings.length = 0;
    this.#wordings.push({ digest, since: dayOf(at), evidence });
    if (source !== undefined && record !== undefined) this.#of.add(`${source}.${record}`);
    this.#dayOf = calendarOf(zone);
  }

  /** @param again it had been erased before, and was back */
  record(entry: EntryOf<'record'>, inPeriod: boolean, again = false): void {
    this.#of.add(`${entry.source}.${entry.record}`);
    if (again && entry.outcome !== 'failed') {
      // What it was promised for was kept the first time.
      if (inPeriod) this.#sums.again += 1;
      return;
    }
    const when = entry.outcome === 'erased' ? this.#punctuality(entry) : undefined;
    if (when === 'late') this.#end.overdue = Math.max(0, this.#end.overdue - 1);
    if (!inPeriod) return;
    const month = this.#months.get(entry.at.slice(0, 7));
    const count = (what: 'inTime' | 'late' | 'undated' | 'foundGone' | 'failed'): void => {
      this.#sums[what] += 1;
      if (month !== undefined) month[what] += 1;
    };
    if (when !== undefined) {
      count(when);
      this.#sums.erased += 1;
      if (entry.action === 'delete') this.#sums.deleted += 1;
      if (entry.action === 'anonymise') this.#sums.anonymised += 1;
    } else if (entry.outcome === 'absent-after-crash') count('foundGone');
    else if (entry.outcome === 'failed') count('failed');
  }

  #punctuality({ at, promised }: EntryOf<'record'>): 'inTime' | 'late' | 'undated' {
    if (promised === undefined) return 'undated';
    return this.#dayOf(at) > promised ? 'late' : 'inTime';
  }

  /** A batch ended. Answers how many of its records are not left any more. */
  settled(entry: EntryOf<'batch-settled'>, inPeriod: boolean, again = false): number {
    const { outcomes, verification, leftovers = 0 } = entry;
    const looked = entry.looked ?? outcomes['erased'] ?? 0;
    if (verification === 'pending') this.#end.pendingProof += looked;
    if (inPeriod) {
      this.#sums.changed += outcomes['changed'] ?? 0;
      this.#sums.stillThere += leftovers;
    }
    // What was back was never among those that a sweep had left.
    if (again) return 0;
    const dealtWith = DEALT_WITH.reduce((sum, outcome) => sum + (outcomes[outcome] ?? 0), 0);
    this.#end.left = Math.max(0, this.#end.left - dealtWith);
    this.#end.overdue = Math.min(this.#end.overdue, this.#end.left);
    if (!inPeriod) return dealtWith;
    this.#sums.batches += 1;
    this.#sums.alreadyGone += outcomes['already-absent'] ?? 0;
    if (verification === 'verified' || verification === 'leftovers')
      this.#sums.seenGone += Math.max(0, looked - leftovers);
    addAll(this.#dependents, entry.dependents);
    return dealtWith;
  }

  /** A look that had been pending was taken. */
  proven({ looked, leftovers = 0 }: EntryOf<'proof'>, inPeriod: boolean): void {
    this.#end.pendingProof = Math.max(0, this.#end.pendingProof - looked);
    if (!inPeriod) return;
    this.#sums.stillThere += leftovers;
    this.#sums.seenGone += Math.max(0, looked - leftovers);
  }

  finished(entry: EntryOf<'run-finished'>, run: RunTally | undefined, inPeriod: boolean): void {
    if (inPeriod) add(this.#runs, entry.result);
    const { dispositions, outcomes, population, oldestOverdue } = entry;
    const end = this.#end;
    const plan = run?.plan;
    const kept = Object.entries(dispositions).filter(([name]) => !NOT_KEPT.has(name));
    if (population !== undefined || kept.length > 0 || dispositions['erase'] !== undefined) {
      this.#lookedBy = entry.run;
      end.looked = dayOf(entry.at);
      end.kept = Object.fromEntries(kept);
      end.left = Math.max(0, (dispositions['erase'] ?? 0) - (run?.dealtWith ?? 0));
      end.overdue = dispositions['overdue'] ?? 0;
      end.failing = outcomes['failed'] ?? 0;
      delete end.population;
      delete end.oldest;
      if (population !== undefined) end.population = population;
      if (oldestOverdue !== undefined) end.oldest = oldestOverdue;
    } else if (plan !== undefined && entry.result === 'done') {
      end.failing = 0;
      // What it did not erase was not due any more, or not there; only of the last look is it known to be among `left`.
      if (plan.run === this.#lookedBy)
        end.left = Math.max(0, end.left - Math.max(0, plan.due - plan.dealtWith));
    }
    end.overdue = Math.min(end.overdue, end.left);
  }

  failed(code: string): void {
    add(this.#failures, code);
  }

  /** @param open batches of this policy without an outcome */
  findings(open: EndNumbers['open']): PolicyFindings {
    const { oldest, ...end } = this.#end;
    const sums = this.#sums;
    return {
      ...(this.controller === undefined ? {} : { controller: this.controller }),
      policy: this.policy,
      of: [...this.#of].sort(),
      wordings: this.#wordings,
      period: {
        due: sums.erased + sums.foundGone + sums.alreadyGone + end.left,
        ...sums,
        dependents: counted(this.#dependents),
      },
      end: { ...end, ...(oldest === undefined || end.overdue === 0 ? {} : { oldest }), open },
      months: [...this.#months.values()],
      runs: counted(this.#runs),
      failures: counted(this.#failures),
    };
  }
}
