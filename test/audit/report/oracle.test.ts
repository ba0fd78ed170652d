/**
 * The numbers of a report against those of a world that is played: nights over policies with records that become due,
 * are erased, fail, vanish, wait for approval or are found after a crash. The world counts what it does itself, and
 * writes the entries that frist would; the report has only these.
 */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Tally } from '../../../src/audit/report/tally.ts';
import { digestOf, gone, Writer } from './entries.ts';

const PERIOD = { from: '2026-02-01', to: '2026-03-31' };
/** What may happen to a record in its batch, in the words of the trail. */
const FATES = ['erased', 'failed', 'already-absent', 'changed', 'not-erased'] as const;
/** Those after which a record is not left. */
const GONE: ReadonlySet<string> = new Set(['erased', 'already-absent', 'changed']);
type Fate = (typeof FATES)[number];

/** One night of one policy. */
interface Night {
  readonly policy: number;
  readonly controller: number;
  /** Days after the night before. */
  readonly days: number;
  /** Days by which each record is late (below 1: in time), or no promised day; and its fate. */
  readonly records: readonly { readonly late: number | undefined; readonly fate: Fate }[];
  readonly ends:
    | 'as it should'
    | 'waits'
    | 'waits and is approved'
    | 'waits and is approved in part'
    | 'fails at once'
    | 'crashes';
  readonly proof: 'verified' | 'pending';
}

const nights: fc.Arbitrary<readonly Night[]> = fc.array(
  fc.record<Night>({
    policy: fc.nat(1),
    controller: fc.nat(1),
    days: fc.nat(9),
    records: fc.array(
      fc.record({
        late: fc.option(fc.integer({ min: -3, max: 3 }), { nil: undefined }),
        fate: fc.constantFrom(...FATES),
      }),
      { maxLength: 6 },
    ),
    ends: fc.constantFrom(
      'as it should',
      'as it should',
      'waits',
      'waits and is approved',
      'waits and is approved in part',
      'fails at once',
      'crashes',
    ),
    proof: fc.constantFrom('verified', 'verified', 'pending'),
  }),
  { maxLength: 25 },
);

/** What the world knows of one policy. */
interface Truth {
  erased: number;
  late: number;
  undated: number;
  foundGone: number;
  alreadyGone: number;
  failed: number;
  left: number;
  overdue: number;
  pendingProof: number;
  looked: string | undefined;
  open: number;
}

class World {
  readonly trail = new Writer();
  readonly truth = new Map<string, Truth>();
  /** Batches that a crash left, of which one record was erased. */
  readonly #crashed = new Map<string, { readonly batch: string; readonly count: number }>();
  /** Batches whose second look is still to come. */
  readonly #unproven: { readonly batch: string; readonly truth: Truth; readonly looked: number }[] = [];
  #day = '2026-01-10';
  #made = 0;

