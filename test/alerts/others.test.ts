// Two controllers, each with an installation of its own: the one that is up calls for the one that is down.
import { renameSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { Message } from '../../src/alerts/message.ts';
import { openReceiver, type Receiver } from '../support/alerts/receiver.ts';
import { makeWorld, type Daemon, type World } from '../support/controllers.ts';

let receiver: Receiver;
let on: World;
beforeAll(async () => {
  receiver = await openReceiver();
  on = await makeWorld({
    settings: () => ({
      alerts: {
        webhook: { url: `${receiver.url}/hook`, secret: 'known to both of them' },
        heartbeat: { url: `${receiver.url}/beat/{controller}` },
      },
    }),
  });
  await on.frist('state', 'init');
});
afterAll(async () => {
  await on.remove();
  await receiver.close();
});

const KEY = 'data/acme/keys/signing';

function told(): string[] {
  return receiver.received
    .filter(({ path }) => path === '/hook')
    .map(({ body }) => JSON.parse(body) as Message)
    .filter(({ cause }) => cause === 'FristControllerDown')
    .map(({ event, about, controllers }) => [event, about.controller, about.code, ...controllers].join(' '));
}

async function minutes(daemon: Daemon, count: number): Promise<void> {
  for (let i = 0; i < count; i++) await daemon.minute();
}

const ALARM = 'acme AUDIT_KEY_MISSING Bifrost ApS';

it('once when it lasts, not again after a restart, and once when it is over; each heartbeat is its own', async () => {
  renameSync(on.at(KEY), on.at('away'));
  const first = await on.serve();
  await minutes(first, 3);
  expect(told()).toEqual([]);
  await minutes(first, 6);
  expect(told()).toEqual([`raised ${ALARM}`]);
  const beats = receiver.received.filter(({ path }) => path.startsWith('/beat/'));
  expect([...new Set(beats.map(({ path }) => path))]).toEqual(['/beat/bifrost']);
  await first.stop();

  const second = await on.serve();
  await minutes(second, 15);
  expect(told()).toHaveLength(1);
  renameSync(on.at('away'), on.at(KEY));
  await second.retry();
  // What comes back within ten minutes was never over.
  await minutes(second, 13);
  expect(told()).toEqual([`raised ${ALARM}`, `resolved ${ALARM}`]);
  await second.stop();
}, 120_000);
