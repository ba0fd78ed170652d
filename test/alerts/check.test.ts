// `frist check` says where alerts go, and tries it; the sign of life to the outside; how a slow receiver is borne.
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { deliver } from '../../src/alerts/deliver.ts';
import type { Channel } from '../../src/alerts/send/channel.ts';
import { createOutage } from '../../src/alerts/outage.ts';
import { openChannels } from '../../src/alerts/send/open.ts';
import { spread } from '../../src/alerts/watch.ts';
import { FristError } from '../../src/errors.ts';
import type { Logger } from '../../src/logger.ts';
import { openState } from '../../src/state/open.ts';
import { SENDER } from '../support/alerts/messages.ts';
import { DAY, HOUR, MIDNIGHT, MINUTE, openWorld, type World } from '../support/alerts/world.ts';

let on: World;
beforeAll(async () => {
  on = await openWorld(MIDNIGHT, '/ping/token');
});
afterAll(() => on.end());
beforeEach(async () => {
  await on.daemon.app.state.alarms.change((rows) => ({ put: [], drop: rows }));
  on.receiver.behave(204);
  on.mailbox.behave('well');
  on.posted();
  on.mailed();
});

interface Checked {
  readonly alerts: unknown;
  readonly exit: number;
}

const check = (...words: readonly string[]): Promise<Checked> =>
  on.on.json('check', ...words) as Promise<unknown> as Promise<Checked>;

const PLACES = (): object[] => [
  { channel: 'webhook', place: on.receiver.url },
  { channel: 'email', place: 'ops@example.dk (127.0.0.1)' },
];

describe('frist check', () => {
  it('says where alerts go, and sends nothing', async () => {
    const heartbeat = { channel: 'heartbeat', place: on.receiver.url };
    expect(await check()).toMatchObject({ alerts: [...PLACES(), heartbeat], exit: 0 });
    expect([on.posted(), on.mailed(), on.receiver.received]).toEqual([[], [], []]);
    const { stdout } = await on.on.frist('check');
    expect(stdout).toContain(`  webhook ${on.receiver.url}\n`);
    expect(stdout).not.toMatch(/\/hook|\/ping|token|known to both/);
  });

  it('sends a test message by each with --alerts', async () => {
    const { alerts, exit } = await check('--alerts');
    expect([alerts, exit]).toMatchObject([
      [...PLACES().map((place) => ({ ...place, tried: 'sent' })), {}],
      0,
    ]);
    expect(on.posted()).toMatchObject([{ event: 'test', cause: 'FristTest', installation: '' }]);
    expect(on.mailbox.mails.at(-1)?.headers['subject']).toBe('[frist] TEST FristTest (Bad Days A/S)');
  });

  it('exits with 2 when one does not get through, and says why', async () => {
    on.receiver.behave(403);
    on.mailbox.behave('refuses');
    const { alerts, exit } = await check('--alerts');
    expect(alerts).toMatchObject([
      { tried: { failed: 'An alert could not be sent by webhook (HTTP 403)' } },
      { tried: { failed: 'An alert could not be sent by email (EENVELOPE 550)' } },
      { channel: 'heartbeat' },
    ]);
    expect(exit).toBe(2);
  });
});

const pings = (): number => on.receiver.received.filter(({ path }) => path === '/ping/token').length;

describe('the watch outside', () => {
  it('hears of the daemon at once, every hour, and after each success; never while a run has failed', async () => {
    on.now = MIDNIGHT + HOUR;
    await on.look();
    expect(pings()).toBe(1);
    on.now += 59 * MINUTE;
    await on.look();
    expect(pings()).toBe(1);
    on.now += MINUTE;
    await on.look();
    expect(pings()).toBe(2);
    const [ping] = on.receiver.received.filter(({ path }) => path === '/ping/token');
    expect(ping).toMatchObject({ method: 'GET', body: '' });
    // The plan waits: somebody is called, but the daemon does its work.
    on.now = MIDNIGHT + 3 * HOUR + 15 * MINUTE;
    await on.daemon.tick();
    await on.look();
    expect(pings()).toBe(3);
    await on.people.db.query('alter table notes rename to notes_away');
    on.now += DAY;
    await on.daemon.tick();
    const before = pings();
    on.now += 5 * HOUR;
    await on.look();
    expect(pings()).toBe(before);
    await on.people.db.query('alter table notes_away rename to notes');
    on.now = MIDNIGHT + 2 * DAY + 3 * HOUR + 15 * MINUTE;
    await on.daemon.tick();
    await on.look();
    expect(pings()).toBe(before + 1);
    await on.look();
    expect(pings()).toBe(before + 1);
  });

  it('is asked again when it could not be, without holding anything up', async () => {
    on.receiver.behave(500);
    on.now += 2 * HOUR;
    const before = pings();
    await on.look();
    await on.look();
    expect(pings()).toBe(before + 2);
    on.receiver.behave(204);
    await on.look();
    await on.look();
    expect(pings()).toBe(before + 3);
  });
});

/** What was logged, by event. */
function listener(): { readonly logger: Logger; readonly events: string[] } {
  const events: string[] = [];
  const note = (event: string): void => void events.push(event);
  return { logger: { debug: note, info: note, warn: note, error: note }, events };
}

const ALARM = { cause: 'FristPaused', about: {}, text: 'it stands', remedy: 'let it go' } as const;

const HOLD = { kind: 'hold', subjects: [], by: 'dpo.1', review: '2020-01-01' } as const;

