/**
 * Erases the records of one opened batch, and says of each what was seen to happen. Nothing is claimed that was not
 * seen: a batch whose connection was lost while committing is left to recovery, never erased again blindly.
 */
import type { DependentCount, ErasingSession } from '../../connectors/connector.ts';
import { SourceFailure } from '../../connectors/connector.ts';
import type { Judge } from '../../policy/judge.ts';
import type { Facts, View } from '../../policy/policy.ts';
import type { Settled } from './ledger.ts';
import { add } from '../report.ts';
import type { Identity, Selected } from '../survey/spool.ts';

/** How often a batch that failed for a passing reason (deadlock, lock wait) is tried again before the policy fails. */
const RETRIES = 3;
const FIRST_BACKOFF_MS = 200;
/** A stop comes between batches: what has begun is short, and is finished. */
const TO_ITS_END = new AbortController().signal;

export interface AttemptInput {
  readonly view: View;
  readonly stage: number;
  readonly session: ErasingSession;
  readonly judge: Judge;
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
        done.push(...part.map((identity): Settled => ({ identity, outcome: 'not-erased' })));
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
  const { view, stage, judge } = input;
  const configured = view.stages[stage];
  if (configured === undefined) throw new Error(`no stage ${String(stage)} in policy ${view.policy}`);
  const result = await input.session.erase(
    {
      keys: part.map((selected) => selected.key),
      action: configured.action,
      dependents: configured.dependents,
      stage,
      stillDue: (facts) => facts.map((one) => isStillDue(judge, one, stage)),
    },
    TO_ITS_END,
  );
  for (const [name, rows] of result.dependents) countDependents(dependents, name, rows);
  return part.map((selected, i) => ({
    identity: asErased(judge, selected, result.facts[i]),
    outcome: result.outcomes[i] ?? 'changed',
  }));
}

function isStillDue(judge: Judge, facts: Facts, stage: number): boolean {
  const verdict = judge.verdict(facts);
  return verdict.verdict === 'erase' && verdict.stage === stage;
}

/** The facts under the lock are what was erased; those of the scan may be older. */
function asErased(judge: Judge, selected: Selected, facts: Facts | undefined): Identity {
  if (facts === undefined) return selected;
  const starts = judge.startRaw(facts);
  if (same(starts, selected.starts) && same(facts.subjects, selected.subjects)) return selected;
  return { ...selected, starts, subjects: facts.subjects };
}

function same(a: readonly unknown[], b: readonly unknown[]): boolean {
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
