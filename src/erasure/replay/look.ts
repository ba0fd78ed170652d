/**
 * Looks for records that are back: the trail says that they were erased, and the source has them again.
 *
 * A record is the same one where its key, its person and the raw values of its starting point give the commitment that
 * its entry holds (`incarnation`). Where key and person agree and the starting point does not, it was changed: after the
 * backup was made, or since. Where the key alone agrees, the key has another life now. Both are left alone and reported.
 *
 * It reads every record of the type, also those that the policy is not about as the copy has them, and writes nowhere.
 * Memory does not grow with the table.
 */
import { createHash } from 'node:crypto';
import type { Connector } from '../../connectors/connector.ts';
import type { Disposition, Judge, Verdict } from '../../policy/judge.ts';
import { ALWAYS, type Facts, type View } from '../../policy/policy.ts';
import type { Task } from '../../policy/view.ts';
import { commitmentsOf } from '../batch/ledger.ts';
import type { Elsewhere } from '../elsewhere.ts';
import type { Names } from '../engine.ts';
import { add, addByAction, type ByAction, type Counts } from '../report.ts';
import type { Identity, Spool } from '../survey/spool.ts';
import { firstTime, type Survey } from '../survey/survey.ts';
import type { Deed, Past } from './past.ts';

/** What the trail makes of a record that it knows. `anonymised`: it was, and still is, as it should be. */
export type Sight = 'back' | 'changed' | 'another life' | 'anonymised';

export interface LookInput {
  readonly task: Task;
  readonly connector: Connector;
  readonly elsewhere: Elsewhere;
  readonly judge: Judge;
  /** The names of now, under which a plan names its records. */
  readonly names: Names;
  /** The names of every epoch that can be asked about. */
  readonly epochs: readonly Names[];
  readonly past: Past;
  /** Names of all policies on the record type: what was done by one of them is that one's to do again. */
  readonly siblings: ReadonlySet<string>;
  readonly policyDigest: string;
  readonly asOf: number;
  readonly spool: Spool;
  readonly signal: AbortSignal;
  /** Gets every record that is back, was changed or has another life, with what the policies say of it today. */
  readonly onRecord?: (facts: Facts, sight: Sight, disposition: Disposition) => void;
}

/** Records that are back, by what today's policies say of them; those that they would erase are in the spool. */
export interface Back {
  readonly back: Counts<Verdict>;
  readonly byAction: ByAction;
  /** Records of a key and a person that were erased, with another starting point. */
  readonly changed: number;
  /** Records of a key that was erased, and of another person, or of nobody. */
  readonly anotherLife: number;
  /** As a guard and a plan are told of it. */
  readonly survey: Survey;
}

/** Goes through all records of the policy's type. The spool then holds those that are back and due. */
export async function lookBack(input: LookInput): Promise<Back> {
  const { task, connector, past, signal } = input;
  const { population, matching } = await connector.count(task.view, signal);
  const tally = new Tally(input);
  // A table is not read for nothing.
  if (!past.knows(task.view.record.name)) return tally.result(population, matching);
  const everything: View = { ...task.view, where: ALWAYS };
  const seen = connector.capabilities.scanRepeats ? new Set<string>() : undefined;
  for await (const page of connector.scan(everything, undefined, signal)) {
    const facts = seen === undefined ? page.facts : page.facts.filter((one) => firstTime(seen, one.key));
    await tally.page(facts);
    await input.spool.drain();
    signal.throwIfAborted();
  }
  return tally.result(population, matching);
}

class Tally {
  readonly #input: LookInput;
  readonly #hash = createHash('sha256');
  readonly #back: Partial<Record<Verdict, number>> = {};
  readonly #byAction: Partial<Record<keyof ByAction, number>> = {};
  #changed = 0;
  #anotherLife = 0;

  constructor(input: LookInput) {
    this.#input = input;
    this.#hash.update(`${input.policyDigest}\n${String(input.asOf)}\n`);
  }

  async page(page: readonly Facts[]): Promise<void> {
    const { task, elsewhere, judge, epochs, past, signal } = this.#input;
    const { source, record } = task.view;
    const named = page.map((facts) => epochs.map((names) => names.record(source, record.name, facts.key)));
    const deeds = await past.deedsOf(new Set(named.flat()));
    if (deeds.size === 0) return;
    const complete = await elsewhere.ask(
      page.filter((_, i) => named[i]?.some((name) => deeds.has(name))),
      judge,
      signal,
    );
    page.forEach((facts, i) => {
      const done = (named[i] ?? []).map((name) => this.#ours(deeds.get(name)));
      if (done.some((some) => some.length > 0)) this.#take(complete(facts), done);
    });
  }

  /** What another policy of today did is for that one to look at. */
  #ours(deeds: readonly Deed[] = []): readonly Deed[] {
    const { task, siblings } = this.#input;
    return deeds.filter(({ policy }) => policy === task.view.policy || !siblings.has(policy));
  }

  /** @param done what was done to a record of this key, by epoch */
  #take(facts: Facts, done: readonly (readonly Deed[])[]): void {
    const { task, judge, names, spool, onRecord } = this.#input;
    const { source, record } = task.view;
    const identity = { key: facts.key, starts: judge.startRaw(facts), subjects: facts.subjects };
    const sight = this.#sight(facts, identity, done);
    if (sight === 'anonymised') return;
    onRecord?.(facts, sight, judge.judge(facts));
    if (sight === 'changed') this.#changed += 1;
    if (sight === 'another life') this.#anotherLife += 1;
    if (sight !== 'back') return;
    const verdict = judge.verdict(facts);
    add(this.#back, verdict.verdict);
    if (verdict.verdict !== 'erase') return;
    addByAction(this.#byAction, task.view, verdict.stage);
    const commitment = names.record(source, record.name, facts.key);
    this.#hash.update(commitment);
    spool.add({ ...identity, commitment, stage: verdict.stage });
  }

  #sight(facts: Facts, identity: Identity, done: readonly (readonly Deed[])[]): Sight {
    const { task, epochs } = this.#input;
    const same: Deed[] = [];
    let samePerson = false;
    for (const [i, deeds] of done.entries()) {
      const names = epochs[i];
      if (names === undefined || deeds.length === 0) continue;
      const { incarnation, subject } = commitmentsOf(names, task, identity);
      same.push(...deeds.filter((deed) => deed.incarnation === incarnation));
      samePerson ||= deeds.some((deed) => deed.subjects.some((one) => subject.includes(one)));
    }
    // What is anonymised keeps its key, and maybe all by which it was known, without having been away.
    const anonymised = task.view.stages.some(
      ({ action }, i) => action.kind === 'anonymise' && facts.done[i] === true,
    );
    const all = same.length > 0 ? same : done.flat();
    if (anonymised && all.every(({ action }) => action === 'anonymise')) return 'anonymised';
    if (same.length > 0) return 'back';
    return samePerson ? 'changed' : 'another life';
  }

  result(population: number, matching: number): Back {
    const by = this.#back;
    return {
      back: by,
      byAction: this.#byAction,
      changed: this.#changed,
      anotherLife: this.#anotherLife,
      survey: {
        planId: `replay-${this.#hash.digest('hex').slice(0, 24)}`,
        selected: by.erase ?? 0,
        found: {
          population,
          matching,
          by,
          byAction: this.#byAction,
          overdue: 0,
          exemptBy: {},
          heldBy: {},
          dependents: {},
        },
      },
    };
  }
}
