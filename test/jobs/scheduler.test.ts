import { describe, expect, it } from '@jest/globals';
import {
  createScheduler,
  latestSlot,
  slotsOf,
  type Ended,
  type Job,
  type Scheduler,
  type TakeTurn,
} from '../../jobs/scheduler.ts';
import { SILENT } from '../erasure/harness.ts';

const MINUTE = 60_000;
const at = (text: string): number => Date.parse(text);

describe('slots', () => {
  const daily = slotsOf('15 3 * * *', 'Europe/Copenhagen');

  it.each([
    ['just reached', '2026-06-29T12:00:00Z', '2026-06-30T01:15:00Z', '2026-06-30T01:15:00Z'],
    ['not reached yet', '2026-06-29T12:00:00Z', '2026-06-30T01:14:59Z', undefined],
    ['run already', '2026-06-30T01:15:00Z', '2026-06-30T09:00:00Z', undefined],
    [
      'ten nights missed are one slot',
      '2026-06-20T01:15:00Z',
      '2026-06-30T09:00:00Z',
      '2026-06-30T01:15:00Z',
    ],
    ['after a year of silence', '2025-06-20T01:15:00Z', '2026-06-30T09:00:00Z', '2026-06-30T01:15:00Z'],
    ['a clock set back finds nothing', '2026-06-30T01:15:00Z', '2026-06-28T09:00:00Z', undefined],
    ['summer time ends', '2026-10-24T12:00:00Z', '2026-10-25T12:00:00Z', '2026-10-25T02:15:00Z'],
  ])('%s', (_, after, now, expected) => {
    const slot = latestSlot(daily, at(after), at(now));
    expect(slot === undefined ? undefined : new Date(slot).toISOString()).toBe(
      expected === undefined ? undefined : new Date(expected).toISOString(),
    );
  });

  it('has two in the hour that comes twice when summer time ends: the second run finds nothing left to do', () => {
    const twice = slotsOf('30 2 * * *', 'Europe/Copenhagen');
    const noon = at('2026-10-25T12:00:00Z');
    const second = latestSlot(twice, at('2026-10-24T12:00:00Z'), noon);
    expect(second).toBe(at('2026-10-25T01:30:00Z'));
    expect(latestSlot(twice, at('2026-10-24T12:00:00Z'), second! - 1)).toBe(at('2026-10-25T00:30:00Z'));
    expect(latestSlot(twice, second!, noon)).toBeUndefined();
  });

  it('has none in the hour that summer time skips', () => {
    const skipped = slotsOf('30 2 * * *', 'Europe/Copenhagen');
    expect(latestSlot(skipped, at('2027-03-28T00:00:00Z'), at('2027-03-28T12:00:00Z'))).toBeUndefined();
  });
});

/** As the only daemon. */
const alone: TakeTurn = (_, signal) =>
  Promise.resolve({ signal, stillOurs: () => Promise.resolve(), release: () => Promise.resolve() });

interface Bench {
  readonly scheduler: Scheduler;
  readonly ran: string[];
  now: number;
}

function bench(options: {
  readonly last?: string;
  readonly run?: (slot: string, signal: AbortSignal) => Promise<Ended>;
  readonly cutShort?: () => Promise<boolean>;
  readonly takeTurn?: TakeTurn;
}): Bench {
  const ran: string[] = [];
  let last = options.last;
  const job: Job = {
    name: 'sweep',
    schedule: '0 3 * * *',
    zone: 'UTC',
    lastSlot: () => Promise.resolve(last),
    ...(options.cutShort === undefined ? {} : { cutShort: options.cutShort }),
    run: async (slot, signal) => {
      ran.push(slot);
      last = slot;
      return (await options.run?.(slot, signal)) ?? 'done';
    },
  };
  const result: Bench = { ran, now: at('2026-06-30T02:50:00Z') } as Bench;
  return Object.assign(result, {
    scheduler: createScheduler([job], () => result.now, SILENT, options.takeTurn ?? alone),
  });
}

