// Epochs over a real state: they begin, follow each other, and their keys are gone for good.
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { parseEntry, type Entry } from '../../../src/audit/entry.ts';
import { createUlids } from '../../../src/audit/format/ulid.ts';
import { createKeyRing, type KeyRing, type KeyRingOptions } from '../../../src/audit/keys/ring.ts';
import { wrapperOf, type KeyWrapper } from '../../../src/audit/keys.ts';
import type { State } from '../../../src/state/state.ts';
import { aBatch, freshState, type TestState } from '../../state/support.ts';
import { fakeClock } from '../../support/clock.ts';
import { createDeath, type Fate } from '../../support/death.ts';

const DAY = 86_400_000;
const coded = (code: string): unknown => expect.objectContaining({ code });
const START = '2026-11-01T10:00:00.000Z';
const clock = fakeClock(START);
const newId = createUlids(randomBytes, clock.now);
const wrapper = wrapperOf(randomBytes(32), randomBytes);
let test: TestState;
beforeEach(async () => {
  clock.set(START);
  test = await freshState('sqlite');
});
afterEach(async () => {
  await test.drop();
});

function ringOf(state: State = test.state, options: Partial<KeyRingOptions> = {}): KeyRing {
  const days = { rotateDays: 30, keepDays: 400, backupDays: 30 };
  return createKeyRing({ state, wrapper, randomBytes, now: clock.now, newId, ...days, ...options });
}

/** What has been written for the trail, in order. */
async function entries(): Promise<Entry[]> {
  return (await test.state.pendingOutbox(1000)).flatMap((row) => row.entries).map(parseEntry);
}

/** Everything of the state that is on disk. */
function files(): Buffer {
  const file = test.url.slice('sqlite:'.length);
  const there = ['', '-wal', '-journal'].map((end) => file + end).filter((path) => existsSync(path));
  return Buffer.concat(there.map((path) => readFileSync(path)));
}

describe('an epoch', () => {
  it('begins once, and the trail says on which day', async () => {
    const ring = ringOf();
    await ring.begin();
    await ring.begin();
    await ringOf(await test.open()).begin();
    const [epoch, ...others] = await ring.epochs();
    expect(others).toEqual([]);
    expect(epoch).toMatchObject({ from: START });
    expect(epoch?.to).toBeUndefined();
    expect(await entries()).toMatchObject([{ type: 'key-created', epoch: epoch?.epoch, from: '2026-11-01' }]);
  });

  it('has the same names in every process, and after a restart', async () => {
    await ringOf().begin();
    const [one, other] = [await ringOf().current(), await ringOf(await test.open()).current()];
    expect(one.subject('email', 'a@b.dk')).toBe(other.subject('email', 'a@b.dk'));
    expect(one.epoch).toBe(other.epoch);
  });

  it('is followed when it has lasted long enough, without a restart', async () => {
    const ring = ringOf();
    await ring.begin();
    const first = await ring.current();
    clock.advance(30 * DAY - 1);
    expect(await ring.rotate()).toEqual({ created: [], destroyed: [] });
    clock.advance(1);
    const { created } = await ring.rotate();
    expect(await ring.rotate()).toEqual({ created: [], destroyed: [] });
    const second = await ring.current();
    expect(created).toEqual([second.epoch]);
    expect(second.epoch).not.toBe(first.epoch);
    expect(second.subject('email', 'a@b.dk')).not.toBe(first.subject('email', 'a@b.dk'));
    expect((await ring.epochs()).map(({ from, to }) => [from, to])).toEqual([
      [START, '2026-12-01T10:00:00.000Z'],
      ['2026-12-01T10:00:00.000Z', undefined],
    ]);
    // Who began under the first one ends under it.
    expect((await ring.of(first.epoch)).subject('x', 'y')).toBe(first.subject('x', 'y'));
  });

  it('does not follow because the clock was set back', async () => {
    await ringOf().begin();
    clock.advance(-90 * DAY);
    expect(await ringOf().rotate()).toEqual({ created: [], destroyed: [] });
  });

  it('is begun by one of the processes that try at once', async () => {
    await ringOf().begin();
    clock.advance(30 * DAY);
    const states = [test.state, await test.open(), await test.open()];
    const rotated = await Promise.all(states.map((state) => ringOf(state).rotate()));
    expect(rotated.flatMap(({ created }) => created)).toHaveLength(1);
    expect(await test.state.epochKeys()).toHaveLength(2);
    expect((await entries()).filter(({ type }) => type === 'key-created')).toHaveLength(2);
  });

  it('does not begin with a key that cannot be opened again', async () => {
    const forgetful: KeyWrapper = { ...wrapper, unwrap: () => Promise.resolve(randomBytes(32)) };
    await expect(ringOf(test.state, { wrapper: forgetful }).begin()).rejects.toEqual(
      coded('AUDIT_KEY_WRONG'),
    );
    expect(await test.state.epochKeys()).toEqual([]);
    expect(await entries()).toEqual([]);
  });
});

