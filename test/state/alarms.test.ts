import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { AlarmRow } from '../../src/state/alarms.ts';
import { engines } from '../support/servers/index.ts';
import { freshState, type TestState } from './support.ts';

const row = (alarm: string, more: Partial<AlarmRow> = {}): AlarmRow => ({
  ...{
    channel: 'webhook',
    alarm,
    occurrence: `id-${alarm}`,
    event: 'raised',
    told: '2026-01-31T03:15:00.000Z',
  },
  ...{ message: '{"text":"Ærø’s policy 🦓"}', pending: true, attempts: 0, next: 1_769_829_300_000, gone: 0 },
  ...more,
});

describe.each(await engines())('alarms on %s', (engine) => {
  let on: TestState;
  beforeEach(async () => {
    on = await freshState(engine);
  });
  afterEach(() => on.drop());

  it('come out as they went in, oldest message first, and are replaced and dropped one by one', async () => {
    const { alarms } = on.state;
    expect(await alarms.all()).toEqual([]);
    const [a, b] = [
      row('a', { told: '2026-02-01T03:15:00.000Z' }),
      row('b', { attempts: 3, pending: false }),
    ];
    const mail = row('a', { channel: 'email', event: 'resolved', told: '2026-02-01T03:15:00.000Z' });
    await alarms.change(() => ({ put: [a, b, mail], drop: [] }));
    expect(await alarms.all()).toEqual([b, mail, a]);
    const [told, gone] = ['2026-02-08T03:15:00.000Z', 1_769_829_300_001];
    const later = { ...a, event: 'reminder', told, message: '{}', gone } as const;
    await alarms.change(() => ({ put: [later], drop: [b] }));
    expect(await alarms.all()).toEqual([mail, later]);
  });

  it('are taken in hand by one of several processes', async () => {
    const all = ['a', 'b', 'c', 'd', 'e'].map((name) => row(name));
    await on.state.alarms.change(() => ({ put: all, drop: [] }));
    const states = [on.state, await on.open(), await on.open()];
    const taken = await Promise.all(
      states.map((state) =>
        state.alarms.change((rows) => ({
          put: rows.filter(({ attempts }) => attempts === 0).map((one) => ({ ...one, attempts: 1 })),
          drop: [],
        })),
      ),
    );
    expect(taken.map(({ put }) => put.length).sort()).toEqual([0, 0, 5]);
  });
});
