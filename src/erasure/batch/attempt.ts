/**
 * Erases the records of one opened batch, and says of each what was seen to happen. Nothing is claimed that was not
 * seen: a batch whose connection was lost while committing is left to recovery, never erased again blindly.
 */
import type { Connector, DependentCount, ErasingSession } from '../../connectors/connector.ts';
import { SourceFailure } from '../../connectors/connector.ts';
import type { Judge, Verdict } from '../../policy/judge.ts';
import type { Facts } from '../../policy/policy.ts';
import type { Task } from '../../policy/view.ts';
import type { Complete, Elsewhere } from '../elsewhere.ts';
import type { Settled } from './ledger.ts';
import { add } from '../report.ts';
import type { Identity, Selected } from '../survey/spool.ts';

/** How often a batch that failed for a passing reason (deadlock, lock wait) is tried again before the policy fails. */
const RETRIES = 3;
const FIRST_BACKOFF_MS = 200;
/** A stop comes between batches: what has begun is short, and is finished. */
const TO_ITS_END = new AbortController().signal;

export interface AttemptInput {
  readonly task: Task;
  readonly stage: number;
  readonly connector: Connector;
  readonly elsewhere: Elsewhere;
  readonly session: ErasingSession;
  readonly judge: Judge;
  /** Throws when the batch is another process's by now. */
  readonly stillOurs: () => Promise<void>;
  readonly signal: AbortSignal;
  readonly sleep: (milliseconds: number, signal: AbortSignal) => Promise<void>;
}

export interface AttemptResult {
  readonly records: readonly Settled[];
  readonly dependents: Readonly<Record<string, number>>;
  /** The reason to stop the policy after this batch; what is known of the batch stands in `records` all the same. */
  readonly failure?: SourceFailure;
}

const isAborted = (signal: AbortSignal): boolean => signal.aborted;

/** One batch, whatever happens to it. Never throws for what a source does. */
export async function attempt(input: AttemptInput, records: readonly Selected[]): Promise<AttemptResult> {
  const done: Settled[] = [];
  const dependents: Record<string, number> = {};
  const queue: (readonly Selected[])[] = [records];
  let failure: SourceFailure | undefined;
  for (let part = queue.shift(); part !== undefined; part = queue.shift()) {
    if (failure !== undefined || input.signal.aborted) {
      done.push(...part.map((identity): Settled => ({ identity, outcome: 'not-erased' })));
      continue;
    }
    try {
      done.push(...(await eraseWithRetries(input, part, dependents)));
    } catch (error) {
      if (!(error instanceof SourceFailure)) throw error;
      if (error.failure === 'data' && part.length > 1) {
        // The record that the data forbid to erase is somewhere in here: halve until it stands alone.
        const half = Math.ceil(part.length / 2);
        queue.unshift(part.slice(0, half), part.slice(half));
      } else if (error.failure === 'data') {
        done.push(...part.map((identity): Settled => ({ identity, outcome: 'failed', code: error.code })));
      } else if (error.failure === 'uncertain') {
        // The server may still be carrying it out; only who has the lock again can look (recover.ts).
        done.push(...part.map((identity): Settled => ({ identity, outcome: 'uncertain' })));
        failure = error;
      } else {
        const outcome = standingIn(input.session, input.stage);
        done.push(...part.map((identity): Settled => ({ identity, outcome })));
        // Who was told to stop does not wait until what stands in the way has passed.
        if (error.failure !== 'transient' || !isAborted(input.signal)) failure = error;
      }
    }
  }
  return { records: done, dependents, ...(failure === undefined ? {} : { failure }) };
}

async function eraseWithRetries(
  input: AttemptInput,
  part: readonly Selected[],
  dependents: Record<string, number>,
): Promise<Settled[]> {
  for (let tries = 0; ; tries += 1) {
    try {
      return await eraseOnce(input, part, dependents);
    } catch (error) {
      if (!(error instanceof SourceFailure) || error.failure !== 'transient' || tries >= RETRIES) throw error;
      await input.sleep(FIRST_BACKOFF_MS * 2 ** tries, input.signal);
      if (input.signal.aborted) throw error;
    }
  }
}

