/** What the answers of other sources mean for one record (docs/how-it-decides.md, "Facts from another source"). */
import type { SilentBecause } from './model/disposition.ts';
import type { ElsewhereStart, Facts, FoundElsewhere, Raw } from './policy.ts';
import type { Value } from './time/raw.ts';
import { latest, type Bound } from './time/start.ts';
import type { Zone } from './time/zone.ts';
import type { Inquiry } from './view.ts';

/** What a record's exemption comes to: why it is not known, where it is not. */
export type Answered = 'met' | 'not met' | SilentBecause;

type Answer = readonly FoundElsewhere[] | 'unreachable';

/** A record that nobody has asked about yet is one whose source was not reached. */
function answerTo(facts: Facts, inquiry: number): Answer {
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
function startsFound(about: ElsewhereStart, answer: Answer): readonly Raw[] | SilentBecause {
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
