/**
 * Facts from other sources: what they know of the people that records are about. They are asked for a page or a batch
 * at a time, with one question for all its people.
 *
 * A source that does not answer is not asked again in the same run, and what hangs on its answer is kept: an outage costs
 * time, never a record.
 */
import type { Connector } from '../connectors/connector.ts';
import { SourceFailure } from '../connectors/connector.ts';
import { answersBy, lookedUp } from '../policy/elsewhere.ts';
import type { Judge, Verdict } from '../policy/judge.ts';
import type { ElsewhereAnswer, Facts } from '../policy/policy.ts';
import type { Inquiry, Task } from '../policy/view.ts';

/** A source that could not be asked. */
export interface Silence {
  readonly source: string;
  readonly failure: SourceFailure;
}

/** The same facts with what other sources say. Of a person who was not asked about, nothing is known. */
export type Complete = (facts: Facts) => Facts;

/** Verdicts that no answer changes: nothing is asked about a record that is not due. */
const WITHOUT_ASKING: ReadonlySet<Verdict> = new Set<Verdict>([
  'out of scope',
  'unreadable',
  'implausible',
  'undated',
  'pending',
  'done',
]);

type AnswerTo = (identifier: string) => ElsewhereAnswer;

/** What one task asks of other sources, in one run. */
export class Elsewhere {
  readonly #task: Task;
  readonly #connector: (source: string) => Connector;
  #silences: readonly Silence[];

  /** `silences`: sources that are known not to answer. */
  constructor(task: Task, connector: (source: string) => Connector, silences: readonly Silence[]) {
    this.#task = task;
    this.#connector = connector;
    this.#silences = silences;
  }

  /** The first source that could not be asked, if any. */
  get silence(): Silence | undefined {
    return this.#silences[0];
  }

  /** Asks about the people of these records, where the judge does not keep them anyway. Throws only when it is stopped. */
  async ask(facts: readonly Facts[], judge: Judge, signal: AbortSignal): Promise<Complete> {
    const { inquiries } = this.#task;
    if (inquiries.length === 0) return (one) => one;
    const rows = facts
      .filter((one) => !WITHOUT_ASKING.has(judge.verdict(one).verdict))
      .flatMap((one) => [one, ...(one.also ?? [])]);
    const answers: AnswerTo[] = [];
    for (const inquiry of inquiries) answers.push(await this.#answersTo(inquiry, rows, signal));
    const complete: Complete = (one) => ({
      ...one,
      elsewhere: inquiries.map((inquiry, i) => (answers[i] as AnswerTo)(lookedUp(inquiry, this.#task, one))),
      ...(one.also === undefined ? {} : { also: one.also.map(complete) }),
    });
    return complete;
  }

  async #answersTo(inquiry: Inquiry, rows: readonly Facts[], signal: AbortSignal): Promise<AnswerTo> {
    const people = new Set(rows.map((row) => lookedUp(inquiry, this.#task, row)));
    people.delete('');
    const found = people.size === 0 ? [] : await this.#lookup(inquiry, [...people], signal);
    const answers = found === undefined ? undefined : answersBy(inquiry, found);
    return (identifier) => {
      if (identifier === '') return [];
      return answers === undefined || !people.has(identifier)
        ? 'unreachable'
        : (answers.get(identifier) ?? []);
    };
  }

  /** Undefined where the source does not answer. */
  async #lookup(
    { about: { source }, view, theirs }: Inquiry,
    people: readonly string[],
    signal: AbortSignal,
  ): Promise<readonly Facts[] | undefined> {
    if (this.#silences.some((one) => one.source === source)) return undefined;
    try {
      return await this.#connector(source).lookup(view, theirs, people, signal);
    } catch (error) {
      if (!(error instanceof SourceFailure) || signal.aborted) throw error;
      this.#silences = [...this.#silences, { source, failure: error }];
      return undefined;
    }
  }
}
