/**
 * Adopts a trail: a state that was restored from an old copy, or that is made anew because there is no copy, goes on from
 * the trail's end. The trail can tell which holds there were, and not whom they were about; so each of those that are
 * lost keeps everything until it has been placed again.
 *
 * Nothing is adopted that does not verify, or that is another installation's. A crash before the end leaves a state that
 * is refused as an old copy, and can be adopted again.
 */
import { formatEntry, readEntry, type Entry, type EntryOf } from '../audit/entry.ts';
import { putEvidence, readEvidence } from '../audit/evidence.ts';
import { createUlids } from '../audit/format/ulid.ts';
import { openReader, type TrailReader } from '../audit/lookup/reader.ts';
import { openStore } from '../audit/store/open.ts';
import type { ReadStore } from '../audit/store/store.ts';
import { CHECKPOINT, parseTilePath, PENDING, TILE_PREFIX } from '../audit/tile.ts';
import { TILE_WIDTH } from '../audit/tree.ts';
import type { Settings } from '../config.ts';
import { FristError } from '../errors.ts';
import { openKeyRing } from './keys.ts';
import { initState, openState } from '../state/open.ts';
import type { Adoption, Destroyed, Hold, LostEpoch, Pause, State } from '../state/state.ts';
import { openDurable, type World } from './wiring.ts';

const DAY_MS = 86_400_000;

/** A trail that was verified, and the name that it is signed with. */
export interface Adoptable {
  readonly store: ReadStore;
  readonly vkey: string;
  readonly origin: string;
}

export interface LostHold {
  readonly hold: Hold;
  /** The reason that was given for it, as long as it is kept. */
  readonly why: string | undefined;
  /** The last day of its grace, where the trail says that it was released; it stands all the same. */
  readonly until?: string;
}

export interface Adopted {
  readonly installation: string;
  /** Entries that the state did not know; all of them where there was no state. */
  readonly entries: number;
  readonly anew: boolean;
  readonly lostHolds: readonly LostHold[];
  /** Holds that stand in the state, and were released since by what the trail says. */
  readonly released: readonly string[];
  /** Batches that were opened and have no outcome: nobody knows any more which records they were about. */
  readonly lostBatches: number;
  /** Batches whose erased records were still to be looked at again: nobody can any more. */
  readonly lostProofs: number;
  readonly lostEpochs: number;
}

/**
 * @throws STATE_CURRENT when the state is no old copy; STATE_OTHER_INSTALLATION; AUDIT_ROLLBACK, AUDIT_FORK when the
 *   trail does not go on from what the state has seen; and whatever state, trail and keys throw.
 */
export async function adoptTrail(
  settings: Settings,
  world: World,
  { store, vkey, origin }: Adoptable,
  why: string,
): Promise<Adopted> {
  const anew = !(await hasState(settings, world));
  if (!anew) await refuseCurrent(settings, world);
  const reader = await openReader({ store, vkey });
  const changing = await changingObject(settings.audit, store, reader);
  const { installation, at } = await firstEntry(reader);
  if (anew) {
    const made = { id: installation, origin, created: at };
    await initState(settings.state.url, made, { clock: world.now });
  }
  const state = await openState(settings.state.url, { clock: world.now });
  try {
    const { id } = await state.installation();
    if (id !== installation)
      throw new FristError('STATE_OTHER_INSTALLATION', { state: id, trail: installation });
    const known = await state.lastHead();
    await openReader({ store, vkey, known });
    const adopted = await takeOver(settings, world, state, { reader, ...changing }, why);
    await publish(settings, world);
    return { ...adopted, installation, anew, entries: reader.head.size - (known?.size ?? 0) };
  } finally {
    await state.close();
  }
}

async function hasState(settings: Settings, world: World): Promise<boolean> {
  try {
    await (await openState(settings.state.url, { clock: world.now })).close();
    return true;
  } catch (error) {
    if (error instanceof FristError && error.code === 'STATE_MISSING') return false;
    throw error;
  }
}

/** A state to which the trail can be written has nothing to adopt. */
async function refuseCurrent(settings: Settings, world: World): Promise<void> {
  try {
    await publish(settings, world);
  } catch (error) {
    if (error instanceof FristError && error.code === 'AUDIT_STATE_OLD') return;
    throw error;
  }
  throw new FristError('STATE_CURRENT');
}

/** Writes what waits in the outbox to the trail, which must be that of the state. */
async function publish(settings: Settings, world: World): Promise<void> {
  const { state, trail } = await openDurable(settings, world);
  try {
    // Closed also where it cannot be written: trying again in the background needs the state.
    await trail.flush().finally(() => trail.close());
  } finally {
    await state.close();
  }
}

