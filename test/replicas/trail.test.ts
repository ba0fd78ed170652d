/**
 * A replica that falls asleep while it publishes, at every write to the store, and wakes when another has published: every
 * entry stands in the trail once, in one line of heads.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { formatEntry } from '../../src/audit/entry.ts';
import { openLog } from '../../src/audit/log.ts';
import { openFileStore } from '../../src/audit/store/file.ts';
import { openS3Store } from '../../src/audit/store/s3.ts';
import type { Store } from '../../src/audit/store/store.ts';
import { verifyTrail } from '../../src/audit/verify.ts';
import { createTrail, type OwnTrail } from '../../src/installation/trail.ts';
import type { State } from '../../src/state/state.ts';
import { SILENT } from '../erasure/harness.ts';
import { freshState, INSTALLATION, type TestState } from '../state/support.ts';
import { placeIn } from '../support/s3/place.ts';
import { startS3 } from '../support/s3/server.ts';
import { engines } from '../support/servers/index.ts';
import { entries, SIGNER } from '../support/trail.ts';

interface Place {
  open(): Promise<Store>;
  remove(): Promise<void>;
}

const PLACES: Readonly<Record<string, () => Promise<Place>>> = {
  folder: async () => {
    const folder = await mkdtemp(join(tmpdir(), 'frist-replicas-'));
    return {
      open: () => openFileStore(join(folder, 'audit'), { create: true }),
      remove: () => rm(folder, { recursive: true }),
    };
  },
  bucket: async () => {
    const s3 = await startS3();
    s3.makeBucket('trail', { lock: true });
    return {
      open: () => Promise.resolve(openS3Store(placeIn(s3, 'trail'), { now: Date.now })),
      remove: () => s3.close(),
    };
  },
};

/** Sleep that begins before a write, by its number from 0, or after it. */
interface Sleep {
  readonly write: number;
  readonly when: 'before' | 'after';
}

/** A store of a process that falls asleep at a write, until it is woken. */
class Sleeper {
  readonly asleep: Promise<void>;
  readonly store: Store;
  readonly #woken: Promise<void>;
  readonly #fallen: () => void;
  readonly wake: () => void;
  #writes = 0;

  constructor(store: Store, sleep: Sleep) {
    const asleep = Promise.withResolvers<undefined>();
    const woken = Promise.withResolvers<undefined>();
    this.asleep = asleep.promise;
    this.#woken = woken.promise;
    this.#fallen = (): void => {
      asleep.resolve(undefined);
    };
    this.wake = (): void => {
      woken.resolve(undefined);
    };
    const at = async <T>(write: () => Promise<T>): Promise<T> => {
      const here = this.#writes++ === sleep.write;
      if (here && sleep.when === 'before') await this.#sleep();
      const done = await write();
      if (here && sleep.when === 'after') await this.#sleep();
      return done;
    };
    this.store = {
      get: (key) => store.get(key),
      list: (prefix) => store.list(prefix),
      putImmutable: (objects) => at(() => store.putImmutable(objects)),
      replace: (key, bytes, expected) => at(() => store.replace(key, bytes, expected)),
    };
  }

  get writes(): number {
    return this.#writes;
  }

  async #sleep(): Promise<void> {
    this.#fallen();
    await this.#woken;
  }
}

let holders = 0;

function trailOver(store: Store, state: State): OwnTrail {
  return createTrail({
    store,
    signer: SIGNER,
    state,
    holder: `replica-${String(++holders)}`,
    patience: 10_000,
    now: Date.now,
    random: () => 0.5,
    sleep: async (milliseconds) => delay(Math.min(milliseconds, 5)),
    logger: SILENT,
  });
}

const put = (state: State, texts: readonly string[]): Promise<number> =>
  state.transaction((t) => t.emit(texts));

/** Which replica sleeps at which write: answers how often it wrote. */
async function sleepAndWake(test: TestState, place: Place, sleep: Sleep, all: string[]): Promise<number> {
  const sleeper = new Sleeper(await place.open(), sleep);
  const here = await test.open();
  const there = await test.open();
  const first = trailOver(sleeper.store, here);
  const second = trailOver(await place.open(), there);
  const mine = entries(3);
  await put(here, mine);
  all.push(...mine);
  const flushed = first.flush();
  if (await Promise.race([sleeper.asleep.then(() => true), flushed.then(() => false)])) {
    await test.database.query('update frist_leases set until = 0');
    const theirs = entries(2);
    await put(there, theirs);
    all.push(...theirs);
    await second.flush();
    sleeper.wake();
    await flushed;
  }
  await first.close();
  await second.close();
  return sleeper.writes;
}

const [engine = 'sqlite'] = (await engines()).filter((one) => one !== 'sqlite');

describe.each(Object.keys(PLACES))('a replica that falls asleep while it publishes to a %s', (kind) => {
  let test: TestState;
  let place: Place;
  beforeAll(async () => {
    test = await freshState(engine);
    place = (await PLACES[kind]?.()) as Place;
  });
  afterAll(async () => {
    await test.drop();
    await place.remove();
  });

  it('writes nothing that another has written since, at whichever write it was', async () => {
    const base = { v: 1, eid: '01JD0000000000000000000001', at: '2026-11-22T00:00:00.000Z' } as const;
    const { id: installation, origin } = INSTALLATION;
    const all = [formatEntry({ ...base, type: 'installation', installation, origin, version: 'test' })];
    await put(test.state, all);
    const writes = await sleepAndWake(test, place, { write: Infinity, when: 'before' }, all);
    expect(writes).toBeGreaterThanOrEqual(3);
    for (let write = 0; write < writes; write++)
      for (const when of ['before', 'after'] as const) await sleepAndWake(test, place, { write, when }, all);
    const store = await place.open();
    const log = await openLog({ store, signer: SIGNER });
    expect(await verifyTrail({ store, vkey: SIGNER.vkey })).toMatchObject(log.head());
    expect(await test.state.lastHead()).toEqual(log.head());
    const found = await log.readEntries(0, log.head().size);
    expect([...found].sort()).toEqual([...all].sort());
  });
});
