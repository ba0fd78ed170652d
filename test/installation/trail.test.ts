/** The way to the trail over a real state: a store that comes and goes, and processes that compete for it. */
import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, describe, expect, it } from '@jest/globals';
import { createMemoryStore, type Fault, type Operation } from '../../src/audit/store/memory.ts';
import { openLog } from '../../src/audit/log.ts';
import { verifyTrail } from '../../src/audit/verify.ts';
import { formatEntry } from '../../src/audit/entry.ts';
import type { Logger } from '../../src/logger.ts';
import type { State } from '../../src/state/state.ts';
import { createTrail, type OwnTrail } from '../../src/installation/trail.ts';
import { freshState, INSTALLATION } from '../state/support.ts';
import { withRandom, type Random } from '../support/random.ts';
import { entries, SIGNER } from '../support/trail.ts';

const coded = (code: string): unknown => expect.objectContaining({ code });
const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close().catch(() => undefined);
});

type Faults = (operation: Operation) => Fault | undefined;

interface ProcessOptions {
  readonly patience?: number;
  readonly signal?: AbortSignal;
  /** It always believes that it has the lease. */
  readonly deluded?: boolean;
}

/** One state and one store, which fails as `faults` says at that moment; processes are opened on them. */
class World {
  readonly objects = new Map<string, Buffer>();
  readonly slept: number[] = [];
  readonly told: string[] = [];
  faults: Faults = () => undefined;
  readonly open: () => Promise<State>;
  #processes = 0;

  constructor(open: () => Promise<State>) {
    this.open = open;
  }

  async process(options: ProcessOptions = {}): Promise<[OwnTrail, State]> {
    const opened = await this.open();
    // Asleep for so long that its lease ran out, a process still takes it for its own.
    const state = options.deluded === true ? { ...opened, lease: () => Promise.resolve(1) } : opened;
    const tell = (event: string): void => void this.told.push(event);
    const logger: Logger = { debug: tell, info: tell, warn: tell, error: tell };
    const trail = createTrail({
      store: createMemoryStore({ objects: this.objects, fault: (operation) => this.faults(operation) }),
      signer: SIGNER,
      state,
      holder: `process-${String(++this.#processes)}`,
      patience: options.patience ?? 10_000,
      now: Date.now,
      random: () => 0.5,
      sleep: async (milliseconds) => {
        this.slept.push(milliseconds);
        await delay(Math.min(milliseconds, 2));
      },
      signal: options.signal,
      logger,
    });
    closing.push(() => trail.close());
    return [trail, state];
  }

  /** What the trail holds after its first entry; it must verify, and be what the state takes for the last head. */
  async contents(): Promise<string[]> {
    this.faults = () => undefined;
    const store = createMemoryStore({ objects: this.objects });
    const log = await openLog({ store, signer: SIGNER });
    expect(await verifyTrail({ store, vkey: SIGNER.vkey })).toMatchObject(log.head());
    expect(await (await this.open()).lastHead()).toEqual(log.head());
    return log.readEntries(1, log.head().size);
  }
}

async function world(): Promise<World> {
  const fresh = await freshState('sqlite');
  closing.push(() => fresh.drop());
  const base = { v: 1, eid: '01JD0000000000000000000001', at: '2026-11-22T00:00:00.000Z' } as const;
  const { id: installation, origin } = INSTALLATION;
  const first = formatEntry({ ...base, type: 'installation', installation, origin, version: 'test' });
  await fresh.state.transaction((t) => t.emit([first]));
  return new World(() => fresh.open());
}

const put = (state: State, texts: readonly string[]): Promise<number> =>
  state.transaction((t) => t.emit(texts));
const down: Faults = () => 'before';

describe('the lease of the trail', () => {
  it('is given back by a process that has nothing to say, and taken again when it has', async () => {
    const on = await world();
    const [trail, state] = await on.process();
    await trail.flush();
    expect(await state.lease('trail', 'another', 1000)).toBeUndefined();
    while ((await state.lease('trail', 'another', 60_000)) === undefined) await delay(50);
    await state.releaseLease('trail', 'another');
    const texts = entries(2);
    await put(state, texts);
    await trail.flush();
    expect(await state.lease('trail', 'another', 1000)).toBeUndefined();
    expect(await on.contents()).toEqual(texts);
  });
});