describe('scheduler', () => {
  it('runs a slot once, however often it looks', async () => {
    const on = bench({ last: '2026-06-29T03:00:00.000Z' });
    for (let i = 0; i < 60; i++) {
      await on.scheduler.tick();
      on.now += MINUTE;
    }
    expect(on.ran).toEqual(['2026-06-30T03:00:00.000Z']);
  });

  it('catches up once after downtime', async () => {
    const on = bench({ last: '2026-06-20T03:00:00.000Z' });
    await on.scheduler.tick();
    await on.scheduler.tick();
    expect(on.ran).toEqual(['2026-06-29T03:00:00.000Z']);
  });

  it('catches nothing up where nothing ever ran', async () => {
    const on = bench({});
    await on.scheduler.tick();
    expect(on.ran).toEqual([]);
    on.now += 20 * MINUTE;
    await on.scheduler.tick();
    expect(on.ran).toEqual(['2026-06-30T03:00:00.000Z']);
  });

  it('runs once for the days that a laptop slept', async () => {
    const on = bench({ last: '2026-06-29T03:00:00.000Z' });
    on.now = at('2026-07-03T08:00:00Z');
    await on.scheduler.tick();
    expect(on.ran).toEqual(['2026-07-03T03:00:00.000Z']);
  });

  it('does not rest until a slot to come, which a clock ran that was ahead', async () => {
    const on = bench({ last: '2027-06-29T03:00:00.000Z' });
    await on.scheduler.tick();
    expect(on.ran).toEqual([]);
    on.now += 20 * MINUTE;
    await on.scheduler.tick();
    expect(on.ran).toEqual(['2026-06-30T03:00:00.000Z']);
  });

  it('goes on after a clock that was set back under way, from where it had come', async () => {
    const on = bench({ last: '2026-06-29T03:00:00.000Z' });
    on.now = at('2026-06-30T03:10:00Z');
    await on.scheduler.tick();
    on.now -= 30 * MINUTE;
    for (let i = 0; i < 60; i++) {
      await on.scheduler.tick();
      on.now += MINUTE;
    }
    expect(on.ran).toEqual(['2026-06-30T03:00:00.000Z']);
  });

  it('does not overlap itself, and is found alive while a job runs', async () => {
    let finish: () => void = () => undefined;
    const on = bench({
      last: '2026-06-28T03:00:00.000Z',
      run: () =>
        new Promise((resolve) => {
          finish = () => {
            resolve('done');
          };
        }),
    });
    const first = on.scheduler.tick();
    await new Promise((resolve) => setTimeout(resolve, 5));
    on.now += 30 * MINUTE;
    const second = on.scheduler.tick();
    expect(on.scheduler.lastTick()).toBe(on.now);
    expect(on.ran).toEqual(['2026-06-29T03:00:00.000Z']);
    finish();
    await Promise.all([first, second]);
  });

  it('goes on after a job that failed, and does not run its slot again', async () => {
    const on = bench({ last: '2026-06-28T03:00:00.000Z', run: () => Promise.reject(new Error('no')) });
    await on.scheduler.tick();
    await on.scheduler.tick();
    expect(on.ran).toHaveLength(1);
    on.now += 30 * MINUTE;
    await on.scheduler.tick();
    expect(on.ran).toHaveLength(2);
  });

  it('runs a job that could do nothing at every look until it can, each time for another minute', async () => {
    let ended: Ended = 'again';
    const on = bench({ last: '2026-06-28T03:00:00.000Z', run: () => Promise.resolve(ended) });
    for (const minute of ['02:50', '02:51', '02:52']) {
      on.now = at(`2026-06-30T${minute}:30Z`);
      if (minute === '02:52') ended = 'done';
      await on.scheduler.tick();
      await on.scheduler.tick();
    }
    on.now = at('2026-06-30T02:53:30Z');
    await on.scheduler.tick();
    expect(on.ran).toEqual([
      '2026-06-29T03:00:00.000Z',
      '2026-06-30T02:50:00.000Z',
      '2026-06-30T02:51:00.000Z',
      '2026-06-30T02:52:00.000Z',
    ]);
  });

  it('tells a running job to stop, and waits for it', async () => {
    let stopped = false;
    const run = async (_: string, signal: AbortSignal): Promise<Ended> => {
      await new Promise((resolve) => {
        signal.addEventListener('abort', resolve);
      });
      stopped = true;
      return 'done';
    };
    const on = bench({ last: '2026-06-28T03:00:00.000Z', run });
    void on.scheduler.tick();
    await new Promise((resolve) => setTimeout(resolve, 5));
    await on.scheduler.stop();
    expect(stopped).toBe(true);
    on.now += 24 * 60 * MINUTE;
    await on.scheduler.tick();
    expect(on.ran).toHaveLength(1);
  });

  it('leaves a job alone while another daemon has its turn, and looks again at the next minute', async () => {
    let free = false;
    const on = bench({
      last: '2026-06-28T03:00:00.000Z',
      takeTurn: (name, signal) => (free ? alone(name, signal) : Promise.resolve(undefined)),
    });
    await on.scheduler.tick();
    expect(on.ran).toEqual([]);
    free = true;
    await on.scheduler.tick();
    expect(on.ran).toEqual(['2026-06-29T03:00:00.000Z']);
  });

  it('does not run what another daemon has run before it got its turn', async () => {
    let last = '2026-06-28T03:00:00.000Z';
    const ran: string[] = [];
    const job: Job = {
      name: 'sweep',
      schedule: '0 3 * * *',
      zone: 'UTC',
      lastSlot: () => Promise.resolve(last),
      run: (slot) => Promise.resolve(ran.push(slot)).then(() => 'done'),
    };
    const late: TakeTurn = (name, signal) => {
      last = '2026-06-29T03:00:00.000Z';
      return alone(name, signal);
    };
    await createScheduler([job], () => at('2026-06-30T02:50:00Z'), SILENT, late).tick();
    expect(ran).toEqual([]);
  });

  it('gives its turn back, also when the job fails, and ends the job when the turn is lost', async () => {
    let released = 0;
    const lost = new AbortController();
    const on = bench({
      last: '2026-06-28T03:00:00.000Z',
      run: (_, signal) => {
        lost.abort();
        return Promise.reject(new Error(signal.aborted ? 'lost' : 'still ours'));
      },
      takeTurn: () =>
        Promise.resolve({
          signal: lost.signal,
          stillOurs: () => Promise.resolve(),
          release: () => Promise.resolve(void (released += 1)),
        }),
    });
    await on.scheduler.tick();
    expect([on.ran.length, released]).toEqual([1, 1]);
  });

  it('goes on at once with what the death of a process cut short', async () => {
    let cut = true;
    const on = bench({
      last: '2026-06-30T02:00:00.000Z',
      cutShort: () => Promise.resolve(cut),
      run: () => Promise.resolve('done' as const).finally(() => (cut = false)),
    });
    on.now = at('2026-06-30T02:50:30Z');
    await on.scheduler.tick();
    on.now += MINUTE;
    await on.scheduler.tick();
    expect(on.ran).toEqual(['2026-06-30T02:50:00.000Z']);
  });
});
