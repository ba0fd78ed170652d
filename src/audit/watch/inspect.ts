/**
 * Verification by schedule: the daemon holds its own trail against its signature and against every head that is kept,
 * and writes down what it found. Nobody is convinced by that but the operator: he learns of damage while there are
 * copies from before it. What convinces an auditor is his own `audit verify`.
 */
import type { Head } from '../checkpoint.ts';
import { formatEntry } from '../entry.ts';
import type { ReadStore } from '../store/store.ts';
import { problemOf } from '../verify/found.ts';
import { verifyTrail, type Verification } from '../verify.ts';
import type { State } from '../../state/state.ts';
import { readHeads } from './heads.ts';

/** Under what name the state remembers the verifications. */
export const VERIFICATION = 'verification';

/** A trail is read whole at least this often; in between from where the last verification ended. */
const WHOLE_MS = 28 * 86_400_000;

export interface InspectInput {
  readonly store: ReadStore;
  readonly vkey: string;
  /** Where heads are kept, the trail's own store among them. */
  readonly headPlaces: readonly ReadStore[];
  readonly state: State;
  /** ISO instant. */
  readonly slot: string;
  readonly now: () => number;
  readonly newId: () => string;
}

export interface Inspection extends Verification {
  /** How many kept heads it was held against. */
  readonly heads: number;
}

/** What the state remembers of the last verification. `whole`: the slot of the last that read every entry. */
interface Remembered extends Head {
  readonly verified: boolean;
  readonly whole: string;
}

/** Verifies the trail, and emits an entry about it; undefined when another process has done so for this slot. */
export async function inspect(input: InspectInput): Promise<Inspection | undefined> {
  const { state, slot } = input;
  const last = remembered((await state.job(VERIFICATION))?.note);
  const since =
    last?.verified === true && Date.parse(slot) - Date.parse(last.whole) < WHOLE_MS ? last : undefined;
  const { found, heads } = await hold(input, since);
  const { size, root, firstProblem } = found;
  const verified = firstProblem === undefined;
  const note: Remembered = { size, root, verified, whole: since?.whole ?? slot };
  const done = await state.transaction(async (t) => {
    if (!(await t.endJob(VERIFICATION, slot, JSON.stringify(note)))) return false;
    await t.emit([
      formatEntry({
        v: 1,
        type: 'verification',
        eid: input.newId(),
        at: new Date(input.now()).toISOString(),
        result: verified ? 'verified' : 'failed',
        size,
        heads,
        ...(root === '' ? {} : { root: Buffer.from(root, 'base64').toString('hex') }),
        ...(since === undefined ? {} : { since: since.size }),
        ...(verified ? {} : { code: firstProblem.code }),
      }),
    ]);
    return true;
  });
  return done ? { ...found, heads } : undefined;
}

/** Heads first: the trail may grow, and be copied, while it is read. */
async function hold(
  { store, vkey, headPlaces, state }: InspectInput,
  since: Head | undefined,
): Promise<{ readonly found: Verification; readonly heads: number }> {
  const seen = await state.lastHead();
  const kept: Head[] = [];
  try {
    for (const place of headPlaces) kept.push(...(await readHeads(place, vkey)));
  } catch (error) {
    // A head that was spoilt is a finding like any other.
    return { found: { size: 0, root: '', firstProblem: problemOf(error) }, heads: kept.length };
  }
  const heads = seen === undefined ? kept : [...kept, seen];
  const found = await verifyTrail({ store, vkey, heads, ...(since === undefined ? {} : { since }) });
  return { found, heads: kept.length };
}

function remembered(note: string | undefined): Remembered | undefined {
  return note === undefined ? undefined : (JSON.parse(note) as Remembered);
}

/** How the last verification by schedule ended; undefined where there was none. */
export async function lastVerification(
  state: State,
): Promise<{ readonly slot: string; readonly verified: boolean } | undefined> {
  const job = await state.job(VERIFICATION);
  return job === undefined
    ? undefined
    : { slot: job.slot, verified: remembered(job.note)?.verified === true };
}