describe('a channel', () => {
  it('that fails is tried again after a minute, two, four, up to an hour; the log says so once', async () => {
    const { logger, events } = listener();
    const app = { ...on.daemon.app, logger };
    let tries = 0;
    const broken: Channel = {
      ...{ name: 'email', place: '', together: true },
      send: () => {
        tries += 1;
        return Promise.reject(new FristError('ALERT_UNSENT', { channel: 'email', reason: 'ECONNREFUSED' }));
      },
    };
    const begun = on.now;
    const at: number[] = [];
    for (; on.now < begun + 5 * HOUR; on.now += MINUTE) {
      const before = tries;
      await spread(app, [broken], { alarms: [ALARM], sender: SENDER }, new AbortController().signal);
      if (tries > before) at.push((on.now - begun) / MINUTE);
    }
    expect(at).toEqual([0, 1, 3, 7, 15, 31, 63, 123, 183, 243]);
    const another = { ...ALARM, about: { policy: 'new since' } };
    const signal = new AbortController().signal;
    await spread(app, [broken], { alarms: [ALARM, another], sender: SENDER }, signal);
    expect(tries).toBe(at.length + 1);
    expect(events).toEqual(['alert not delivered']);
  });

  it('that refuses one message takes the others', async () => {
    const { logger, events } = listener();
    const heard: string[] = [];
    let refusals = 0;
    const picky: Channel = {
      ...{ name: 'webhook', place: '', together: false },
      send: ([message]) => {
        const { text = '' } = message ?? {};
        if (text !== 'a') heard.push(text);
        else refusals += 1;
        const refused = new FristError('ALERT_UNSENT', { channel: 'webhook', reason: 'HTTP 400' });
        return text === 'a' ? Promise.reject(refused) : Promise.resolve();
      },
    };
    const alarms = ['a', 'b', 'c'].map((text) => ({ ...ALARM, about: { policy: `picky ${text}` }, text }));
    const { signal } = new AbortController();
    for (let minute = 0; minute < 5; minute += 1, on.now += MINUTE)
      await spread({ ...on.daemon.app, logger }, [picky], { alarms, sender: SENDER }, signal);
    expect([heard.sort(), refusals]).toEqual([['b', 'c'], 3]);
    expect(events.filter((event) => event === 'alert not delivered')).toHaveLength(1);
  });

  it('that keeps silent holds up neither another channel nor a sweep', async () => {
    on.receiver.behave('silent');
    const { state } = on.daemon.app;
    on.now = MIDNIGHT + 4 * DAY + 3 * HOUR + 15 * MINUTE;
    const since = new Date(on.now - 2 * DAY).toISOString();
    await state.transaction((t) => t.addHold({ ...HOLD, id: on.daemon.app.newId(), placed: since }));
    const tick = on.daemon.tick();
    while (!on.mailed().flat().includes('ALERT FristHoldPastReview')) await delay(20);
    const swept = async (): Promise<boolean> => {
      const [run] = await state.runs({ limit: 1 });
      return run?.asOf === new Date(on.now).toISOString() && run.state !== 'running';
    };
    while (!(await swept())) await delay(20);
    await tick;
    // It was told as well, and did not answer.
    expect(on.receiver.received.at(-1)?.path).toMatch(/hook|ping/);
    const rows = await state.alarms.all();
    expect(
      rows.some(({ channel, pending, attempts }) => channel === 'webhook' && pending && attempts > 0),
    ).toBe(true);
  }, 90_000);
});

it('a state that is back is told as over, where it was told that it was gone, and to whom it could be', async () => {
  on.receiver.behave(204);
  on.mailbox.behave('refuses');
  const { app } = on.daemon;
  const { logger, events } = listener();
  const channels = openChannels(app.settings.alerts, app.now);
  const outage = createOutage({ ...app, logger, channels, sender: () => SENDER });
  const { signal } = new AbortController();
  const gone = new FristError('STATE_UNREACHABLE', { code: 'ECONNREFUSED' });
  for (let minute = 0; minute < 15; minute += 1, on.now += MINUTE) await outage.found(gone, signal);
  await outage.over(signal);
  await outage.over(signal);
  const [raised, resolved, ...others] = on.posted();
  expect([raised?.event, resolved?.event, others]).toEqual(['raised', 'resolved', []]);
  expect(resolved?.id.split('.')[0]).toBe(raised?.id.split('.')[0]);
  expect(on.mailed()).toEqual([]);
  expect(events).toEqual(['state cannot be asked', 'alert not delivered', 'state can be asked again']);
  await expect(outage.found(new Error('a defect'), signal)).rejects.toThrow('a defect');
});

it('two processes on one state send one message', async () => {
  on.receiver.behave(204);
  const { app } = on.daemon;
  const url = app.settings.state.url;
  const other = await openState(url, { clock: () => on.now });
  const sent: string[] = [];
  const slow: Channel = {
    ...{ name: 'webhook', place: '', together: false },
    send: async (messages) => {
      await delay(50);
      sent.push(...messages.map(({ id }) => id));
    },
  };
  const signal = new AbortController().signal;
  const alarms = ['a', 'b', 'c'].map((policy) => ({ ...ALARM, about: { policy } }));
  const { logger } = listener();
  await Promise.all([
    spread(app, [slow], { alarms, sender: SENDER }, signal),
    spread({ ...app, state: other }, [slow], { alarms, sender: SENDER }, signal),
    deliver(slow, { memory: other.alarms, logger, now: () => on.now, signal }),
  ]);
  await other.close();
  const mine = sent.filter((id) => id.endsWith('.raised'));
  expect(mine).toHaveLength(3);
  expect(new Set(mine).size).toBe(3);
});