async function eraseOnce(
  input: AttemptInput,
  part: readonly Selected[],
  dependents: Record<string, number>,
): Promise<Settled[]> {
  const { stage, judge } = input;
  const { view } = input.task;
  const configured = view.stages[stage];
  if (configured === undefined) throw new Error(`no stage ${String(stage)} in policy ${view.policy}`);
  const complete = await askAgain(input, part);
  const result = await input.session.erase(
    {
      keys: part.map((selected) => selected.key),
      action: configured.action,
      dependents: configured.dependents,
      stage,
      stillDue: (facts) => facts.map((one) => isStillDue(judge, complete(one), stage)),
      stillOurs: input.stillOurs,
    },
    TO_ITS_END,
  );
  for (const [name, rows] of result.dependents) countDependents(dependents, name, rows);
  return part.map((selected, i) => {
    const facts = result.facts[i];
    const identity = facts === undefined ? selected : asErased(judge, selected, complete(facts));
    const outcome = result.outcomes[i] ?? 'changed';
    return typeof outcome === 'string'
      ? { identity, outcome }
      : { identity, outcome: 'failed', code: outcome.failed };
  });
}

/** Verdicts that may be owed to a source that does not answer. */
const SILENCED: ReadonlySet<Verdict> = new Set<Verdict>(['unknown elsewhere', 'protected']);

/**
 * What other sources say now of the people of these records, as they are now. It is asked before the transaction, so
 * that no lock waits for another system; under the lock, a record that has come to be about somebody else stays.
 */
async function askAgain(input: AttemptInput, part: readonly Selected[]): Promise<Complete> {
  const { task, connector, elsewhere, judge, signal } = input;
  if (task.inquiries.length === 0) return (facts) => facts;
  const now = await connector.read(
    task.view,
    part.map((selected) => selected.key),
    signal,
  );
  const complete = await elsewhere.ask(now, judge, signal);
  const { silence } = elsewhere;
  // Not "changed": nobody knows whether it has. The batch fails, and the next run asks again.
  if (silence !== undefined && now.some((facts) => SILENCED.has(judge.verdict(complete(facts)).verdict)))
    throw new SourceFailure('fatal', silence.failure.code);
  return complete;
}

function isStillDue(judge: Judge, facts: Facts, stage: number): boolean {
  const verdict = judge.verdict(facts);
  return verdict.verdict === 'erase' && verdict.stage === stage;
}

/** The facts under the lock are what was erased; those of the scan may be older. */
function asErased(judge: Judge, selected: Selected, facts: Facts): Identity {
  const starts = judge.startRaw(facts);
  if (isEqual(starts, selected.starts) && isEqual(facts.subjects, selected.subjects)) return selected;
  return { ...selected, starts, subjects: facts.subjects };
}

/** What can be said of a record that stands after its batch was tried. */
export function standingIn(session: ErasingSession, stage: number): 'not-erased' | 'unfinished' {
  return session.undoes?.(stage) === false ? 'unfinished' : 'not-erased';
}

export function isEqual(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((value, i) => value === b[i]);
}

/** As `name: what`; of the records' own files, which have no name, `what` alone. */
function countDependents(counts: Record<string, number>, name: string, rows: DependentCount): void {
  const { files, ...parts } = rows;
  const ofFiles: Readonly<Record<string, number>> = { ...files };
  const all = [
    ...Object.entries(parts),
    ...Object.entries(ofFiles).map(([what, n]) => [`files ${what}`, n] as const),
  ];
  for (const [what, n] of all) if (n > 0) add(counts, name === '' ? what : `${name}: ${what}`, n);
}
