/**
 * Entries in, findings out: takes a trail entry by entry, in its order, and keeps what report.ts says. What it holds
 * grows with policies, plans, holds and people's acts, never with records. Pure.
 */
import { parseAnyEntry, readEntry, type Entry, type EntryOf } from '../entry.ts';
import { ActTally } from './acts.ts';
import { add, counted, type Counter } from './counts.ts';
import { dayOf, gaps, monthsOf } from './days.ts';
import { blankMonth, PolicyTally, type PlanTally, type RunTally } from './policy-tally.ts';
import type { Findings, MonthNumbers, Period } from './report.ts';

/** A batch that was opened and has no outcome yet. */
interface Open {
  readonly policy: PolicyTally;
  readonly run: string;
  readonly plan: PlanTally | undefined;
  readonly count: number;
  /** It is of a replay: its records had been erased before. */
  readonly again: boolean;
}

export class Tally {
  readonly #period: Period;
  readonly #months: readonly string[];
  readonly #policies = new Map<string, PolicyTally>();
  /** Those that have not finished. */
  readonly #runs = new Map<string, RunTally>();
  readonly #open = new Map<string, Open>();
  readonly #plans = new Map<string, PlanTally>();
  readonly #acts = new ActTally();
  readonly #kinds: Counter = new Map();
  readonly #triggers: Counter = new Map();
  readonly #days = new Set<string>();
  readonly #versions = new Set<string>();
  #unknown = 0;
  #setClock = 0;
  #began: string | undefined;

  constructor(period: Period) {
    this.#period = period;
    this.#months = monthsOf(period);
  }

