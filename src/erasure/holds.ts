/** Suspension of deletion: a hold always wins, and ends only when someone named releases it. */
import { formatEntry } from '../audit/entry.ts';
import { FristError } from '../errors.ts';
import type { Normalisation, Raw, Source } from '../policy/policy.ts';
import { normalise } from '../policy/subject.ts';
import type { Hold } from '../state/state.ts';
import type { Engine, Names } from './engine.ts';
import { identitiesOf } from './recover.ts';
import type { Identity } from './survey/spool.ts';

const POLL_MS = 250;

/** How many records of one type a hold protects; `comparable` is false where the type declares none of its identifiers. */
export interface Match {
  readonly source: string;
  readonly record: string;
  readonly comparable: boolean;
  readonly records: number;
  /** The source could not be asked: the hold stands all the same. */
  readonly unreachable?: boolean;
}

export interface PlaceInput {
  readonly subjects: readonly (readonly [string, string])[];
  readonly sources?: readonly string[];
  readonly review?: string;
  readonly why: string;
  /** How long to wait for batches that were opened before, ms. */
  readonly waitMs: number;
  readonly signal: AbortSignal;
}

export interface Placed {
  readonly hold: Hold;
  readonly matches: readonly Match[];
  /** Records of this subject in batches that were opened before the hold: they had gone, or were going. */
  readonly beforeHold: number;
  /** False when those batches have not been settled in the time given. */
  readonly settled: boolean;
}

/** Places a hold. It is on record, and honoured by every batch opened from now on, before this resolves. */
export async function placeHold(
  engine: Engine,
  sources: readonly Source[],
  input: PlaceInput,
): Promise<Placed> {
  const names = await engine.keys.current();
  const why = await engine.evidence.put(input.why);
  const placed = new Date(engine.now()).toISOString();
  const hold: Hold = {
    id: `hold-${engine.newId()}`,
    kind: 'hold',
    subjects: input.subjects,
    placed,
    by: engine.settings.operator,
    ...(input.sources === undefined ? {} : { sources: input.sources }),
    ...(input.review === undefined ? {} : { review: input.review }),
  };
  const concerned = sources.filter((source) => input.sources?.includes(source.name) ?? true);
  await engine.state.transaction(async (t) => {
    await t.addHold(hold);
    const { epoch } = names;
    const base = { v: 1, type: 'hold-placed', at: placed, hold: hold.id, epoch, who: hold.by, why } as const;
    const subject = commitments(names, concerned, input.subjects);
    const only = input.sources ?? [undefined];
    await t.emit(
      only.map((source) =>
        formatEntry({ ...base, eid: engine.newId(), subject, ...(source === undefined ? {} : { source }) }),
      ),
    );
  });
  await engine.trail.flush();
  const { count, settled } = await waitForEarlier(engine, concerned, hold, input);
  return { hold, matches: await matchesOf(engine, concerned, input.subjects), beforeHold: count, settled };
}

/** Ends a hold; a coded error when there is none with this id. */
export async function releaseHold(engine: Engine, id: string, reason: string): Promise<void> {
  const hold = (await engine.state.holds({ active: true })).find((one) => one.id === id);
  if (hold === undefined) throw new FristError('HOLD_UNKNOWN', { hold: id });
  const why = await engine.evidence.put(reason);
  const at = new Date(engine.now()).toISOString();
  await engine.state.transaction(async (t) => {
    if (!(await t.releaseHold(id, at))) throw new FristError('HOLD_UNKNOWN', { hold: id });
    const who = engine.settings.operator;
    await t.emit([formatEntry({ v: 1, type: 'hold-released', eid: engine.newId(), at, hold: id, who, why })]);
  });
  await engine.trail.flush();
}

/** How many records of each type the subject has now. */
export async function matchesOf(
  engine: Engine,
  sources: readonly Source[],
  subjects: readonly (readonly [string, string])[],
): Promise<Match[]> {
  const matches: Match[] = [];
  for (const source of sources) {
    for (const record of source.records) {
      if (record.subjects.length === 0) continue;
      const shared = subjects.filter(([kind]) => record.subjects.some((declared) => declared.kind === kind));
      const base = { source: source.name, record: record.name, comparable: shared.length > 0 };
      try {
        let records = 0;
        for (const [kind, value] of shared) {
          // A record that has several of the identifiers is counted once for each.
          records += await engine.connector(source.name).find(record, kind, value);
        }
        matches.push({ ...base, records });
      } catch {
        matches.push({ ...base, records: 0, unreachable: true });
      }
    }
  }
  return matches;
}

/** One commitment for each way in which a concerned record type writes the identifier. */
function commitments(
  names: Names,
  sources: readonly Source[],
  subjects: readonly (readonly [string, string])[],
): string[] {
  const all = new Set<string>();
  for (const [kind, value] of subjects) {
    for (const how of waysOf(sources, kind)) {
      all.add(names.subject(kind, normalise(value, how)));
    }
  }
  return [...all];
}

/** The ways in which these sources write identifiers of a kind. */
function waysOf(sources: readonly Source[], kind: string): readonly Normalisation[] {
  const ways = sources
    .flatMap((source) => source.records)
    .flatMap((record) => record.subjects)
    .filter((declared) => declared.kind === kind)
    .map((declared) => declared.normalise);
  return ways.length === 0 ? ['lowercase'] : [...new Set(ways)];
}

/** Batches opened before the hold did not know of it; until they are settled, nobody can say what still stands. */
async function waitForEarlier(
  engine: Engine,
  sources: readonly Source[],
  hold: Hold,
  input: PlaceInput,
): Promise<{ readonly count: number; readonly settled: boolean }> {
  const open = (await engine.state.openBatches()).filter((batch) =>
    sources.some((one) => one.name === batch.source),
  );
  const waiting = new Set(open.map((batch) => batch.id));
  const tests = hold.subjects.flatMap(([kind, value]) =>
    waysOf(sources, kind).map(
      (how) => (raw: Raw) => raw !== null && normalise(raw, how) === normalise(value, how),
    ),
  );
  const isSubject = ({ subjects }: Identity): boolean =>
    subjects.some((raw) => tests.some((test) => test(raw)));
  const count = open.flatMap(identitiesOf).filter(isSubject).length;
  const until = engine.now() + input.waitMs;
  while (waiting.size > 0) {
    const still = new Set((await engine.state.openBatches()).map((batch) => batch.id));
    for (const id of waiting) if (!still.has(id)) waiting.delete(id);
    if (waiting.size === 0) break;
    if (engine.now() >= until || input.signal.aborted) return { count, settled: false };
    await engine.sleep(POLL_MS, input.signal);
  }
  return { count, settled: true };
}