  play(night: Night): void {
    this.#day = later(this.#day, night.days);
    this.trail.at(`${this.#day}T03:00`);
    const policy = `p${night.policy}`;
    const controller = `c${night.controller}`;
    const truth = this.#truthOf(policy, controller);
    const run = this.#start(policy, controller, 'schedule');
    this.#recover(policy, controller, truth);
    if (night.proof !== 'pending') this.#prove(run, policy, truth);
    if (night.ends === 'fails at once') {
      this.#finish(run, policy, 'failed', {}, undefined);
      return;
    }
    if (night.ends === 'crashes') {
      // No look is on record: what was known stays known.
      this.#open(run, policy, night.records.length + 1);
      this.#crashed.set(`${controller} ${policy}`, {
        batch: `b${this.#made}`,
        count: night.records.length + 1,
      });
      if (this.#counts()) truth.open = night.records.length + 1;
      return;
    }
    const waits = night.ends !== 'as it should';
    const due = night.records.length;
    const overdue = night.records.filter((one) => (one.late ?? 0) > 0);
    if (waits) {
      this.trail.add('plan', {
        plan: `plan-${run}`,
        run,
        policy,
        digest: digestOf('p'),
        asOf: this.#day,
        population: 100,
        dispositions: { erase: due },
      });
      this.#looked(truth, due, overdue.length);
      this.#finish(run, policy, 'waiting', { erase: due, overdue: overdue.length }, 100);
      if (night.ends !== 'waits') this.#approve(night, truth, policy, controller, `plan-${run}`);
      return;
    }
    this.#erase(night, truth, policy, run, undefined);
    const left = night.records.filter((one) => !GONE.has(one.fate));
    const stillLate = left.filter((one) => (one.late ?? 0) > 0).length;
    this.#looked(truth, left.length, stillLate);
    this.#finish(run, policy, 'done', { erase: due, overdue: stillLate }, 100);
  }

  /** A day later. An approval that is carried out deals with its whole plan; one that is stopped, with what it came to. */
  #approve(night: Night, truth: Truth, policy: string, controller: string, plan: string): void {
    this.#day = later(this.#day, 1);
    this.trail.at(`${this.#day}T09:00`);
    const run = this.#start(policy, controller, 'approval');
    this.trail.add('approval', { plan, policy, who: 'dpo', why: gone('x') });
    const whole = night.ends === 'waits and is approved';
    const records = night.records.filter((one, i) => (whole ? GONE.has(one.fate) : i % 2 === 0));
    this.#erase({ ...night, records }, truth, policy, run, plan);
    if (this.#counts()) {
      const erasedLate = records.filter((one) => one.fate === 'erased' && (one.late ?? 0) > 0).length;
      truth.left = whole ? 0 : truth.left - records.filter((one) => GONE.has(one.fate)).length;
      truth.overdue = Math.min(truth.left, truth.overdue - erasedLate);
    }
    this.#finish(run, policy, whole ? 'done' : 'stopped', whole ? { overdue: 0 } : {}, undefined);
  }

  #erase(night: Night, truth: Truth, policy: string, run: string, plan: string | undefined): void {
    if (night.records.length === 0) return;
    const batch = this.#open(run, policy, night.records.length, plan);
    const outcomes: Record<string, number> = {};
    for (const { fate, late } of night.records) {
      outcomes[fate] = (outcomes[fate] ?? 0) + 1;
      const promised = late === undefined ? {} : { promised: later(this.#day, -late) };
      if (fate === 'erased' || fate === 'failed')
        this.trail.record(batch, of(policy), { outcome: fate, ...promised });
      if (!this.#inPeriod()) continue;
      if (fate === 'failed') truth.failed += 1;
      if (fate === 'already-absent') truth.alreadyGone += 1;
      if (fate !== 'erased') continue;
      truth.erased += 1;
      if (late === undefined) truth.undated += 1;
      else if (late > 0) truth.late += 1;
    }
    if (night.proof === 'pending') this.#unproven.push({ batch, truth, looked: outcomes['erased'] ?? 0 });
    if (night.proof === 'pending' && this.#counts()) truth.pendingProof += outcomes['erased'] ?? 0;
    this.trail.add('batch-settled', { batch, policy, outcomes, dependents: {}, verification: night.proof });
  }

  /** The source can be asked again. */
  #prove(run: string, policy: string, truth: Truth): void {
    for (const one of this.#unproven.filter((other) => other.truth === truth)) {
      this.#unproven.splice(this.#unproven.indexOf(one), 1);
      this.trail.add('proof', { run, batch: one.batch, policy, looked: one.looked });
      if (this.#counts()) truth.pendingProof -= one.looked;
    }
  }

  #recover(policy: string, controller: string, truth: Truth): void {
    const crashed = this.#crashed.get(`${controller} ${policy}`);
    if (crashed === undefined) return;
    this.#crashed.delete(`${controller} ${policy}`);
    const { batch, count } = crashed;
    this.trail.record(batch, of(policy), { outcome: 'absent-after-crash', promised: later(this.#day, 1) });
    if (this.#inPeriod()) truth.foundGone += 1;
    if (this.#counts()) {
      truth.open = 0;
      truth.left = Math.max(0, truth.left - 1);
      truth.overdue = Math.min(truth.overdue, truth.left);
    }
    const outcomes = { 'absent-after-crash': 1, 'not-erased': count - 1 };
    this.trail.add('batch-settled', { batch, policy, outcomes, dependents: {}, verification: 'verified' });
  }

  #start(policy: string, controller: string, trigger: string): string {
    const run = `r${String(++this.#made)}`;
    this.trail.add('run-started', { run, policy, controller, trigger, asOf: this.#day });
    return run;
  }

  #open(run: string, policy: string, count: number, plan?: string): string {
    const batch = `b${String(++this.#made)}`;
    const digest = digestOf(batch);
    this.trail.add('batch-opened', {
      batch,
      run,
      policy,
      source: 's',
      count,
      digest,
      epoch: 'e',
      ...(plan === undefined ? {} : { plan }),
    });
    return batch;
  }

  #finish(
    run: string,
    policy: string,
    result: string,
    by: Record<string, number>,
    population: number | undefined,
  ): void {
    const seen = population === undefined ? {} : { population };
    this.trail.add('run-finished', { run, policy, result, dispositions: by, outcomes: {}, ...seen });
  }

  #looked(truth: Truth, left: number, overdue: number): void {
    if (!this.#counts()) return;
    truth.looked = this.#day;
    truth.left = left;
    truth.overdue = overdue;
  }

  #counts(): boolean {
    return this.#day <= PERIOD.to;
  }

  #inPeriod(): boolean {
    return this.#day >= PERIOD.from && this.#counts();
  }

  #truthOf(policy: string, controller: string): Truth {
    const key = `${controller} ${policy}`;
    const known = this.truth.get(key) ?? {
      erased: 0,
      late: 0,
      undated: 0,
      foundGone: 0,
      alreadyGone: 0,
      failed: 0,
      left: 0,
      overdue: 0,
      pendingProof: 0,
      looked: undefined,
      open: 0,
    };
    if (this.#counts()) this.truth.set(key, known);
    return known;
  }
}

function later(day: string, days: number): string {
  return new Date(Date.parse(day) + days * 86_400_000).toISOString().slice(0, 10);
}

const of = (policy: string): { policy: string; source: string; record: string } => ({
  policy,
  source: 's',
  record: 'r',
});

describe('the numbers of a report', () => {
  it('are those of the world that the entries come from', () => {
    fc.assert(
      fc.property(nights, (all) => {
        const world = new World();
        for (const night of all) world.play(night);
        const tally = new Tally(PERIOD);
        for (const text of world.trail.texts) tally.add(text);
        const found = tally
          .findings('2026-12-31')
          .policies.map(({ controller = '', policy, period, end }) => [
            `${controller} ${policy}`,
            {
              erased: period.erased,
              late: period.late,
              undated: period.undated,
              foundGone: period.foundGone,
              alreadyGone: period.alreadyGone,
              failed: period.failed,
              left: end.left,
              overdue: end.overdue,
              pendingProof: end.pendingProof,
              looked: end.looked,
              open: end.open.records,
            },
          ]);
        expect(Object.fromEntries(found)).toEqual(Object.fromEntries(world.truth));
      }),
      { numRuns: 500 },
    );
  });
});
