/**
 * Pass 1: scan, decide, count, and spool what would be erased. It writes to no source, so it is also the whole of a dry
 * run. What it holds in memory does not grow with the table.
 */
import { createHash } from 'node:crypto';
import type { Connector } from '../../connectors/connector.ts';
import type { Disposition, Judge, Verdict } from '../../policy/judge.ts';
import type { Action, Facts, Key } from '../../policy/policy.ts';
import type { Task } from '../../policy/view.ts';
import { windows } from '../../policy/time/window.ts';
import type { Elsewhere } from '../elsewhere.ts';
import type { Names } from '../engine.ts';
import { add, addByAction, type Dispositions, type Holding } from '../report.ts';
import { DependentRows } from './dependents.ts';
import type { Selected, Spool } from './spool.ts';

export interface SurveyInput {
  readonly task: Task;
  readonly connector: Connector;
  readonly elsewhere: Elsewhere;
  readonly judge: Judge;
  readonly names: Names;
  /** Hash of the policy's meaning; part of the plan's id. */
  readonly policyDigest: string;
  readonly asOf: number;
  readonly spool: Spool;
  /** Commitments of records that failed before: they come last, so that they hold up nobody. */
  readonly tryLast: ReadonlySet<string>;
  readonly signal: AbortSignal;
  /** Gets every disposition, kept and erased alike; then the scan reads the whole population. */
  readonly onDisposition?: (facts: Facts, disposition: Disposition) => Promise<void> | void;
  /** Count the rows that would go with the records; costs a query per page and stage. */
  readonly countDependents: boolean;
}

export interface Survey {
  readonly planId: string;
  readonly selected: number;
  readonly found: Dispositions;
}

/** Scans one policy. The plan's id is a hash over the policy, the moment and the records' commitments, never over keys. */
export async function survey(input: SurveyInput): Promise<Survey> {
  const { task, connector, elsewhere, judge, signal } = input;
  const tally = new Tally(input);
  const count = await connector.count(task.view, signal);
  const filter = input.onDisposition === undefined ? windows(task, input.asOf) : undefined;
  const seen = connector.capabilities.scanRepeats ? new Set<string>() : undefined;
  for await (const page of connector.scan(task.view, filter, signal)) {
    const read = seen === undefined ? page.facts : page.facts.filter((facts) => firstTime(seen, facts.key));
    const fresh = read.map(await elsewhere.ask(read, judge, signal));
    const selected = tally.page(fresh);
    await input.spool.drain();
    if (input.countDependents) await tally.countDependents(selected);
    if (input.onDisposition !== undefined) {
      for (const facts of fresh) await input.onDisposition(facts, judge.judge(facts));
    }
    signal.throwIfAborted();
  }
  tally.spoolLast();
  return tally.result(count.population, count.matching);
}

/**
 * How many keys are remembered to count a repeated record once; more would be memory that grows with the table. Beyond
 * them a repeat is counted twice, on the guards' safe side, and erased once: pass 2 finds it gone.
 */
const REMEMBERED_KEYS = 100_000;

/** Whether this key has not been seen before, as far as that is remembered. */
export function firstTime(seen: Set<string>, key: Key): boolean {
  const text = JSON.stringify(key);
  if (seen.has(text)) return false;
  if (seen.size < REMEMBERED_KEYS) seen.add(text);
  return true;
}

class Tally {
  readonly #input: SurveyInput;
  readonly #hash = createHash('sha256');
  readonly #by: Partial<Record<Verdict, number>> = {};
  readonly #byAction: Partial<Record<Action['kind'], number>> = {};
  readonly #exemptBy: Record<string, number> = {};
  readonly #heldBy: Partial<Record<Holding, number>> = {};
  readonly #dependents: DependentRows;
  readonly #last: Selected[] = [];
  #scanned = 0;
  #overdue = 0;
  #oldest: string | undefined;

  constructor(input: SurveyInput) {
    this.#input = input;
    this.#dependents = new DependentRows(input.task.view);
    this.#hash.update(`${input.policyDigest}\n${String(input.asOf)}\n`);
  }

  /** Judges a page and spools what is to go; answers the selected keys by stage. */
  page(page: readonly Facts[]): ReadonlyMap<number, Key[]> {
    const { judge, names, task, spool } = this.#input;
    const selected = new Map<number, Key[]>();
    const commitments: string[] = [];
    for (const facts of page) {
      const verdict = judge.verdict(facts);
      if (verdict.verdict === 'out of scope') continue;
      this.#scanned += 1;
      add(this.#by, verdict.verdict);
      if (verdict.verdict === 'exempt') this.#exempt(facts);
      if (verdict.verdict === 'held') add(this.#heldBy, holdingOf(judge.judge(facts)));
      if (verdict.verdict !== 'erase') continue;
      addByAction(this.#byAction, task.view, verdict.stage);
      const commitment = names.record(task.view.source, task.view.record.name, facts.key);
      commitments.push(commitment);
      const starts = judge.startRaw(facts);
      const one = { commitment, stage: verdict.stage, key: facts.key, starts, subjects: facts.subjects };
      if (this.#input.tryLast.has(commitment)) this.#last.push(one);
      else spool.add(one);
      if (verdict.overdue) this.#overdueRecord(judge.promisedDay(facts, verdict.stage));
      const keys = selected.get(verdict.stage);
      if (keys === undefined) selected.set(verdict.stage, [facts.key]);
      else keys.push(facts.key);
    }
    this.#hash.update(commitments.join(''));
    return selected;
  }

  spoolLast(): void {
    for (const selected of this.#last) this.#input.spool.add(selected);
  }

  #exempt(facts: Facts): void {
    for (const name of this.#input.judge.exemptions(facts)) add(this.#exemptBy, name);
  }

  #overdueRecord(promised: string): void {
    this.#overdue += 1;
    if (this.#oldest === undefined || promised < this.#oldest) this.#oldest = promised;
  }

  async countDependents(selected: ReadonlyMap<number, Key[]>): Promise<void> {
    const { connector, task, signal } = this.#input;
    for (const [stage, keys] of selected) {
      const { stages, acknowledgedCascades } = task.view;
      if (stages[stage]?.dependents.length === 0 && acknowledgedCascades.length === 0) continue;
      this.#dependents.add(keys.length, await connector.dependents(task.view, stage, keys, signal));
    }
  }

  result(population: number, matching: number): Survey {
    // The scan leaves out what is plainly not due; what it did not see is pending.
    const { rows, approximate } = this.#dependents;
    const unseen = Math.max(0, matching - this.#scanned);
    if (unseen > 0) add(this.#by, 'pending', unseen);
    return {
      planId: `plan-${this.#hash.digest('hex').slice(0, 24)}`,
      selected: this.#by.erase ?? 0,
      found: {
        population,
        matching,
        by: this.#by,
        byAction: this.#byAction,
        overdue: this.#overdue,
        exemptBy: this.#exemptBy,
        heldBy: this.#heldBy,
        dependents: rows,
        ...(approximate.length === 0 ? {} : { approximate }),
        ...(this.#oldest === undefined ? {} : { oldestOverdue: this.#oldest }),
      },
    };
  }
}

function holdingOf({ reasons }: Disposition): Holding {
  const standing = reasons.flatMap((one) => (one.kind === 'held' && one.until === undefined ? [one] : []));
  if (standing.length === 0) return 'grace';
  return standing.some((one) => !one.restriction) ? 'hold' : 'restriction';
}