async function firstEntry(reader: TrailReader): Promise<EntryOf<'installation'>> {
  const entry = readEntry(await reader.entry(0));
  if (entry?.type === 'installation') return entry;
  throw new FristError('AUDIT_CORRUPT', { where: 'entry 0', what: 'it names no installation' });
}

/** The trail, and what of it the state has to have. */
interface Trail extends Pick<Adoption, 'object'> {
  readonly reader: TrailReader;
}

/**
 * The checkpoint, where what changes of the trail lay in the state and was lost with it: in a bucket, without the append
 * that was the last. The bucket has a copy, which is the last but one after a crash between the two.
 * @throws AUDIT_END_LOST then: what was appended may have been a hold.
 */
async function changingObject(
  { s3 }: Settings['audit'],
  store: ReadStore,
  { head }: TrailReader,
): Promise<Pick<Adoption, 'object'>> {
  const isElsewhere = s3.bucket === undefined || s3.stateBucket !== undefined;
  if (isElsewhere || (await store.get(PENDING)) !== undefined) return {};
  const found = await store.get(CHECKPOINT);
  for await (const key of store.list(`${TILE_PREFIX}entries/`)) {
    const tile = parseTilePath(key);
    if (tile !== undefined && tile.index * TILE_WIDTH + tile.width > head.size)
      throw new FristError('AUDIT_END_LOST', { key, size: head.size });
  }
  return found === undefined ? {} : { object: { key: CHECKPOINT, bytes: found.bytes } };
}

async function takeOver(
  settings: Settings,
  world: World,
  state: State,
  { reader, ...changing }: Trail,
  why: string,
): Promise<Omit<Adopted, 'installation' | 'anew' | 'entries'>> {
  const newId = createUlids(world.randomBytes, world.now);
  const on = new Date(world.now()).toISOString();
  const today = on.slice(0, 10);
  const story = await readStory(reader, state, today);
  const ring = await openKeyRing(settings, state, { ...world, newId });
  // The keys of a copy may be in more hands than one; and of a new state there are none.
  await ring.renew();
  const trueFrom = new Date(world.now() + (settings.state.backupDays + 1) * DAY_MS).toISOString();
  const destroyed = { on: today, trueFrom: trueFrom.slice(0, 10) };
  const epochs = story.epochs.map((one): LostEpoch => ({ destroyed, ...one }));
  const lostEpochs = story.epochs.filter((one) => one.destroyed === undefined).length;
  const writable = await openStore(settings.audit, { now: world.now, swap: state.trailObjects });
  const evidence = await putEvidence(writable, why, world.randomBytes);
  const from = (await state.lastHead())?.size;
  const entry = formatEntry({
    v: 1,
    type: 'state-adopted',
    eid: newId(),
    at: on,
    who: settings.operator,
    why: evidence,
    size: reader.head.size,
    ...(from === undefined ? {} : { from }),
    holds: story.holds.length,
    batches: story.lostBatches,
    epochs: lostEpochs,
  });
  await state.transaction(async (t) => {
    const holds = story.holds.map(({ hold }) => hold);
    await t.adopt({ ...story, ...changing, head: reader.head, epochs, holds });
    if (story.pause !== undefined) await t.setPause(story.pause);
    await t.emit([entry]);
  });
  const { holds: lostHolds, released, lostBatches, lostProofs } = story;
  return { lostHolds, released, lostBatches, lostProofs, lostEpochs };
}

interface Story {
  readonly published: readonly number[];
  readonly settled: readonly string[];
  readonly proven: readonly string[];
  readonly ended: readonly { readonly run: string; readonly at: string }[];
  readonly holds: readonly LostHold[];
  readonly released: readonly string[];
  readonly lostBatches: number;
  readonly lostProofs: number;
  /** Epochs that the state does not know, and when their keys were destroyed, where they were. */
  readonly epochs: readonly (Omit<LostEpoch, 'destroyed'> & Partial<LostEpoch>)[];
  /** The kill switch, where it is on. */
  readonly pause: Pause | undefined;
}

type Placed = EntryOf<'hold-placed'>;

