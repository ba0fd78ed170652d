// The daemon as it is started, with somebody to call.
import { mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { Message } from '../../src/alerts/message.ts';
import { openReceiver, type Receiver } from '../support/alerts/receiver.ts';
import { install, type Installation } from '../support/bad-days/installation.ts';
import { makePeople, type People } from '../support/bad-days/people.ts';

let people: People;
let receiver: Receiver;
let on: Installation;
beforeAll(async () => {
  people = await makePeople('sqlite', 3);
  receiver = await openReceiver();
  on = await install({
    env: { FRIST_CRM: people.db.url },
    settings: { alerts: { webhook: { url: `${receiver.url}/hook`, secret: 'known to both of them' } } },
  });
});
afterAll(async () => {
  on.remove();
  await receiver.close();
  await people.db.drop();
});

const told = async (count: number): Promise<Message[]> => {
  while (receiver.received.length < count) await delay(20);
  return receiver.received.map(({ body }) => JSON.parse(body) as Message);
};

it('calls at once for what is wrong when it starts, not again at the next start, and ends while nobody answers', async () => {
  const twoDaysAgo = Date.now() / 1000 - 2 * 86_400;
  mkdirSync(on.at('data'), { recursive: true });
  writeFileSync(on.at('data/pause'), '');
  utimesSync(on.at('data/pause'), twoDaysAgo, twoDaysAgo);
  const first = on.start('serve');
  expect(await told(1)).toMatchObject([{ cause: 'FristPaused', event: 'raised' }]);
  // It is written down that it was sent.
  while ((await on.state('select 1 from frist_alarms where pending = 0')).length === 0) await delay(50);
  first.child.kill('SIGKILL');
  await first.ended;
  on.minuteLater();

  // It lasts: somebody is to be reminded.
  await on.state("update frist_alarms set told = '2026-01-01T00:00:00.000Z'");
  receiver.behave('silent');
  const second = on.start('serve');
  expect(await told(2)).toMatchObject([{}, { cause: 'FristPaused', event: 'reminder' }]);
  second.child.kill('SIGTERM');
  const { status, stderr } = await second.ended;
  expect(status).toBe(0);
  expect(stderr).not.toContain('alert not delivered');
  // Nobody has taken it: the next daemon says it again, under the same id.
  on.minuteLater();
  receiver.behave(204);
  const third = on.start('serve');
  const [, once, again] = await told(3);
  expect(again!.id).toBe(once!.id);
  third.child.kill('SIGTERM');
  expect((await third.ended).status).toBe(0);
  expect(receiver.received).toHaveLength(3);
  expect(on.leaks()).toEqual([]);
}, 180_000);
