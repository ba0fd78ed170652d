/** What the answers of other sources mean for one record (docs/policies.md, "Facts from another source"). */
import type { SilentBecause } from './model/disposition.ts';
import type { ElsewhereAnswer, ElsewhereStart, Facts, FoundElsewhere, Raw } from './policy.ts';
import { normalise } from './subject.ts';
import type { Value } from './time/raw.ts';
import { latest, type Bound } from './time/start.ts';
import type { Zone } from './time/zone.ts';
import type { Inquiry, Task } from './view.ts';

/** What to look up in the other source: the record's identifier, normalised; empty where the record does not say it. */
export function lookedUp({ ours }: Inquiry, task: Task, facts: Facts): string {
  const identifier = task.view.record.subjects[ours];
  return identifier === undefined ? '' : normalise(facts.subjects[ours] ?? '', identifier.normalise);
}

/**
 * What the other source answered, by what was looked up: `found` are all its records with one of these identifiers, as
 * `inquiry.view` asks for them. Where what stands there cannot be read, it is as if nobody had answered.
 */
export function answersBy(
  { view, theirs }: Inquiry,
  found: readonly Facts[],
): ReadonlyMap<string, ElsewhereAnswer> {
  const how = view.record.subjects[theirs]?.normalise ?? 'exact';
  const answers = new Map<string, FoundElsewhere[] | 'unreachable'>();
  for (const facts of found.flatMap((one) => [one, ...(one.also ?? [])])) {
    const person = normalise(facts.subjects[theirs] ?? '', how);
    const before = answers.get(person) ?? [];
    const isLost = before === 'unreachable' || (facts.unreadable ?? []).length > 0;
    const one = { met: facts.truths.every(Boolean), start: facts.starts[0] ?? null };
    answers.set(person, isLost ? 'unreachable' : [...before, one]);
  }
  return answers;
}

/** What a record's exemption comes to: why it is not known, where it is not. */
export type Answered = 'met' | 'not met' | SilentBecause;

/** A record that nobody has asked about yet is one whose source was not reached. */
function answerTo(facts: Facts, inquiry: number): ElsewhereAnswer {
  return facts.elsewhere?.[inquiry] ?? 'unreachable';
}

/** Whether the person has, elsewhere, a record that keeps this one. One that does is enough. */
export function exemptionElsewhere({ about }: Inquiry, facts: Facts, position: number): Answered {
  const answer = answerTo(facts, position);
  if (answer === 'unreachable') return answer;
  if (answer.length === 0) return about.whenNone === 'keep' ? 'none' : 'not met';
  return answer.some((one) => one.met) ? 'met' : 'not met';
}

/** A starting point that stands elsewhere: the raw values that are in question, or why there are none. */
function startsFound(about: ElsewhereStart, answer: ElsewhereAnswer): readonly Raw[] | SilentBecause {
  if (answer === 'unreachable') return answer;
  const starts = [...new Set(answer.filter((one) => one.met).map((one) => one.start))];
  if (starts.length === 0) return about.whenNone === 'keep' ? 'none' : starts;
  return starts.length > 1 && about.whenSeveral === 'keep' ? 'several' : starts;
}

export interface StartElsewhere {
  readonly value: Value;
  /** The stored value that it rests on; NULL where there is none. */
  readonly raw: Raw;
}

const UNKNOWN: StartElsewhere = { value: { kind: 'unknown', why: 'null' }, raw: null };

/** The start that the other source tells; of several, where the file says so, the latest. */
export function startElsewhere(
  about: ElsewhereStart,
  facts: Facts,
  position: number,
  read: (raw: Raw) => Value,
  bound: Bound,
  zone: Zone,
): StartElsewhere {
  const found = startsFound(about, answerTo(facts, position));
  if (typeof found === 'string') return { value: { kind: 'unknown elsewhere', why: found }, raw: null };
  const values = found.map(read);
  const value = latest(values, bound, zone);
  return values.length === 0 ? UNKNOWN : { value, raw: found[values.indexOf(value)] ?? null };
}
