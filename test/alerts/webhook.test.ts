// The webhook against a real server, as well and as badly as it may behave.
import { createHmac } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { until } from '../../src/alerts/send/reach.ts';
import { webhook } from '../../src/alerts/send/webhook.ts';
import { FristError } from '../../src/errors.ts';
import { openReceiver, type Receiver } from '../support/alerts/receiver.ts';
import { FAILED, WAITING } from '../support/alerts/messages.ts';

const SECRET = 'a secret of the receiver';
const NOW = Date.parse('2026-01-31T03:15:30.500Z');
const going = new AbortController().signal;

let receiver: Receiver;
beforeEach(async () => {
  receiver = await openReceiver();
});
afterEach(() => receiver.close());

const hook = (longestMs?: number) =>
  webhook({ url: `${receiver.url}/hook/token`, secret: SECRET }, () => NOW, longestMs);

/** Why it could not be sent. */
async function reason(sending: Promise<void>): Promise<unknown> {
  const error = await sending.then(
    () => undefined,
    (one: unknown) => one,
  );
  return error instanceof FristError ? [error.code, error.params] : error;
}

describe('a webhook', () => {
  it('posts each message, signed over the time and the bytes that it sends', async () => {
    await hook().send([WAITING, FAILED], going);
    expect(receiver.received.map(({ method, path }) => [method, path])).toEqual([
      ['POST', '/hook/token'],
      ['POST', '/hook/token'],
    ]);
    for (const [i, message] of [WAITING, FAILED].entries()) {
      const { headers, body } = receiver.received[i]!;
      expect(JSON.parse(body)).toEqual(message);
      expect(headers['content-type']).toBe('application/json');
      expect(headers['frist-id']).toBe(message.id);
      const seconds = Math.floor(NOW / 1000);
      const signed = createHmac('sha256', SECRET).update(`${seconds}.${body}`).digest('hex');
      expect(headers['frist-signature']).toBe(`t=${seconds},v1=${signed}`);
    }
  });

  it('shows no more of its address than the server', () => {
    expect(hook().place).toBe(receiver.url);
  });

  it.each([500, 404, 301])('takes %i for a failure', async (status) => {
    const elsewhere = await openReceiver();
    receiver.behave(status, { location: elsewhere.url });
    expect(await reason(hook().send([WAITING], going))).toEqual([
      'ALERT_UNSENT',
      { channel: 'webhook', reason: `HTTP ${status}` },
    ]);
    expect(elsewhere.received).toEqual([]);
    await elsewhere.close();
  });

  it('stops at the first message that is not taken', async () => {
    receiver.behave(503);
    await reason(hook().send([WAITING, FAILED], going));
    expect(receiver.received).toHaveLength(1);
  });

  it('says why a server cannot be reached, and nothing of its address', async () => {
    const { url } = receiver;
    await receiver.close();
    const refused = webhook({ url: `${url}/token`, secret: SECRET }, () => NOW).send([WAITING], going);
    const failed = await refused.catch((error: unknown) => error);
    expect(failed).toMatchObject({ code: 'ALERT_UNSENT', params: { reason: 'ECONNREFUSED' } });
    expect(String(failed)).not.toContain('token');
    receiver = await openReceiver();
  });

  it('gives up on a server that takes it and never answers', async () => {
    receiver.behave('silent');
    expect(await reason(hook(300).send([WAITING], going))).toEqual([
      'ALERT_UNSENT',
      { channel: 'webhook', reason: 'TIMEOUT' },
    ]);
  });

  it.each(['upgrades', 'hangs up'] as const)('gives up on a server that %s', async (manner) => {
    receiver.behave(manner);
    expect(await reason(hook().send([WAITING], going))).toEqual([
      'ALERT_UNSENT',
      { channel: 'webhook', reason: manner === 'upgrades' ? 'HTTP 101' : 'ECONNRESET' },
    ]);
  });

  it('ends when the process is asked to', async () => {
    receiver.behave('silent');
    const stopping = new AbortController();
    const sending = reason(hook().send([WAITING], stopping.signal));
    setTimeout(() => stopping.abort(), 50);
    expect(await sending).toMatchObject(['ALERT_UNSENT', { channel: 'webhook' }]);
  });
});

describe('whoever waits for what a library does', () => {
  it('goes on when its time is over, though the library never ends', async () => {
    const never = new Promise<void>(() => undefined);
    await expect(until(AbortSignal.abort(), never)).rejects.toThrow('ended');
    await expect(until(AbortSignal.timeout(20), never)).rejects.toThrow('ended');
    expect(await until(going, Promise.resolve('done'))).toBe('done');
  });
});