describe('the key of an epoch', () => {
  /** One epoch that ended on 1 December 2026, and the one that followed it. */
  async function ended(): Promise<{ readonly ring: KeyRing; readonly old: string }> {
    const ring = ringOf();
    await ring.begin();
    const { epoch: old } = await ring.current();
    clock.advance(30 * DAY);
    await ring.rotate();
    return { ring, old };
  }
  /** Rotation apart, so that a test sees the destruction alone. */
  const keeping = (state: State = test.state): KeyRing => ringOf(state, { rotateDays: 36_500 });

  it('is destroyed when its time has passed, once; the trail says from which day no backup has it', async () => {
    const { old } = await ended();
    clock.advance(400 * DAY - 1);
    expect((await keeping().rotate()).destroyed).toEqual([]);
    clock.advance(1);
    expect((await keeping().rotate()).destroyed).toEqual([old]);
    expect((await keeping().rotate()).destroyed).toEqual([]);
    const destroyed = { on: '2028-01-05', trueFrom: '2028-02-05' };
    expect((await keeping().epochs())[0]).toEqual({
      epoch: old,
      from: START,
      to: '2026-12-01T10:00:00.000Z',
      destroyed,
    });
    expect((await entries()).filter(({ type }) => type === 'key-destroyed')).toMatchObject([
      { epoch: old, from: '2026-11-01', to: '2026-12-01', trueFrom: destroyed.trueFrom },
    ]);
  });

  it('is not to be found in the files of the state any more', async () => {
    const { ring, old } = await ended();
    const wrapped = (await test.state.epochKeys())[0]?.wrapped ?? '';
    expect(wrapped.length).toBeGreaterThan(70);
    expect(files().includes(wrapped)).toBe(true);
    clock.advance(400 * DAY);
    await ring.rotate();
    clock.advance(7 * DAY);
    await ring.rotate();
    const bytes = files();
    // Any part of it as well.
    for (let at = 0; at + 12 <= wrapped.length; at += 4)
      expect(bytes.includes(wrapped.slice(at, at + 12))).toBe(false);
    expect(bytes.includes(old)).toBe(true);
  });

  it('is of no use to a process that had opened it', async () => {
    const { old } = await ended();
    const other = ringOf(await test.open());
    await other.of(old);
    clock.advance(400 * DAY);
    await keeping().rotate();
    await expect(other.of(old)).rejects.toMatchObject({
      code: 'AUDIT_KEY_DESTROYED',
      params: { epoch: old, on: '2028-01-05' },
    });
    expect((await other.epochs())[0]?.names).toBeUndefined();
  });

  it('is not destroyed in the first week of an epoch: the clock may have leapt', async () => {
    const { ring, old } = await ended();
    clock.advance(3650 * DAY);
    expect(await ring.rotate()).toMatchObject({ created: [expect.any(String)], destroyed: [] });
    expect(await ring.isSettled()).toBe(false);
    clock.advance(7 * DAY - 1);
    expect((await ring.rotate()).destroyed).toEqual([]);
    clock.advance(1);
    expect((await ring.rotate()).destroyed).toContain(old);
    expect(await ring.isSettled()).toBe(true);
  });

  it('is destroyed also where epochs are shorter than a week', async () => {
    const short = ringOf(test.state, { rotateDays: 1, keepDays: 1 });
    await short.begin();
    for (let n = 0; n < 12; n += 1) {
      clock.advance(DAY / 2);
      await short.rotate();
    }
    expect((await short.epochs()).map(({ names }) => names !== undefined)).toEqual([
      ...Array.from({ length: 4 }, () => false),
      ...Array.from({ length: 3 }, () => true),
    ]);
  });

  it('stays while a batch is open that recovery must name under it', async () => {
    const { old } = await ended();
    const batch = aBatch({ epoch: old });
    await test.state.transaction((t) => t.openBatch(batch));
    clock.advance(400 * DAY);
    expect((await keeping().rotate()).destroyed).toEqual([]);
    await test.state.transaction((t) => t.settleBatch(batch.id));
    expect((await keeping().rotate()).destroyed).toEqual([old]);
  });

  it('is never the newest, however long nothing follows it', async () => {
    await ringOf().begin();
    clock.advance(5000 * DAY);
    expect((await keeping().rotate()).destroyed).toEqual([]);
  });

  it.each<[Fate]>([['not applied'], ['applied']])(
    'and its entry go together, wherever a process dies (the call was %s)',
    async (fate) => {
      const { old } = await ended();
      clock.advance(400 * DAY);
      for (let at = 0; ; at += 1) {
        const death = createDeath(at, fate);
        const state = death.mortal(await test.open());
        await keeping(state)
          .rotate()
          .catch(() => undefined);
        const gone = (await test.state.epochKeys())[0]?.wrapped === undefined;
        const said = (await entries()).filter(({ type }) => type === 'key-destroyed');
        expect(said).toHaveLength(gone ? 1 : 0);
        if (!death.happened()) break;
      }
      // Whoever came last found it done, or did it.
      await expect(keeping().of(old)).rejects.toEqual(coded('AUDIT_KEY_DESTROYED'));
    },
  );

  it('stays with its entry unwritten when the entry cannot be written', async () => {
    const { old } = await ended();
    clock.advance(400 * DAY);
    const refusing: State = Object.assign(Object.create(test.state) as State, {
      transaction: <T>(work: Parameters<State['transaction']>[0]) =>
        test.state.transaction(async (t) =>
          work({ ...t, emit: () => Promise.reject(new Error('no room')) }),
        ) as Promise<T>,
    });
    await expect(keeping(refusing).rotate()).rejects.toThrow('no room');
    expect((await ringOf().of(old)).epoch).toBe(old);
  });
});
