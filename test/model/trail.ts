/** What the trail claims, held against what was seen to happen. */
import { expect } from '@jest/globals';
import type { Entry } from '../../src/audit/entry.ts';
import type { Deed, Past } from '../../src/erasure/replay/past.ts';
import type { World } from '../erasure/harness.ts';
import type { Installation } from './installation.ts';

const WENT: ReadonlySet<string> = new Set(['erased', 'absent-after-crash']);

/** The trail as `replay` asks it, without an index. */
export async function pastOf({ entries, names }: World): Promise<Past> {
  const deeds = new Map<string, Deed[]>();
  for (const entry of await entries()) {
    if (entry.type !== 'record' || !WENT.has(entry.outcome)) continue;
    const { policy, action, commitments } = entry;
    const { record, incarnation, subject: subjects } = commitments;
    deeds.set(record, [...(deeds.get(record) ?? []), { policy, action, incarnation, subjects }]);
  }
  return { epochs: [names.epoch], knows: () => true, deedsOf: () => Promise.resolve(deeds) };
}

/** Every intent has an outcome, every run an end, and an intent comes before what it was about. */
function checkOrder(entries: readonly Entry[]): void {
  const batches = new Set<string>();
  const runs = new Set<string>();
  for (const entry of entries) {
    if (entry.type === 'run-started') runs.add(entry.run);
    if (entry.type === 'run-finished') expect(runs.delete(entry.run)).toBe(true);
    if (entry.type === 'batch-opened') batches.add(entry.batch);
    if (entry.type === 'batch-settled') expect(batches.delete(entry.batch)).toBe(true);
    if (entry.type === 'record') expect(batches.has(entry.batch)).toBe(true);
  }
  expect([[...batches], [...runs]]).toEqual([[], []]);
}

/**
 * Everything that frist did stands there once; `erased` stands for nothing else. What a crash left may be called
 * `absent-after-crash`, which others may have been, too.
 */
export async function checkClaims(at: Installation): Promise<void> {
  const world = at.observer();
  const entries = await world.entries();
  checkOrder(entries);
  const ids = new Set([...at.truths.map(({ id }) => id), ...at.others]);
  const idOf = new Map([...ids].map((id) => [world.names.record('crm', 'contact', [id]), id]));
  const claims = new Map<string, { erased: number; absent: number }>();
  for (const entry of entries) {
    if (entry.type !== 'record' || !WENT.has(entry.outcome)) continue;
    const name = `${idOf.get(entry.commitments.record) ?? 'nobody'} ${entry.action}`;
    const claim = claims.get(name) ?? { erased: 0, absent: 0 };
    claim[entry.outcome === 'erased' ? 'erased' : 'absent'] += 1;
    claims.set(name, claim);
  }
  const done = Map.groupBy(at.truths, ({ id, deed }) => `${id} ${deed}`);
  for (const name of new Set([...claims.keys(), ...done.keys()])) {
    const { erased, absent } = claims.get(name) ?? { erased: 0, absent: 0 };
    const truly = done.get(name)?.length ?? 0;
    const [id = ''] = name.split(' ');
    const isAll = at.others.has(id) ? erased + absent >= truly : erased + absent === truly;
    const isTrue = erased <= truly && (isAll || at.unseen.has(id));
    expect({ name, truly, erased, absent, isTrue }).toMatchObject({ isTrue: true });
  }
}