describe('a store that fails', () => {
  it('is tried again with growing pauses, and nothing is lost or doubled', async () => {
    const on = await world();
    const [trail, state] = await on.process();
    await trail.flush();
    const texts = entries(3);
    await put(state, texts);
    let failures = 4;
    on.faults = ({ method }) => (method === 'replace' && failures-- > 0 ? 'before' : undefined);
    await trail.flush();
    expect(trail.trouble()).toBeUndefined();
    expect(on.slept.length).toBeGreaterThan(0);
    expect([...on.slept].sort((a, b) => a - b)).toEqual(on.slept);
    expect(await on.contents()).toEqual(texts);
  });

  it('is waited for as long as the patience lasts, and then not at all until it works again', async () => {
    const on = await world();
    const [trail, state] = await on.process({ patience: 5000 });
    await trail.flush();
    const texts = entries(2);
    await put(state, texts);
    on.faults = down;
    await expect(trail.flush()).rejects.toEqual(coded('AUDIT_STORE'));
    expect(on.slept.reduce((sum, ms) => sum + ms)).toBeCloseTo(5000);
    const before = on.slept.length;
    await expect(trail.flush()).rejects.toEqual(coded('AUDIT_STORE'));
    expect(on.slept).toHaveLength(before);
    expect(trail.trouble()).toBe('AUDIT_STORE');
    on.faults = () => undefined;
    await trail.flush();
    expect(await on.contents()).toEqual(texts);
  });

  it('is written by itself when it is back, and both is told once', async () => {
    const on = await world();
    const [trail, state] = await on.process({ patience: 300 });
    on.faults = down;
    await expect(trail.flush()).rejects.toEqual(coded('AUDIT_STORE'));
    const texts = entries(2);
    await put(state, texts);
    while (on.told.length === 0) await delay(50);
    on.faults = () => undefined;
    while ((await state.outboxSpan()) !== undefined) await delay(50);
    while (on.told.length < 2) await delay(5);
    expect(on.told).toEqual(['trail cannot be written', 'trail is written again']);
    expect(await on.contents()).toEqual(texts);
  }, 60_000);

  it('is not waited for by a process that is told to stop', async () => {
    const on = await world();
    const stop = new AbortController();
    const [trail] = await on.process({ signal: stop.signal });
    on.faults = down;
    stop.abort();
    await expect(trail.flush()).rejects.toEqual(coded('AUDIT_STORE'));
    expect(on.slept).toEqual([]);
  });

  it('for one process does not keep another from publishing', async () => {
    const on = await world();
    const [unlucky] = await on.process({ patience: 0 });
    await unlucky.flush();
    on.faults = down;
    const [other, state] = await on.process();
    const texts = entries(1);
    await put(state, texts);
    await expect(unlucky.flush()).rejects.toEqual(coded('AUDIT_STORE'));
    on.faults = () => undefined;
    const asked = on.slept.length;
    await other.flush();
    expect(unlucky.trouble()).toBe('AUDIT_STORE');
    // Nobody waited for the lease to run out.
    expect(on.slept).toHaveLength(asked);
    expect(await on.contents()).toEqual(texts);
    // What waited was published by the other: all is well.
    while (unlucky.trouble() !== undefined) await delay(50);
  }, 60_000);
});

describe('what does not pass', () => {
  it.each([
    ['other bytes under an immutable key', 'AUDIT_CONFLICT', 'tile/0/000.p/2'],
    ['another history', 'AUDIT_CORRUPT', 'checkpoint'],
  ])('stops at once: %s', async (_, code, key) => {
    const on = await world();
    const [trail, state] = await on.process();
    await trail.flush();
    await put(state, entries(1));
    on.objects.set(key, randomBytes(64));
    await expect(trail.flush()).rejects.toEqual(coded(code));
    on.objects.delete(key);
    expect(on.slept).toEqual([]);
    // For good: who spoilt it may have mended it meanwhile.
    await expect(trail.flush()).rejects.toEqual(coded(code));
    expect(await state.outboxSpan()).toBeDefined();
  });

  it('stops a trail that is older than the state has seen', async () => {
    const on = await world();
    const [trail, state] = await on.process();
    await trail.flush();
    const old = new Map(on.objects);
    await put(state, entries(5));
    await trail.flush();
    await trail.close();
    on.objects.clear();
    for (const [key, bytes] of old) on.objects.set(key, bytes);
    await put(state, entries(1));
    const [later] = await on.process();
    await expect(later.flush()).rejects.toEqual(coded('AUDIT_ROLLBACK'));
    expect(on.objects).toEqual(old);
  });
});

/** Each call fails with this chance, done or not done; a storm fails many in a row. */
function weather(random: Random): Faults {
  let storm = 0;
  return () => {
    if (storm > 0) storm--;
    else if (random() < 0.01) storm = Math.floor(random() * 12);
    if (storm > 0) return 'before';
    return random() < 0.05 ? (random() < 0.5 ? 'before' : 'after') : undefined;
  };
}

describe('processes on one state and one store in bad weather', () => {
  it.each([
    [1, false],
    [2, false],
    [4, false],
    [2, true],
    [4, true],
  ])(
    '%i of them lose and double nothing; all believe that they have the lease: %s',
    async (count, deluded) =>
      withRandom(async (random) => {
        const on = await world();
        const options = { patience: 3_600_000, deluded };
        const processes = await Promise.all(Array.from({ length: count }, () => on.process(options)));
        on.faults = weather(random);
        const lists = await Promise.all(
          processes.map(async ([trail, state]) => {
            const mine: string[] = [];
            for (let i = 0; i < 12; i++) {
              const texts = entries(1 + Math.floor(random() * 300));
              const id = await put(state, texts);
              mine.push(...texts);
              await trail.flush();
              // Nobody is told that his entries are there who finds them missing.
              expect((await state.outboxSpan())?.first ?? Infinity).toBeGreaterThan(id);
            }
            return mine;
          }),
        );
        const found = await on.contents();
        expect(found).toHaveLength(lists.flat().length);
        expect([...found].sort()).toEqual(lists.flat().sort());
      })(),
    120_000,
  );
});
