/** Suspension of deletion: a hold always wins, and ends only when someone named releases it. */
import { formatEntry, type EntryOf } from '../../audit/entry.ts';
import type { Source } from '../../policy/policy.ts';
import type { HeldPolicy, HeldRecord } from '../../policy/subject.ts';
import { normalise } from '../../policy/subject.ts';
import type { Task } from '../../policy/view.ts';
import type { Hold } from '../../state/state.ts';
import type { Engine, Names } from '../engine.ts';
import { waitForEarlier, type Before } from './earlier.ts';
import { waysOf } from './matches.ts';

/** One controller: whom a hold may be about is known by the files of all of them. */
export interface Holding {
  readonly engine: Engine;
  readonly tasks: readonly Task[];
  readonly sources: readonly Source[];
}

export interface PlaceInput {
  /** A restriction of processing (GDPR Art. 18) does the same, and is told apart wherever holds are told of. */
  readonly kind?: Hold['kind'];
  readonly subjects?: Hold['subjects'];
  /** Of a hold on a person. */
  readonly sources?: readonly string[];
  readonly records?: readonly HeldRecord[];
  readonly policies?: readonly HeldPolicy[];
  readonly review?: string;
  readonly why: string;
  /** How long to wait for batches that were opened before, ms. */
  readonly waitMs: number;
  readonly signal: AbortSignal;
}

export interface Placed {
  readonly hold: Hold;
  /** What the hold is about and stood in batches that were opened before it: it had gone, or was going. */
  readonly before: readonly Before[];
  /** False when those batches have not been settled in the time given. */
  readonly settled: boolean;
}

/**
 * Places a hold. It is on record, and honoured by every batch opened from now on, before this resolves. A crash before
 * the transaction leaves nothing but the reason; one after it a hold that stands, and whose entry the next process publishes.
 */
export async function placeHold(
  first: Holding,
  others: readonly Holding[],
  input: PlaceInput,
): Promise<Placed> {
  const { engine } = first;
  const all = [first, ...others];
  const names = await engine.keys.current();
  const why = await engine.evidence.put(input.why);
  const placed = new Date(engine.now()).toISOString();
  const { kind = 'hold', subjects = [], sources, records, policies, review } = input;
  const hold: Hold = {
    id: `hold-${engine.newId()}`,
    kind,
    subjects,
    ...(sources === undefined ? {} : { sources }),
    ...(records === undefined ? {} : { records }),
    ...(policies === undefined ? {} : { policies }),
    placed,
    by: engine.settings.operator,
    ...(review === undefined ? {} : { review }),
  };
  const covered = [
    ...ofPersons(all, names, hold),
    ...(await ofRecords(all, names.epoch, hold)),
    ...ofPolicies(hold),
  ];
  await engine.state.transaction(async (t) => {
    await t.addHold(hold);
    const base = {
      v: 1,
      type: 'hold-placed',
      at: placed,
      hold: hold.id,
      epoch: names.epoch,
      who: hold.by,
      why,
      ...(kind === 'hold' ? {} : { kind }),
      ...(review === undefined ? {} : { review }),
    } as const;
    await t.emit(covered.map((one) => formatEntry({ ...base, eid: engine.newId(), ...one })));
  });
  await engine.trail.flush();
  return { hold, ...(await waitForEarlier(all, hold, input)) };
}

/** What an entry says of that which the hold covers. */
type Covered = Pick<EntryOf<'hold-placed'>, 'subject' | 'source' | 'records' | 'policy' | 'controller'>;

/** One entry for each source; one commitment for each way in which a concerned record type writes an identifier. */
function ofPersons(all: readonly Holding[], names: Names, { subjects, sources: only }: Hold): Covered[] {
  if (subjects.length === 0) return [];
  const concerned = all.flatMap((one) => one.sources).filter(({ name }) => only?.includes(name) ?? true);
  const commitments = subjects.flatMap(([kind, value]) =>
    waysOf(concerned, kind).map((how) => names.subject(kind, normalise(value, how))),
  );
  const subject = [...new Set(commitments)];
  return only === undefined ? [{ subject }] : only.map((source) => ({ subject, source }));
}

/** One entry for each record, which its controller's names stand for. */
async function ofRecords(all: readonly Holding[], epoch: string, { records = [] }: Hold): Promise<Covered[]> {
  const covered: Covered[] = [];
  for (const { controller, source, record, key } of records) {
    const engine = all.find((one) => one.engine.controller.name === controller)?.engine;
    if (engine === undefined) continue;
    const names = await engine.keys.of(epoch);
    covered.push({ subject: [], controller, source, records: [names.record(source, record, key)] });
  }
  return covered;
}

function ofPolicies({ policies = [] }: Hold): Covered[] {
  return policies.map(({ controller, policy }) => ({ subject: [], controller, policy }));
}