  /** The next entry of the trail, as it was verified. */
  add(text: string): void {
    const entry = readEntry(text);
    const { type, at } = entry ?? parseAnyEntry(text);
    const day = dayOf(at);
    this.#began ??= day;
    if (day > this.#period.to) return;
    const inPeriod = day >= this.#period.from;
    if (inPeriod) {
      this.#days.add(day);
      add(this.#kinds, type);
      if (entry === undefined) this.#unknown += 1;
      else this.#acts.add(entry);
    }
    if (entry !== undefined) this.#take(entry, inPeriod);
  }

  /** @param made the day of the report: of later ones nothing can be said */
  findings(made: string): Findings {
    const { from, to } = this.#period;
    const began = this.#began;
    const policies = [...this.#policies.values()].map((policy) => policy.findings(this.#openOf(policy)));
    const first = began === undefined || began < from ? from : began;
    return {
      entries: {
        byKind: counted(this.#kinds),
        unknown: this.#unknown,
        ...(began === undefined ? {} : { began }),
        silent: began === undefined ? [] : gaps(first, made < to ? made : to, this.#days),
      },
      versions: [...this.#versions],
      policies: policies.sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1)),
      months: this.#months.map((month, i) =>
        sumOf(
          month,
          policies.flatMap((one) => one.months[i] ?? []),
        ),
      ),
      runs: { byTrigger: counted(this.#triggers), setClock: this.#setClock },
      ...this.#acts.findings(this.#period),
    };
  }

  #take(entry: Entry, inPeriod: boolean): void {
    switch (entry.type) {
      case 'installation':
      case 'daemon':
        // What ran when the period began was started before it.
        if (!inPeriod) this.#versions.clear();
        this.#versions.add(entry.version);
        return;
      case 'policy':
        this.#policy(entry.policy, entry.controller).wording(entry, inPeriod);
        return;
      case 'run-started':
        this.#started(entry, inPeriod);
        return;
      case 'run-finished':
        this.#finished(entry, inPeriod);
        return;
      case 'policy-failed':
        if (inPeriod) this.#running(entry).failed(entry.code);
        return;
      case 'plan': {
        const due = entry.dispositions['erase'] ?? 0;
        this.#plans.set(entry.plan, { policy: this.#running(entry), run: entry.run, due, dealtWith: 0 });
        return;
      }
      case 'approval':
        this.#approved(entry, inPeriod);
        return;
      case 'guard-tripped':
        if (inPeriod) this.#acts.guard(entry, this.#running(entry));
        return;
      case 'replay':
        if (inPeriod) this.#acts.replay(entry, this.#running(entry));
        return;
      case 'batch-opened':
        this.#opened(entry);
        return;
      case 'record':
        this.#batchOf(entry).record(entry, inPeriod, this.#open.get(entry.batch)?.again);
        return;
      case 'batch-settled':
        this.#settled(entry, inPeriod);
        return;
      case 'proof':
        this.#running(entry).proven(entry, inPeriod);
        return;
      case 'hold-placed':
        this.#acts.placed(entry);
        return;
      case 'hold-released':
        this.#acts.released(entry, inPeriod);
        return;
      default:
    }
  }

  #started({ run, policy, controller, trigger, setClock }: EntryOf<'run-started'>, inPeriod: boolean): void {
    if (inPeriod) {
      add(this.#triggers, trigger);
      if (setClock === true) this.#setClock += 1;
    }
    if (policy === undefined) return;
    this.#runs.set(run, { policy: this.#policy(policy, controller), trigger, dealtWith: 0 });
  }

  #finished(entry: EntryOf<'run-finished'>, inPeriod: boolean): void {
    if (entry.policy === undefined) return;
    this.#running({ run: entry.run, policy: entry.policy }).finished(
      entry,
      this.#runs.get(entry.run),
      inPeriod,
    );
    this.#runs.delete(entry.run);
  }

  /** It stands in the run that carries it out. */
  #approved(entry: EntryOf<'approval'>, inPeriod: boolean): void {
    const plan = this.#plans.get(entry.plan);
    if (inPeriod) this.#acts.approval(entry, plan?.policy);
    if (plan === undefined) return;
    for (const run of this.#runs.values())
      if (run.policy === plan.policy && run.trigger === 'approval') run.plan = plan;
  }

  #opened(entry: EntryOf<'batch-opened'>): void {
    const { batch, run, count } = entry;
    const plan = entry.plan === undefined ? undefined : this.#plans.get(entry.plan);
    const again = this.#runs.get(run)?.trigger === 'replay';
    this.#open.set(batch, { policy: this.#running(entry), run, plan, count, again });
  }

  #settled(entry: EntryOf<'batch-settled'>, inPeriod: boolean): void {
    const open = this.#open.get(entry.batch);
    const name = open?.policy ?? (entry.policy === undefined ? undefined : this.#policy(entry.policy));
    const dealtWith = name?.settled(entry, inPeriod, open?.again) ?? 0;
    const run = open && this.#runs.get(open.run);
    if (run !== undefined) run.dealtWith += dealtWith;
    if (open?.plan !== undefined) open.plan.dealtWith += dealtWith;
    this.#open.delete(entry.batch);
  }

  #openOf(policy: PolicyTally): { readonly batches: number; readonly records: number } {
    const open = [...this.#open.values()].filter((one) => one.policy === policy);
    return { batches: open.length, records: open.reduce((sum, one) => sum + one.count, 0) };
  }

  /** The policy of an entry that belongs to a run. */
  #running(entry: { readonly run?: string; readonly policy: string }): PolicyTally {
    const run = entry.run === undefined ? undefined : this.#runs.get(entry.run);
    return run?.policy ?? this.#policy(entry.policy);
  }

  #batchOf(entry: EntryOf<'record'>): PolicyTally {
    return this.#open.get(entry.batch)?.policy ?? this.#policy(entry.policy);
  }

  /** Trails of the first days do not name the controller. */
  #policy(policy: string, controller?: string): PolicyTally {
    const key = nameOf({ policy, controller });
    const known = this.#policies.get(key) ?? new PolicyTally(policy, controller, this.#months);
    this.#policies.set(key, known);
    return known;
  }
}

function nameOf({ controller = '', policy }: { controller?: string | undefined; policy: string }): string {
  return JSON.stringify([controller, policy]);
}

function sumOf(month: string, parts: readonly MonthNumbers[]): MonthNumbers {
  const sum = blankMonth(month);
  for (const part of parts) {
    sum.inTime += part.inTime;
    sum.late += part.late;
    sum.undated += part.undated;
    sum.foundGone += part.foundGone;
    sum.failed += part.failed;
  }
  return sum;
}
