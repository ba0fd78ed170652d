// How the page is put together: of several installations, of those that do not answer, and while many ask at once.
import { describe, expect, it } from '@jest/globals';
import { createMetrics, type Monitored } from '../../src/metrics/metrics.ts';
import type { Standing } from '../../src/standing/standing.ts';
import { valueOf } from '../support/metrics.ts';

const STANDING: Standing = {
  policies: [],
  tally: {
    holds: 7,
    holdsPastReview: 0,
    openBatches: [],
    pendingProofs: 0,
    overdueProofs: 0,
    unpublished: 0,
    totals: [],
  },
  astray: [],
  undelivered: { webhook: 2 },
};

function monitored(controller: string, stand: Monitored['stand']): Monitored {
  return {
    controllers: [controller],
    stand,
    lastTick: () => 60_000,
    firstSlot: () => undefined,
    missed: () => Promise.resolve({}),
  };
}

function metricsOf(all: readonly Monitored[], down: readonly string[] = []): () => Promise<string> {
  const metrics = createMetrics({
    version: '1.2.3',
    now: () => 120_000,
    process: () => ({ runtime: 'v24.0.0', started: 1000, memory: 4096 }),
    monitored: () => all,
    down: () => down,
    patience: 20,
  });
  return async () => (await metrics()).text;
}

describe('the page', () => {
  it('has every installation, and says which one cannot be asked, is late, or could not be opened', async () => {
    const late = new Promise<Standing>(() => undefined);
    const text = await metricsOf(
      [
        monitored('well', () => Promise.resolve(STANDING)),
        monitored('silent', () => Promise.reject(new Error('no'))),
        monitored('late', () => late),
      ],
      ['broken'],
    )();
    const all = (name: string): unknown =>
      ['well', 'silent', 'late', 'broken'].map((controller) => valueOf(text, name, { controller }));
    expect(all('frist_controller_up')).toEqual([1, 1, 1, 0]);
    expect(all('frist_up')).toEqual([1, 0, 0, undefined]);
    expect(all('frist_holds')).toEqual([7, undefined, undefined, undefined]);
    expect(all('frist_last_tick_timestamp_seconds')).toEqual([60, 60, 60, undefined]);
    expect(valueOf(text, 'frist_undelivered_alerts', { channel: 'webhook' })).toBe(2);
    expect(valueOf(text, 'frist_build_info', { version: '1.2.3', node: 'v24.0.0' })).toBe(1);
    expect(valueOf(text, 'process_start_time_seconds')).toBe(1);
  });

  it('asks once for many who ask at the same time, and again for who asks later', async () => {
    let asked = 0;
    const metrics = metricsOf([
      monitored('well', () => {
        asked += 1;
        return Promise.resolve(STANDING);
      }),
    ]);
    await Promise.all([metrics(), metrics(), metrics()]);
    expect(asked).toBe(1);
    await metrics();
    expect(asked).toBe(2);
  });

  it('asks no more while a question hangs, and again when it has hung for long', async () => {
    let asked = 0;
    const metrics = metricsOf([
      monitored('hangs', () => {
        asked += 1;
        return asked === 1 ? new Promise<Standing>(() => undefined) : Promise.resolve(STANDING);
      }),
    ]);
    const up = async (): Promise<number | undefined> => valueOf(await metrics(), 'frist_up');
    expect([await up(), await up(), asked]).toEqual([0, 0, 1]);
    while ((await up()) === 0);
    expect(asked).toBe(2);
  });

  it('does not show what is gone', async () => {
    const all = [monitored('well', () => Promise.resolve(STANDING))];
    const metrics = metricsOf(all);
    expect(valueOf(await metrics(), 'frist_holds', { controller: 'well' })).toBe(7);
    all.pop();
    expect(valueOf(await metrics(), 'frist_up')).toBeUndefined();
  });
});
