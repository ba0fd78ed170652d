import { afterEach, describe, expect, it } from '@jest/globals';
import { parseEntry, type EntryOf } from '../../../src/audit/entry.ts';
import { createMemoryStore } from '../../../src/audit/store/memory.ts';
import { beat } from '../../../src/audit/watch/heartbeat.ts';
import { keepHead } from '../../../src/audit/watch/heads.ts';
import { inspect, lastVerification, type Inspection } from '../../../src/audit/watch/inspect.ts';
import type { State } from '../../../src/state/state.ts';
import { aRun, freshState } from '../../state/support.ts';
import { entries, logOf, SIGNER } from '../../support/trail.ts';

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

async function newState(): Promise<State> {
  const fresh = await freshState('sqlite');
  closing.push(() => fresh.drop());
  return fresh.state;
}

let made = 0;
const newId = (): string => `01JD${String(made++).padStart(22, '0')}`;
const now = (): number => Date.parse('2026-11-22T05:15:07Z');

/** What was emitted, of one kind. */
async function emitted<K extends 'heartbeat' | 'verification'>(state: State, type: K): Promise<EntryOf<K>[]> {
  const rows = await state.pendingOutbox(100);
  const all = rows.flatMap((row) => row.entries).map(parseEntry);
  return all.filter((entry) => entry.type === type) as EntryOf<K>[];
}

describe('verification by schedule', () => {
  const setUp = async (): Promise<{
    readonly state: State;
    readonly trail: Awaited<ReturnType<typeof logOf>>;
    readonly away: ReturnType<typeof createMemoryStore>;
    readonly at: (slot: string) => Promise<Inspection | undefined>;
  }> => {
    const state = await newState();
    const trail = await logOf(entries(300));
    const away = createMemoryStore();
    const { store } = trail;
    const places = [store, away];
    const at = (slot: string): Promise<Inspection | undefined> =>
      inspect({ store, vkey: SIGNER.vkey, headPlaces: places, state, slot, now, newId });
    await keepHead(store, SIGNER.vkey, [away]);
    return { state, trail, away, at };
  };

  it('writes down what it found, once for each slot', async () => {
    const { state, trail, at } = await setUp();
    expect(await lastVerification(state)).toBeUndefined();
    expect(await at('2026-11-22T05:15:00.000Z')).toMatchObject(trail.log.head());
    expect(await at('2026-11-22T05:15:00.000Z')).toBeUndefined();
    const [entry, ...more] = await emitted(state, 'verification');
    expect(more).toEqual([]);
    const root = Buffer.from(trail.log.head().root, 'base64').toString('hex');
    expect(entry).toMatchObject({ result: 'verified', size: 300, heads: 1, root });
    expect(entry?.since).toBeUndefined();
    expect(await lastVerification(state)).toEqual({ slot: '2026-11-22T05:15:00.000Z', verified: true });
  });

  it('goes on from the last one, and reads the whole again after four weeks', async () => {
    const { state, trail, at } = await setUp();
    const slots = ['11-01', '11-08', '11-15', '11-22', '11-29', '12-06'];
    for (const day of slots) {
      await trail.log.append(entries(10));
      await at(`2026-${day}T05:15:00.000Z`);
    }
    const since = (await emitted(state, 'verification')).map((entry) => entry.since);
    expect(since).toEqual([undefined, 310, 320, 330, undefined, 350]);
  });

  it('finds what was changed, tells so every time, and reads the whole again', async () => {
    const { state, trail, at } = await setUp();
    await at('2026-11-01T05:15:00.000Z');
    const { objects } = trail.store;
    const whole = objects.get('tile/entries/001.p/44')!;
    const spoilt = Buffer.from(whole);
    spoilt[100]! ^= 1;
    objects.set('tile/entries/001.p/44', spoilt);
    // Not from before what was verified: that is for the whole look.
    const first = await at('2026-11-29T05:15:00.000Z');
    expect(first?.firstProblem).toMatchObject({ code: 'AUDIT_CORRUPT', where: 'tile/entries/001.p/44' });
    expect(await lastVerification(state)).toMatchObject({ verified: false });
    expect((await at('2026-12-06T05:15:00.000Z'))?.firstProblem).toBeDefined();
    objects.set('tile/entries/001.p/44', whole);
    expect((await at('2026-12-13T05:15:00.000Z'))?.firstProblem).toBeUndefined();
    const found = await emitted(state, 'verification');
    expect(found.map(({ result, code, since }) => [result, code, since])).toEqual([
      ['verified', undefined, undefined],
      ['failed', 'AUDIT_CORRUPT', undefined],
      ['failed', 'AUDIT_CORRUPT', undefined],
      ['verified', undefined, undefined],
    ]);
  });

  it('finds a history that was written anew with the right key, by the head that was kept elsewhere', async () => {
    const { trail, at } = await setUp();
    const other = await logOf(entries(400));
    const { objects } = trail.store;
    objects.clear();
    for (const [key, bytes] of other.store.objects) objects.set(key, bytes);
    expect((await at('2026-11-22T05:15:00.000Z'))?.firstProblem).toMatchObject({ code: 'AUDIT_FORK' });
  });

  it('takes a spoilt head for a finding', async () => {
    const { state, away, at } = await setUp();
    const [key] = [...away.objects.keys()] as [string];
    away.objects.set(key, Buffer.from('not a head'));
    expect((await at('2026-11-22T05:15:00.000Z'))?.firstProblem).toMatchObject({ where: key });
    expect(await emitted(state, 'verification')).toMatchObject([
      { result: 'failed', code: 'AUDIT_CORRUPT', size: 0 },
    ]);
  });

  it('says nothing when a place cannot be read: that is for the next try', async () => {
    const state = await newState();
    const { store } = await logOf(entries(3));
    const down = createMemoryStore({ objects: store.objects, fault: () => 'before' });
    const input = { vkey: SIGNER.vkey, state, slot: '2026-11-22T05:15:00.000Z', now, newId };
    await expect(inspect({ ...input, store: down, headPlaces: [] })).rejects.toMatchObject({
      code: 'AUDIT_STORE',
    });
    expect(await state.pendingOutbox(10)).toEqual([]);
    expect(await inspect({ ...input, store, headPlaces: [] })).toBeDefined();
  });
});

