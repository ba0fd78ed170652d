/** What the own trail says was erased in one source, for `replay`: read by commitments, since it names nothing else. */
import { readEntry, type EntryOf } from '../audit/entry.ts';
import { findByCommitment } from '../audit/lookup/find.ts';
import { readSpan } from '../audit/lookup/range.ts';
import type { Deed, Past } from '../erasure/replay/past.ts';
import type { Inquiry } from './inquiry.ts';

export interface TrailPast extends Past {
  /** How many entries say that a record of the source went. */
  readonly entries: number;
  /** How many of them nobody can ask about any more, because the key of their epoch is gone. */
  readonly unanswerable: number;
  /** How many there are of each record type, by its name. */
  readonly byType: ReadonlyMap<string, number>;
}

/** Outcomes by which a record went. */
const WENT: ReadonlySet<string> = new Set(['erased', 'absent-after-crash']);

/**
 * Reads through the trail, from the day `since` (UTC) on. The trail must have been verified.
 * @throws AUDIT_CORRUPT, AUDIT_STORE
 */
export async function openPast(
  { reader, index, epochs }: Inquiry,
  source: string,
  since: string | undefined,
): Promise<TrailPast> {
  const isMeant = (entry: EntryOf<'record'>): boolean =>
    entry.source === source && WENT.has(entry.outcome) && (since === undefined || entry.at >= since);
  const living = epochs.flatMap(({ epoch, names }) => (names === undefined ? [] : [epoch]));
  const byType = new Map<string, number>();
  /** Of batches that are open where the trail is read. */
  const epochOf = new Map<string, string>();
  let [entries, unanswerable] = [0, 0];
  for await (const { text } of readSpan(reader, {
    from: since === undefined ? undefined : Date.parse(since),
  })) {
    const entry = readEntry(text);
    if (entry?.type === 'batch-opened') epochOf.set(entry.batch, entry.epoch);
    else if (entry?.type === 'batch-settled') epochOf.delete(entry.batch);
    if (entry?.type !== 'record' || !isMeant(entry)) continue;
    entries += 1;
    byType.set(entry.record, (byType.get(entry.record) ?? 0) + 1);
    const epoch = epochOf.get(entry.batch);
    if (epoch !== undefined && !living.includes(epoch)) unanswerable += 1;
  }
  return {
    epochs: living,
    entries,
    unanswerable,
    byType,
    knows: (type) => byType.has(type),
    deedsOf: async (commitments) => {
      const deeds = new Map<string, Deed[]>();
      for await (const { text } of findByCommitment(reader, index, commitments)) {
        const entry = readEntry(text);
        if (entry?.type !== 'record' || !isMeant(entry)) continue;
        const { policy, action } = entry;
        const { record, incarnation, subject: subjects } = entry.commitments;
        deeds.set(record, [...(deeds.get(record) ?? []), { policy, action, incarnation, subjects }]);
      }
      return deeds;
    },
  };
}
