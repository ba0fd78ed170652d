/**
 * The end of evidence: free text has a life of its own, shorter than the trail's. It is counted from when the text was
 * no longer needed:
 *
 *   why of an approval, a release, a
 *   pause or its end, an adopted state from its entry
 *   why of a hold                      from the release of the hold; never while the hold stands
 *   text of a policy                   from the entry with the text that replaced it; never while it is in force
 *   what no entry points to            from when it was found so twice
 *
 * The last is left by a crash between the text and its entry. At the first look the entry may be under way; so such
 * objects are remembered until the next one.
 *
 * The trail goes on to verify: of evidence it has the hash alone. Evidence of a kind of entry that is not named here is
 * kept for ever (a test holds the list against the kinds).
 */
import type { State } from '../../state/state.ts';
import { formatEntry, type AnyEntry } from '../entry.ts';
import { readSpan, timeOf } from '../lookup/range.ts';
import { openReader, type TrailReader } from '../lookup/reader.ts';
import type { Store } from '../store/store.ts';
import { EVIDENCE_PREFIX } from '../tile.ts';

/** Under what name the state remembers when this was done last. */
export const EVIDENCE = 'evidence';

const DAY_MS = 86_400_000;
/** Of those that no entry points to; the rest is found again when these are gone. */
const MOST_REMEMBERED = 500;

export interface ExpireInput {
  /** Where evidence cannot be removed, nothing is done. */
  readonly store: Store;
  readonly vkey: string;
  readonly state: State;
  /** ISO instant: the moment that life is counted back from. */
  readonly slot: string;
  readonly keepDays: number;
  readonly now: () => number;
  readonly newId: () => string;
}

/**
 * Removes the evidence whose life is over, and emits an entry that says how much that was.
 * @returns how many objects were there and are gone.
 * @throws AUDIT_STORE where the store refuses, AUDIT_CORRUPT
 */
export async function expireEvidence(input: ExpireInput): Promise<number> {
  const { store, vkey, state, slot } = input;
  const before = Date.parse(slot) - input.keepDays * DAY_MS;
  const there = new Set<string>();
  for await (const key of store.list(EVIDENCE_PREFIX)) there.add(key.slice(EVIDENCE_PREFIX.length));
  const { ended, pointedTo } =
    there.size === 0 ? NOTHING : await lookThrough(await openReader({ store, vkey }), before);
  const orphans = [...there].filter((sha256) => !pointedTo.has(sha256));
  const known = new Set(await orphansBefore(state));
  const over = [...ended].filter((sha256) => there.has(sha256));
  let count = 0;
  try {
    for (const sha256 of [...over, ...orphans.filter((one) => known.has(one))])
      if ((await store.remove?.(EVIDENCE_PREFIX + sha256)) === true) count += 1;
  } finally {
    // A crash before this leaves evidence gone and nothing said of it: the trail never says more than was seen.
    if (count > 0) await tell(input, before, count);
  }
  const note = orphans.slice(0, MOST_REMEMBERED).join(' ');
  await state.transaction((t) => t.endJob(EVIDENCE, slot, note));
  return count;
}

/** What no entry pointed to at the last look; nothing while entries wait for the trail that may point to it. */
async function orphansBefore(state: State): Promise<readonly string[]> {
  if ((await state.outboxSpan()) !== undefined) return [];
  return (await state.job(EVIDENCE))?.note?.split(' ') ?? [];
}

async function tell({ state, now, newId }: ExpireInput, before: number, count: number): Promise<void> {
  const [at, day] = [new Date(now()).toISOString(), new Date(before).toISOString().slice(0, 10)];
  const entry = { v: 1, type: 'evidence-erased', eid: newId(), at, before: day, count } as const;
  await state.transaction((t) => t.emit([formatEntry(entry)]));
}

interface Seen {
  /** Hashes of the evidence that was last needed before a moment. */
  readonly ended: ReadonlySet<string>;
  /** Of all that any entry points to. */
  readonly pointedTo: ReadonlySet<string>;
}

const NOTHING: Seen = { ended: new Set(), pointedTo: new Set() };

async function lookThrough(reader: TrailReader, before: number): Promise<Seen> {
  const ended = new Set<string>();
  const pointedTo = new Set<string>();
  const needed = new Map<string, string>();
  const end = (what: string): void => {
    const sha256 = needed.get(what);
    if (sha256 !== undefined) ended.add(sha256);
  };
  for await (const { fields } of readSpan(reader, {})) {
    for (const value of Object.values(fields)) {
      const sha256 = hashIn(value);
      if (sha256 !== undefined) pointedTo.add(sha256);
    }
    if (timeOf(fields) >= before) continue;
    const { reason, of, ends } = roleOf(fields);
    if (ends !== undefined) end(ends);
    if (reason !== undefined && of === undefined) ended.add(reason);
    if (reason !== undefined && of !== undefined) needed.set(of, reason);
  }
  return { ended, pointedTo };
}

interface Role {
  /** Hash of the evidence. */
  readonly reason?: string | undefined;
  /** What it is needed for; undefined: for nothing that lasts. */
  readonly of?: string;
  /** What ends with this entry. */
  readonly ends?: string;
}

/** What an entry says about evidence. */
function roleOf(entry: Partial<AnyEntry>): Role {
  const hold = `hold ${String(entry['hold'])}`;
  const policy = `policy ${JSON.stringify([entry['controller'], entry['policy']])}`;
  switch (entry.type) {
    case 'approval':
    case 'paused':
    case 'resumed':
    case 'state-adopted':
      return { reason: hashIn(entry['why']) };
    case 'hold-placed':
      return { reason: hashIn(entry['why']), of: hold };
    case 'hold-released':
      return { reason: hashIn(entry['why']), ends: hold };
    case 'policy':
      return { reason: hashIn(entry['text']), of: policy, ends: policy };
    default:
      return {};
  }
}

function hashIn(ref: unknown): string | undefined {
  const found = typeof ref === 'object' && ref !== null && 'sha256' in ref ? ref.sha256 : undefined;
  return typeof found === 'string' ? found : undefined;
}
