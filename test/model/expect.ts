/** What the model expects of a command that nothing disturbed. */
import { expect } from '@jest/globals';
import type { PolicyReport } from '../../src/erasure/report.ts';
import { FristError } from '../../src/errors.ts';
import { policyText } from '../../src/policy/view.ts';
import type { Installation, Snapshot } from './installation.ts';
import { LIMITS, WORDINGS, type Deed } from './promise.ts';

const MINUTE = 60_000;

/** Why nothing can be erased now. */
export async function stop(at: Installation): Promise<string | undefined> {
  if (at.paused) return 'PAUSED';
  if (Math.abs(at.skew) > 5 * MINUTE) return 'SOURCE_CLOCK';
  const [last] = await at.observer().state.runs({ policy: 'contacts', limit: 1 });
  return last !== undefined && Date.parse(last.started) > at.now() ? 'CLOCK_BACKWARDS' : undefined;
}

/** How many records may go without anybody's word. */
export const limitOf = (at: Installation): number =>
  at.trusted === at.wording ? LIMITS.usual : Math.min(LIMITS.usual, LIMITS.first);

export interface Expected {
  readonly answer?: readonly PolicyReport[];
  readonly error?: unknown;
  readonly due: ReadonlyMap<string, Deed>;
  readonly stop: string | undefined;
  readonly limit: number;
  readonly before: Snapshot;
}

export function expectReport(at: Installation, expected: Expected): void {
  const { answer, error, due, limit, before } = expected;
  const [report] = answer ?? [];
  // What is no error with a code is a defect, and is shown as it is.
  if (error !== undefined && !(error instanceof FristError)) expect(error).toBeUndefined();
  const code = error instanceof FristError ? error.code : report?.error?.code;
  if (code === 'RUN_BUSY' && at.now() < at.deadUntil) {
    expectStill(at, before);
    return;
  }
  expect(code).toBe(expected.stop);
  at.note(code ?? report?.status ?? 'nothing');
  const goes = code === undefined && due.size <= limit;
  if (code === undefined) expect(report?.status).toBe(goes ? 'done' : 'waiting');
  if (!goes) expectStill(at, before);
  else expect(standing(at.contacts())).toEqual(standing(afterwards(before, due)));
}

export function expectStill(at: Installation, before: Snapshot): void {
  expect(at.snapshot()).toEqual(before);
}

const standing = (rows: Iterable<unknown>): string[] => [...rows].map((row) => JSON.stringify(row)).sort();

/** The contacts when just this has been done to them. */
function afterwards(before: Snapshot, done: ReadonlyMap<string, Deed>): unknown[] {
  return [...(before.get('contacts')?.values() ?? [])].flatMap((row) => {
    const deed = done.get(row['id'] ?? '');
    if (deed === 'delete') return [];
    return [deed === 'anonymise' ? { ...row, phone: null } : row];
  });
}

/** Of the due contacts those that are back: frist has done something to them before, and not just what still stands. */
export function replayable(at: Installation): Map<string, Deed> {
  const due = at.allDue();
  for (const row of at.contacts()) {
    const done = at.truths.filter(({ id }) => id === row['id']);
    const same = done.filter((truth) => isSameLife(truth.row, row));
    const all = same.length > 0 ? same : done;
    const stands = row['phone'] === null && all.every(({ deed }) => deed === 'anonymise');
    if (same.length === 0 || stands) due.delete(row['id'] ?? '');
  }
  return due;
}

type Life = Readonly<Record<string, string | null>>;
const isSameLife = (a: Life, b: Life): boolean =>
  a['email'] === b['email'] && a['last_contact'] === b['last_contact'];

/** Takes over which plans there are; and after trouble, which nobody can foresee, whether the wording is trusted. */
export async function observe(at: Installation, isExact: boolean): Promise<void> {
  const { state, engine } = at.observer();
  for (const { id, guard } of await state.plans({ policy: 'contacts' })) {
    if (at.plans.some((known) => known.id === id)) continue;
    const keys = new Set<string>();
    for await (const some of state.planKeys(id)) for (const { key } of some) keys.add(key[0] ?? '');
    at.plans.push({ id, keys, guard: guard.name, wording: at.wording });
  }
  if (isExact) return;
  const memory = await state.policyMemory(engine.controller.name, 'contacts');
  const [task] = at.tasks();
  if (memory?.trusted === undefined || task === undefined) return;
  const isOurs = memory.trusted === engine.digest(policyText(task));
  at.trusted = isOurs ? at.wording : WORDINGS.find((one) => one !== at.wording);
}