/** Reads the whole trail, and holds it against the state. */
async function readStory(reader: TrailReader, state: State, today: string): Promise<Story> {
  const rows = await state.pendingOutbox(Number.MAX_SAFE_INTEGER);
  const waiting = new Set(rows.flatMap((row) => row.entries));
  const placed = new Map<string, Placed[]>();
  /** Until when what they cover is kept all the same: a day. */
  const released = new Map<string, string>();
  const epochs = new Map<string, string>();
  const destroyed = new Map<string, Destroyed>();
  const open = new Set<string>();
  const unproven = new Set<string>();
  const own = new Set((await state.openBatches()).map(({ id }) => id));
  const settled: string[] = [];
  const pending = new Set((await state.pendingProofs()).map(({ batch }) => batch));
  const proven: string[] = [];
  const running = new Set((await state.runs({ states: ['running'], limit: 1_000_000 })).map(({ id }) => id));
  const ended: { run: string; at: string }[] = [];
  let pause: Pause | undefined;
  const take = (entry: Entry): void => {
    if (entry.type === 'hold-placed') placed.set(entry.hold, [...(placed.get(entry.hold) ?? []), entry]);
    else if (entry.type === 'hold-released') released.set(entry.hold, entry.until ?? '');
    else if (entry.type === 'key-created') epochs.set(entry.epoch, entry.at);
    else if (entry.type === 'key-destroyed')
      destroyed.set(entry.epoch, { on: entry.at.slice(0, 10), trueFrom: entry.trueFrom });
    else if (entry.type === 'batch-opened') open.add(entry.batch);
    else if (entry.type === 'batch-settled') {
      open.delete(entry.batch);
      if (entry.verification === 'pending') unproven.add(entry.batch);
      if (own.has(entry.batch)) settled.push(entry.batch);
    } else if (entry.type === 'proof') {
      unproven.delete(entry.batch);
      if (pending.has(entry.batch)) proven.push(entry.batch);
    }
    if (entry.type === 'run-finished' && running.has(entry.run)) ended.push({ run: entry.run, at: entry.at });
    else if (entry.type === 'paused') pause = { since: entry.at, by: entry.who };
    else if (entry.type === 'resumed') pause = undefined;
  };
  for (let index = 0; index < reader.head.size; index += 1) {
    // Each held against the signature once more: a hold that is not read here is forgotten.
    const text = await reader.entry(index);
    waiting.delete(text);
    const entry = readEntry(text);
    if (entry !== undefined) take(entry);
  }
  const known = [...(await state.holds({ active: true })), ...(await state.holds({ active: false }))];
  const ids = new Set(known.map(({ id }) => id));
  const keys = new Set((await state.epochKeys()).map(({ epoch }) => epoch));
  // One whose grace still runs is lost as well.
  const stands = (hold: string): boolean => (released.get(hold) ?? today) >= today;
  const lost = [...placed].filter(([hold]) => !ids.has(hold) && stands(hold));
  return {
    // A row is published as a whole. Another beginning of the trail is none of this trail's entries.
    published: rows
      .filter(({ entries }) => entries.every((text) => !waiting.has(text) || isBeginning(text)))
      .map(({ id }) => id),
    settled,
    proven,
    ended,
    holds: await Promise.all(
      lost.map(([hold, entries]) => lostHold(reader.store, hold, entries, released.get(hold))),
    ),
    released: known.filter((one) => one.released === undefined && released.has(one.id)).map(({ id }) => id),
    lostBatches: [...open].filter((id) => !own.has(id)).length,
    lostProofs: [...unproven].filter((id) => !pending.has(id)).length,
    epochs: [...epochs]
      .filter(([epoch]) => !keys.has(epoch))
      .map(([epoch, from]) => {
        const gone = destroyed.get(epoch);
        return { epoch, from, ...(gone === undefined ? {} : { destroyed: gone }) };
      }),
    pause,
  };
}

/**
 * A hold as the trail tells of it. On policies it stands as it was. Of persons and records nobody knows the names: it can
 * be compared with nothing, and so keeps everything in its sources.
 */
async function lostHold(
  store: ReadStore,
  id: string,
  entries: readonly Placed[],
  until: string | undefined,
): Promise<LostHold> {
  const [first] = entries;
  if (first === undefined) throw new FristError('DEFECT', { what: `hold ${id} without an entry` });
  const policies = entries.flatMap(({ controller, policy }) =>
    controller === undefined || policy === undefined ? [] : [{ controller, policy }],
  );
  const unnamed = entries.filter(({ policy }) => policy === undefined);
  const sources = new Set(unnamed.map(({ source }) => source));
  const named = [...sources].flatMap((source) => source ?? []);
  const hold: Hold = {
    id,
    kind: first.kind === 'restriction' ? 'restriction' : 'hold',
    subjects: [],
    placed: first.at,
    by: first.who,
    ...(sources.has(undefined) || named.length === 0 ? {} : { sources: named }),
    ...(policies.length === 0 ? {} : { policies }),
    ...(first.review === undefined ? {} : { review: first.review }),
  };
  const why = await readEvidence(store, first.why);
  return { hold, why, ...(until === undefined ? {} : { until }) };
}

function isBeginning(text: string): boolean {
  return readEntry(text)?.type === 'installation';
}