describe('the heartbeat', () => {
  const slot = '2026-11-22T23:59:00.000Z';
  const run = async (state: State, started: string, summary: Record<string, number>): Promise<void> => {
    const one = aRun({ started });
    await state.transaction(async (t) => {
      await t.startRun(one);
      await t.finishRun(one.id, 'finished', started, summary);
    });
  };

  it('is one entry on a day without a run', async () => {
    const state = await newState();
    expect(await beat({ state, slot, now, newId })).toBe(true);
    expect(await beat({ state, slot, now, newId })).toBe(false);
    expect(await beat({ state, slot: '2026-11-23T23:59:00.000Z', now, newId })).toBe(true);
    expect(await emitted(state, 'heartbeat')).toHaveLength(2);
  });

  it.each([
    ['found nothing due', '2026-11-22T03:15:00.000Z', { keep: 40 }, true],
    ['found something due', '2026-11-22T03:15:00.000Z', { keep: 40, erase: 1 }, false],
    ['was an approval that erased', '2026-11-22T03:15:00.000Z', { erased: 3 }, false],
    ['was the day before', '2026-11-21T23:58:00.000Z', { erase: 5 }, true],
    ['came after', '2026-11-23T03:15:00.000Z', { erase: 5 }, true],
  ])('on a day whose run %s', async (_, started, summary, expected) => {
    const state = await newState();
    await run(state, started, summary);
    expect(await beat({ state, slot, now, newId })).toBe(expected);
    expect(await emitted(state, 'heartbeat')).toHaveLength(expected ? 1 : 0);
  });

  it.each([
    ['is still running', undefined],
    ['was killed, after it may have erased', 'interrupted'],
    ['failed, and so did not look', 'failed'],
    ['was stopped', 'stopped'],
  ] as const)('is not on a day whose run %s, whenever that began', async (_, end) => {
    for (const started of ['2026-11-22T03:15:00.000Z', '2026-11-20T03:15:00.000Z']) {
      const state = await newState();
      const one = aRun({ started });
      await state.transaction((t) => t.startRun(one));
      if (end !== undefined)
        await state.transaction((t) => t.finishRun(one.id, end, '2026-11-22T04:00:00.000Z', {}));
      expect(await beat({ state, slot, now, newId })).toBe(false);
      expect(await emitted(state, 'heartbeat')).toEqual([]);
    }
  });
});
